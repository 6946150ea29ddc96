"""Decisions on seats and who is offered whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cti.facts.base import Fact
from cti.ids import CallId, OfferId, QueueId, SeatId


class SeatState(StrEnum):
    """Drawn in `acd/seats.py`."""

    SIGNED_OFF = "signed-off"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap-up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStateChanged(Fact):
    seat: SeatId
    old: SeatState
    new: SeatState
    reason: str = ""
    call: CallId | None = None
    until: int | None = None
    """When this state ends by itself, microseconds; None when it does not."""


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
    ranking: tuple[SeatRank, ...] = ()
    waiting: int = 0
    """Callers waiting in that queue, this one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRank:
    seat: SeatId
    idle_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Fact):
    """A wish that does not fit the seat's state; nothing has changed."""

    seat: SeatId
    wish: str
    why: str
