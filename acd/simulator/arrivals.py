"""When callers come. Times are microseconds since the epoch."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from acd.simulator.chance import Chance

HOUR_US: Final = 3_600_000_000

TYPICAL_DAY: Final = (
    1.0, 0.7, 0.5, 0.4, 0.5, 0.8, 1.8, 4.0, 7.6, 9.6, 9.4, 7.6,
    5.0, 5.2, 7.4, 8.2, 7.6, 6.2, 4.6, 3.9, 3.4, 2.7, 1.9, 1.2,
)  # fmt: skip
"""Shares of the hours from midnight on: a peak in the morning, a dip at noon, a lower peak in the
afternoon. The shape that L. Brown et al. (JASA 100, 2005, section 4) and most call centres report;
the figures themselves are made up."""


def poisson(chance: Chance, per_hour: float, from_us: int, to_us: int) -> Iterator[int]:
    """Arrivals of a Poisson process with the rate `per_hour`, from `from_us` to before `to_us`."""
    mean_us = HOUR_US / per_hour
    at = float(from_us)
    while True:
        at -= math.log(1 - chance.random()) * mean_us
        if at >= to_us:
            return
        yield int(at)


def spread(
    chance: Chance, count: int, weights: Sequence[float], from_us: int, to_us: int
) -> list[int]:
    """`count` arrivals from `from_us` to before `to_us`, in equal parts with these `weights`.

    A Poisson process whose rate changes from part to part, given how many came: then each arrival
    is an independent draw from the profile. Sorted.
    """
    sums = list(accumulate(weights))
    width = (to_us - from_us) / len(weights)
    times = []
    for _ in range(count):
        share = chance.random() * sums[-1]
        part = min(bisect_right(sums, share), len(weights) - 1)
        before = sums[part - 1] if part else 0.0
        times.append(from_us + int((part + (share - before) / weights[part]) * width))
    return sorted(times)
