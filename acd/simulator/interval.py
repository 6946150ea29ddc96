"""Means over independent replications, with the interval in which the true mean lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True, slots=True)
class Interval:
    """`mean` plus and minus `half`."""

    mean: float
    half: float

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """mean +- t s / sqrt(n), Student's t with n-1 degrees of freedom.

    Replications with seeds of their own are independent, and each is itself a mean over many
    callers, so nearly normal. Raises ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("an interval needs at least two replications")
    quantile = student_t(len(values) - 1, confidence)
    return Interval(fmean(values), quantile * stdev(values) / math.sqrt(len(values)))


def student_t(freedom: int, confidence: float) -> float:
    """The t with P(-t < T < t) = `confidence` for `freedom` degrees of freedom.

    The distribution's finite sums (Abramowitz and Stegun, 26.7.3 and 26.7.4), inverted by halving.
    """
    low, high = 0.0, 1.0
    while _within(high, freedom) < confidence:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """P(-t < T < t)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def controlled_interval(
    values: Sequence[float], loads: Sequence[float], confidence: float = 0.95
) -> Interval:
    """As `mean_interval`, narrower by what chance brought: `loads` is by how much the load of each
    replication came out above what was meant, 0 on average.

    A replication in which more calls came, or longer ones, waits longer; the part of its deviation
    that follows its load on a straight line says nothing of the mean. The line is fitted by least
    squares, its value at load 0 is the mean, with n-2 degrees of freedom (S. S. Lavenberg and P. D.
    Welch, "A perspective on the use of control variables to increase the efficiency of Monte Carlo
    simulations", Management Science 27, 1981). Raises ValueError for fewer than three values.
    """
    count = len(values)
    if count < 3 or count != len(loads):
        raise ValueError("a controlled interval needs three replications with their loads")
    middle, mean = fmean(loads), fmean(values)
    spread = sum((load - middle) ** 2 for load in loads)
    if not spread:
        return mean_interval(values, confidence)
    pairs = list(zip(loads, values, strict=True))
    slope = sum((load - middle) * (value - mean) for load, value in pairs) / spread
    rest = sum((value - mean - slope * (load - middle)) ** 2 for load, value in pairs)
    error = math.sqrt(rest / (count - 2) * (1 / count + middle * middle / spread))
    return Interval(mean - slope * middle, student_t(count - 2, confidence) * error)
