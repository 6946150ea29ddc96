"""Callers waiting, in the order in which they are served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cti.ids import CallbackId, CallId, OfferId, QueueId


@dataclass(frozen=True, slots=True)
class QueueRecord:
    """From the site file. Durations are microseconds."""

    id: QueueId
    ring_us: int
    wrapup_us: int
    announce_us: int = 45_000_000
    """How often a waiting caller hears where they stand; 0: only that all seats are busy."""
    expected_us: int = 180_000_000
    """Talk and wrap-up together, as long as none has been measured."""
    callback_attempts: int = 3
    callback_retry_us: int = 600_000_000


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue now. `wait_s`: estimated for a caller who came now; None when no seat that is not
    paused serves it."""

    waiting: int
    seats_ready: int
    seats_signed_on: int
    wait_s: float | None


@dataclass(slots=True)
class WaitingCall:
    """`queued_at`: microseconds since the epoch. It never changes, so a caller whose offer came to
    nothing stands where they stood before. A booked callback stands in the line as its caller did:
    `callback` says so, and `call` is its id."""

    call: CallId
    queue: QueueId
    priority: int
    queued_at: int
    offer: OfferId | None = None
    callback: CallbackId | None = None
    skills: frozenset[str] = frozenset()

    @property
    def place(self) -> tuple[int, int, str]:
        """Sort key: a smaller priority number first, then who came first."""
        return self.priority, self.queued_at, self.call


class WaitingLine:
    """All waiting calls of all queues."""

    def __init__(self) -> None:
        self._calls: dict[CallId, WaitingCall] = {}

    def add(self, call: WaitingCall) -> None:
        self._calls[call.call] = call

    def remove(self, call: CallId) -> WaitingCall | None:
        return self._calls.pop(call, None)

    def get(self, call: CallId) -> WaitingCall | None:
        return self._calls.get(call)

    def unoffered(self) -> list[WaitingCall]:
        """Callers for whom no seat is ringing, in the order of service."""
        free = (call for call in self._calls.values() if call.offer is None)
        return sorted(free, key=lambda call: call.place)

    def in_queue(self, queue: QueueId) -> list[WaitingCall]:
        """All callers waiting in `queue`, in the order of service."""
        waiting = (call for call in self._calls.values() if call.queue == queue)
        return sorted(waiting, key=lambda call: call.place)

    def __iter__(self) -> Iterator[WaitingCall]:
        return iter(self._calls.values())

    def __len__(self) -> int:
        return len(self._calls)
