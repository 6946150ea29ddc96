"""Decisions on seats and who is offered whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cti.facts.base import Fact, made_often
from cti.facts.site import USUAL_PRIORITY, OverflowCause, OverflowTarget, Role, Skill
from cti.ids import CallId, OfferId, QueueId, SeatId


class SeatState(StrEnum):
    """Drawn in `acd/seats.py`."""

    SIGNED_OFF = "signed-off"
    READY = "ready"
    RESERVED = "reserved"
    """Chosen for a contact; its phone has not rung yet."""
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    """In a call, the caller on hold."""
    CONSULT = "consult"
    """In a call, the caller on hold, and the seat talks with somebody else."""
    WRAP_UP = "wrap-up"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    """Signed on and ready, but its phone cannot be reached; ready again when it can."""

    __hash__ = str.__hash__  # Enum's own is Python code, and states are looked up all the time


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStateChanged(Fact):
    seat: SeatId
    old: SeatState
    new: SeatState
    reason: str = ""
    call: CallId | None = None
    until: int | None = None
    """When this state ends by itself, microseconds; None when it does not."""
    device: str = ""
    """The one that the seat has chosen; empty: its usual one."""


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOffered(Fact):
    """Why this seat: who fitted, how they ranked, which rule won."""

    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    device: str
    """From the seat's record."""
    ring_us: int
    """How long the seat may ring, microseconds."""
    rule: str
    """The order in which fitting seats were ranked: the queue's strategy."""
    ranking: tuple[SeatRank, ...] = ()
    """The best of them, best first."""
    waiting: int = 0
    """Callers waiting in that queue, this one included."""
    why: Choice | None = None
    auto_answer: bool = False
    """The seat's phone is asked to answer by itself."""


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRank:
    """`level`: the sum of its levels in the skills that are asked for. `key`: what the strategy
    ranks by, where that is neither: calls taken since sign-on (fewest-calls), millionths of the
    time since then spent with calls (least-occupied), microseconds since it was last rung
    (round-robin; -1: never)."""

    seat: SeatId
    idle_us: int
    role: Role = "a"
    level: int = 0
    key: int = 0


@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why this caller, and what was asked of a seat.

    `rule`: only (nobody else waited whom the seat serves), or how the site chooses. `lines`: groups
    of callers with the same needs whose first ones were compared. `fitted`: seats that fit, were
    free and might be asked, the chosen one included; `peers`: those of them that stand on its step:
    role a, then b, then lead. `needs`, `language`: what was asked of a seat (no language where all
    seats speak all). `widened`: how many times the needs had been lowered for the time waited.
    `unskilled`: nobody signed on meets the needs and the language, so any seat of the queue is
    right. `wanted`: put to the seat that the caller is to reach: their last one, or the one that
    their open matter belongs to. `head_start_us`: as if they had come so much earlier, for their
    priority and class. `ahead`: callers of this line who stood before, for whom no seat was rung,
    and who needed somebody else (rule due: or whose queue's target comes later). `kept`: the seat
    had been kept for this customer while their phone rang.
    """

    rule: str
    lines: int = 1
    fitted: int = 1
    role: Role = "a"
    needs: tuple[Skill, ...] = ()
    widened: int = 0
    unskilled: bool = False
    wanted: Wanted = ""
    head_start_us: int = 0
    waited_us: int = 0
    ahead: int = 0
    peers: int = 0
    """0: written before this was told."""
    language: str = ""
    priority: int = USUAL_PRIORITY
    customer_class: str = ""
    kept: bool = False


Wanted = Literal["", "last-seat", "owner", "transfer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsLowered(Fact):
    """Who has waited for long is content with less. `needs`: what is still asked of a seat."""

    call: CallId
    queue: QueueId
    needs: tuple[Skill, ...]
    waited_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSeatGivenUp(Fact):
    """The caller waits for any fitting seat from now on."""

    call: CallId
    seat: SeatId
    why: Literal["patience", "away", "no-answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStandsIn(Fact):
    """Nobody in role a or b is there for `queue`: a lead is offered its caller, and told why."""

    call: CallId
    queue: QueueId
    seat: SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOverflowed(Fact):
    """By its queue's rule the caller waits there no longer, and goes to `target`. A move to another
    queue keeps the place: `queue` is the old one."""

    call: CallId
    queue: QueueId
    cause: OverflowCause
    to: OverflowTarget
    target: str
    waited_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatHeld(Fact):
    """The seat put its caller on hold, or took them back (`on` false)."""

    call: CallId
    seat: SeatId
    offer: OfferId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatConsulted(Fact):
    """While its caller is on hold the seat began to talk with somebody else, or ended that."""

    call: CallId
    seat: SeatId
    offer: OfferId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Fact):
    """A wish that does not fit the seat's state; nothing has changed."""

    seat: SeatId
    wish: str
    why: str
