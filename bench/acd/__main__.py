"""`python -m bench.acd`: decisions of routing with 100 to 10,000 callers waiting, and a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import numpy as np
import typer
from matplotlib import pyplot as plt
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.acd.decisions import SEATS, SKILLS, Figures, measure, sign_on_together

SIZES = (100, 300, 1_000, 3_000, 10_000)


def main(
    rounds: Annotated[int, typer.Option(help="Calls that end, and come, at each size.")] = 10_000,
    turns: Annotated[int, typer.Option(help="Each size is measured so often, in turns.")] = 3,
    plot: Annotated[Path | None, typer.Option(help="Where the picture goes (SVG).")] = None,
) -> None:
    console = Console()
    runs: dict[int, list[Figures]] = {size: [] for size in SIZES}
    plan = [(turn, size) for turn in range(turns) for size in SIZES]
    for turn, size in track(plan, description="deciding", console=Console(stderr=True)):
        runs[size].append(measure(size, rounds, seed=turn))
    console.print(f"{SEATS} seats, {SKILLS} skills; microseconds; medians over {turns} turns")
    table = Table("waiting", "free seat p50", "p99", "new caller p50", "p99", "both p99")
    table.add_column("decisions a second")
    table.add_column("times the floor")
    for size, found in runs.items():
        table.add_row(f"{size:,}", *_row(found))
    console.print(table)
    console.print(f"1,000 seats sign on in one moment: {sign_on_together(1_000):.2f} s in all")
    if plot is not None:
        _draw(runs, plot)
        console.print(f"picture: {plot}")


def _percentile(found: list[Figures], part: str, percent: float) -> float:
    return float(np.median([np.percentile(getattr(one, part), percent) for one in found]))


def _row(found: list[Figures]) -> list[str]:
    free = _percentile(found, "free_seat", 50)
    cells = [free, _percentile(found, "free_seat", 99)]
    cells += [_percentile(found, "new_caller", 50), _percentile(found, "new_caller", 99)]
    cells.append(_percentile(found, "both", 99))
    a_second = float(np.median([one.a_second for one in found]))
    ratio = free / _percentile(found, "floor", 50)
    return [*(f"{cell:.1f}" for cell in cells), f"{a_second:,.0f}", f"{ratio:.0f}"]


def _draw(runs: dict[int, list[Figures]], file: Path) -> None:
    mpl.use("svg")
    mpl.rcParams["svg.fonttype"] = "none"
    figure, axes = plt.subplots(figsize=(7, 4))
    sizes = list(runs)
    lines = (("free_seat", "a seat becomes free"), ("new_caller", "a caller comes"))
    for (part, label), colour in zip(lines, ("#0b6e99", "#c05c00"), strict=True):
        for percent, style in ((50, "-"), (99, "--")):
            values = [_percentile(found, part, percent) for found in runs.values()]
            name = f"{label}, {'median' if percent == 50 else '99th percentile'}"
            axes.plot(sizes, values, style, color=colour, marker="o", markersize=4, label=name)
    axes.axhline(200, color="#888888", linewidth=1)
    axes.text(sizes[0], 188, "limit for the 99th percentile: 200", va="top", color="#555555")
    axes.set_xscale("log")
    axes.set_ylim(0, 220)
    axes.set_xlabel("callers waiting (logarithmic)")
    axes.set_ylabel("microseconds a decision")
    axes.set_title(f"{SEATS:,} seats, {SKILLS} skills")
    axes.legend(frameon=False, loc="center right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    typer.run(main)
