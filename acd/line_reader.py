"""What others may know of the line and the seats: plain reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from acd.estimate import ServiceTimes
from acd.forecast import Forecast
from acd.matching import Matching
from acd.seats import Seat, SeatSnapshot
from acd.waiting import WaitingLine
from cti.ids import CallId, QueueId, SeatId


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue now. `wait_s`: estimated for a caller who came now; None when no seat that is not
    paused serves it."""

    waiting: int
    seats_ready: int
    seats_signed_on: int
    wait_s: float | None


class LineReader:
    """The reading side of the dispatcher, on its seats, line and measured times."""

    def __init__(
        self,
        seats: dict[SeatId, Seat],
        line: WaitingLine,
        times: ServiceTimes,
        matching: Matching,
        forecast: Forecast,
    ) -> None:
        self._seats = seats
        self._line = line
        self._times = times
        self._matching = matching
        self._forecast = forecast

    def seats(self) -> tuple[SeatSnapshot, ...]:
        """Frozen snapshots of all seats, in the order of the site file."""
        return tuple(
            SeatSnapshot(
                seat=seat.id,
                name=seat.record.name,
                device=seat.dial,
                queues=seat.record.queues,
                state=seat.state,
                since=seat.since,
                reason=seat.reason,
                call=seat.call,
                until=seat.until,
                device_state=seat.device,
                contacts=tuple(seat.contacts),
                contact_offer=seat.contact_offer,
            )
            for seat in self._seats.values()
        )

    def waiting(self, queue: QueueId) -> tuple[tuple[CallId, int], ...]:
        """Callers waiting in `queue`, in the order of service, with the time they were queued."""
        line = self._line.in_line(self._matching.line_of(queue))
        return tuple(
            (call.call, call.queued_at)
            for call in line
            if call.queue == queue and call.callback is None and call.kind == "call"
        )

    def order(self, queue: QueueId) -> tuple[CallId, ...]:
        """Who waits in the line of `queue`, in the order of service, booked callbacks included."""
        return tuple(call.call for call in self._line.in_line(self._matching.line_of(queue)))

    def queue_of(self, call: CallId) -> QueueId | None:
        """Where `call` waits; None when it does not."""
        waiting = self._line.get(call)
        return waiting.queue if waiting else None

    def is_offered(self, call: CallId) -> bool:
        """Whether a seat rings for `call`."""
        waiting = self._line.get(call)
        return waiting is not None and bool(waiting.offers)

    def place_of(self, call: CallId) -> int:
        """1: the next one. Raises KeyError when it does not wait."""
        waiting = self._line.get(call)
        if waiting is None:
            raise KeyError(call)
        return self._line.ahead(waiting) + 1

    def wait_us(self, queue: QueueId, place: int) -> int | None:
        """The estimated wait of a caller without needs at `place` of the line, microseconds; None
        when no seat that is not paused serves `queue`. Raises KeyError for an unknown queue."""
        return self._forecast.at_place(queue, place)

    def wait_of(self, call: CallId) -> int | None:
        """The estimated wait of `call` from now on, by what it needs, microseconds; None when no
        seat is there for it, or it does not wait."""
        return self._forecast.of_call(call)

    def figures(self, queue: QueueId) -> QueueFigures:
        """What a menu may know of `queue` before it sends a caller there. Raises KeyError."""
        line = self._matching.line_of(queue)
        waiting = self._line.length(line)
        serving = list(self._matching.serving(line))
        ready = sum(seat.can_take_a_call for seat in serving)
        wait_us = 0 if ready > waiting else self.wait_us(queue, waiting + 1)
        return QueueFigures(
            waiting=waiting,
            seats_ready=ready,
            seats_signed_on=sum(seat.signed_on for seat in serving),
            wait_s=None if wait_us is None else wait_us / 1e6,
        )
