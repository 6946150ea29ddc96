"""Figures and pictures of gaps, which are whole microseconds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

_BORDERS_US: Final = (
    *(500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 10_000, 100_000),
    *(200_000, 400_000, 600_000, 800_000, 1_000_000, 2_000_000),
)
_WIDTH: Final = 50


@dataclass(frozen=True)
class Figures:
    """Milliseconds, all but `n`. Percentiles are interpolated linearly between the gaps."""

    n: int
    median: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, gaps_us: list[int]) -> Figures:
        """Raises ValueError for no gaps at all."""
        if not gaps_us:
            raise ValueError("no gap was measured")
        ms = np.array(gaps_us) / 1000
        median, p95, p99 = (round(float(np.percentile(ms, q)), 3) for q in (50, 95, 99))
        return cls(len(gaps_us), median, p95, p99, round(float(ms.max()), 3))

    def __str__(self) -> str:
        return (
            f"median {self.median:,.3f} ms, p95 {self.p95:,.3f} ms, p99 {self.p99:,.3f} ms, "
            f"max {self.max:,.3f} ms, n {self.n}"
        )

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def histogram(gaps_us: list[int]) -> list[str]:
    """A line for each bucket from the first to the last that holds a gap."""
    borders = (*_BORDERS_US, 1 << 62)
    counts, low = [], 0
    for high in borders:
        counts.append(sum(low <= gap < high for gap in gaps_us))
        low = high
    held = [place for place, count in enumerate(counts) if count]
    lines = []
    for place in range(held[0], held[-1] + 1) if held else ():
        last = place == len(_BORDERS_US)
        label = "more" if last else f"< {borders[place] / 1000:g} ms"
        bar = "#" * (-(-_WIDTH * counts[place] // len(gaps_us)))
        lines.append(f"  {label:>10}  {counts[place]:4d}  {bar}")
    return lines
