"""Multi-skill hotlines of virtual time: queues with shared seats, a load that changes with the hour
and wobbles, callers who give up, who need a skill or have a head start, and seats that go for
lunch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from acd.simulator.chance import exponential_us, lognormal_us
from acd.simulator.day import Contact, Day, Move
from cti.facts import QueueRecord, SeatRecord, Skill
from cti.ids import QueueId, SeatId

S: Final = 1_000_000
HOUR: Final = 3_600 * S
MORNING: Final = 1_790_035_200 * S
"""Microseconds since the epoch."""


@dataclass(frozen=True)
class Hotline:
    """`queues`: calls an hour and mean talk in seconds. `teams`: how many seats serve which queues.
    `lunch`: share of the seats that is away for the sixth of the day in its middle."""

    name: str
    queues: dict[str, tuple[float, float]]
    teams: tuple[tuple[int, tuple[str, ...]], ...]
    patience_s: float = 240
    skilled: float = 0.1
    """Share of the callers who need one of the seats (one in four) with the skill."""
    lunch: float = 0.25
    profile: tuple[float, ...] = (0.6, 1.0, 1.3, 1.25, 0.8, 0.7, 1.15, 1.2, 0.9, 0.6)
    """The load of each hour."""

    def seats(self) -> list[SeatRecord]:
        records: list[SeatRecord] = []
        for count, queues in self.teams:
            for place in range(count):
                name = f"{1001 + len(records)}"
                skills = (Skill("english"),) if place % 4 == 0 else ()
                served = tuple(map(QueueId, queues))
                records.append(SeatRecord(SeatId(name), name, f"PJSIP/{name}", served, skills))
        return records

    def records(self) -> list[QueueRecord]:
        return [QueueRecord(QueueId(name), 15 * S, 30 * S) for name in self.queues]

    def day(self, seed: int) -> Day:
        chance, seats = Random(seed), self.seats()
        contacts = [one for queue in self.queues for one in self._callers(queue, chance)]
        moves = [Move(MORNING - S, seat.id, "sign-on") for seat in seats]
        noon = MORNING + len(self.profile) * HOUR * 5 // 12
        for place, seat in enumerate(seats):
            if chance.random() < self.lunch:
                moves.append(Move(noon + place * S, seat.id, "pause", "lunch"))
                back = noon + len(self.profile) * HOUR // 6 + place * S
                moves.append(Move(back, seat.id, "ready"))
        return Day.of(contacts, moves)

    def _callers(self, queue: str, chance: Random) -> Iterator[Contact]:
        per_hour, talk_s = self.queues[queue]
        quarter = HOUR // 4
        for part in range(4 * len(self.profile)):
            # The load of a quarter is not known beforehand: Poisson with a random mean.
            load = self.profile[part // 4] * math.exp(chance.gauss(0, 0.15))
            at, end = MORNING + part * quarter, MORNING + (part + 1) * quarter
            while (at := at + exponential_us(chance, 3600 / (per_hour * load))) < end:
                yield Contact(
                    at=at,
                    queue=QueueId(queue),
                    talk_us=lognormal_us(chance, talk_s, 0.9),
                    wrapup_us=lognormal_us(chance, 15, 0.9),
                    patience_us=exponential_us(chance, self.patience_s),
                    ring_us=exponential_us(chance, 3),
                    skills=("english",) if chance.random() < self.skilled else (),
                    priority=3 if chance.random() < 0.05 else 5,
                )


_WIDE: Final = tuple(f"q{place}" for place in range(8))
HOTLINES: Final = (
    Hotline(
        "mixed: 4 queues, 34 seats in 6 teams",
        {"repairs": (175, 240), "bills": (125, 180), "moves": (70, 300), "service": (45, 210)},
        (
            (8, ("repairs",)),
            (6, ("bills",)),
            (6, ("repairs", "bills")),
            (5, ("moves", "service")),
            (5, ("bills", "moves")),
            (4, ("repairs", "bills", "moves", "service")),
        ),
    ),
    Hotline(
        "N: 2 queues, one has seats of its own",
        {"a": (70, 240), "b": (90, 240)},
        ((5, ("a",)), (6, ("a", "b"))),
        patience_s=300,
        skilled=0,
        lunch=0.1,
        profile=(1, 1.1, 1.2, 1, 0.8, 1.1, 1.2, 0.9),
    ),
    Hotline(
        "chain: 8 queues, 120 seats, 3 queues each",
        {name: (260 - 18 * place, 175 + 10 * place) for place, name in enumerate(_WIDE)},
        tuple((15, tuple(_WIDE[(at + step) % 8] for step in range(3))) for at in range(8)),
        patience_s=150,
        skilled=0.05,
        lunch=0.15,
        profile=(0.8, 1.1, 1.2, 1.15, 0.9, 0.7, 1.1, 1.2),
    ),
    Hotline(
        "apart: 2 queues that share no seat",
        {"a": (120, 200), "b": (60, 260)},
        ((8, ("a",)), (5, ("b",))),
        skilled=0,
        lunch=0.1,
        profile=(0.9, 1.1, 1.2, 1, 0.8, 1.1, 1.2, 0.9),
    ),
)
