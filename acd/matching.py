"""Which caller gets which seat, and the offer that says so. Pure.

Callers are taken in the order of service and each gets the best seat that fits. A booked callback
stands in the line like the caller who booked it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from acd.callbacks import Callbacks
from acd.phones import Phones
from acd.queues import QueueRecord, WaitingCall, WaitingLine
from acd.seats import Seat
from acd.strategies import Strategy
from cti.facts import CallbackOffered, Fact, SeatOffered, SeatRank, SeatState
from cti.ids import OfferId, QueueId, SeatId, callback_offer_id, offer_id

Outcome = Iterator[Fact]


class Matching:
    """Part of the dispatcher."""

    def __init__(
        self,
        seats: Mapping[SeatId, Seat],
        queues: Mapping[QueueId, QueueRecord],
        line: WaitingLine,
        *,
        strategy: Strategy,
        phones: Phones,
        callbacks: Callbacks,
    ) -> None:
        self._seats = seats
        self._queues = queues
        self._line = line
        self._strategy = strategy
        self._phones = phones
        self._callbacks = callbacks
        self._last_offer_at = 0

    def match(self, at: int) -> Outcome:
        """The offers that are possible at `at`."""
        if not len(self._line):
            return
        ready = {seat.id: seat for seat in self._seats.values() if seat.can_take_a_call}
        for call in self._line.unoffered() if ready else ():
            fitting = self._fitting(call, ready.values())
            if fitting:
                ranked = self._strategy.rank(fitting)
                del ready[ranked[0].id]
                yield from self._offer(call, ranked, at)
            if not ready:
                return

    def _fitting(self, call: WaitingCall, ready: Iterable[Seat]) -> list[Seat]:
        """Seats of the call's queue with all its skills. Skills that no seat signed on has are not
        waited for: a caller who needs them is better served by another seat than by none."""
        serving = [seat for seat in ready if call.queue in seat.record.queues]
        if not call.skills:
            return serving
        skilled = [seat for seat in serving if call.skills <= seat.record.skills]
        if skilled or any(
            seat.state is not SeatState.SIGNED_OFF
            and call.queue in seat.record.queues
            and call.skills <= seat.record.skills
            for seat in self._seats.values()
        ):
            return skilled
        return serving

    def _offer(self, call: WaitingCall, ranked: list[Seat], at: int) -> Outcome:
        seat = ranked[0]
        name = offer_id if call.callback is None else callback_offer_id
        offer = name(seat.id, self._unique_time(at))
        call.offer = offer
        queue = self._queues[call.queue]
        ranking = tuple(
            SeatRank(seat=other.id, idle_us=max(0, at - other.idle_since)) for other in ranked[:5]
        )
        self._phones.offered(seat)
        if call.callback is not None:
            yield from self._offer_callback(call, seat, offer, ranking, at)
            return
        changed = seat.go(SeatState.RINGING, at, call=call.call)
        seat.offer = offer
        yield SeatOffered(
            at=at,
            call=call.call,
            seat=seat.id,
            offer=offer,
            queue=call.queue,
            device=seat.record.device,
            ring_us=queue.ring_us,
            rule=self._strategy.name,
            ranking=ranking,
            waiting=len(self._line.in_queue(call.queue)),
        )
        yield changed

    def _offer_callback(
        self,
        waiting: WaitingCall,
        seat: Seat,
        offer: OfferId,
        ranking: tuple[SeatRank, ...],
        at: int,
    ) -> Outcome:
        assert waiting.callback is not None
        booked = self._callbacks.get(waiting.callback)
        changed = seat.go(SeatState.RINGING, at, call=booked.call)
        seat.offer = offer
        yield CallbackOffered(
            at=at,
            callback=booked.callback,
            call=booked.call,
            seat=seat.id,
            offer=offer,
            queue=waiting.queue,
            device=seat.record.device,
            number=booked.number,
            hotline=booked.hotline,
            language=booked.language,
            ring_us=self._queues[waiting.queue].ring_us,
            customer_ring_us=self._callbacks.customer_ring_us,
            attempt=booked.attempts + 1,
            since=booked.since,
            rule=self._strategy.name,
            ranking=ranking,
            waiting=len(self._line.in_queue(waiting.queue)),
        )
        yield changed

    def _unique_time(self, at: int) -> int:
        """Asterisk's time stamps may repeat; an offer's id may not."""
        self._last_offer_at = max(at, self._last_offer_at + 1)
        return self._last_offer_at
