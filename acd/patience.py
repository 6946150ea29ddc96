"""What becomes of a wait as time goes by: needs are lowered, and the seat that a caller was to be
put to is given up for another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acd.matching import Matching
from acd.needs import lowered
from acd.seats import Seat
from acd.timers import Timers
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import Fact, NeedsLowered, QueueRecord, Skill, Wanted, WantedSeatGivenUp
from cti.ids import CallId, QueueId, SeatId

TRANSFER_US: Final = 30_000_000
"""How long a caller who was transferred to a seat waits for that seat alone: about six rings."""


class Patience:
    """Part of the dispatcher. `queues` is its own, so it follows a change of the site."""

    def __init__(
        self, line: WaitingLine, matching: Matching, queues: Mapping[QueueId, QueueRecord]
    ) -> None:
        self._line = line
        self._matching = matching
        self._queues = queues
        self._timers: Timers[CallId] = Timers()
        self._needs: dict[CallId, tuple[Skill, ...]] = {}

    def begins(self, call: WaitingCall, at: int) -> None:
        """`call` waits from now on, or in another queue."""
        queue = self._queues[call.queue]
        if call.needs and queue.widening:
            self._needs[call.call] = lowered(call.needs, queue, at - call.queued_at)
        else:
            self._needs.pop(call.call, None)
        self._timers.set(call.call, self._next(call, at))

    def ends(self, call: CallId) -> None:
        self._timers.set(call, None)
        self._needs.pop(call, None)

    def deadline(self) -> int | None:
        return self._timers.next()

    def due(self, at: int) -> Iterator[Fact]:
        """What has become of those whose time has come."""
        for call_id in self._timers.due(at):
            call = self._line.get(call_id)
            if call is None:
                continue
            changed = list(self._changes(call, at))
            self._timers.set(call_id, self._next(call, at))
            if changed and call.ticket:
                self._matching.stand(call, at)
            yield from changed

    def wanted(self, call: WaitingCall, seat: SeatId, wanted: Wanted, at: int) -> bool:
        """Let `call` wait for `seat` alone, if it is there and the queue has the patience."""
        in_time = at < call.queued_at + self._wanted_us(call, wanted)
        if not (seat and in_time and self._matching.works(seat, call.line)):
            return False
        call.wanted, call.wanted_seat = wanted, seat
        return True

    def seat_is_away(self, seat: Seat, at: int) -> Iterator[Fact]:
        """Nobody waits for a seat alone that does not work."""
        if seat.works:
            return
        for call in self._matching.stands_only_for(seat.id):
            yield self.give_up(call, "away", at)
            self._matching.stand(call, at)

    def give_up(self, call: WaitingCall, why: str, at: int) -> WantedSeatGivenUp:
        """Any fitting seat is right from now on; the caller is to be stood again."""
        seat, call.wanted_seat, call.wanted = call.wanted_seat, SeatId(""), ""
        return WantedSeatGivenUp(at=at, call=call.call, seat=seat, why=why)  # type: ignore[arg-type]

    def _wanted_us(self, call: WaitingCall, wanted: Wanted) -> int:
        """How long `call` waits for one seat alone. A seat that was chosen by hand is waited for in
        every queue."""
        wanted_us = self._queues[call.queue].wanted_us
        return max(wanted_us, TRANSFER_US) if wanted == "transfer" else wanted_us

    def _changes(self, call: WaitingCall, at: int) -> Iterator[Fact]:
        queue, waited_us = self._queues[call.queue], at - call.queued_at
        if call.wanted_seat and waited_us >= self._wanted_us(call, call.wanted):
            yield self.give_up(call, "patience", at)
        needs = lowered(call.needs, queue, waited_us)
        if needs != self._needs.get(call.call, needs):
            self._needs[call.call] = needs
            yield NeedsLowered(
                at=at, call=call.call, queue=call.queue, needs=needs, waited_us=waited_us
            )

    def _next(self, call: WaitingCall, at: int) -> int | None:
        queue = self._queues[call.queue]
        if not (call.wanted_seat or (call.needs and queue.widening)):
            return None
        moments = [step.after_us for step in queue.widening] if call.needs else []
        if call.wanted_seat:
            moments.append(self._wanted_us(call, call.wanted))
        ahead = (call.queued_at + moment for moment in moments)
        return min((moment for moment in ahead if moment > at), default=None)
