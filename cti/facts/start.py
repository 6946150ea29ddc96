"""What the daemon remembers when it comes up."""

from __future__ import annotations

from dataclasses import dataclass

from cti.facts.base import Report
from cti.facts.seats import SeatStateChanged
from cti.facts.site import USUAL_PRIORITY, ContactKind
from cti.ids import CallbackId, CallId, ContactId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call whose end is not in the ledger. `arrived_at`: microseconds since the epoch."""

    call: CallId
    arrived_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCallback:
    """A callback that was booked and is not closed. Times are microseconds since the epoch."""

    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    since: int
    """The place in line: when the caller began to wait."""
    booked_at: int
    skills: tuple[str, ...] = ()
    attempts: int = 0
    """How often the customer was rung in vain."""
    not_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenContact:
    """A contact that came and has not ended. Times are microseconds since the epoch. `seat`: in
    whose hand it is, since `accepted_at`; empty while it waits."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    sender: str
    by: str
    came_at: int
    """Its place in line, too."""
    waits_since: int
    until: int
    patience_us: int
    language: str = ""
    priority: int = USUAL_PRIORITY
    skills: tuple[str, ...] = ()
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    seat: SeatId = SeatId("")
    accepted_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSeat:
    """The seat that talked last with the caller at `number`, and when."""

    number: str
    seat: SeatId
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted(Report):
    """The daemon came up, with what was written down and Asterisk does not keep: the seats' last
    states, the calls that had not ended, the callbacks that are still to be made, the contacts that
    are open."""

    version: str
    seats: tuple[SeatStateChanged, ...] = ()
    open_calls: tuple[OpenCall, ...] = ()
    callbacks: tuple[OpenCallback, ...] = ()
    last_seats: tuple[LastSeat, ...] = ()
    """Oldest first."""
    contacts: tuple[OpenContact, ...] = ()
