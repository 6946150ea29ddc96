"""The writer between the loop and a database that comes and goes."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cti.runtime.ports import LedgerEntry
from cti.store.errors import StoreRefused, StoreUnavailable
from cti.store.journal import Journal, pack
from cti.store.memory import MemoryLedger
from cti.store.writer import LedgerWriter
from cti.store.writer_state import Patience, WriterState
from tests.unit.store.ticks import tick, ticks

URL = "sqlite:///ledger.db"


class FlakyLedger(MemoryLedger):
    """A ledger that can be taken away, and that never takes some entries."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.hangs: asyncio.Event | None = None
        self.poison: set[int] = set()
        self.bug: set[int] = set()
        self.attempts = 0
        self.batches: list[int] = []
        self.attempted = asyncio.Event()

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        self.attempts += 1
        self.attempted.set()
        if self.hangs is not None:
            await self.hangs.wait()
        if self.away:
            raise StoreUnavailable(URL, "connection refused")
        if any(entry.seq in self.poison for entry in entries):
            raise StoreRefused(URL, "value out of range")
        if any(entry.seq in self.bug for entry in entries):
            raise AttributeError("our own mistake")
        self.batches.append(len(entries))
        await super().append(entries)

    async def everything(self) -> list[LedgerEntry]:
        return [entry async for entry in self.facts_between(0, 1 << 62)]


def made(
    ledger: FlakyLedger, folder: Path, *, bound: int = 1 << 20, **options: float
) -> LedgerWriter:
    journal = Journal(folder / "ledger.journal", bound=bound)
    given = {"linger_s": 0.001, "batch": 10} | options
    return LedgerWriter(ledger, journal, retry_s=(0.001,), **given)  # type: ignore[arg-type]


@asynccontextmanager
async def running(writer: LedgerWriter) -> AsyncIterator[LedgerWriter]:
    writer.open()
    task = asyncio.create_task(writer.run())
    yield writer
    await writer.stop()
    await task


@pytest.fixture
def ledger() -> FlakyLedger:
    return FlakyLedger()


async def test_entries_reach_the_database_in_order_and_in_batches(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    async with running(made(ledger, tmp_path)) as writer:
        for entry in ticks(35):
            writer.write([entry])
        await writer.flush()
        assert await ledger.everything() == ticks(35)
        assert ledger.batches == [10, 10, 10, 5]
        stats = writer.stats()
    assert (stats.written, stats.queued, stats.journalled, stats.lost) == (35, 0, 0, 0)
    assert stats.state is WriterState.DATABASE


async def test_small_write_is_stored_without_being_asked_to(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    async with running(made(ledger, tmp_path)) as writer:
        writer.write(ticks(1))
        await ledger.attempted.wait()
        await writer.drained()
        assert await ledger.everything() == ticks(1)


async def test_journal_takes_over_and_is_replayed_once_in_order(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    async with running(made(ledger, tmp_path)) as writer:
        writer.write(ticks(5))
        await writer.flush()
        ledger.away = True
        for first in (6, 16, 26):
            writer.write(ticks(10, first=first))
            await writer.flush()
        assert writer.stats().state is WriterState.JOURNAL
        assert writer.stats().journalled == 30
        assert writer.stats().failures >= 1
        ledger.away = False
        writer.write(ticks(10, first=36))
        await writer.drained()
        writer.write(ticks(5, first=46))
        await writer.flush()
        assert await ledger.everything() == ticks(50)
        assert writer.state is WriterState.DATABASE
        assert writer.stats().journal_bytes == 0


async def test_facts_that_arrive_while_the_journal_drains_keep_their_place(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    async with running(made(ledger, tmp_path)) as writer:
        ledger.away = True
        writer.write(ticks(100))
        await writer.flush()
        ledger.away = False
        for number in range(101, 301):
            writer.write([tick(number)])
            await asyncio.sleep(0)
        await writer.drained()
        assert await ledger.everything() == ticks(300)


async def test_left_over_journal_is_replayed_at_the_next_start(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    ledger.away = True
    async with running(made(ledger, tmp_path)) as writer:
        writer.write(ticks(25))
    ledger.away = False
    async with running(made(ledger, tmp_path)) as writer:
        writer.write(ticks(5, run="run-b"))
        await writer.drained()
        assert await ledger.everything() == [*ticks(25), *ticks(5, run="run-b")]


async def test_answer_that_was_lost_stores_nothing_twice(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    await ledger.append(ticks(7))
    async with running(made(ledger, tmp_path)) as writer:
        writer.write(ticks(12))
        await writer.drained()
        assert await ledger.everything() == ticks(12)


async def test_database_that_hangs_counts_as_away(ledger: FlakyLedger, tmp_path: Path) -> None:
    ledger.hangs = asyncio.Event()
    async with running(made(ledger, tmp_path, append_timeout_s=0.01)) as writer:
        writer.write(ticks(3))
        await writer.flush()
        assert writer.stats().journalled == 3
        ledger.hangs.set()
        await writer.drained()
        assert await ledger.everything() == ticks(3)


async def test_entry_that_the_database_refuses_holds_up_nobody(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    ledger.poison, ledger.bug = {4}, {17}
    async with running(made(ledger, tmp_path, batch=20)) as writer:
        writer.write(ticks(20))
        await writer.drained()
        stats = writer.stats()
        assert [entry.seq for entry in await ledger.everything()] == [
            seq for seq in range(1, 21) if seq not in (4, 17)
        ]
        assert (stats.refused, stats.state) == (2, WriterState.DATABASE)
    aside = Journal(tmp_path / "ledger.journal.refused")
    aside.open()
    assert [entry.seq for entry in aside.peek(9).entries] == [4, 17]
    aside.close()


async def test_full_journal_keeps_the_oldest_then_memory_then_loses_the_newest(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    ledger.away = True
    room = sum(len(pack(entry)) for entry in ticks(10))
    async with running(made(ledger, tmp_path, bound=room, most_queued=5)) as writer:
        writer.write(ticks(5))
        await writer.flush()
        writer.write(ticks(5, first=6))
        await writer.flush()
        assert writer.state is WriterState.JOURNAL
        writer.write(ticks(5, first=11))
        seen = ledger.attempts
        while writer.state is WriterState.JOURNAL or ledger.attempts == seen:
            ledger.attempted.clear()
            await ledger.attempted.wait()
        assert (writer.state, writer.stats().queued) == (WriterState.MEMORY, 5)
        writer.write(ticks(5, first=16))
        assert (writer.state, writer.stats().lost) == (WriterState.LOSING, 5)
        ledger.away = False
        await writer.drained()
        assert await ledger.everything() == ticks(15)
        writer.write(ticks(5, first=21))
        await writer.drained()
        assert writer.state is WriterState.DATABASE
        assert [entry.seq for entry in await ledger.everything()] == [*range(1, 16), *range(21, 26)]


async def test_neither_database_nor_journal_keeps_facts_in_memory(
    ledger: FlakyLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with running(made(ledger, tmp_path)) as writer:
        ledger.away = True
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            writer.write(ticks(5))
            while writer.state is not WriterState.MEMORY:
                ledger.attempted.clear()
                await ledger.attempted.wait()
        ledger.away = False
        await writer.drained()
        assert await ledger.everything() == ticks(5)
        assert writer.stats().lost == 0


async def test_stop_without_database_leaves_everything_in_the_journal(
    ledger: FlakyLedger, tmp_path: Path
) -> None:
    ledger.hangs = asyncio.Event()
    writer = made(ledger, tmp_path)
    writer.open()
    task = asyncio.create_task(writer.run())
    writer.write(ticks(15))
    await ledger.attempted.wait()
    await writer.stop(timeout_s=0.01)
    assert task.cancelled()
    ledger.hangs = None
    async with running(made(ledger, tmp_path)) as again:
        await again.drained()
    assert await ledger.everything() == ticks(15)


async def test_stop_before_run_stores_what_was_written(ledger: FlakyLedger, tmp_path: Path) -> None:
    writer = made(ledger, tmp_path)
    writer.open()
    writer.write(ticks(25))
    await writer.stop()
    assert await ledger.everything() == ticks(25)


async def test_cancelled_task_can_be_started_again(ledger: FlakyLedger, tmp_path: Path) -> None:
    writer = made(ledger, tmp_path)
    writer.open()
    ledger.hangs = asyncio.Event()
    first = asyncio.create_task(writer.run())
    writer.write(ticks(15))
    await ledger.attempted.wait()
    first.cancel()
    await asyncio.wait([first])
    ledger.hangs = None
    second = asyncio.create_task(writer.run())
    await writer.drained()
    await writer.stop()
    await second
    assert await ledger.everything() == ticks(15)


def test_pauses_grow_to_the_last_and_start_anew_after_success() -> None:
    clock = [100.0]
    patience = Patience((1.0, 5.0), lambda: clock[0])
    assert patience.wait_s == 0.0
    assert [patience.failed() for _ in range(3)] == [1.0, 5.0, 5.0]
    assert patience.wait_s == 5.0
    clock[0] += 2
    assert patience.wait_s == 3.0
    clock[0] += 9
    assert patience.wait_s == 0.0
    patience.succeeded()
    assert (patience.failed(), patience.failures) == (1.0, 4)
