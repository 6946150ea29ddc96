"""How long a waiting caller still waits. Pure.

With seats working on others, the line moves by one each time a seat becomes free for it, and each
time that somebody in it gives up. The caller at place k is served after

    wait(k) = sum over i = 0 .. k-1 of 1 / (rate + i x giving_up),   rate = seats / seat_time

(the full-queue-length estimator with abandonment, QL_m in R. Ibrahim and W. Whitt, "Real-time delay
estimation in overloaded multiserver queues with abandonments", Management Science 55, 2009).
`seat_time` there is the mean service time. Here it is *measured on the line itself*: the time of
working seats that goes by for each caller that the line gets served. Where seats serve other lines,
too, that is more than a service takes, by just as much as the others take; for want of that,
queue-length formulas do not carry over to multi-skill centres (M. Thiongane, W. Chan and P.
L'Ecuyer, "Waiting time predictors for multiskill call centers", WSC 2015). Since it is seat time
and not time, a change of staffing shows in the next estimate.

What has been foretold is held against what came, by a straight line with forgetting (`Correction`).
"""

from __future__ import annotations

import math
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


class Pace:
    """The seat time that goes by for each caller whom a line, or those of it with one demand, get
    served, while somebody waits there. `since`: the last time that somebody was, or that somebody
    began to wait; None: nothing to measure from."""

    KEPT: Final = 1 - 1 / 48
    """What was measured loses so much weight with each new value."""
    TRUST: Final = 4.0
    """The mean service time counts as much as so many values, and is forgotten as they are."""
    FAR: Final = 8.0
    """A value so many times the mean is cut: an absence of all seats, not a slow line."""

    __slots__ = ("_seat_us", "_trust", "_values", "seats", "since")

    def __init__(self) -> None:
        self._values = 0.0
        self._seat_us = 0.0
        self._trust = self.TRUST
        self.since: int | None = None
        self.seats = 0

    def begins(self, at: int, seats: int) -> None:
        """Somebody waits from now on where nobody did, with `seats` working."""
        self.since, self.seats = at, seats

    def served(self, at: int, seats: int, usual_us: int, *, more: bool) -> None:
        """One was given to a seat; `more` wait on, with `seats` working."""
        if self.since is not None and self.seats and at >= self.since:
            most_us = self.FAR * self.seat_us(usual_us)
            seat_us = min((at - self.since) * self.seats, most_us)
            self._values = self._values * self.KEPT + 1
            self._seat_us = self._seat_us * self.KEPT + seat_us
            self._trust *= self.KEPT
        self.since, self.seats = (at if more else None), seats

    def came_back(self) -> None:
        """Who was given to a seat was not taken by it."""
        self._values = max(self._values - 1, self._values / 2)

    def seat_us(self, usual_us: int) -> float:
        """Microseconds of seat time for each; `usual_us`: what a service takes."""
        return (self._seat_us + usual_us * self._trust) / (self._values + self._trust)


class GivingUp:
    """How many of those who wait give up in a microsecond: those who did over all the time waited,
    the most likely rate of an exponential patience. The newest count most."""

    KEPT: Final = 0.99
    BEFORE_US: Final = 600_000_000
    """Of waiting without anybody giving up, taken to have been seen."""

    __slots__ = ("_gave_up", "_waited_us")

    def __init__(self) -> None:
        self._gave_up = 0.0
        self._waited_us = 0.0

    def ended(self, waited_us: int, *, gave_up: bool) -> None:
        self._gave_up = self._gave_up * self.KEPT + gave_up
        self._waited_us = self._waited_us * self.KEPT + min(max(0, waited_us), LONGEST_US)

    @property
    def rate(self) -> float:
        return self._gave_up / (self._waited_us + self.BEFORE_US)


class Correction:
    """wait = level + slope x foretold, by least squares over what came, the newest counting most.

    It takes out what the model leaves out: the phone's ringing, and that those who would have
    waited longest have given up. Drawn towards "as foretold" as if that had been seen `TRUST` times
    (ridge regression), and kept within bounds: no run of odd waits turns it round. Seconds.
    """

    KEPT: Final = 0.99
    TRUST: Final = 20.0
    SCALE_S: Final = 60.0
    SLOPES: Final = (0.6, 1.2)
    LEVELS: Final = (-30.0, 30.0)

    __slots__ = ("_n", "_x", "_xx", "_xy", "_y")

    def __init__(self) -> None:
        self._n = self._x = self._y = self._xx = self._xy = 0.0

    def learn(self, foretold: float, came: float) -> None:
        """`foretold`, before correction, and what came of it."""
        kept = self.KEPT
        self._n = self._n * kept + 1
        self._x = self._x * kept + foretold
        self._y = self._y * kept + came
        self._xx = self._xx * kept + foretold * foretold
        self._xy = self._xy * kept + foretold * came

    def __call__(self, foretold: float) -> float:
        """Never negative."""
        n, xx = self._n + self.TRUST, self._xx + self.TRUST * self.SCALE_S**2
        xy = self._xy + self.TRUST * self.SCALE_S**2
        slope = (n * xy - self._x * self._y) / (n * xx - self._x * self._x)
        slope = min(max(slope, self.SLOPES[0]), self.SLOPES[1])
        level = (self._y - slope * self._x) / n
        level = min(max(level, self.LEVELS[0]), self.LEVELS[1])
        return max(0.0, level + slope * foretold)


def expected_wait_us(
    place: float, seat_us: float, seats: int, giving_up: float = 0.0
) -> int | None:
    """How long the caller at `place` (1: the next one) still waits, microseconds; None when no
    seat is there to serve them. `giving_up`: of those who wait, in a microsecond.

    The sum's terms behind the first are taken together as an integral from a half before them to a
    half behind (midpoint rule), so that the last of 10,000 costs no more than the first.
    """
    if seats <= 0:
        return None
    if giving_up <= 0 or place <= 1:
        return int(place * seat_us / seats)
    rate = seats / seat_us
    behind = math.log((rate + (place - 0.5) * giving_up) / (rate + 0.5 * giving_up)) / giving_up
    return int(1 / rate + behind)


def spoken_minutes(wait_us: int) -> int:
    """A wait as people say it: whole minutes up to ten, fives up to half an hour, then tens.

    Rounded up, since who is served sooner is glad, and nobody is told "no minutes".
    """
    minutes = max(1, -(-wait_us // _MINUTE_US))
    step = 1 if minutes <= 10 else 5 if minutes <= 30 else 10
    return -(-minutes // step) * step
