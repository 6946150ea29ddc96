"""How long a caller will wait: from the place in line and how long seats took lately. Pure.

    wait = place x mean time that a call keeps a seat / seats signed on and not paused

With n seats busy, one of them becomes free every mean/n on average, and each who becomes free takes
the next one from the line: the k-th is taken after k such intervals (the fluid form of the
full-queue-length estimator of Ibrahim and Whitt, 2009, without abandonment). A seat that serves
several queues counts in each of them, so the estimate is short where queues share their seats.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cti.facts import QueueRecord
from cti.ids import QueueId

SMOOTHING: Final = 8
"""A new value counts for one part in so many: the gain of the round-trip timer of RFC 6298."""
SHORTEST_US: Final = 5_000_000
LONGEST_US: Final = 3_600_000_000
"""What lies outside says nothing of usual calls: a slip, or a line that was forgotten."""
_MINUTE_US: Final = 60_000_000


class ServiceTimes:
    """How long a call keeps a seat, talk and wrap-up, smoothed for each queue. Microseconds."""

    def __init__(self, queues: Iterable[QueueRecord]) -> None:
        self._mean: dict[QueueId, int] = {}
        self.configure(queues)

    def configure(self, queues: Iterable[QueueRecord]) -> None:
        """These are the queues from now on; what was measured of one that stays is kept."""
        measured = self._mean
        self._mean = {queue.id: measured.get(queue.id, queue.expected_us) for queue in queues}

    def took(self, queue: QueueId, us: int) -> None:
        """A seat has done with a call of `queue` after `us`. An unknown queue is passed over."""
        mean = self._mean.get(queue)
        if mean is not None:
            us = min(max(us, SHORTEST_US), LONGEST_US)
            self._mean[queue] = mean + (us - mean) // SMOOTHING

    def mean_us(self, queue: QueueId) -> int:
        """Raises KeyError for a queue that the site does not have."""
        return self._mean[queue]


def expected_wait_us(place: int, mean_us: int, seats: int) -> int | None:
    """How long the caller at `place` (1: the next one) still waits, microseconds; None when no
    seat is there to serve them."""
    return place * mean_us // seats if seats > 0 else None


def spoken_minutes(wait_us: int) -> int:
    """A wait as people say it: whole minutes up to ten, fives up to half an hour, then tens.

    Rounded up, since who is served sooner is glad, and nobody is told "no minutes".
    """
    minutes = max(1, -(-wait_us // _MINUTE_US))
    step = 1 if minutes <= 10 else 5 if minutes <= 30 else 10
    return -(-minutes // step) * step
