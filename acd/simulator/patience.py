"""How long callers are ready to wait, from a day in which most were answered before it was over.

A caller who was answered after w had a patience of more than w: a censored observation. Leaving
these out would make callers look far less patient than they are.

    S(t) = product over abandonment times u <= t of (1 - d(u) / n(u))

with d(u) the callers who gave up after u and n(u) those who were still waiting just before
(E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from acd.simulator.chance import Chance, exponential_us


@dataclass(frozen=True, slots=True)
class Patience:
    """`times_us` ascending, `survival[k]` the share whose patience is longer than `times_us[k]`.
    `mean_s` None: nobody gave up, so nothing is known but that they are patient."""

    times_us: tuple[int, ...]
    survival: tuple[float, ...]
    mean_s: float | None

    @classmethod
    def of(cls, waits: Iterable[tuple[int, bool]]) -> Patience:
        """From pairs of a wait in microseconds and whether it ended by giving up.

        `mean_s` is all the time waited over the number of those who gave up: the most likely mean
        of an exponential patience.
        """
        gave_up: Counter[int] = Counter()
        ended: Counter[int] = Counter()
        waited_us = 0
        for wait_us, abandoned in waits:
            waited_us += wait_us
            ended[wait_us] += 1
            gave_up[wait_us] += abandoned
        there, share = ended.total(), 1.0
        times, survival = [], []
        for wait_us in sorted(ended):
            if gave_up[wait_us]:
                share *= 1 - gave_up[wait_us] / there
                times.append(wait_us)
                survival.append(share)
            there -= ended[wait_us]
        given_up = gave_up.total()
        mean_s = max(waited_us, 1) / 1e6 / given_up if given_up else None
        return cls(tuple(times), tuple(survival), mean_s)

    def longer_than(self, us: int) -> float:
        """The share of callers whose patience is longer than `us`."""
        place = bisect_right(self.times_us, us)
        return self.survival[place - 1] if place else 1.0

    def draw(self, chance: Chance, longer_than_us: int = 0) -> int | None:
        """A patience, microseconds, of somebody who has waited `longer_than_us` already; None: for
        ever, when nobody gave up.

        Beyond the last wait of the day nothing was seen: there patience goes on as exponential with
        the day's mean.
        """
        if self.mean_s is None:
            return None
        level = (1 - chance.random()) * self.longer_than(longer_than_us)
        for place in range(bisect_right(self.times_us, longer_than_us), len(self.times_us)):
            if self.survival[place] < level:
                return self.times_us[place]
        last = max(self.times_us[-1], longer_than_us)
        return last + exponential_us(chance, self.mean_s)
