"""The one loop: every report, in order, through the cores; then their effects; then the timer.

One consumer, so the cores need no locks. An effect is handed over in order and its failure comes
back as a report; nothing here waits for the network, and nothing that is wired to the loop can
end it by raising.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from cti.brain import Brain, Step
from cti.effects import Effect, Resync
from cti.facts import AnomalySeen, Fact, LinkLost, Report, SnapshotTaken, TimePassed
from cti.runtime.clock import Clock
from cti.runtime.errors import CoreFailed, LoopEnded

log = structlog.get_logger(__name__)

BATCH: Final = 64
"""Reports taken before other tasks get a turn: a burst must not starve AGI, API and the ping."""
STUCK_S: Final = 1.0
"""A core that failed at its deadline still wants it: not more often than this, or the loop would
do nothing else and the ledger fill with its failures."""
LOOK_AGAIN_S: Final = 5.0
"""After a snapshot that a core failed on: by then what it failed on may be gone."""


class Hands(Protocol):
    """Does effects. Never waits; reports failures to the loop later."""

    def perform(self, effect: Effect) -> None: ...


@dataclass(frozen=True, slots=True)
class LoopStats:
    """`lag_us`: how late the timer woke last, microseconds. `errors`: what was raised by cores,
    and by what is wired to the loop. Both counters since the start."""

    reports: int
    errors: int
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
        self._inbox: asyncio.Queue[tuple[Report | None, asyncio.Future[Step] | None]] = (
            asyncio.Queue()
        )
        self._timer: asyncio.TimerHandle | None = None
        self._timer_for: int | None = None
        self._due = 0.0
        self._rung: int | None = None
        self._ended = False
        self._in_step = False
        self._reports = 0
        self._errors = 0
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
        """Post a report and wait for what the cores concluded from it.

        Raises CoreFailed, LoopEnded.
        """
        return await self._answer_to(report)

    async def settled(self) -> None:
        """Return when all that was posted before has been taken in. Raises LoopEnded."""
        await self._answer_to(None)

    @property
    def stats(self) -> LoopStats:
        return LoopStats(self._reports, self._errors, self._lag_us, self._inbox.qsize())

    @property
    def in_step(self) -> bool:
        """Whether the cores have taken in a snapshot and the link has not been lost since."""
        return self._in_step

    async def run(self) -> None:
        """Consume until cancelled."""
        try:
            while True:
                item = await self._inbox.get()
                for _ in range(BATCH):
                    self._consume(*item)
                    if self._inbox.empty():
                        break
                    item = self._inbox.get_nowait()
                else:
                    self._consume(*item)
                    await asyncio.sleep(0)
        finally:
            self._end()

    def _answer_to(self, report: Report | None) -> asyncio.Future[Step]:
        future: asyncio.Future[Step] = asyncio.get_running_loop().create_future()
        if self._ended:
            raise LoopEnded
        self._inbox.put_nowait((report, future))
        return future

    def _consume(self, report: Report | None, future: asyncio.Future[Step] | None) -> None:
        asked = future is not None and not future.done()
        if report is None:
            if future is not None and asked:
                future.set_result(Step((), ()))
            return
        self._reports += 1
        failed = False
        try:
            step = self._brain.step(report)
        except Exception as error:
            # A bug of ours in a core. Calls must go on: tell, and look at what is really there.
            failed = True
            self._errors += 1
            log.exception("core failed on a report", report=repr(report))
            step = self._after_failure(report, error)
        self._guarded(self._write, step.facts)
        for effect in step.effects:
            self._perform(effect)
        if future is not None and asked:
            if failed:
                future.set_exception(CoreFailed(report))
            else:
                future.set_result(step)
        for observer in self._observers:
            self._guarded(observer, step.facts)
        if isinstance(report, SnapshotTaken | LinkLost):
            self._in_step = isinstance(report, SnapshotTaken) and not failed
        self._arm()

    def _perform(self, effect: Effect) -> None:
        if self._hands is not None:
            self._guarded(self._hands.perform, effect)

    def _guarded(self, work: Callable[[Any], None], what: object) -> None:
        try:
            work(what)
        except Exception:
            self._errors += 1
            log.exception("raised to the loop", by=getattr(work, "__qualname__", repr(work)))

    def _after_failure(self, report: Report, error: Exception) -> Step:
        detail = f"{type(error).__name__}: {error}"
        anomaly = AnomalySeen(at=report.at, about=type(report).__name__, detail=detail)
        look = Resync(why=f"a core failed: {detail}")
        if isinstance(report, SnapshotTaken):
            # The same snapshot at once would fail the same way; without one no call is routed.
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._perform, look)
            return Step((report, anomaly), ())
        return Step((report, anomaly), (look,))

    def _arm(self) -> None:
        """One timer, for the cores' next deadline."""
        try:
            deadline = self._brain.deadline()
        except Exception:
            self._errors += 1
            log.exception("core failed to tell its deadline")
            return
        stuck = deadline is not None and deadline == self._rung
        loop = asyncio.get_running_loop()
        known = self._timer is not None and self._timer_for == deadline
        if known and (stuck or self._due <= loop.time()):
            return  # however many reports come meanwhile, none puts off what is due
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is None:
            return
        delay_s = max(0, deadline - self._clock.now_us()) / 1e6
        self._due = due = loop.time() + (max(delay_s, STUCK_S) if stuck else delay_s)
        self._timer_for = deadline
        self._timer = loop.call_at(due, self._ring, deadline, due)

    def _ring(self, deadline: int, due: float) -> None:
        """`due` by the monotonic clock: neither a clock that is set nor a deadline that had
        passed before it was known makes the loop look late."""
        self._timer = None
        self._rung = deadline
        self._lag_us = max(0, round((asyncio.get_running_loop().time() - due) * 1e6))
        self.post(TimePassed(at=max(self._clock.now_us(), deadline)))

    def _end(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        while not self._inbox.empty():
            _, future = self._inbox.get_nowait()
            if future is not None and not future.done():
                future.set_exception(LoopEnded())
