"""Decisions on callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cti.facts.base import Fact
from cti.facts.seats import Choice, SeatRank
from cti.facts.site import USUAL_PRIORITY, RungFirst
from cti.ids import CallbackId, CallId, OfferId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Fact):
    """A caller asked to be called back. Whether it is booked is for `acd` to say."""

    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    since: int
    """When the caller began to wait, microseconds since the epoch; now, when they had not."""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBooked(Fact):
    """`since` is the place in line, microseconds since the epoch."""

    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    since: int
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRefused(Fact):
    """No callback: the number cannot be called, or one that was to be cancelled is not open."""

    call: CallId | None = None
    callback: CallbackId | None = None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOffered(Fact):
    """It is this callback's turn: a seat is rung, then the customer; or (`first`) the customer, and
    the seat is kept for them meanwhile. Fields as in SeatOffered."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    device: str
    number: str
    hotline: str
    language: str
    ring_us: int
    customer_ring_us: int
    attempt: int
    """1: the first time that this customer is rung."""
    since: int
    rule: str
    ranking: tuple[SeatRank, ...] = ()
    waiting: int = 0
    why: Choice | None = None
    first: RungFirst = "seat"
    priority: int = USUAL_PRIORITY
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReached(Fact):
    """Who is rung first has answered: from now on the call `customer`, at the place of `since`.
    `offer`: under which `seat` is kept for them, and the Uniqueid of their channel."""

    callback: CallbackId
    call: CallId
    customer: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    skills: tuple[str, ...]
    since: int
    channel_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDialled(Fact):
    """The seat has answered; Asterisk rings the customer now."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswered(Fact):
    """Customer and seat can hear each other."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    recording: str


CallbackFailure = Literal[
    "no-answer", "rejected", "unreachable", "seat-gone", "no-response", "failed",
    "customer-busy", "customer-no-answer", "customer-unreachable", "customer-gone",
    "cancelled", "lost-sight",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFailed(Fact):
    """The two did not meet. `dialled`: the customer was (or may have been) rung, so it counts."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    reason: CallbackFailure
    dialled: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPutOff(Fact):
    """The customer was not reached; the next attempt is not before `until` (microseconds)."""

    callback: CallbackId
    call: CallId
    attempts: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackClosed(Fact):
    """Nothing more is done. called-back: they talked. served: a seat took the caller before they
    had hung up. replaced: booked anew for the same number. given-up: not reached so often.
    expired: too old to be of use."""

    callback: CallbackId
    call: CallId
    why: Literal["called-back", "served", "replaced", "given-up", "cancelled", "expired"]
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRecovered(Fact):
    """A seat found in Asterisk that is calling a customer back; or, with `first` customer, the
    customer's channel (`offer`) for which `seat` is kept, who is rung, waits in the line, or talks.
    """

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    phase: Literal["ringing", "dialling", "waiting", "talking"]
    recording: str = ""
    number: str = ""
    first: RungFirst = "seat"
