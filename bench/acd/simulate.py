"""`python -m bench.acd.simulate`: how fast a whole day goes by in virtual time, and
`--erlang 200`: how near the simulator comes to queueing theory.

60,000 callers of a typical day, 400 seats, eight queues of which each seat serves some, and callers
who need a skill. The day is invented from a seed, so every run decides the same; it is run once
for the time, and once more with a clock around the dispatcher to see whose time it was.

Theory is Erlang C and A; each line is simulated so many times with seeds of its own, and the true
mean lies in the interval shown with a probability of 95 %.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from acd.dispatcher import Dispatcher
from acd.erlang import Load, standing
from acd.simulator.clockwork import Core
from acd.simulator.day import Day, all_day
from acd.simulator.figures import Figures, figures
from acd.simulator.invented import Manner, Stream, invented_contacts
from acd.simulator.run import Run
from acd.simulator.steady import replicate, simulated
from cti.effects import Effect
from cti.facts import Fact, QueueRecord, SeatRecord, Skill
from cti.ids import QueueId, SeatId

SEED: Final = 60_000
MIDNIGHT: Final = 1_790_006_400_000_000
"""Microseconds since the epoch."""
LIMIT_S: Final = 20.0
QUIET: Final = not sys.stdout.isatty()
QUEUES: Final = tuple(
    QueueId(name)
    for name in ("repairs", "bills", "service", "outages", "moves", "tax", "care", "traffic")
)
SKILLS: Final = ("complaints", "english", "legal")


def seats_of(count: int) -> list[SeatRecord]:
    """Each seat serves three queues that lie next to each other, one in three has a skill more."""
    seats = []
    for place in range(count):
        first = place % len(QUEUES)
        queues = tuple(QUEUES[(first + step) % len(QUEUES)] for step in range(3))
        skills = (Skill(SKILLS[place // 3 % len(SKILLS)]),) if place % 3 == 0 else ()
        name = f"{1001 + place}"
        seats.append(SeatRecord(SeatId(name), name, f"PJSIP/{name}", queues, skills))
    return seats


def day_of(calls: int, seats: Sequence[SeatRecord], seed: int) -> Day:
    streams = [
        Stream(queue, 9 - place * 0.5, talk_s=218 + 10 * place, wrapup_s=15)
        for place, queue in enumerate(QUEUES)
    ]
    streams += [Stream(queue, 0.5, 240, 20, (SKILLS[0],)) for queue in QUEUES[:3]]
    contacts = invented_contacts(Random(seed), calls, streams, MIDNIGHT, Manner())
    return Day.of(contacts, all_day([seat.id for seat in seats], MIDNIGHT))


def dispatcher_of(seats: Sequence[SeatRecord]) -> Dispatcher:
    return Dispatcher(seats, [QueueRecord(queue, 15_000_000, 60_000_000) for queue in QUEUES])


class Timed:
    """A core with a stop watch around it."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.spent_s = 0.0

    def handle(self, fact: Fact) -> Iterable[Fact | Effect]:
        began = time.perf_counter()
        concluded = list(self.core.handle(fact))
        self.spent_s += time.perf_counter() - began
        return concluded

    def deadline(self) -> int | None:
        began = time.perf_counter()
        wanted = self.core.deadline()
        self.spent_s += time.perf_counter() - began
        return wanted


@dataclass(frozen=True)
class Measured:
    """Seconds of one core; `dispatcher` is its share of the timed run."""

    invent_s: float
    run_s: float
    dispatcher: float
    facts: int
    peak_mib: float
    day: Figures


def measure(calls: int, seats: int, seed: int, console: Console) -> Measured:
    records = seats_of(seats)
    began = time.perf_counter()
    day = day_of(calls, records, seed)
    invent_s = time.perf_counter() - began
    gc.collect()
    columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=QUIET) as progress:
        bar = progress.add_task("a day", total=calls)
        run = Run(
            dispatcher_of(records),
            day,
            progress=lambda done: progress.update(bar, completed=done),
        )
        began = time.process_time()
        outcome = run.run()
        run_s = time.process_time() - began
        bar = progress.add_task("the same day, timed", total=calls)
        timed = Timed(dispatcher_of(records))
        began = time.perf_counter()
        Run(timed, day, progress=lambda done: progress.update(bar, completed=done)).run()
        timed_s = time.perf_counter() - began
    return Measured(
        invent_s=invent_s,
        run_s=run_s,
        dispatcher=timed.spent_s / timed_s,
        facts=outcome.facts,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        day=figures(outcome.fates, outcome.changes, outcome.ended_at, 20_000_000),
    )


ERLANG_LINES: Final = (
    (10, Load(170, 180), 3_000),
    (50, Load(900, 180), 4_000),
    (100, Load(1_850, 180), 5_000),
    (10, Load(220, 180, 60), 2_000),
    (50, Load(1_050, 180, 120), 2_500),
)
"""Seats, load, calls of a replication."""


def against_theory(replications: int, console: Console) -> Table:
    """Each figure: by formula, and simulated with its interval."""
    table = Table("seats", "calls/h", "patience", "", "formula", "simulated", box=None)
    columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=QUIET) as progress:
        bar = progress.add_task("replications", total=replications * len(ERLANG_LINES))
        for seats, load, calls in ERLANG_LINES:
            runs = []
            for run in range(replications):
                chance = Random(f"{seats} {load} {run}")
                runs.append(replicate(chance, seats, load, 20, calls))
                progress.advance(bar)
            formula, found = standing(seats, load, 20), simulated(runs)
            patience = "-" if load.patience_s is None else f"{load.patience_s:g} s"
            for name in ("p_wait", "asa_s", "service_level", "p_abandon"):
                expected, interval = getattr(formula, name), getattr(found, name)
                if expected:
                    told = f"{interval.mean:.4f} ± {interval.half:.4f}"
                    told += "" if interval.holds(expected) else "  (outside)"
                    line = f"{seats}", f"{load.calls_per_hour:g}", patience
                    table.add_row(*line, name, f"{expected:.4f}", told)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description="A whole day in virtual time.")
    parser.add_argument("--calls", type=int, default=60_000)
    parser.add_argument("--seats", type=int, default=400)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--erlang", type=int, default=0, help="Instead: so many replications.")
    parser.add_argument("--json", type=Path, help="Write the figures there, too.")
    asked = parser.parse_args()
    console = Console(highlight=False)
    if asked.erlang:
        console.print(against_theory(asked.erlang, console))
        return
    found = measure(asked.calls, asked.seats, asked.seed, console)
    day = found.day
    console.print(
        f"{asked.calls} calls, {asked.seats} seats, {len(QUEUES)} queues: {found.run_s:.1f} s of"
        f" one core (limit {LIMIT_S:g} s), {asked.calls / found.run_s:,.0f} calls/s,"
        f" {found.facts / found.run_s:,.0f} facts/s, peak {found.peak_mib:.0f} MiB"
    )
    console.print(
        f"  the dispatcher's share {found.dispatcher:.0%}; the day was invented in"
        f" {found.invent_s:.1f} s before"
    )
    console.print(
        f"  answered {day.answer_rate:.1%}, within 20 s {day.service_level:.1%},"
        f" mean wait {day.asa_s:.1f} s, occupancy {day.occupancy:.1%}"
    )
    if asked.json is not None:
        kept = {
            "calls": asked.calls,
            "seats": asked.seats,
            "run_s": found.run_s,
            "dispatcher_share": found.dispatcher,
            "facts": found.facts,
        }
        asked.json.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
