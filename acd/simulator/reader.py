"""A day read from the facts of a ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from acd.simulator.day import Contact, DayRefused, Move
from acd.simulator.observed import Observed, ObservedDay
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    CallRecovered,
    Fact,
    OfferAnswered,
    SeatLeft,
    SeatOffered,
    SeatState,
    SeatStateChanged,
    WaitEnded,
    WaitOverflowed,
)
from cti.ids import CallId, OfferId, QueueId, SeatId

READS: Final[tuple[type[Fact], ...]] = (
    CallAbandoned,
    CallEnded,
    CallQueued,
    CallRecovered,
    OfferAnswered,
    SeatLeft,
    SeatOffered,
    SeatStateChanged,
    WaitEnded,
    WaitOverflowed,
)
"""The kinds of facts that tell something here."""
_LONGEST_LEAD_US: Final = 600_000_000
_LIMIT_SLACK_US: Final = 500_000
"""A wrap-up that ended so close to its limit ended because of it."""


@dataclass(slots=True)
class _Caller:
    queued: CallQueued
    queue: QueueId
    at: int
    offer: OfferId | None = None
    answered_at: int | None = None
    gone_at: int | None = None
    abandoned: bool = False
    ring_us: int = 0
    talk_us: int | None = None
    wrapup_us: int | None = 0
    wrapped_up_us: int = 0


@dataclass(slots=True)
class DayReader:
    """Facts in the ledger's order in, the day from `begin` to before `end` out. Facts from before
    `begin` tell which seats were there then, facts from behind `end` how talks ended."""

    begin: int
    end: int
    _callers: dict[CallId, _Caller] = field(default_factory=dict)
    _offered: dict[OfferId, int] = field(default_factory=dict)
    _posts: dict[SeatId, str] = field(default_factory=dict)
    _seats: dict[SeatId, SeatStateChanged] = field(default_factory=dict)
    _changes: list[SeatStateChanged] = field(default_factory=list)
    _moves: list[Move] = field(default_factory=list)
    _begun: bool = False
    _last: int = 0

    def take(self, fact: Fact) -> None:
        """One more fact; kinds that tell nothing here are passed over."""
        if fact.at >= self.begin and not self._begun:
            self._begin_day()
        self._last = max(self._last, fact.at)
        match fact:
            case CallQueued():
                self._queued(fact)
            case SeatOffered():
                self._offered[fact.offer] = fact.at
            case OfferAnswered():
                self._answered(fact)
            case SeatLeft():
                self._left(fact)
            case CallAbandoned() | WaitEnded():
                self._gone(fact.call, fact.at, isinstance(fact, CallAbandoned))
            case WaitOverflowed() if fact.to != "queue":
                self._gone(fact.call, fact.at, abandoned=False)
            case CallEnded():
                # Of one whose end of the wait nobody saw.
                self._gone(fact.call, fact.at, fact.outcome == "abandoned")
            case CallRecovered() if fact.answered_at:
                self._found_talking(fact)
            case SeatStateChanged():
                self._seat_changed(fact)

    @property
    def has_callers(self) -> bool:
        """Whether anybody joined a line within the day, so far."""
        return any(self.begin <= caller.at < self.end for caller in self._callers.values())

    def day(self) -> ObservedDay:
        """What was read. Raises DayRefused when nobody came."""
        if not self._begun:
            self._begin_day()
        callers = [
            self._observed(caller)
            for caller in self._callers.values()
            if self.begin <= caller.at < self.end
        ]
        if not callers:
            raise DayRefused("the day", "ledger", "has no caller who asked for a person")
        callers.sort(key=lambda caller: caller.contact.at)
        end = max(min(self.end, self._last), callers[-1].contact.at)
        return ObservedDay(
            self.begin, end, tuple(callers), tuple(self._moves), tuple(self._changes)
        )

    def _queued(self, fact: CallQueued) -> None:
        known = self._callers.get(fact.call)
        if known is None:
            self._callers[fact.call] = _Caller(fact, fact.queue, fact.queued_at or fact.at)
        elif known.answered_at is None and known.gone_at is None:
            known.queue = fact.queue

    def _answered(self, fact: OfferAnswered) -> None:
        caller = self._callers.get(fact.call)
        if caller is None or caller.answered_at is not None or caller.gone_at is not None:
            return
        caller.offer, caller.answered_at = fact.offer, fact.at
        caller.ring_us = max(0, fact.at - self._offered.get(fact.offer, fact.at))

    def _found_talking(self, fact: CallRecovered) -> None:
        """Answered while nobody watched, for example by the queue of last resort."""
        caller = self._callers.get(fact.call)
        if caller is not None and caller.answered_at is None and caller.gone_at is None:
            caller.offer, caller.answered_at = fact.offer, max(caller.at, fact.answered_at)

    def _left(self, fact: SeatLeft) -> None:
        caller = self._callers.get(fact.call)
        if caller is not None and caller.answered_at is not None and caller.offer == fact.offer:
            caller.talk_us = max(0, fact.at - caller.answered_at)

    def _gone(self, call: CallId, at: int, abandoned: bool) -> None:
        caller = self._callers.get(call)
        if caller is not None and caller.answered_at is None and caller.gone_at is None:
            caller.gone_at, caller.abandoned = at, abandoned

    def _seat_changed(self, fact: SeatStateChanged) -> None:
        before = self._seats.get(fact.seat)
        self._seats[fact.seat] = fact
        if before is not None and before.new is SeatState.WRAP_UP and before.call is not None:
            self._wrapped_up(before, fact.at)
        if self._begun and fact.at < self.end:
            self._changes.append(fact)
        self._move(fact)

    def _wrapped_up(self, began: SeatStateChanged, at: int) -> None:
        caller = self._callers.get(began.call) if began.call is not None else None
        if caller is None or caller.talk_us is None:
            return
        at_limit = began.until is not None and at >= began.until - _LIMIT_SLACK_US
        caller.wrapped_up_us = max(0, at - began.at)
        caller.wrapup_us = None if at_limit else caller.wrapped_up_us

    def _move(self, fact: SeatStateChanged) -> None:
        post, before = _post(fact.new), self._posts.get(fact.seat, "off")
        self._posts[fact.seat] = post
        if self._begun and fact.at < self.end and post != before:
            self._moves.extend(_moves(fact.seat, before, post, fact.at, fact.reason))

    def _begin_day(self) -> None:
        self._begun = True
        for seat, last in self._seats.items():
            post = self._posts[seat]
            if post != "off":
                self._changes.append(replace(last, at=self.begin))
                self._moves.extend(_moves(seat, "off", post, self.begin, last.reason))

    def _observed(self, caller: _Caller) -> Observed:
        until = caller.answered_at or caller.gone_at or max(self._last, caller.at)
        wait_us = max(0, until - caller.at)
        queued = caller.queued
        lead_us = caller.at - queued.prompt_ended_at if queued.prompt_ended_at else 0
        gone = caller.gone_at is not None
        return Observed(
            contact=Contact(
                at=caller.at,
                queue=caller.queue,
                talk_us=caller.talk_us or 0,
                patience_us=wait_us if gone else None,
                wrapup_us=caller.wrapup_us,
                priority=queued.priority,
                skills=queued.skills,
                language=queued.language,
                ring_us=caller.ring_us,
                lead_us=lead_us if 0 <= lead_us <= _LONGEST_LEAD_US else 0,
                elsewhere=gone and not caller.abandoned,
                number=queued.caller_number,
                customer_class=queued.customer_class,
                wanted_seat=queued.wanted_seat,
            ),
            wait_us=wait_us,
            answered=caller.answered_at is not None,
            gave_up=caller.abandoned,
            handled=caller.talk_us is not None,
            worked_us=(caller.talk_us or 0) + caller.wrapped_up_us,
        )


def _post(state: SeatState) -> str:
    """off: signed off. away: signed on, and takes no calls. there: everything else."""
    match str(state):
        case "signed-off":
            return "off"
        case "paused" | "unreachable":
            return "away"
    return "there"


def _moves(seat: SeatId, before: str, post: str, at: int, reason: str) -> Iterable[Move]:
    if post == "off":
        yield Move(at, seat, "sign-off", reason)
        return
    if before == "off":
        yield Move(at, seat, "sign-on")
    if post == "away":
        yield Move(at, seat, "pause", reason or "away")
    elif before == "away":
        yield Move(at, seat, "ready")
