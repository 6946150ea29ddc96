"""The one loop with cores made for the test: order, failures, deadlines, the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from cti.brain import Brain
from cti.effects import Effect, HangUp, Resync
from cti.facts import (
    ChannelAnswered,
    ChannelRang,
    Fact,
    LinkLost,
    SnapshotTaken,
    TimePassed,
)
from cti.ids import ChannelId
from cti.runtime import loop as module
from cti.runtime.errors import CoreFailed, LoopEnded
from cti.runtime.loop import BATCH, EngineLoop

PATIENCE_S = 5.0
"""Only a broken test waits this long."""
START = 1_790_000_000_000_000
SNAPSHOT = SnapshotTaken(at=START, channels=(), members=(), devices=())


def rang(number: int = 1) -> ChannelRang:
    return ChannelRang(at=START, channel=ChannelId(str(number)))


class SetClock:
    def __init__(self) -> None:
        self.us = START

    def now_us(self) -> int:
        return self.us


class FakeCore:
    """Hangs up what rings; raises on the kinds in `fails_on`; wants what `wanted` says."""

    def __init__(self) -> None:
        self.fails_on: set[type[Fact]] = set()
        self.wanted: int | None = None
        self.done_at = 0
        self.seen: list[Fact] = []

    def handle(self, fact: Fact) -> Iterator[Fact | Effect]:
        self.seen.append(fact)
        if type(fact) in self.fails_on:
            raise ValueError("ours")
        if isinstance(fact, TimePassed) and self.wanted is not None and self.wanted <= fact.at:
            self.wanted = None
        if isinstance(fact, ChannelRang):
            yield ChannelAnswered(at=fact.at, channel=fact.channel)
            yield HangUp(channel=fact.channel)

    def deadline(self) -> int | None:
        return self.wanted


class Rig:
    """A loop with everything it drives noted in `log`, in order."""

    def __init__(self) -> None:
        self.core, self.clock = FakeCore(), SetClock()
        self.loop = EngineLoop(Brain((self.core,)), self.clock)
        self.log: list[tuple[str, Any]] = []
        self.raises: set[str] = set()
        self.resyncs: asyncio.Queue[str] = asyncio.Queue()
        self.loop.attach(self, self._note("write"), self._note("first"), self._note("second"))
        self.task: asyncio.Task[None] | None = None

    def _note(self, who: str) -> Callable[[tuple[Fact, ...]], None]:
        def note(facts: tuple[Fact, ...]) -> None:
            self.log.append((who, tuple(type(fact).__name__ for fact in facts)))
            if who in self.raises:
                raise OSError(who)

        return note

    def perform(self, effect: Effect) -> None:
        self.log.append(("effect", type(effect).__name__))
        if isinstance(effect, Resync):
            self.resyncs.put_nowait(effect.why)
        if "effect" in self.raises:
            raise OSError("effect")

    async def settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.loop.settled()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not reached():  # noqa: ASYNC110 - every turn of the event loop may reach it
                await asyncio.sleep(0)


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Rig]:
    rig.task = asyncio.create_task(rig.loop.run())
    try:
        yield rig
    finally:
        rig.task.cancel()
        await asyncio.gather(rig.task, return_exceptions=True)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    with capture_logs():
        async with running(Rig()) as made:
            yield made


async def test_facts_are_written_before_effects_and_told_after_them(rig: Rig) -> None:
    rig.loop.post(rang())
    await rig.settled()
    facts = ("ChannelRang", "ChannelAnswered")
    assert rig.log == [
        ("write", facts),
        ("effect", "HangUp"),
        ("first", facts),
        ("second", facts),
    ]


async def test_reports_are_taken_in_order_through_a_burst_and_others_get_a_turn(rig: Rig) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    many = BATCH * 5 + 3
    for number in range(many):
        rig.loop.post(rang(number))
    await rig.settled()
    beside.cancel()
    told = [fact.channel for fact in rig.core.seen if isinstance(fact, ChannelRang)]
    assert told == [str(number) for number in range(many)]
    assert turns >= 5


@pytest.mark.parametrize("who", ["write", "first", "second", "effect"])
async def test_whoever_raises_keeps_nobody_else_from_the_facts(rig: Rig, who: str) -> None:
    rig.raises = {who}
    step = await rig.loop.ask(rang())
    assert len(step.facts) == 2
    await rig.settled()
    assert [name for name, _ in rig.log] == ["write", "effect", "first", "second"]
    rig.raises = set()
    rig.loop.post(rang(2))
    await rig.settled()
    assert len(rig.log) == 8
    assert rig.loop.stats.errors == 1


async def test_core_that_fails_is_told_and_asterisk_is_asked_what_is_there(rig: Rig) -> None:
    rig.core.fails_on = {ChannelRang}
    rig.loop.post(rang())
    await rig.settled()
    assert ("write", ("ChannelRang", "AnomalySeen")) in rig.log
    assert "ValueError: ours" in await rig.resyncs.get()
    rig.loop.post(ChannelAnswered(at=START, channel=ChannelId("1")))
    await rig.settled()
    assert isinstance(rig.core.seen[-1], ChannelAnswered)


async def test_who_asks_for_what_a_core_fails_on_is_not_told_that_it_is_done(rig: Rig) -> None:
    rig.core.fails_on = {ChannelRang}
    with pytest.raises(CoreFailed):
        await rig.loop.ask(rang())


async def test_who_asks_and_goes_away_leaves_the_report_done(rig: Rig) -> None:
    for fails in (False, True):
        rig.core.fails_on = {ChannelRang} if fails else set()
        asked = asyncio.create_task(rig.loop.ask(rang()))
        await asyncio.sleep(0)
        asked.cancel()
        await rig.settled()
        assert isinstance(rig.core.seen[-1], ChannelRang | ChannelAnswered)
    assert rig.task is not None
    assert not rig.task.done()


async def test_in_step_from_a_snapshot_taken_in_until_the_link_is_lost(rig: Rig) -> None:
    assert not rig.loop.in_step
    rig.loop.post(SNAPSHOT)
    await rig.settled()
    assert rig.loop.in_step
    rig.loop.post(rang())
    await rig.settled()
    assert rig.loop.in_step
    rig.loop.post(LinkLost(at=START))
    await rig.settled()
    assert not rig.loop.in_step


async def test_snapshot_that_a_core_fails_on_is_taken_again_a_little_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.0)
    rig.core.fails_on = {SnapshotTaken}
    rig.loop.post(SNAPSHOT)
    await rig.settled()
    assert not rig.loop.in_step
    async with asyncio.timeout(PATIENCE_S):
        await rig.resyncs.get()
    rig.core.fails_on = set()
    rig.loop.post(SNAPSHOT)
    await rig.settled()
    assert rig.loop.in_step


async def test_deadline_is_met_by_one_time_passed_not_before_it(rig: Rig) -> None:
    rig.core.wanted = START + 1000
    rig.loop.post(rang())
    await rig.until(lambda: rig.core.wanted is None)
    await rig.settled()
    (passed,) = [fact for fact in rig.core.seen if isinstance(fact, TimePassed)]
    assert passed.at == START + 1000, "the wall clock stood still and is not behind the deadline"


async def test_clock_set_back_in_the_meantime_ends_in_one_time_passed(rig: Rig) -> None:
    rig.core.wanted = START + 1000
    rig.loop.post(rang())
    await rig.settled()
    rig.clock.us -= 3_600_000_000
    await rig.until(lambda: rig.core.wanted is None)
    assert len([fact for fact in rig.core.seen if isinstance(fact, TimePassed)]) == 1


async def test_deadline_long_past_is_met_at_once_and_is_no_lag_of_the_loop(rig: Rig) -> None:
    rig.core.wanted = START - 3_600_000_000
    rig.loop.post(rang())
    await rig.until(lambda: rig.core.wanted is None)
    assert rig.loop.stats.lag_us < 3_600_000_000 // 2


async def test_deadline_a_century_away_harms_nothing(rig: Rig) -> None:
    rig.core.wanted = START + 100 * 365 * 86_400_000_000
    await rig.loop.ask(rang())
    await rig.loop.ask(rang())


async def test_core_that_fails_at_its_deadline_is_asked_again_a_second_later_and_not_sooner(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK_S", 3600.0)
    rig.core.fails_on = {TimePassed}
    rig.core.wanted = START
    rig.loop.post(rang())
    await rig.until(lambda: any(isinstance(fact, TimePassed) for fact in rig.core.seen))
    for number in range(200):
        rig.loop.post(rang(number))
        await asyncio.sleep(0)
    await rig.settled()
    assert len([fact for fact in rig.core.seen if isinstance(fact, TimePassed)]) == 1


async def test_reports_in_the_meantime_do_not_put_the_next_try_off(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STUCK_S", 0.01)
    rig.core.fails_on = {TimePassed}
    rig.core.wanted = START
    rig.loop.post(rang())

    def tries() -> int:
        rig.loop.post(ChannelAnswered(at=START, channel=ChannelId("1")))
        return len([fact for fact in rig.core.seen if isinstance(fact, TimePassed)])

    await rig.until(lambda: tries() >= 3)


async def test_core_that_cannot_tell_its_deadline_does_not_end_the_loop(rig: Rig) -> None:
    def broken() -> int | None:
        raise KeyError

    rig.core.deadline = broken  # type: ignore[method-assign]
    await rig.loop.ask(rang())
    await rig.loop.ask(rang())
    assert rig.loop.stats.errors == 2


async def test_after_the_end_nobody_waits_for_ever() -> None:
    rig = Rig()
    async with running(rig):
        await rig.settled()
    with pytest.raises(LoopEnded):
        await rig.loop.ask(rang())
    with pytest.raises(LoopEnded):
        await rig.loop.settled()


async def test_what_was_asked_when_the_loop_ends_is_answered_with_the_end() -> None:
    rig = Rig()
    async with running(rig):
        await rig.settled()
        for number in range(BATCH * 2):
            rig.loop.post(rang(number))
        asked = asyncio.create_task(rig.loop.ask(rang()))
        await asyncio.sleep(0)
        assert rig.task is not None
        rig.task.cancel()
        with pytest.raises(LoopEnded):
            await asyncio.wait_for(asked, PATIENCE_S)
