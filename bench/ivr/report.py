"""Tables of what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.ivr import ahead, steps
from bench.ivr.listen import GAP_MS, Measured
from bench.ivr.turns import Plan, Side

_COLUMNS: Final = ("p50", "p95", "p99", "max")
BUSY: Final = 0.15
"""Other programs that take more of one core than this make long tails."""
STEPS_S: Final = 6.0
"""Seconds for each kind of run."""


@dataclass(frozen=True)
class Figures:
    """Milliseconds, all but `n`. Percentiles are interpolated linearly between the samples."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float

    @classmethod
    def of(cls, samples_us: Sequence[int]) -> Figures:
        """Raises ValueError for no samples at all."""
        if not samples_us:
            raise ValueError("nothing was measured")
        ms = np.array(samples_us) / 1000
        p50, p95, p99 = (round(float(np.percentile(ms, q)), 3) for q in (50, 95, 99))
        return cls(len(samples_us), p50, p95, p99, round(float(ms.max()), 3))


def rows(found: Measured) -> dict[str, list[int]]:
    """Samples by what they are, microseconds."""
    return {
        "key's end to next prompt": [each.end_us for each in found.answers],
        "  barge-in": [each.end_us for each in found.answers if each.barge_in],
        "  in silence": [each.end_us for each in found.answers if not each.barge_in],
        "key's beginning to next prompt": [each.down_us for each in found.answers],
        "packet to packet in a prompt": found.gaps_us,
        "  between two clips": found.joins_us,
    }


def show_steps(console: Console, load: tuple[float, float, float]) -> dict[str, list[float]]:
    """Measure and print the interpreter's speed; each slice of each kind of run."""
    found: dict[str, list[float]] = {}
    table = Table("steps a second", "median", "slowest", "fastest", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, call in (
        ("interpreter", steps.one_call),
        ("with each turn's state written", steps.one_kept_call),
    ):
        speed = steps.measure(call, STEPS_S)
        per_s = sorted(speed.per_s)
        shown = (per_s[len(per_s) // 2], per_s[0], per_s[-1])
        table.add_row(name, *(f"{each:,.0f}" for each in shown))
        found[name] = list(speed.per_s)
    console.print(
        f"Python {platform.python_version()}, one core; calls of {speed.turns} turns and "
        f"{speed.steps} steps, slices of {steps.SLICE_S:g} s of processor time, "
        f"load before the run {load[0]:.2f}"
    )
    console.print(table)
    return found


def show(
    console: Console,
    plan: Plan,
    turns: int,
    sides: tuple[Side, Side],
    load: tuple[float, float, float],
) -> None:
    sound = "sound all the time" if plan.sound else "no sound but keys"
    console.print(
        f"{plan.calls} calls in menus, {turns} turn(s) of {plan.seconds:g} s a side, callers send "
        f"{sound}; {os.cpu_count()} cores, load before the run {load[0]:.2f}"
        + (", ahead of other programs" if ahead.wanted() else "")
    )
    table = Table("ms", "", *_COLUMNS, "n", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    floor, daemon = (rows(side.measured) for side in sides)
    for name in floor:
        table.add_row(name, sides[0].name, *_cells(floor[name]))
        table.add_row("", sides[1].name, *_cells(daemon[name]))
        table.add_row("", "ratio", *_ratios(floor[name], daemon[name]), "")
    console.print(table)
    for side in sides:
        console.print(f"{side.name}: {'; '.join(_remarks(side))}")
    others = max(side.others_s / side.wall_s for side in sides)
    if others > BUSY and not ahead.wanted():
        console.print(
            "Other programs were at work, the tails are partly theirs: measure again, with --ahead"
        )


def _cells(samples: list[int]) -> list[str]:
    if not samples:
        return ["-"] * len(_COLUMNS) + ["0"]
    figures = Figures.of(samples)
    return [f"{getattr(figures, name):,.2f}" for name in _COLUMNS] + [f"{figures.n:,}"]


def _ratios(floor: list[int], daemon: list[int]) -> list[str]:
    if not floor or not daemon:
        return ["-"] * len(_COLUMNS)
    one, two = Figures.of(floor), Figures.of(daemon)
    return [
        f"{getattr(two, name) / getattr(one, name):.2f}" if getattr(one, name) > 0 else "-"
        for name in _COLUMNS
    ]


def _remarks(side: Side) -> Iterator[str]:
    found = side.measured
    yield f"gaps above {GAP_MS:g} ms: {sum(gap > GAP_MS * 1000 for gap in found.gaps_us)}"
    yield f"packets {found.packets:,}, never came {found.missing}, not ours {found.unknown}"
    yield f"thrown away unread {side.dropped}"
    yield f"keys unanswered {found.unanswered}"
    shares = "; ".join(
        f"{name} {used / side.wall_s:.0%}, in line for it {side.waited_s[name] / side.wall_s:.0%}"
        for name, used in side.cpu_s.items()
    )
    yield f"of one core: {shares}; all other programs {side.others_s / side.wall_s:.0%}"


def as_dict(
    plan: Plan, turns: int, sides: tuple[Side, Side], load: tuple[float, float, float]
) -> dict[str, Any]:
    """Everything, for a file."""
    return {
        "plan": asdict(plan),
        "turns": turns,
        "load_before": load,
        **{
            side.name: {
                "figures_ms": {
                    name.strip(): asdict(Figures.of(samples))
                    for name, samples in rows(side.measured).items()
                    if samples
                },
                "gaps_above_40_ms": sum(us > GAP_MS * 1000 for us in side.measured.gaps_us),
                "missing": side.measured.missing,
                "unanswered": side.measured.unanswered,
                "cpu_s": side.cpu_s,
                "waited_s": side.waited_s,
                "others_s": side.others_s,
                "wall_s": side.wall_s,
                "answers_us": [(each.end_us, each.barge_in) for each in side.measured.answers],
                "gaps_us": side.measured.gaps_us,
            }
            for side in sides
        },
    }
