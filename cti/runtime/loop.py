"""The one loop: every report, in order, through the cores; then their effects; then the timer.

One consumer, so the cores need no locks. An effect is handed over in order and its failure comes
back as a report; nothing here waits for the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from cti.brain import Brain, Step
from cti.effects import Effect, Resync
from cti.facts import AnomalySeen, Fact, Report, SnapshotTaken, TimePassed
from cti.runtime.clock import Clock

log = structlog.get_logger(__name__)

BATCH: Final = 64
"""Reports taken before other tasks get a turn: a burst must not starve AGI, API and the ping."""


class Hands(Protocol):
    """Does effects. Never waits; reports failures to the loop later."""

    def perform(self, effect: Effect) -> None: ...


@dataclass(frozen=True, slots=True)
class LoopStats:
    """`lag_us`: how late the timer task woke lately, microseconds. Counters since start."""

    reports: int
    core_errors: int
    lag_us: int
    backlog: int


class EngineLoop:
    """Each step's facts are written down, then its effects are handed over, then observers see
    the facts: nobody is told of an offer before it has left for the seat."""

    def __init__(self, brain: Brain, clock: Clock) -> None:
        self._brain = brain
        self._clock = clock
        self._hands: Hands | None = None
        self._write: Callable[[tuple[Fact, ...]], None] = lambda facts: None
        self._observers: tuple[Callable[[tuple[Fact, ...]], None], ...] = ()
        self._inbox: asyncio.Queue[tuple[Report, asyncio.Future[Step] | None]] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        self._reports = 0
        self._core_errors = 0
        self._lag_us = 0

    def attach(
        self,
        hands: Hands,
        write: Callable[[tuple[Fact, ...]], None],
        *observers: Callable[[tuple[Fact, ...]], None],
    ) -> None:
        """Wire what the loop drives; before `run`. None of them may wait."""
        self._hands, self._write, self._observers = hands, write, observers

    def post(self, report: Report) -> None:
        """Put a report at the end of the line."""
        self._inbox.put_nowait((report, None))

    async def ask(self, report: Report) -> Step:
        """Post a report and wait for what the cores concluded from it."""
        future: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait((report, future))
        return await future

    @property
    def stats(self) -> LoopStats:
        return LoopStats(self._reports, self._core_errors, self._lag_us, self._inbox.qsize())

    async def run(self) -> None:
        """Consume until cancelled."""
        while True:
            report, future = await self._inbox.get()
            for _ in range(BATCH):
                self._consume(report, future)
                if self._inbox.empty():
                    break
                report, future = self._inbox.get_nowait()
            else:
                self._consume(report, future)
                await asyncio.sleep(0)

    def _consume(self, report: Report, future: asyncio.Future[Step] | None) -> None:
        self._reports += 1
        try:
            step = self._brain.step(report)
        except Exception as error:
            # A bug of ours in a core. Calls must go on: tell, and look at what is really there.
            self._core_errors += 1
            log.exception("core failed on a report", report=repr(report))
            step = self._after_failure(report, error)
        self._write(step.facts)
        if self._hands is not None:
            for effect in step.effects:
                self._hands.perform(effect)
        if future is not None and not future.done():
            future.set_result(step)
        for observer in self._observers:
            observer(step.facts)
        self._arm()

    @staticmethod
    def _after_failure(report: Report, error: Exception) -> Step:
        detail = f"{type(error).__name__}: {error}"
        anomaly = AnomalySeen(at=report.at, about=type(report).__name__, detail=detail)
        if isinstance(report, SnapshotTaken):
            return Step((report, anomaly), ())  # the same snapshot would fail the same way
        return Step((report, anomaly), (Resync(why=f"a core failed: {detail}"),))

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._brain.deadline()
        if deadline is not None:
            delay_s = max(0, deadline - self._clock.now_us()) / 1e6
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring, deadline)

    def _ring(self, deadline: int) -> None:
        now = self._clock.now_us()
        self._lag_us = max(0, now - deadline)
        self.post(TimePassed(at=max(now, deadline)))
