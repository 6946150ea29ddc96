"""Decisions after an absence: what was found in Asterisk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cti.facts.base import Fact
from cti.ids import CallId, OfferId, QueueId, SeatId


class CallPhase(StrEnum):
    """Drawn in `cti/calls/phase.py`."""

    MENU = "menu"
    WAITING = "waiting"
    TALKING = "talking"
    IN_FLOW = "in-flow"
    AFTER = "after"
    OUTSIDE = "outside"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecovered(Fact):
    """Found in Asterisk after the daemon or its link had been away, with its own clocks; or a call
    that was known, found to have gone on in a way that no other fact tells.

    `offer` is empty unless a seat rings (phase waiting), talks (phase talking), or waits for the
    caller to come back from `flow` (phase in-flow). Clocks are microseconds since the epoch; 0
    where the call has not come that far.
    """

    call: CallId
    phase: CallPhase
    hotline: str
    channel_name: str
    caller_number: str
    caller_name: str
    language: str = ""
    queue: QueueId = QueueId("")
    priority: int = 5
    arrived_at: int = 0
    asked_at: int = 0
    prompt_ended_at: int = 0
    queued_at: int = 0
    answered_at: int = 0
    seat: SeatId = SeatId("")
    offer: OfferId = OfferId("")
    recording: str = ""
    flow: str = ""
    aside: bool = False
    """Waiting, and in the menu meanwhile."""
    sent_on: bool = False
    """Aside because a queue's rule says so."""
    skills: tuple[str, ...] = ()
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resynced(Fact):
    """All that a snapshot told has been taken in: belief and Asterisk agree, offers may go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastResortEntered(Fact):
    """The daemon was away: Asterisk's own Queue() is serving this caller."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalySeen(Fact):
    """Asterisk said something that our picture does not allow; a resync follows."""

    about: str
    detail: str
