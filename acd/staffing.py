"""The seats, queues and rules that hold now, and how they change while calls go on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from acd.estimate import ServiceTimes
from acd.matching import Matching
from acd.phones import Phones
from acd.seats import Seat, Wish
from acd.waiters import Waiters
from acd.waiting import WaitingLine
from cti.facts import (
    AnomalySeen,
    Fact,
    QueueRecord,
    RoutingChanged,
    RoutingRules,
    SeatRecord,
    SeatState,
    WaitOverflowed,
)
from cti.ids import QueueId, SeatId


class Staffing:
    """Part of the dispatcher: fills its `seats` and `queues`, which all other parts look at.
    `watch` is told of every change of a seat."""

    def __init__(
        self,
        seats: dict[SeatId, Seat],
        queues: dict[QueueId, QueueRecord],
        *,
        line: WaitingLine,
        times: ServiceTimes,
        matching: Matching,
        phones: Phones,
        waiters: Waiters,
        watch: Callable[[Seat], None],
    ) -> None:
        self._seats = seats
        self._queues = queues
        self._line = line
        self._times = times
        self._matching = matching
        self._phones = phones
        self._waiters = waiters
        self._watch = watch
        self._removed: set[SeatId] = set()
        """Seats that are no more, and have a call to end."""

    def set_up(
        self, seats: Iterable[SeatRecord], queues: Sequence[QueueRecord], rules: RoutingRules
    ) -> None:
        """These hold from now on, in this order; who waits is to be stood again."""
        self._queues.clear()
        self._queues.update((queue.id, queue) for queue in queues)
        self._times.configure(queues)
        before = dict(self._seats)
        self._seats.clear()
        for record in seats:
            seat = before.pop(record.id) if record.id in before else Seat(record)
            self._seats[record.id] = seat
            seat.record = record
            if seat.at_device not in record.devices and not seat.busy:
                seat.at_device = ""
        self._seats.update(before)
        self._matching.configure(self._seats.values(), self._queues, rules.choice)
        for seat in self._seats.values():
            seat.watch = self._watch
        self._phones.configure(self._seats.values())
        self._waiters.configure(rules.classes)

    def changed(self, fact: RoutingChanged) -> Iterator[Fact]:
        """Who waits keeps the time waited, and who rings or talks goes on. A seat that is not there
        any more goes when it has done with its call."""
        seats, queues = self._whole(fact)
        if not queues:
            yield AnomalySeen(at=fact.at, about="routing", detail="no queue would be left; refused")
            return
        yield from self._remove_all_but({record.id for record in seats}, fact.at)
        first = queues[0].id
        names = {queue.id for queue in queues}
        homeless = [(call, call.queue) for call in self._line if call.queue not in names]
        self.set_up(seats, queues, fact.rules)
        self._waiters.stand_all_again(fact.at)
        for call, queue in homeless:
            yield WaitOverflowed(
                at=fact.at,
                call=call.call,
                queue=queue,
                cause="closed",
                to="queue",
                target=first,
                waited_us=max(0, fact.at - call.queued_at),
            )

    def _whole(self, fact: RoutingChanged) -> tuple[Sequence[SeatRecord], Sequence[QueueRecord]]:
        """All seats and queues, also those that `fact` leaves as they are."""
        if not fact.partial:
            return fact.seats, fact.queues
        there = (seat for seat in self._seats.values() if seat.id not in self._removed)
        seats = {seat.id: seat.record for seat in there}
        seats |= {record.id: record for record in fact.seats}
        queues = self._queues | {queue.id: queue for queue in fact.queues}
        return tuple(seats.values()), tuple(queues.values())

    def seat_is_away(self, seat: Seat) -> None:
        """One that was removed and has done with its call is forgotten."""
        if seat.id in self._removed and not seat.signed_on:
            self._removed.discard(seat.id)
            del self._seats[seat.id]

    def _remove_all_but(self, kept: set[SeatId], at: int) -> Iterator[Fact]:
        for seat in [seat for seat in self._seats.values() if seat.id not in kept]:
            self._removed.add(seat.id)
            seat.record = replace(seat.record, queues=())
            if seat.busy:
                seat.wish = Wish(SeatState.SIGNED_OFF, "removed")
            elif seat.signed_on:
                yield seat.go(SeatState.SIGNED_OFF, at, reason="removed")
            else:
                seat.touched()
        self._removed -= kept
