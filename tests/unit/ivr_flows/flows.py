"""What the tests of flows share."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from ivr_flows.actions import Action, Clip, Mark, StepEntered, Turn, Utterance
from ivr_flows.world import World

NOON = World(now=datetime(2026, 11, 23, 4, 0, tzinfo=UTC))


def said(action: Action) -> Utterance:
    """What an action says."""
    utterance: Utterance = getattr(action, "utterance", ())
    return utterance


def clips(action: Action) -> tuple[str, ...]:
    """The recorded prompts that an action plays."""
    return tuple(piece.prompt for piece in said(action) if isinstance(piece, Clip))


def told(turn: Turn) -> list[Mark]:
    """The marks of a turn, without the steps gone through."""
    return [mark for mark in turn.marks if not isinstance(mark, StepEntered)]


def tail(text: str) -> str:
    """The last part of a state's text, with `text` in it."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
