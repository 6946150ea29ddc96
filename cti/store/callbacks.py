"""Which callbacks are open, as the ledger tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from cti.facts import (
    CallbackBooked,
    CallbackClosed,
    CallbackPutOff,
    Fact,
    OpenCallback,
)
from cti.ids import CallbackId

TOLD_BY: Final = tuple(kind.__name__ for kind in (CallbackBooked, CallbackPutOff, CallbackClosed))
"""Kinds of fact that open callbacks are made of."""

LOOK_BACK_US: Final = 31 * 24 * 3600 * 1_000_000
"""How far back a start looks; no callback is kept longer (site: callbacks.keep_hours)."""


def open_callbacks(facts: Iterable[Fact]) -> tuple[OpenCallback, ...]:
    """The callbacks that are not closed after `facts`, which are in the order of the ledger."""
    found: dict[CallbackId, OpenCallback] = {}
    for fact in facts:
        match fact:
            case CallbackBooked():
                found[fact.callback] = OpenCallback(
                    callback=fact.callback,
                    call=fact.call,
                    queue=fact.queue,
                    number=fact.number,
                    hotline=fact.hotline,
                    language=fact.language,
                    priority=fact.priority,
                    since=fact.since,
                    booked_at=fact.at,
                    skills=fact.skills,
                )
            case CallbackPutOff() if fact.callback in found:
                found[fact.callback] = replace(
                    found[fact.callback], attempts=fact.attempts, not_before=fact.until
                )
            case CallbackClosed():
                found.pop(fact.callback, None)
    return tuple(found.values())
