"""Decisions on a caller's way through flows, outside numbers and what they left there."""

from __future__ import annotations

from dataclasses import dataclass

from cti.facts.base import Fact
from cti.ids import CallId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuKeyTaken(Fact):
    """A key that the menu took. Keys of steps marked private never come here."""

    call: CallId
    flow: str
    step: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStepTaken:
    """The caller came to `step` by the way `way` of the step before, e.g. `keys.1`, `next`."""

    flow: str
    step: str
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStepsTaken(Fact):
    """The caller's way through the menu, a stretch of it, in order."""

    call: CallId
    steps: tuple[FlowStepTaken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowWishRefused(Fact):
    """The caller cannot be sent to a flow now; nothing has changed. `why` is for people."""

    call: CallId
    flow: str
    why: str
    granted: bool = False
    """The wish was granted, and then Asterisk refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSentToFlow(Fact):
    """The seat has sent the caller to `flow` and waits for them."""

    call: CallId
    seat: SeatId
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerCameBack(Fact):
    """From the flow to the seat: the two can hear each other again."""

    call: CallId
    seat: SeatId
    flow: str
    away_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLostSeat(Fact):
    """The caller came back from the flow, and the seat had gone: they wait again."""

    call: CallId
    seat: SeatId
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRung(Fact):
    """The outside number `target` of the site's list is dialled for the caller."""

    call: CallId
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideDialled(Fact):
    """What came of it. `ring_us`: until the answer, or until it was given up; `talk_us`: from the
    answer to its end."""

    call: CallId
    target: str
    answered: bool
    ring_us: int
    talk_us: int
    detail: str = ""
    """When nobody answered: busy, no-answer or failed; empty: the caller hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyScored(Fact):
    """`seat` is the last one that talked with the caller; empty when none did."""

    call: CallId
    seat: SeatId
    survey: str
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(Fact):
    """A spoken message, or a survey's comment. `file` is its name below the folder of messages."""

    call: CallId
    box: str
    file: str
    duration_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerKnown(Fact):
    """Who calls, as a flow found out. `verified`: by more than a number that anybody may know."""

    call: CallId
    customer: str
    verified: bool
