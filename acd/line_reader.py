"""What others may know of the line and the seats: plain reads. Pure."""

from __future__ import annotations

from acd.estimate import ServiceTimes, expected_wait_us
from acd.queues import QueueFigures, WaitingLine
from acd.seats import Seat, SeatSnapshot
from cti.facts import SeatState
from cti.ids import CallId, QueueId, SeatId


class LineReader:
    """The reading side of the dispatcher, on its seats, line and measured times."""

    def __init__(self, seats: dict[SeatId, Seat], line: WaitingLine, times: ServiceTimes) -> None:
        self._seats = seats
        self._line = line
        self._times = times

    def seats(self) -> tuple[SeatSnapshot, ...]:
        """Frozen snapshots of all seats, in the order of the site file."""
        return tuple(
            SeatSnapshot(
                seat=seat.id,
                name=seat.record.name,
                device=seat.record.device,
                queues=seat.record.queues,
                state=seat.state,
                since=seat.since,
                reason=seat.reason,
                call=seat.call,
                until=seat.until,
                device_state=seat.device,
            )
            for seat in self._seats.values()
        )

    def waiting(self, queue: QueueId) -> tuple[tuple[CallId, int], ...]:
        """Callers waiting in `queue`, in the order of service, with the time they were queued."""
        line = self._line.in_queue(queue)
        return tuple((call.call, call.queued_at) for call in line if call.callback is None)

    def order(self, queue: QueueId) -> tuple[CallId, ...]:
        """Who waits in `queue`, in the order of service, booked callbacks included."""
        return tuple(call.call for call in self._line.in_queue(queue))

    def queue_of(self, call: CallId) -> QueueId | None:
        """Where `call` waits; None when it does not."""
        waiting = self._line.get(call)
        return waiting.queue if waiting else None

    def is_offered(self, call: CallId) -> bool:
        """Whether a seat rings for `call`."""
        waiting = self._line.get(call)
        return waiting is not None and waiting.offer is not None

    def wait_us(self, queue: QueueId, place: int) -> int | None:
        """The estimated wait at `place` of the line, microseconds; None when no seat that is not
        paused serves `queue`. Raises KeyError for an unknown queue."""
        seats = sum(seat.works and queue in seat.record.queues for seat in self._seats.values())
        return expected_wait_us(place, self._times.mean_us(queue), seats)

    def figures(self, queue: QueueId) -> QueueFigures:
        """What a menu may know of `queue` before it sends a caller there. Raises KeyError."""
        waiting = len(self._line.in_queue(queue))
        serving = [seat for seat in self._seats.values() if queue in seat.record.queues]
        ready = sum(seat.can_take_a_call for seat in serving)
        wait_us = 0 if ready > waiting else self.wait_us(queue, waiting + 1)
        return QueueFigures(
            waiting=waiting,
            seats_ready=ready,
            seats_signed_on=sum(seat.state is not SeatState.SIGNED_OFF for seat in serving),
            wait_s=None if wait_us is None else wait_us / 1e6,
        )
