"""How long routing takes to decide, with ever more callers waiting.

A decision is what follows from a seat that becomes free, or from a caller who comes: who is offered
whom with all reasons, or that nobody fits. Each is measured from the fact going in to the last fact
coming out of the dispatcher, its own bookkeeping included. The floor is one heap of callers, with
no skills, no seats and no reasons: what any program in this language pays for keeping an order.

All times are the thread's own on the processor: what other programs take from it does not count.
"""

from __future__ import annotations

import gc
import heapq
import random
import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from acd.dispatcher import Dispatcher
from cti.facts import (
    CallQueued,
    Fact,
    OfferAnswered,
    QueueRecord,
    Resynced,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    Skill,
    SnapshotTaken,
)
from cti.ids import CallId, QueueId, SeatId

QUEUE: Final = QueueId("main")
SEATS: Final = 1_000
SKILLS: Final = 50
SKILLS_A_SEAT: Final = 5
STEP_US: Final = 1_000


@dataclass(frozen=True)
class Figures:
    """Microseconds, but for `a_second`."""

    waiting: int
    free_seat: np.ndarray
    new_caller: np.ndarray
    floor: np.ndarray

    @property
    def both(self) -> np.ndarray:
        return np.concatenate([self.free_seat, self.new_caller])

    @property
    def a_second(self) -> float:
        return float(1e6 / self.both.mean())


@dataclass
class Hotline:
    """Every seat talks, `waiting` callers wait, and each call that ends lets one in."""

    waiting: int
    random: random.Random
    now: int = 1_000_000_000
    calls: int = 0
    talks: dict[SeatId, SeatOffered] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [f"skill-{number:02}" for number in range(SKILLS)]
        self.skills = names
        seats = [self._seat(number) for number in range(SEATS)]
        self.dispatcher = Dispatcher(seats, [QueueRecord(QUEUE, 15_000_000, 0)])
        for seat in seats:
            self.hear(SeatCommand(at=self.now, seat=seat.id, wish="sign-on"))
        self.hear(SnapshotTaken(at=self.now))
        self.hear(Resynced(at=self.now))
        while self.calls < self.waiting + SEATS or len(self.talks) < SEATS:
            self.hear(self.caller())
        while len(self.dispatcher.order(QUEUE)) > self.waiting:
            self.hear(self.seat_leaves())

    def _seat(self, number: int) -> SeatRecord:
        can = self.random.sample(self.skills, SKILLS_A_SEAT)
        skills = tuple(Skill(name, self.random.randint(1, 5)) for name in sorted(can))
        return SeatRecord(SeatId(str(number)), "", f"PJSIP/{number}", (QUEUE,), skills)

    def hear(self, fact: Fact) -> int:
        """Nanoseconds; offers are answered at once, which is not counted."""
        begun = time.thread_time_ns()
        said = list(self.dispatcher.handle(fact))
        took = time.thread_time_ns() - begun
        for offer in said:
            if isinstance(offer, SeatOffered):
                self.talks[offer.seat] = offer
                list(self.dispatcher.handle(self._answered(offer)))
        return took

    def _answered(self, offer: SeatOffered) -> OfferAnswered:
        return OfferAnswered(
            at=self.now,
            call=offer.call,
            seat=offer.seat,
            offer=offer.offer,
            queue=QUEUE,
            wait_us=0,
            recording="",
        )

    def caller(self) -> CallQueued:
        self.calls += 1
        self.now += STEP_US
        need = f"{self.random.choice(self.skills)}:{self.random.randint(1, 3)}"
        return CallQueued(
            at=self.now,
            call=CallId(f"call-{self.calls}"),
            queue=QUEUE,
            priority=self.random.choice((3, 5, 5, 5, 7)),
            language="zh-CN",
            arrived_at=self.now,
            asked_at=self.now,
            prompt_ended_at=self.now,
            channel_name="",
            caller_number="",
            caller_name="",
            skills=(need,),
        )

    def seat_leaves(self) -> SeatLeft:
        self.now += STEP_US
        talk = self.talks.pop(self.random.choice(list(self.talks)))
        return SeatLeft(
            at=self.now,
            call=talk.call,
            seat=talk.seat,
            offer=talk.offer,
            queue=QUEUE,
            talk_us=STEP_US,
        )


def measure(waiting: int, rounds: int, seed: int) -> Figures:
    """`rounds` calls end and as many come, with `waiting` callers in the line all the while."""
    hotline = Hotline(waiting, random.Random(seed))
    free, new = [], []
    gc.collect()
    gc.freeze()  # as the daemon does with what is made at its start
    for _ in range(rounds):
        free.append(hotline.hear(hotline.seat_leaves()))
        new.append(hotline.hear(hotline.caller()))
    gc.unfreeze()
    floor = _floor(waiting, rounds, random.Random(seed))
    return Figures(waiting, *(np.array(one) / 1000 for one in (free, new, floor)))


def _floor(waiting: int, rounds: int, drawn: random.Random) -> list[int]:
    heap = [(drawn.random(), str(number)) for number in range(waiting)]
    heapq.heapify(heap)
    times = []
    for number in range(rounds):
        entry = (drawn.random(), str(number))
        begun = time.thread_time_ns()
        heapq.heappop(heap)
        heapq.heappush(heap, entry)
        times.append(time.thread_time_ns() - begun)
    return times


def sign_on_together(seats: int) -> float:
    """Seconds until `seats` that sign on in the same moment have each taken one of as many waiting
    callers."""
    hotline = Hotline(0, random.Random(1))
    records = [hotline._seat(number) for number in range(seats)]
    dispatcher = Dispatcher(records, [QueueRecord(QUEUE, 15_000_000, 0)])
    for _ in range(seats):
        list(dispatcher.handle(hotline.caller()))
    list(dispatcher.handle(SnapshotTaken(at=hotline.now)))
    list(dispatcher.handle(Resynced(at=hotline.now)))
    begun = time.thread_time_ns()
    for record in records:
        list(dispatcher.handle(SeatCommand(at=hotline.now, seat=record.id, wish="sign-on")))
    return (time.thread_time_ns() - begun) / 1e9
