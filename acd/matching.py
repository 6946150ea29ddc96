"""Who of those who wait is offered which seat. Pure.

Those who wait stand in groups by what they ask for (`acd.groups`). When a seat becomes free, the
first ones of the groups that it fits are compared by the site's rule; when a caller comes, the free
seats of the group are. Between two facts no free seat stands beside a caller whom it may be
offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from acd.groups import Group
from acd.needs import Demand, fit, lowered
from acd.offers import Match, Offers
from acd.posture import Posture
from acd.seats import Seat
from acd.strategies import KEYS
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import Choice, ChoiceName, ContactKind, Fact, QueueRecord
from cti.ids import QueueId, SeatId

Outcome = Iterator[Fact]

MOST_GROUPS: Final = 4_096
"""When there are more, those that nobody stands in are forgotten: strangers' demands may not fill
the memory."""


class Matching:
    """Part of the dispatcher."""

    def __init__(self, line: WaitingLine, offers: Offers) -> None:
        self._line = line
        self._offers = offers
        self._queues: Mapping[QueueId, QueueRecord] = {}
        self._choice: ChoiceName = "place"
        self._postures: dict[SeatId, Posture] = {}
        self._groups: dict[Demand, Group] = {}
        self._group_of: dict[str, Group] = {}
        self._editions: dict[SeatId, int] = {}
        self._touched: dict[SeatId, None] = {}
        self._hot: dict[Group, None] = {}
        self._tickets = 0

    def configure(
        self,
        seats: Iterable[Seat],
        queues: Mapping[QueueId, QueueRecord],
        choice: ChoiceName,
    ) -> None:
        """Begin anew with these; callers are to be stood again by the one who calls this."""
        self._queues, self._choice = queues, choice
        self._groups, self._group_of, self._hot, self._touched = {}, {}, {}, {}
        self._postures = {}
        for position, seat in enumerate(seats):
            served = frozenset(self.line_of(queue) for queue in seat.record.queues)
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
        group = self._group_for(self._demand_of(call, at))
        self._tickets += 1
        group.stand(call, self._tickets)
        self._group_of[call.call] = group
        self._hot[group] = None

    def leave(self, call: WaitingCall) -> None:
        """No seat is sought for `call` any more."""
        if call.ticket:
            self._group_of.pop(call.call).leave(call)

    def stands_only_for(self, seat: SeatId) -> list[WaitingCall]:
        """Who waits for this seat and no other, in the order of service."""
        groups = (group for group in self._groups.values() if group.demand.only == seat)
        found = [call for group in groups if group.count for call in group.callers()]
        return sorted(found, key=lambda call: (call.place_at, call.call))

    def _demand_of(self, call: WaitingCall, at: int) -> Demand:
        queue = self._queues[call.queue]
        if call.wanted_seat:
            return Demand(call.line, kind=call.kind, only=call.wanted_seat)
        needs = lowered(call.needs, queue, at - call.queued_at)
        return Demand(call.line, needs, call.language, call.kind)

    def _group_for(self, demand: Demand) -> Group:
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
        self._groups = {demand: one for demand, one in self._groups.items() if one.count}
        kept = set(map(id, self._groups.values()))
        for posture in self._postures.values():
            posture.groups = [pair for pair in posture.groups if id(pair[0]) in kept]

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

    def _look_at_touched(self) -> None:
        touched, self._touched = self._touched, {}
        for seat in touched:
            posture = self._postures.get(seat)
            if posture is None:
                continue
            for group in posture.count_anew():
                self._hot[group] = None
            self._look_at(posture)

    def _look_at(self, posture: Posture) -> None:
        """Tell the groups for which kinds of contact the seat is free. A seat's edition is a new
        one whenever that, or what it is ranked by, may have changed."""
        seat = posture.seat
        was = posture.free_for
        now = posture.free_for = tuple(kind for kind in posture.kinds if seat.can_take(kind))
        if not was and not now:
            return
        self._editions[seat.id] += 1
        for group, found in posture.groups:
            kind = group.demand.kind
            if kind in was:
                group.free -= 1
            if kind in now:
                strategy = self._queues[group.demand.queue].strategy
                group.seat_is_free(seat, found, KEYS[strategy](seat, found, posture.position))
                if group.count:
                    self._hot[group] = None

    # ------------------------------------------------------------------------------- matching

    def match(self, at: int) -> Outcome:
        """The offers that are possible at `at`."""
        self._look_at_touched()
        while self._hot:
            hot = [one for one in self._hot if one.count and one.free and one.best() is not None]
            self._hot = dict.fromkeys(hot)
            if not hot:
                return
            group = self._first_of(hot, at)
            call = group.head()
            assert call is not None
            why = self._why(call, group, len(hot), at)
            queue = self._queues[call.line]
            most = queue.ring_most if queue.strategy == "ring-all" and call.kind == "call" else 1
            ranked = group.ranked(max(5, most))
            self.leave(call)
            ringing = most if call.callback is None else 1
            yield from self._offers.offer(Match(call, group, ranked, ringing, why, at))
            self._look_at_touched()

    def _first_of(self, groups: list[Group], at: int) -> Group:
        """The group whose first caller is served first."""
        if len(groups) == 1:
            return groups[0]
        if self._choice == "queue-ratio":
            return self._most_over_its_share(groups)
        due = self._choice == "due"
        best: tuple[int, str] | None = None
        found = groups[0]
        for group in groups:
            head = group.head()
            assert head is not None
            late = self._queues[head.queue].target_us if due else 0
            key = (head.place_at + late, head.call)
            if best is None or key < best:
                best, found = key, group
        return found

    def _most_over_its_share(self, groups: list[Group]) -> Group:
        """Fixed-queue-ratio: from the line that has most callers above its share of all of them
        (Gurvich and Whitt, "Service-level differentiation in many-server service systems via
        queue-ratio routing", Operations Research 58, 2010); who stands first within that line."""
        lines = dict.fromkeys(group.demand.queue for group in groups)
        total = sum(self._line.length(line) for line in lines)
        ratios = sum(self._queues[line].ratio for line in lines)

        def excess(line: QueueId) -> int:
            return self._line.length(line) * ratios - self._queues[line].ratio * total

        def key(group: Group) -> tuple[int, int, str]:
            head = group.head()
            assert head is not None
            return -excess(group.demand.queue), head.place_at, head.call

        return min(groups, key=key)

    def _why(self, call: WaitingCall, group: Group, lines: int, at: int) -> Choice:
        queue = self._queues[call.queue]
        demand = group.demand
        widened = sum(step.after_us <= at - call.queued_at for step in queue.widening)
        return Choice(
            rule=self._choice if lines > 1 or group.count > 1 else "only",
            lines=lines,
            fitted=group.free,
            needs=demand.needs,
            widened=widened if call.needs and not demand.only else 0,
            wanted=call.wanted,
            head_start_us=call.queued_at - call.place_at,
            waited_us=max(0, at - call.queued_at),
            ahead=self._line.ahead(call),
        )
