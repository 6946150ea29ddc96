"""Decisions on a call: arrival, wait, offer, talk, end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cti.facts.base import Fact
from cti.facts.site import OverflowTarget
from cti.ids import CallId, OfferId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Fact):
    call: CallId
    hotline: str
    caller_number: str
    caller_name: str
    callback: str = ""
    """Not a caller: a customer whom this callback has rung, and who has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAsked(Fact):
    call: CallId
    queue: QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEnded(Fact):
    """The end of the last prompt before the wait: the KPI's clock starts (DB51/T 2963 A.5)."""

    call: CallId
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(Fact):
    call: CallId
    queue: QueueId
    priority: int
    language: str
    arrived_at: int
    asked_at: int
    prompt_ended_at: int
    channel_name: str
    caller_number: str
    caller_name: str
    queued_at: int = 0
    """When the caller began to wait, for one who moves to another queue and keeps the time waited;
    0: now."""
    skills: tuple[str, ...] = ()
    """What a seat must be able to do for this caller, while one with all of it is signed on:
    `name`, or `name:level`."""
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    """The seat that the caller's open matter belongs to, or that they were transferred to."""
    transferred_by: SeatId = SeatId("")
    """The seat that gave the caller away; empty when none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRang(Fact):
    call: CallId
    seat: SeatId
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswered(Fact):
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    wait_us: int
    """From the end of the prompt to this answer, microseconds."""
    recording: str
    """Name of the segment's file in the spool, without folder."""


OfferFailure = Literal[
    "no-answer", "rejected", "unreachable", "no-response", "caller-gone", "seat-gone", "taken",
    "failed",
]  # fmt: skip
"""no-response: the phone gave no sign of life. taken: another seat that was rung, too, answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFailed(Fact):
    call: CallId
    seat: SeatId
    offer: OfferId
    reason: OfferFailure
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkStarted(Fact):
    """Both legs are in one bridge: the two can hear each other."""

    call: CallId
    seat: SeatId
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLeft(Fact):
    """The seat's leg of a call has ended."""

    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    talk_us: int
    """From answer to now, microseconds."""
    by_far_end: bool = False
    """The seat's phone has hung up: it can take a call, though Asterisk calls it in use still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLegGone(Fact):
    """The channel of the seat's leg is gone: nothing is written to its recording any more."""

    call: CallId
    seat: SeatId
    offer: OfferId
    recording: str
    """Empty when the leg was never connected to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned(Fact):
    """The caller gave up while waiting or while a seat rang."""

    call: CallId
    queue: QueueId
    wait_us: int
    """From the end of the prompt to the hang-up, microseconds."""


EndedBy = Literal["caller", "seat", "flow", "outside", "unknown"]


CallOutcome = Literal[
    "answered", "outside", "message", "callback", "turned-away",
    "abandoned", "self-service", "left-menu", "lost-sight",
]  # fmt: skip
"""answered: a seat talked with the caller. outside: somebody outside did. message, callback: left
a message, or booked a callback, instead of waiting on. turned-away: a queue's rule sent the caller
on to a menu, which said good-bye. abandoned: gave up waiting for a person.
self-service: the menu said good-bye. left-menu: hung up in the menu. lost-sight: ended unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Fact):
    call: CallId
    outcome: CallOutcome
    ended_by: EndedBy
    cause: int
    total_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitKeyTaken(Fact):
    """A waiting caller took an offer: they step aside into the menu and keep their place."""

    call: CallId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitSentOn(Fact):
    """By a queue's rule a waiting caller has stepped aside, to `target`, and keeps their place: who
    finds nobody there is in the line again."""

    call: CallId
    to: OverflowTarget
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitResumed(Fact):
    """The caller is back from where they stepped aside to, at the place they had. `sent_on`: by a
    queue's rule, not by a key."""

    call: CallId
    sent_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(Fact):
    """A waiting caller went with something in hand, or was sent away by a rule: neither served nor
    given up."""

    call: CallId
    queue: QueueId
    outcome: Literal["message", "callback", "turned-away"]
    wait_us: int
    """From the end of the prompt to the hang-up, microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTold(Fact):
    """A waiting caller is told where they stand."""

    call: CallId
    queue: QueueId
    place: int
    """1: the next one."""
    wait_us: int | None
    """Estimated wait from now, microseconds; None when nobody can say."""
    first: bool
    """Told for the first time, that all seats are busy."""
