"""Who of those who wait is offered which seat. Pure.

Those who wait stand in groups by what they ask for (`acd.groups`). When a seat becomes free, the
first ones of the groups that it fits are compared by the site's rule; when a caller comes, the free
seats of the group are. Between two facts no free seat stands beside a caller whom it may be
offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from acd.choosing import first_of
from acd.groups import Group
from acd.needs import Demand, Tier, demand_of, fit, lowered
from acd.offers import TOLD, Match, Offers
from acd.posture import Posture
from acd.seats import Seat
from acd.strategies import KEYS
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import Choice, ChoiceName, ContactKind, Fact, QueueRecord
from cti.ids import CallId, QueueId, SeatId

Outcome = Iterator[Fact]

MOST_GROUPS: Final = 4_096
"""When there are more, those that nobody stands in are forgotten: strangers' demands may not fill
the memory."""

_LEAD: Final = Tier.LEAD


def _nobody(group: Group, call: WaitingCall, at: int) -> None:
    del group, call, at


class Matching:
    """Part of the dispatcher."""

    def __init__(self, line: WaitingLine, offers: Offers) -> None:
        self._line = line
        self._offers = offers
        self._queues: Mapping[QueueId, QueueRecord] = {}
        self._choice: ChoiceName = "place"
        self._postures: dict[SeatId, Posture] = {}
        self._groups: dict[Demand, Group] = {}
        self._group_of: dict[CallId, Group] = {}
        self._stranded: dict[Demand, dict[CallId, WaitingCall]] = {}
        """Those whose own group has nobody signed on; they stand in their queue's plain one."""
        self._editions: dict[SeatId, int] = {}
        self._touched: dict[SeatId, None] = {}
        self._hot: dict[Group, None] = {}
        self._tickets = 0
        self._sought: dict[QueueId, int] = {}
        self._tongues = False
        """Whether any seat speaks some languages only."""
        self.watch: Callable[[Group, WaitingCall, int], None] = _nobody
        """Told of each who is taken out of a group, for a seat."""

    def configure(
        self,
        seats: Iterable[Seat],
        queues: Mapping[QueueId, QueueRecord],
        choice: ChoiceName,
    ) -> None:
        """Begin anew with these; callers are to be stood again by the one who calls this."""
        self._queues, self._choice = queues, choice
        self._groups, self._group_of, self._hot, self._touched = {}, {}, {}, {}
        self._stranded, self._sought = {}, {}
        seats = tuple(seats)
        self._tongues = any(seat.record.languages for seat in seats)
        self._postures = {}
        for position, seat in enumerate(seats):
            served = frozenset(self.line_of(one) for one in seat.record.queues if one in queues)
            kinds: tuple[ContactKind, ...] = ("call", *(one.kind for one in seat.record.capacity))
            self._postures[seat.id] = Posture(seat, position, served, kinds)
            self._editions[seat.id] = self._editions.get(seat.id, 0) + 1
            self.seat_touched(seat)

    def line_of(self, queue: QueueId) -> QueueId:
        """The line that callers of `queue` stand in. Merged queues that lead in a circle, or
        nowhere, are not merged."""
        seen = [queue]
        while (target := self._queues[seen[-1]].merged_into) and target in self._queues:
            if target in seen:
                return queue
            seen.append(target)
        return seen[-1]

    # -------------------------------------------------------------------------------- callers

    def stand(self, call: WaitingCall, at: int) -> None:
        """A seat is sought for `call` from now on."""
        self.leave(call)
        demand = self._demand_of(call, at)
        group = self.group_for(demand)
        if demand.asks and not group.signed_on:
            call.stranded = demand
            self._stranded.setdefault(demand, {})[call.call] = call
            group = self.group_for(demand.plain())
        self._line.seeks(call)
        self._tickets += 1
        group.stand(call, self._tickets)
        self._group_of[call.call] = group
        self._sought[call.strand] = self._sought.get(call.strand, 0) + 1
        self._hot[group] = None

    def leave(self, call: WaitingCall) -> None:
        """No seat is sought for `call` any more."""
        if call.ticket:
            self._group_of.pop(call.call).leave(call)
            self._sought[call.strand] -= 1
        if call.stranded is not None:
            self._stranded.get(call.stranded, {}).pop(call.call, None)
            call.stranded = None

    def group_of(self, call: CallId) -> Group | None:
        """Where a seat is sought for `call`; None when none is."""
        return self._group_of.get(call)

    def sought(self, line: QueueId) -> int:
        """How many of `line` a seat is sought for."""
        return self._sought.get(line, 0)

    def stands_only_for(self, seat: SeatId) -> list[WaitingCall]:
        """Who waits for this seat and no other, in the order of service."""
        groups = (group for group in self._groups.values() if group.demand.only == seat)
        found = [call for group in groups if group.count for call in group.callers()]
        return sorted(found, key=lambda call: (call.place_at, call.call))

    def _demand_of(self, call: WaitingCall, at: int) -> Demand:
        queue = self._queues[call.queue]
        if call.wanted_seat:
            return demand_of(call.line, kind=call.kind, only=call.wanted_seat)
        needs = lowered(call.needs, queue, at - call.queued_at)
        return demand_of(call.line, needs, call.language, call.kind)

    def group_for(self, demand: Demand) -> Group:
        """Those who wait with `demand`, nobody perhaps, and the seats that meet it."""
        group = self._groups.get(demand)
        if group is not None:
            return group
        if len(self._groups) >= MOST_GROUPS:
            self._forget_empty_groups()
        group = self._groups[demand] = Group(demand, self._editions)
        queue = self._queues[demand.queue]
        if demand.only:
            postures = [self._postures[demand.only]] if demand.only in self._postures else []
        else:
            postures = list(self._postures.values())
        for posture in postures:
            found = fit(posture.seat.record, posture.queues, demand)
            if found is not None:
                posture.join(group, found, queue)
        return group

    def _forget_empty_groups(self) -> None:
        self._stranded = {demand: calls for demand, calls in self._stranded.items() if calls}
        self._groups = {
            demand: one
            for demand, one in self._groups.items()
            if one.count or demand in self._stranded
        }
        kept = set(self._groups.values())
        for posture in self._postures.values():
            posture.forget(kept)

    # ---------------------------------------------------------------------------------- seats

    def seat_touched(self, seat: Seat) -> None:
        """Something of `seat` has changed; looked at when the fact's handlers are through."""
        self._touched[seat.id] = None

    def works(self, seat: SeatId, line: QueueId) -> bool:
        """Whether `seat` is there and serves `line`."""
        posture = self._postures.get(seat)
        return posture is not None and posture.seat.works and line in posture.queues

    def serving(self, line: QueueId) -> Iterator[Seat]:
        """All seats that serve `line`."""
        return (one.seat for one in self._postures.values() if line in one.queues)

    def _look_at_touched(self, at: int) -> list[Posture]:
        """Take in what has changed of seats. Those that have become free are returned, and their
        groups do not know of them yet."""
        if not self._touched:
            return []
        touched, self._touched = self._touched, {}
        turned: dict[Group, None] = {}
        fresh = []
        for seat in touched:
            posture = self._postures.get(seat)
            if posture is None:
                continue
            for group in posture.count_anew():
                turned[group] = None
            if posture.free_for:
                self._is_not_free(posture)
            if posture.now_free_for():
                fresh.append(posture)
        for group in turned:
            self._hot[group] = None
            self._stand_where_somebody_is(group, at)
        return fresh

    def _stand_where_somebody_is(self, group: Group, at: int) -> None:
        """The first seat that meets the group's demand has signed on, or the last one off."""
        demand = group.demand
        if not demand.asks:
            return
        moving = list(self._stranded.pop(demand, {}).values()) if group.signed_on else []
        for call in moving or (() if group.signed_on else group.callers()):
            self.stand(call, at)

    def _is_not_free(self, posture: Posture) -> None:
        for group, fits in posture.groups:
            if group.kind in posture.free_for:
                group.free -= 1
                group.free_in[fits.tier] -= 1
        posture.free_for = ()
        self._editions[posture.seat.id] += 1

    def _is_free(self, posture: Posture) -> None:
        """Tell its groups, with what the seat is ranked by as long as it is free."""
        seat = posture.seat
        now = posture.free_for = posture.now_free_for()
        self._editions[seat.id] += 1
        for group, fits in posture.groups:
            if group.kind in now:
                strategy = self._queues[group.demand.queue].strategy
                group.seat_is_free(seat, fits, KEYS[strategy](seat, fits, posture.position))
                if group.count:
                    self._hot[group] = None

    # ------------------------------------------------------------------------------- matching

    def match(self, at: int) -> Outcome:
        """The offers that are possible at `at`."""
        while True:
            fresh = self._look_at_touched(at)
            if len(fresh) == 1 and not self._hot:
                groups = fresh[0].groups_with_callers()
                if groups:
                    # No other free seat may take any of them, or they would not wait.
                    yield from self._serve(groups, at, fresh[0].seat)
                    continue
            for posture in fresh:
                self._is_free(posture)
            hot = [one for one in self._hot if one.count and one.free and one.best() is not None]
            self._hot = dict.fromkeys(hot)
            if not hot:
                return
            yield from self._serve(hot, at)

    def _serve(self, groups: list[Group], at: int, seat: Seat | None = None) -> list[Fact]:
        """Offer the first caller of `groups` to `seat`, the only free one, or to the best."""
        group, call = first_of(groups, self._choice, self._queues, self._line)
        queue = self._queues[call.line]
        all_ring = queue.strategy == "ring-all" and call.kind == "call" and call.callback is None
        ringing = queue.ring_most if all_ring else 1
        ranked = [seat] if seat is not None else group.ranked(max(TOLD, ringing))
        why = self._why(call, group, len(groups), ranked[0] if seat is None else None, at)
        self.leave(call)
        self._line.rings(call)
        self.watch(group, call, at)
        return self._offers.offer(Match(call, group, ranked, ringing, why, at))

    def _why(
        self, call: WaitingCall, group: Group, lines: int, best: Seat | None, at: int
    ) -> Choice:
        """`best`: of the free seats that fit; None when there is but one."""
        queue = self._queues[call.queue]
        demand = group.demand
        asked = call.stranded or demand
        fitted = peers = 1
        if best is not None:
            fitted = group.free - (group.free_in[_LEAD] if group.working else 0)
            peers = group.free_in[group.fits[best.id].tier]
        widened = 0
        if queue.widening and call.needs and not demand.only:
            widened = sum(step.after_us <= at - call.queued_at for step in queue.widening)
        return Choice(
            rule=self._choice if lines > 1 or group.count > 1 else "only",
            lines=lines,
            fitted=fitted,
            peers=peers,
            needs=asked.needs,
            language=asked.language if self._tongues else "",
            unskilled=call.stranded is not None,
            widened=widened,
            wanted=call.wanted,
            head_start_us=call.queued_at - call.place_at,
            waited_us=max(0, at - call.queued_at),
            ahead=self._line.ahead_unoffered(call),
            priority=call.priority,
            customer_class=call.customer_class,
        )
