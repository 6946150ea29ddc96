"""Draws from the distributions of this field. Pure: where the randomness comes from is said by the
caller, so that a seed gives the same day again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

_NORMAL: Final = NormalDist()


class Chance(Protocol):
    """`random.Random(seed)`, or anything like it."""

    def random(self) -> float:
        """A number from 0 to below 1, all equally likely."""
        ...


def exponential_us(chance: Chance, mean_s: float) -> int:
    """A duration without memory, microseconds, of the mean `mean_s` seconds."""
    return round(-math.log(1 - chance.random()) * mean_s * 1e6)


def lognormal_us(chance: Chance, mean_s: float, variation: float) -> int:
    """A duration, microseconds, of the mean `mean_s` and the coefficient of variation `variation`.

    Talks are log-normal: L. Brown et al., "Statistical analysis of a telephone call center: a
    queueing-science perspective", JASA 100 (2005), section 3.
    """
    spread = math.log1p(variation * variation)
    middle = math.log(mean_s) - spread / 2
    normal = _NORMAL.inv_cdf(max(chance.random(), 1e-12))
    return round(math.exp(middle + math.sqrt(spread) * normal) * 1e6)


def one_of(chance: Chance, values: Sequence[T]) -> T:
    """One of `values`, all equally likely. Raises IndexError when there is none."""
    return values[int(chance.random() * len(values))]
