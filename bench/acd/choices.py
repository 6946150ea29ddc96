"""`python -m bench.acd.choices`: which queue a seat that serves several of them takes next.

The same days are run under each rule of `choice`:

    place        who has the earliest place in line, whatever the queue
    due          whose queue's target (the service level's time) is over first
    queue-ratio  the queue that is most over its share of all who wait: fixed queue ratio (Gurvich
                 and Whitt, "Service-level differentiation in many-server service systems via
                 queue-ratio routing", Operations Research 58, 2010)

Shares are set as in that paper: callers an hour x target, since a queue's length is its arrivals
times its wait (Little), so shares in that proportion let all queues reach their targets together.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, get_args

from rich.console import Console
from rich.progress import track
from rich.table import Table

from acd.dispatcher import Dispatcher
from acd.simulator.fates import Fate
from acd.simulator.interval import Interval, mean_interval
from acd.simulator.run import Run
from bench.acd.hotlines import HOTLINES, Hotline, S
from cti.facts import ChoiceName, QueueRecord, RoutingRules
from cti.ids import QueueId

RULES: Final[tuple[ChoiceName, ...]] = get_args(ChoiceName)
_ONE_TEAM: Final = Hotline(
    "one team: 3 queues, 30 seats serve all",
    {"urgent": (60, 200), "usual": (200, 200), "patient": (120, 260)},
    ((30, ("urgent", "usual", "patient")),),
    skilled=0,
)
TARGETS: Final[tuple[tuple[Hotline, dict[str, int]], ...]] = (
    (_ONE_TEAM, {"urgent": 10, "usual": 30, "patient": 120}),
    (HOTLINES[0], {"repairs": 15, "bills": 30, "moves": 60, "service": 90}),
    (HOTLINES[1], {"a": 20, "b": 60}),
)
"""Seconds within which callers are to be answered."""


@dataclass(frozen=True)
class Level:
    """Of one queue on one day: share of all who joined that were answered within the target."""

    in_target: float
    mean_s: float


def records(hotline: Hotline, targets: dict[str, int]) -> list[QueueRecord]:
    found = []
    for record in hotline.records():
        per_hour, target_s = hotline.queues[record.id][0], targets[record.id]
        ratio = max(1, round(per_hour * target_s / 60))
        found.append(replace(record, target_us=target_s * S, ratio=ratio))
    return found


def levels(
    hotline: Hotline, targets: dict[str, int], rule: ChoiceName, seed: int
) -> dict[str, Level]:
    """Of each queue on the day of this seed."""
    queues = records(hotline, targets)
    dispatcher = Dispatcher(hotline.seats(), queues, RoutingRules(choice=rule))
    fates = Run(dispatcher, hotline.day(seed)).run().fates
    return {
        queue.id: _level([fate for fate in fates if fate.contact.queue == queue.id], queue)
        for queue in queues
    }


def _level(fates: list[Fate], queue: QueueRecord) -> Level:
    waits = [fate.wait_us or 0 for fate in fates if fate.answered_at is not None]
    in_time = sum(wait <= queue.target_us for wait in waits)
    return Level(in_time / max(1, len(fates)), sum(waits) / max(1, len(waits)) / S)


def _rows(days: dict[ChoiceName, list[dict[str, Level]]], queue: str) -> Iterator[str]:
    for rule in RULES:
        share = mean_interval([day[queue].in_target for day in days[rule]])
        mean = mean_interval([day[queue].mean_s for day in days[rule]])
        yield f"{_percent(share)}, {mean.mean:.0f} s"


def _worst(days: list[dict[str, Level]]) -> Interval:
    return mean_interval([min(level.in_target for level in day.values()) for day in days])


def _percent(share: Interval) -> str:
    return f"{share.mean:.1%} ±{share.high - share.mean:.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Which queue a free seat takes next.")
    parser.add_argument("--days", type=int, default=20, help="of each hotline (20)")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    console = Console(highlight=False, width=110)
    console.print("answered within the target, of all who joined (95 %), and mean wait\n")
    for hotline, targets in TARGETS:
        days: dict[ChoiceName, list[dict[str, Level]]] = {rule: [] for rule in RULES}
        seeds = range(asked.seed, asked.seed + asked.days)
        for seed in track(seeds, hotline.name, console=console, transient=True):
            for rule in RULES:
                days[rule].append(levels(hotline, targets, rule, seed))
        table = Table(hotline.name, "target", *RULES, box=None)
        for name, target_s in targets.items():
            table.add_row(name, f"{target_s} s", *_rows(days, QueueId(name)))
        table.add_row("worst queue", "", *(_percent(_worst(days[rule])) for rule in RULES))
        console.print(table)
        console.print()


if __name__ == "__main__":
    main()
