"""Foretells waits: measures each line as it moves, and learns from what it has foretold. Pure.

    served() from the matching ----> Pace of the line, and of those with one demand
    OfferAnswered, CallAbandoned --> GivingUp, Correction of the line
    CallQueued --------------------> what is foretold now is held against what comes

An estimate reads sums that are kept up to date: its cost does not grow with seats or callers, but
for finding a place in the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from acd.estimate import Correction, GivingUp, Pace, ServiceTimes, expected_wait_us
from acd.groups import Group
from acd.matching import Matching
from acd.needs import Demand, demand_of
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
)
from cti.ids import CallId, QueueId

MOST_DEMANDS: Final = 4_096
"""The one that was seen first is forgotten when there are more."""
APART_US: Final = 2_000_000
"""Waits that begin sooner one after the other tell the same: one of them is learnt from."""
_RATHER_US: Final = 1_000
"""Estimates are cut to milliseconds: the last bit of a logarithm may differ between machines, and a
day is to be replayed alike on all of them."""


class _Foretold(NamedTuple):
    line: QueueId
    at: int
    us: int


class Forecast:
    """Part of the dispatcher."""

    def __init__(self, line: WaitingLine, matching: Matching, times: ServiceTimes) -> None:
        self._line = line
        self._matching = matching
        self._times = times
        self._paces: dict[Demand, Pace] = {}
        self._line_paces: dict[QueueId, Pace] = {}
        self._giving_up: dict[QueueId, GivingUp] = {}
        self._corrections: dict[QueueId, Correction] = {}
        self._learnt_at: dict[Demand, int] = {}
        self._foretold: dict[CallId, _Foretold] = {}
        self._handlers: dict[type[Fact], Callable[[Any], None]] = {
            CallQueued: self._queued,
            OfferAnswered: self._answered,
            OfferFailed: self._offer_failed,
            CallAbandoned: self._abandoned,
            CallEnded: self._ended,
            LinkLost: self._link_lost,
        }
        matching.watch = self.served

    def heard(self, fact: Fact) -> None:
        """Behind the matching, so the line is as it is after `fact`."""
        handler = self._handlers.get(type(fact))
        if handler is not None:
            handler(fact)

    # ------------------------------------------------------------------------------ estimates

    def of_call(self, call: CallId) -> int | None:
        """How long `call` still waits, microseconds; None when no seat is there that it may be
        offered, or when it does not wait."""
        waiting = self._line.get(call)
        if waiting is None:
            return None
        place = self._line.ahead(waiting) + 1
        return self._estimate(waiting.queue, waiting.line, self._matching.group_of(call), place)

    def at_place(self, queue: QueueId, place: int) -> int | None:
        """The same for a caller with no needs at `place` of the line of `queue`. Raises KeyError
        for an unknown queue."""
        line = self._matching.line_of(queue)
        return self._estimate(queue, line, None, place)

    def _estimate(
        self, queue: QueueId, line: QueueId, group: Group | None, place: int
    ) -> int | None:
        model = self._model(queue, line, group, place)
        if model is None:
            return None
        correction = self._corrections.get(line)
        us = model if correction is None else int(correction(model / 1e6) * 1e6)
        return us // _RATHER_US * _RATHER_US

    def _model(self, queue: QueueId, line: QueueId, group: Group | None, place: int) -> int | None:
        """By the pace of those with the same demand, and by that of the whole line as far as their
        seats are the line's seats: the one is nearer, the other has been seen more often."""
        sought, length = self._matching.sought(line), self._line.length(line)
        place = max(1, place - max(0, length - sought))  # seats ring for the others
        usual_us, whole = self._times.mean_us(queue), self._plain(line)
        of_line = self._by(self._line_paces.get(line), whole, place, usual_us)
        if group is None or group.demand.only:
            return of_line
        share = (group.count - 1) / (sought - 1) if sought > 1 else 0.0
        own_place = 1 + (place - 1) * share
        of_group = self._by(self._paces.get(group.demand), group, own_place, usual_us)
        if of_line is None or of_group is None:
            return of_group
        common = min(1.0, self._seats(group) / self._seats(whole)) / 2
        return int(of_group + (of_line - of_group) * common)

    def _by(self, pace: Pace | None, group: Group, place: float, usual_us: int) -> int | None:
        seat_us = usual_us if pace is None else pace.seat_us(usual_us)
        giving_up = self._giving_up.get(group.demand.queue)
        rate = 0.0 if giving_up is None else giving_up.rate
        return expected_wait_us(place, seat_us, self._seats(group), rate)

    def _plain(self, line: QueueId) -> Group:
        return self._matching.group_for(demand_of(line))

    def _seats(self, group: Group) -> int:
        """That are there for the group; leads, when nobody else is."""
        if group.working or not group.signed_on:
            return group.working
        line = group.demand.queue
        return sum(self._matching.works(seat, line) for seat in group.fits)

    # ------------------------------------------------------------------------------- measuring

    def served(self, group: Group, call: WaitingCall, at: int) -> None:
        """`call` was taken out of `group`, for a seat."""
        pace = self._paces.get(group.demand)
        if pace is None or (pace.since is None and not group.count):
            return  # nobody had to wait
        usual_us = self._times.mean_us(call.queue)
        pace.served(at, self._seats(group), usual_us, more=bool(group.count))
        line_pace = self._line_paces.get(call.line)
        if line_pace is not None:
            more = self._matching.sought(call.line) > 0
            line_pace.served(at, self._seats(self._plain(call.line)), usual_us, more=more)

    def _queued(self, fact: CallQueued) -> None:
        group = self._matching.group_of(fact.call)
        waiting = self._line.get(fact.call)
        if group is None or waiting is None:
            return  # a seat rings already
        line, demand = waiting.line, group.demand
        pace = self._paces.get(demand)
        if pace is None:
            if len(self._paces) >= MOST_DEMANDS:
                self._paces.pop(forgotten := next(iter(self._paces)))
                self._learnt_at.pop(forgotten, None)
            pace = self._paces[demand] = Pace()
        if group.count == 1:
            pace.begins(fact.at, self._seats(group))
        if self._matching.sought(line) == 1:
            line_pace = self._line_paces.setdefault(line, Pace())
            line_pace.begins(fact.at, self._seats(self._plain(line)))
        if fact.at - self._learnt_at.get(demand, -APART_US) >= APART_US:
            self._learnt_at[demand] = fact.at
            place = self._line.ahead(waiting) + 1
            model = self._model(waiting.queue, line, group, place)
            if model is not None:
                self._foretold[fact.call] = _Foretold(line, fact.at, model)

    def _answered(self, fact: OfferAnswered) -> None:
        foretold = self._foretold.pop(fact.call, None)
        if foretold is not None:
            correction = self._corrections.setdefault(foretold.line, Correction())
            correction.learn(foretold.us / 1e6, max(0, fact.at - foretold.at) / 1e6)
            self._left(foretold.line, fact.wait_us, gave_up=False)

    def _abandoned(self, fact: CallAbandoned) -> None:
        foretold = self._foretold.pop(fact.call, None)
        if foretold is not None:
            self._left(foretold.line, fact.wait_us, gave_up=True)

    def _left(self, line: QueueId, waited_us: int, *, gave_up: bool) -> None:
        self._giving_up.setdefault(line, GivingUp()).ended(waited_us, gave_up=gave_up)

    def _ended(self, fact: CallEnded) -> None:
        self._foretold.pop(fact.call, None)

    def _offer_failed(self, fact: OfferFailed) -> None:
        group = self._matching.group_of(fact.call)
        if group is None:
            return
        for pace in (self._paces.get(group.demand), self._line_paces.get(group.demand.queue)):
            if pace is not None:
                pace.came_back()

    def _link_lost(self, fact: LinkLost) -> None:
        """What moved while nobody looked is not measured."""
        del fact
        self._foretold.clear()
        for pace in (*self._paces.values(), *self._line_paces.values()):
            pace.since = None
