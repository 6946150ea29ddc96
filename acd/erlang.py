"""How many seats, and how long callers then wait: Erlang B, C and A. Pure.

    lambda  calls that arrive in a second       a    load, lambda / mu (erlang)
    mu      1 / mean handling time              n    seats
    theta   1 / mean patience                   T    the wait that the service level allows

Handling time is all that a call takes of a seat: talk, hold and wrap-up. Arrivals are Poisson,
handling times and patience exponential, callers are served in the order of arrival by whichever
seat is free, and nothing changes over time. Erlang C: nobody gives up. Erlang A (Palm): each caller
gives up when their patience is over, which makes any number of seats stable.

Nothing is a factorial or a power: Erlang B is a recursion, Erlang A one integral that is scaled by
its largest value, so thousands of seats are as exact as ten.

Sources: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in
automatic telephone exchanges" (1917); C. Palm, "Methods of judging the annoyance caused by
congestion" (Tele 4, 1953); S. Zeltyn and A. Mandelbaum, "Call centers with impatient customers:
many-server asymptotics of the M/M/n+G queue" (Queueing Systems 51, 2005), section 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cti.errors import JietongError

MOST_SEATS: Final = 100_000
MOST_CALLS_PER_HOUR: Final = 10_000_000.0
LONGEST_S: Final = 7 * 86_400.0
"""Beyond these a figure is a slip of the keyboard, not a contact centre."""

_DONE: Final = 45.0
"""exp(-45) of the largest value is below a double's last digit."""
_NODES: Final = (0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363)
_WEIGHTS: Final = (0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763)
"""Gauss and Legendre, eight points, on [-1, 1]; each node stands for its mirror image too
(Abramowitz and Stegun, table 25.4)."""


class StaffingRefused(JietongError):
    """A figure that no contact centre can have. Fields: `what`, `value`, `why`."""

    def __init__(self, what: str, value: float, why: str) -> None:
        self.what, self.value, self.why = what, value, why
        super().__init__(f"{what} {value:g}: {why}")


@dataclass(frozen=True, slots=True)
class Load:
    """What arrives. `patience_s` None: callers wait for ever (Erlang C)."""

    calls_per_hour: float
    handling_s: float
    patience_s: float | None = None

    def __post_init__(self) -> None:
        """Raises StaffingRefused."""
        check("calls per hour", self.calls_per_hour, MOST_CALLS_PER_HOUR)
        check("handling time", self.handling_s, LONGEST_S, "s")
        if self.patience_s is not None:
            check("patience", self.patience_s, LONGEST_S, "s")

    @property
    def erlangs(self) -> float:
        """Mean number of seats that the calls would keep busy if all were served."""
        return self.calls_per_hour * self.handling_s / 3600


@dataclass(frozen=True, slots=True)
class Standing:
    """A line in its steady state. Shares are 0 to 1, times seconds; infinite where the line grows
    without end."""

    seats: int
    p_wait: float
    """Share of callers who find no seat free."""
    asa_s: float
    """Average speed of answer: mean wait of those who are answered, at once included."""
    service_level: float
    """Share of all callers who are answered within T."""
    p_abandon: float
    occupancy: float
    """Share of the seats' time in which they have a call."""


def check(what: str, value: float, most: float, unit: str = "") -> None:
    """Raises StaffingRefused for what is not a number, not above zero, or beyond `most`."""
    if not math.isfinite(value):
        raise StaffingRefused(what, value, "is not a number that can be reckoned with")
    if value <= 0:
        raise StaffingRefused(what, value, "must be more than zero")
    if value > most:
        raise StaffingRefused(what, value, f"is more than {most:g}{unit}; look at the unit")


def erlang_b(seats: int, erlangs: float) -> float:
    """Share of callers lost when nobody can wait.

    B(0) = 1; B(n) = a B(n-1) / (n + a B(n-1)).
    """
    blocked = 1.0
    for n in range(1, seats + 1):
        blocked = erlangs * blocked / (n + erlangs * blocked)
    return blocked


def erlang_c(seats: int, load: Load, within_s: float) -> Standing:
    """Erlang C, M/M/n; `load.patience_s` is passed over. Raises StaffingRefused.

    P(wait) = B / (1 - (a/n)(1 - B)), ASA = P(wait) / (n mu - lambda),
    P(answered within T) = 1 - P(wait) exp(-(n mu - lambda) T).
    """
    _check_line(seats, within_s)
    a = load.erlangs
    if a >= seats:
        return Standing(seats, 1.0, math.inf, 0.0, 0.0, 1.0)
    blocked = erlang_b(seats, a)
    p_wait = blocked / (1 - a / seats * (1 - blocked))
    spare = (seats - a) / load.handling_s
    return Standing(
        seats=seats,
        p_wait=p_wait,
        asa_s=p_wait / spare,
        service_level=1 - p_wait * math.exp(-spare * within_s),
        p_abandon=0.0,
        occupancy=a / seats,
    )


def erlang_a(seats: int, load: Load, within_s: float) -> Standing:
    """Erlang A, M/M/n+M. Raises StaffingRefused, also when `load` has no patience.

    The wait that a caller of endless patience would have is 0, or has the density
    v(x) = lambda p exp(lambda H(x) - n mu x), H(x) = (1 - exp(-theta x)) / theta,
    with p = 1 / (1/B(n-1) + lambda J), J the integral of that exponential over all x > 0.
    Then P(wait) = lambda J p; a caller is answered within T with P(no wait) plus the integral of
    v(x) exp(-theta x) up to T; and P(abandon) is what is missing at T without end.
    """
    _check_line(seats, within_s)
    if load.patience_s is None:
        raise StaffingRefused("patience", math.nan, "Erlang A needs the callers' mean patience")
    wait = _PatientWait(seats, load)
    blocked = erlang_b(seats - 1, load.erlangs)
    theta = wait.theta
    # Each of p's terms times B(n-1), and divided by exp(peak): then neither a line that is far
    # overloaded nor one that is nearly empty leaves the range of a double.
    at_once = math.exp(-wait.peak)
    late = blocked * wait.integral(lambda _: 1.0, math.inf)
    stay = blocked * wait.integral(lambda x: math.exp(-theta * x), math.inf)
    in_time = blocked * wait.integral(lambda x: math.exp(-theta * x), within_s)
    waited = blocked * wait.integral(lambda x: x * math.exp(-theta * x), math.inf)
    everybody = at_once + late
    served = min(1.0, (at_once + stay) / everybody)
    return Standing(
        seats=seats,
        p_wait=late / everybody,
        asa_s=waited / (at_once + stay),
        service_level=min(1.0, (at_once + in_time) / everybody),
        p_abandon=1 - served,
        occupancy=min(1.0, load.erlangs * served / seats),
    )


class _PatientWait:
    """lambda exp(lambda H(x) - n mu x - peak), and its integrals."""

    def __init__(self, seats: int, load: Load) -> None:
        assert load.patience_s is not None
        self.rate = load.calls_per_hour / 3600
        self.drain = seats / load.handling_s
        self.theta = 1 / load.patience_s
        over = self.rate > self.drain
        self.mode = math.log(self.rate / self.drain) / self.theta if over else 0.0
        self.peak = self._exponent(self.mode)
        self.end = self._end()

    def _exponent(self, x: float) -> float:
        return -self.rate * math.expm1(-self.theta * x) / self.theta - self.drain * x

    def _end(self) -> float:
        """Where the density has fallen to nothing."""
        step = 1 / self.drain
        while self._exponent(self.mode + step) > self.peak - _DONE:
            step *= 2
        return self.mode + step

    def integral(self, weight: Callable[[float], float], to: float) -> float:
        """The integral of the scaled density times `weight` from 0 to `to`, seconds."""
        to = min(to, self.end)
        # The exponent is concave and bends by at most lambda theta: panels this wide are smooth.
        slope = abs(self.rate - self.drain) + math.sqrt(self.rate * self.theta) + self.theta
        begin = self._begin()
        if to <= begin:
            return 0.0
        panels = min(100_000, max(4, math.ceil((to - begin) * slope)))
        half = (to - begin) / panels / 2
        total = 0.0
        for panel in range(panels):
            middle = begin + (2 * panel + 1) * half
            for node, share in zip(_NODES, _WEIGHTS, strict=True):
                for x in (middle - half * node, middle + half * node):
                    total += share * math.exp(self._exponent(x) - self.peak) * weight(x)
        return self.rate * total * half

    def _begin(self) -> float:
        """Below this the density is nothing: in a line that is far overloaded nobody gets in at
        once."""
        if self._exponent(0.0) > self.peak - _DONE:
            return 0.0
        low, high = 0.0, self.mode
        for _ in range(60):
            middle = (low + high) / 2
            if self._exponent(middle) < self.peak - _DONE:
                low = middle
            else:
                high = middle
        return low


def standing(seats: int, load: Load, within_s: float) -> Standing:
    """Erlang A when the patience is known, else Erlang C. Raises StaffingRefused."""
    line = erlang_c if load.patience_s is None else erlang_a
    return line(seats, load, within_s)


@dataclass(frozen=True, slots=True)
class Target:
    """`service_level` of the callers answered within `within_s`, and no seat busier than
    `max_occupancy`. Shares are 0 to 1."""

    service_level: float
    within_s: float
    max_occupancy: float = 1.0

    def __post_init__(self) -> None:
        """Raises StaffingRefused."""
        for what, share in (
            ("service level", self.service_level),
            ("highest occupancy", self.max_occupancy),
        ):
            if not 0 < share <= 1:
                raise StaffingRefused(what, share, "must be a share above 0 and at most 1")
        if self.service_level == 1:
            raise StaffingRefused("service level", 1, "no number of seats answers everybody")
        if not 0 <= self.within_s <= LONGEST_S:
            raise StaffingRefused("time to answer", self.within_s, "must be zero seconds or more")

    def met_by(self, line: Standing) -> bool:
        return (
            line.service_level >= self.service_level and line.occupancy <= self.max_occupancy + 1e-9
        )


def seats_needed(load: Load, target: Target) -> int:
    """The fewest seats that meet `target`. Raises StaffingRefused when MOST_SEATS do not.

    More seats never serve worse, so the answer is found by halving.
    """

    def enough(seats: int) -> bool:
        return target.met_by(standing(seats, load, target.within_s))

    low, high = 0, min(max(1, math.ceil(load.erlangs)), MOST_SEATS)
    while not enough(high):
        if high == MOST_SEATS:
            raise StaffingRefused("seats", MOST_SEATS, "do not meet the target; check the load")
        low, high = high, min(high * 2, MOST_SEATS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def rostered(seats: int, shrinkage: float) -> int:
    """People to plan so that `seats` are there when the share `shrinkage` of their paid time goes
    to leave, training and breaks. Raises StaffingRefused.

    ceil(n / (1 - s)).
    """
    if not 0 <= shrinkage < 1:
        raise StaffingRefused("shrinkage", shrinkage, "must be a share from 0 to below 1")
    return math.ceil(seats / (1 - shrinkage) - 1e-9)


def _check_line(seats: int, within_s: float) -> None:
    if not 1 <= seats <= MOST_SEATS:
        raise StaffingRefused("seats", seats, f"must be 1 to {MOST_SEATS}")
    if not 0 <= within_s <= LONGEST_S:
        raise StaffingRefused("time to answer", within_s, "must be zero seconds or more")
