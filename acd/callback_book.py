"""A booked callback, and how far it has come. Pure. The states are drawn in `acd.callbacks`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cti.facts import CallbackBooked, OpenCallback
from cti.ids import CallbackId, CallId


class CallbackState(StrEnum):
    HELD = "held"
    DUE = "due"
    RINGING = "ringing"
    DIALLING = "dialling"
    RESTING = "resting"


@dataclass(slots=True)
class Entry:
    """An open callback."""

    open: OpenCallback
    state: CallbackState

    @property
    def under_way(self) -> bool:
        return self.state in (CallbackState.RINGING, CallbackState.DIALLING)


@dataclass(frozen=True, slots=True)
class CallbackSnapshot:
    """What others may see of an open callback."""

    open: OpenCallback
    state: CallbackState


def place_of(callback: CallbackId) -> CallId:
    """The callback's key in the line."""
    return CallId(callback)


def opened_by(fact: CallbackBooked) -> OpenCallback:
    """The callback that `fact` opens."""
    return OpenCallback(
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
