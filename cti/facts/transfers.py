"""A seat gives its caller away: to a queue, another seat, a number outside, or a flow; or is
released from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cti.facts.base import Fact, Report
from cti.ids import CallId, QueueId, SeatId

TransferTo = Literal["queue", "seat", "outside", "flow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWish(Report):
    """Somebody wants the caller, who talks with a seat, to be given away and the seat to be free:
    a blind transfer. `target` is the name of what `to` says.

    `queue`: where the caller waits, for a queue or a seat. `seat` is that of the asking person;
    empty when it was no seat.
    """

    call: CallId
    to: TransferTo
    target: str
    by: str
    queue: QueueId = QueueId("")
    seat: SeatId = SeatId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRefused(Fact):
    """The caller cannot be given away now; nothing has changed. `why` is for people."""

    call: CallId
    to: TransferTo
    target: str
    why: str
    granted: bool = False
    """The wish was granted, and then Asterisk refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerTransferred(Fact):
    """`seat` has given the caller away, and is free of them."""

    call: CallId
    seat: SeatId
    to: TransferTo
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWish(Report):
    """Somebody wants the seat's end of the talk to be hung up. `seat` is that of the asking person;
    empty when it was no seat."""

    call: CallId
    by: str
    seat: SeatId = SeatId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRefused(Fact):
    call: CallId
    by: str
    why: str
