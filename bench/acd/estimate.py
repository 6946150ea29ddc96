"""`python -m bench.acd.estimate`: how far the told wait is from the one that came.

Each caller of the hotlines in `bench.acd.hotlines` who has to wait is foretold, when joining, by
four rules:

    ours     `Dispatcher.wait_of`, as callers are told
    formula  place x mean service time / seats that serve the queue (what was told before)
    HOL      how long the first in line has waited (Ibrahim and Whitt, Management Science 55, 2009)
    LES      how long the last who was given to a seat had waited (same source)

HOL and LES look at callers of the same queue and needs. Held against what came: those who were
answered. Nobody knows how long one who gave up would have waited.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

from rich.console import Console
from rich.progress import track
from rich.table import Table

from acd.dispatcher import Dispatcher
from acd.estimate import ServiceTimes, expected_wait_us
from acd.simulator.interval import Interval, mean_interval
from acd.simulator.run import Run
from bench.acd.hotlines import HOTLINES, Hotline, S
from cti.effects import Effect
from cti.facts import (
    CallAbandoned,
    CallQueued,
    Fact,
    SeatLeft,
    SeatOffered,
    SeatState,
    SeatStateChanged,
)
from cti.ids import CallId, QueueId, SeatId

RULES: Final = ("ours", "formula", "HOL", "LES")
_AWAY: Final = (SeatState.SIGNED_OFF, SeatState.PAUSED, SeatState.UNREACHABLE)
Kind = tuple[str, tuple[str, ...]]
"""Queue and needs."""


@dataclass
class Foretold:
    """Seconds. `others`: whether somebody of the same kind stood before them."""

    at: int
    kind: Kind
    by: dict[str, float]
    others: bool
    came: float = 0.0


class Onlooker:
    """Stands behind the dispatcher and foretells each caller that has to wait."""

    def __init__(self, hotline: Hotline, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._times = ServiceTimes(hotline.records())
        self._queues = {seat.id: seat.queues for seat in hotline.seats()}
        self._states: dict[SeatId, SeatStateChanged] = {}
        self._at_work = dict.fromkeys(map(QueueId, hotline.queues), 0)
        self._talked: dict[SeatId, SeatLeft] = {}
        self._waiting: dict[Kind, dict[CallId, int]] = {}
        self._last: dict[Kind, float] = {}
        self.foretold: dict[CallId, Foretold] = {}

    def deadline(self) -> None:
        """It wants nothing."""

    def handle(self, fact: Fact) -> Iterable[Fact | Effect]:
        match fact:
            case CallQueued() if not self._dispatcher.is_offered(fact.call):
                self._joined(fact)
            case SeatOffered() | CallAbandoned():
                self._left(fact)
            case SeatLeft():
                self._talked[fact.seat] = fact
            case SeatStateChanged():
                self._seat_changed(fact)
        return ()

    def _joined(self, fact: CallQueued) -> None:
        kind = fact.queue, fact.skills
        others = self._waiting.setdefault(kind, {})
        ours = self._dispatcher.wait_of(fact.call)
        place = self._dispatcher.place_of(fact.call)
        mean_us = self._times.mean_us(fact.queue)
        formula = expected_wait_us(place, mean_us, self._at_work[fact.queue])
        if ours is not None and formula is not None:
            by = {
                "ours": ours / S,
                "formula": formula / S,
                "HOL": (fact.at - min(others.values())) / S if others else 0.0,
                "LES": self._last.get(kind, 0.0),
            }
            self.foretold[fact.call] = Foretold(fact.at, kind, by, bool(others))
        others[fact.call] = fact.at

    def _left(self, fact: SeatOffered | CallAbandoned) -> None:
        known = self.foretold.get(fact.call)
        if known is None:
            return
        joined = self._waiting[known.kind].pop(fact.call, None)
        if joined is not None and isinstance(fact, SeatOffered):
            self._last[known.kind] = (fact.at - joined) / S

    def _seat_changed(self, fact: SeatStateChanged) -> None:
        before = self._states.get(fact.seat)
        self._states[fact.seat] = fact
        change = (fact.new not in _AWAY) - (before is not None and before.new not in _AWAY)
        for queue in self._queues[fact.seat]:
            self._at_work[queue] += change
        if before is not None and before.new is SeatState.WRAP_UP and fact.new is not before.new:
            left = self._talked[fact.seat]
            self._times.took(left.queue, left.talk_us + fact.at - before.at)


def foretold_on(hotline: Hotline, seed: int) -> list[Foretold]:
    """Of all who waited and were answered on one day."""
    dispatcher = Dispatcher(hotline.seats(), hotline.records())
    onlooker = Onlooker(hotline, dispatcher)
    outcome = Run(dispatcher, hotline.day(seed), cores=[onlooker]).run()
    found = []
    for fate in outcome.fates:
        known = onlooker.foretold.get(fate.call)
        if known is not None and fate.answered_at is not None:
            known.came = (fate.answered_at - known.at) / S
            found.append(known)
    return found


@dataclass(frozen=True)
class Errors:
    """Seconds; `within`: share of those whose wait was within a quarter of what was foretold."""

    rmse: float
    mae: float
    bias: float
    within: float
    n: int


def errors_of(rule: str, found: Sequence[Foretold]) -> Errors:
    errors = [one.by[rule] - one.came for one in found]
    return Errors(
        rmse=math.sqrt(fmean(error * error for error in errors)),
        mae=fmean(map(abs, errors)),
        bias=fmean(errors),
        within=fmean(abs(one.came - one.by[rule]) <= one.by[rule] / 4 for one in found),
        n=len(found),
    )


def mse_ratio(days: Sequence[Sequence[Foretold]], rule: str) -> Interval:
    """Logarithm of the mean squared error of ours over that of `rule`, 95 % interval over the days,
    which are independent. Logarithms, since ratios are skewed."""
    logs = [2 * math.log(errors_of("ours", day).rmse / errors_of(rule, day).rmse) for day in days]
    return mean_interval(logs)


def table_of(title: str, days: Sequence[Sequence[Foretold]]) -> tuple[Table, dict[str, object]]:
    found = [one for day in days for one in day]
    mean = fmean(one.came for one in found)
    table = Table(
        caption=f"{len(found)} callers, mean wait {mean:.0f} s", caption_justify="left", box=None
    )
    heads = ("RMSE", "MAE", "bias", "within 25 %", "MSE, ours over this (95 %)")
    table.add_column(title, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    kept: dict[str, object] = {}
    for rule in RULES:
        one = errors_of(rule, found)
        ratio = "" if rule == "ours" else _percent(mse_ratio(days, rule))
        table.add_row(
            rule,
            f"{one.rmse:.1f}",
            f"{one.mae:.1f}",
            f"{one.bias:+.1f}",
            f"{one.within:.1%}",
            ratio,
        )
        kept[rule] = asdict(one) | {"ours_over_this": ratio}
    return table, kept


def _percent(logs: Interval) -> str:
    low, middle, high = (math.exp(value) for value in (logs.low, logs.mean, logs.high))
    return f"{middle:.0%} ({low:.0%} to {high:.0%})"


def main() -> None:
    parser = argparse.ArgumentParser(description="How far the told wait is from the one that came.")
    parser.add_argument("--days", type=int, default=10, help="of each hotline (10)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="Write the figures there, too.")
    asked = parser.parse_args()
    console, kept = Console(highlight=False, width=110), {}
    for hotline in HOTLINES:
        seeds = range(asked.seed, asked.seed + asked.days)
        marked = track(seeds, hotline.name, console=console, transient=True)
        days = [foretold_on(hotline, seed) for seed in marked]
        behind = [[one for one in day if one.others] for day in days]
        for title, chosen in ((hotline.name, days), ("who found others waiting", behind)):
            table, figures = table_of(title, chosen)
            console.print(table)
            console.print()
            kept[f"{hotline.name}: {title}"] = figures
    if asked.json is not None:
        asked.json.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
