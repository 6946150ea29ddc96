"""Days of a hotline as the Erlang formulas imagine it, on the real dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from acd.dispatcher import Dispatcher
from acd.simulator.arrivals import poisson
from acd.simulator.chance import exponential_us
from acd.simulator.day import Contact, Day, all_day
from acd.simulator.fates import Outcome
from acd.simulator.figures import Figures, figures
from acd.simulator.run import Run
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
class Steady:
    """`load`: erlangs that came in this replication, all served or not."""

    figures: Figures
    load: float


@dataclass(frozen=True)
class Markov:
    """Poisson arrivals, exponential talks and patience, one line."""

    seats: int
    per_hour: float
    patience_s: float | None = None

    def day(self, seed: int, calls: int) -> Day:
        chance = Random(seed)
        end = NINE + round(calls / self.per_hour * 3600 * SECOND)
        contacts = [
            Contact(
                at,
                LINE,
                exponential_us(chance, AHT_S),
                exponential_us(chance, self.patience_s) if self.patience_s else None,
            )
            for at in poisson(chance, self.per_hour, NINE, end)
        ]
        return Day.of(contacts, all_day([seat.id for seat in seats_of(self.seats)], NINE))

    def run(self, seed: int, calls: int, watchers: Sequence[Watcher] = ()) -> Outcome:
        return Run(
            dispatcher_of(seats_of(self.seats)), self.day(seed, calls), watchers=watchers
        ).run()

    def steady(self, seed: int, calls: int, warm_up: float) -> Steady:
        """One replication without the callers of its first part: the line began empty, which is
        not its steady state."""
        outcome = self.run(seed, calls)
        counted = outcome.fates[round(len(outcome.fates) * warm_up) :]
        talk_us = sum(fate.contact.talk_us for fate in outcome.fates)
        return Steady(
            figures(counted, (), outcome.ended_at, WITHIN),
            talk_us / SECOND * self.per_hour / 3600 / calls,
        )
