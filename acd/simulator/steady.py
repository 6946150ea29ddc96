"""One line in its steady state, as the Erlang formulas imagine it, on the real dispatcher. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acd.dispatcher import Dispatcher
from acd.erlang import Load
from acd.simulator.arrivals import HOUR_US, poisson
from acd.simulator.chance import Chance, exponential_us
from acd.simulator.day import Contact, Day, all_day
from acd.simulator.figures import Figures, figures
from acd.simulator.interval import Interval, controlled_interval
from acd.simulator.run import Run
from cti.facts import QueueRecord, SeatRecord
from cti.ids import QueueId, SeatId

LINE: Final = QueueId("line")
WARM_UP: Final = 0.2
"""The first part of a replication is not counted: the line begins empty, which is not steady."""
_BEGIN: Final = 1_600_000_000_000_000


@dataclass(frozen=True, slots=True)
class Replication:
    """`excess`: by how much the load came out above what was meant; 0 on average."""

    figures: Figures
    excess: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """What `acd.erlang.Standing` says, found by simulation."""

    p_wait: Interval
    asa_s: Interval
    service_level: Interval
    p_abandon: Interval


def steady_day(chance: Chance, seats: int, load: Load, calls: int) -> tuple[Day, Dispatcher]:
    """About `calls` callers by Poisson arrivals, exponential talks and patience."""
    records = [
        SeatRecord(SeatId(f"{place}"), "", f"PJSIP/{place}", (LINE,))
        for place in range(1001, 1001 + seats)
    ]
    end = _BEGIN + round(calls / load.calls_per_hour * HOUR_US)
    patience_s = load.patience_s
    contacts = [
        Contact(
            at,
            LINE,
            exponential_us(chance, load.handling_s),
            exponential_us(chance, patience_s) if patience_s is not None else None,
        )
        for at in poisson(chance, load.calls_per_hour, _BEGIN, end)
    ]
    day = Day.of(contacts, all_day([record.id for record in records], _BEGIN))
    return day, Dispatcher(records, [QueueRecord(LINE, ring_us=15_000_000, wrapup_us=0)])


def replicate(chance: Chance, seats: int, load: Load, within_s: float, calls: int) -> Replication:
    """One run of about `calls` calls. Raises DayRefused when by chance nobody calls."""
    day, dispatcher = steady_day(chance, seats, load, calls)
    outcome = Run(dispatcher, day).run()
    counted = outcome.fates[round(len(outcome.fates) * WARM_UP) :]
    talked_s = sum(fate.contact.talk_us for fate in outcome.fates) / 1e6
    meant_s = calls * load.handling_s
    return Replication(
        figures(counted, (), outcome.ended_at, round(within_s * 1e6)), talked_s / meant_s - 1
    )


def simulated(runs: Sequence[Replication]) -> Simulated:
    """The 95 % intervals of independent replications, three at least."""
    excess = [run.excess for run in runs]

    def interval(values: Sequence[float]) -> Interval:
        return controlled_interval(values, excess)

    return Simulated(
        p_wait=interval([run.figures.p_wait for run in runs]),
        asa_s=interval([run.figures.asa_s for run in runs]),
        service_level=interval([run.figures.service_level for run in runs]),
        p_abandon=interval([run.figures.p_abandon for run in runs]),
    )
