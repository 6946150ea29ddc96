"""Days of a hotline as the Erlang formulas imagine it, on the real dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from acd.dispatcher import Dispatcher
from acd.erlang import Load
from acd.simulator.fates import Outcome
from acd.simulator.run import Run
from acd.simulator.steady import Replication, replicate, steady_day
from acd.simulator.watch import Watcher
from cti.facts import QueueRecord, SeatRecord, Skill
from cti.ids import QueueId, SeatId

LINE = QueueId("line")
NINE = 1_790_000_000_000_000
"""The day begins; microseconds since the epoch."""
SECOND = 1_000_000
AHT_S = 180.0
WITHIN = 20 * SECOND


def seats_of(count: int, *queues: QueueId, skills: Sequence[str] = ()) -> list[SeatRecord]:
    names = [f"{place:04d}" for place in range(1001, 1001 + count)]
    return [
        SeatRecord(
            SeatId(name),
            name,
            f"PJSIP/{name}",
            queues or (LINE,),
            tuple(Skill(skill) for skill in skills),
        )
        for name in names
    ]


def dispatcher_of(seats: Sequence[SeatRecord], *, wrapup_s: float = 0) -> Dispatcher:
    queues = dict.fromkeys(queue for seat in seats for queue in seat.queues)
    return Dispatcher(
        seats, [QueueRecord(queue, 15 * SECOND, round(wrapup_s * SECOND)) for queue in queues]
    )


@dataclass(frozen=True)
class Markov:
    """Poisson arrivals, exponential talks and patience, one line."""

    seats: int
    per_hour: float
    patience_s: float | None = None

    @property
    def load(self) -> Load:
        return Load(self.per_hour, AHT_S, self.patience_s)

    def run(self, seed: int, calls: int, watchers: Sequence[Watcher] = ()) -> Outcome:
        day, dispatcher = steady_day(Random(seed), self.seats, self.load, calls)
        return Run(dispatcher, day, watchers=watchers).run()

    def replicate(self, seed: int, calls: int) -> Replication:
        return replicate(Random(seed), self.seats, self.load, WITHIN / SECOND, calls)
