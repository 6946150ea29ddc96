"""A booked callback, and how far it has come. Pure. The states are drawn in `acd.callbacks`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cti.facts import CallbackAsked, CallbackBooked, OpenCallback
from cti.ids import CallbackId, CallId, QueueId


class CallbackState(StrEnum):
    HELD = "held"
    DUE = "due"
    RINGING = "ringing"
    DIALLING = "dialling"
    REACHED = "reached"
    RESTING = "resting"


_UNDER_WAY: Final = frozenset(
    {CallbackState.RINGING, CallbackState.DIALLING, CallbackState.REACHED}
)


@dataclass(slots=True)
class Entry:
    """An open callback."""

    open: OpenCallback
    state: CallbackState
    until: int | None = None
    """While DUE: when the hours end in which customers may be rung."""

    @property
    def under_way(self) -> bool:
        return self.state in _UNDER_WAY

    def expires(self, keep_us: int) -> int:
        """When it is too old to be of use."""
        return self.open.booked_at + keep_us

    def next(self, keep_us: int) -> int | None:
        """When something is due for it, microseconds since the epoch."""
        if self.under_way:
            return None
        if self.state is CallbackState.RESTING:
            return min(self.expires(keep_us), self.open.not_before)
        closes = self.until if self.state is CallbackState.DUE else None
        return min(one for one in (self.expires(keep_us), closes) if one is not None)


@dataclass(frozen=True, slots=True)
class CallbackSnapshot:
    """What others may see of an open callback."""

    open: OpenCallback
    state: CallbackState


def place_of(callback: CallbackId) -> CallId:
    """The callback's key in the line."""
    return CallId(callback)


def booked_as(
    fact: CallbackAsked, callback: CallbackId, queue: QueueId, since: int
) -> CallbackBooked:
    """What was asked for, at the place of `since`."""
    return CallbackBooked(
        at=fact.at,
        callback=callback,
        call=fact.call,
        queue=queue,
        number=fact.number,
        hotline=fact.hotline,
        language=fact.language,
        priority=fact.priority,
        since=since,
        skills=fact.skills,
    )


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
