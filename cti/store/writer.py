"""Takes facts from the loop and brings them to the database, through a journal when that is away.

              write()                        append                      up
    loop ------------------> queue in memory ------------> database <---------.
    (never waits)                 |                            ^              |
                                  | database away              | drain, in order
                                  '----------------> journal --'

While the journal holds anything, everything goes through it, so the order of the ledger is the
order of the writes. Each entry is stored once: its id is unique in the database, so a batch whose
answer was lost, and a journal that was half drained before a kill, are simply written again.

What a kill -9 can take is the queue in memory: at most `linger_s` of facts while the database is
well. The state of living calls is not among them; that is in Asterisk.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final

import structlog

from cti.runtime.ports import Ledger, LedgerEntry
from cti.store.errors import StoreError
from cti.store.journal import Journal
from cti.store.sieve import Sieve
from cti.store.writer_state import RETRY_S, Patience, WriterState, WriterStats

BATCH: Final = 200
"""Entries in one transaction. It is made on the event loop that also routes calls: 200 hold it for
some 10 ms while a backlog is written (about 19,000 facts a second on SQLite), 500 for 25 ms."""

LINGER_S: Final = 0.05
"""A batch waits this long for company: at most twenty commits a second, at any load."""

APPEND_TIMEOUT_S: Final = 15.0
"""Longer than SQLite's busy time-out and PostgreSQL's connection time-out together."""

STOP_TIMEOUT_S: Final = APPEND_TIMEOUT_S + 5.0
"""Room for an append that began just before."""

JOURNAL_BATCH: Final = 10_000
"""Entries in one fsync of the journal."""

MOST_QUEUED: Final = 200_000
"""Entries in memory (some 100 MB) when the journal does not take them either."""

_log = structlog.get_logger(__name__)


class LedgerWriter:
    """`open`, then `run` in a supervised task; `write` from the loop; `stop` at the end.

    Entries that no retry can store go to a second file beside the journal (see `sieve`).
    """

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        *,
        batch: int = BATCH,
        linger_s: float = LINGER_S,
        retry_s: Sequence[float] = RETRY_S,
        append_timeout_s: float = APPEND_TIMEOUT_S,
        most_queued: int = MOST_QUEUED,
    ) -> None:
        self._journal = journal
        self._aside = Journal(journal.file.with_name(f"{journal.file.name}.refused"))
        self._sieve = Sieve(ledger, self._aside)
        self._batch = batch
        self._linger_s = linger_s
        self._patience = Patience(retry_s, time.monotonic)
        self._append_timeout_s = append_timeout_s
        self._most_queued = most_queued
        self._queue: deque[LedgerEntry] = deque()
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._progress = asyncio.Condition()
        self._turn = asyncio.Lock()  # stop may find a task that has been made but not begun
        self._state = WriterState.DATABASE
        self._stopping = self._closed = False
        self._accepted = self._settled = 0
        self._lost = self._kept = 0
        self._runner: asyncio.Task[object] | None = None

    @property
    def state(self) -> WriterState:
        return self._state

    def stats(self) -> WriterStats:
        return WriterStats(
            state=self._state,
            queued=len(self._queue),
            journalled=self._journal.waiting,
            journal_bytes=self._journal.size,
            written=self._sieve.written,
            lost=self._lost,
            refused=self._sieve.refused,
            failures=self._patience.failures,
            kept_in_journal=self._kept,
        )

    def open(self) -> None:
        """Take the journal over; blocks on the disk. Raises JournalBusy or OSError."""
        self._journal.open()
        self._aside.open()
        if self._journal.waiting:
            self._go(WriterState.JOURNAL)
            self._wake.set()

    def write(self, entries: Sequence[LedgerEntry]) -> None:
        """Take entries over, in order. Never waits and never fails."""
        taken = entries[: max(0, self._most_queued - len(self._queue))]
        self._queue.extend(taken)
        self._accepted += len(taken)
        if len(taken) < len(entries):
            self._lost += len(entries) - len(taken)
            self._go(WriterState.LOSING)
        self._wake.set()
        if len(self._queue) >= self._batch:
            self._hurry.set()

    async def flush(self) -> None:
        """Return when all that was written before is safe: in the database or in the journal."""
        goal = self._accepted
        await self._until(lambda: self._settled >= goal)

    async def drained(self) -> None:
        """Return when all that was written before is in the database."""
        goal = self._accepted
        await self._until(lambda: self._settled >= goal and not self._journal.waiting)

    async def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Store what is queued, end `run`, and let the journal go.

        What the database does not take within `timeout_s` goes to the journal, for the next start.
        """
        self._stopping = True
        try:
            async with asyncio.timeout(timeout_s):
                if self._runner is not None:
                    await self._until(lambda: self._runner is None)
                else:
                    await self._last_rounds()
        except TimeoutError:
            if self._runner is not None:
                self._runner.cancel()
                await asyncio.wait([self._runner])
            await self._to_journal()
        finally:
            if self._queue:
                _log.error("facts lost at the stop", count=len(self._queue))
            self._closed = True
            self._journal.close()
            self._aside.close()

    async def run(self) -> None:
        """The task: ends after `stop`."""
        self._runner = asyncio.current_task()
        try:
            while not self._stopping:
                await self._wait_for_work()
                await self._round()
            await self._last_rounds()
        finally:
            self._runner = None
            await self._tell()

    # ------------------------------------------------------------------------------- one round

    async def _wait_for_work(self) -> None:
        """Until there is something to write, then a little longer for company; or until it is
        time to try the database again."""
        away = self._patience.in_a_row > 0
        pause: float | None = None
        if self._journal.waiting or self._queue:
            pause = self._patience.wait_s
        if pause != 0.0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
        catching_up = self._journal.waiting and not away
        if len(self._queue) < self._batch and not self._stopping and not catching_up:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._linger_s)
        self._wake.clear()
        self._hurry.clear()

    async def _round(self) -> None:
        """Bring a batch to the database, or all that is queued to the journal."""
        async with self._turn:
            if not self._closed:
                await self._store()
        await self._tell()

    async def _store(self) -> None:
        due = self._patience.wait_s == 0.0
        if due and self._queue and not self._journal.waiting:
            batch = list(islice(self._queue, self._batch))
            if await self._to_database(batch):
                self._take_out(len(batch))
        elif due and self._journal.waiting:
            await self._drain()
        safe = True
        if self._queue and (self._journal.waiting or self._patience.in_a_row):
            safe = await self._to_journal()
        self._reckon(safe)

    async def _last_rounds(self) -> None:
        before = -1
        while self._queue and len(self._queue) != before:
            before = len(self._queue)
            await self._round()

    async def _to_database(self, batch: Sequence[LedgerEntry]) -> bool:
        """Whether the batch is in the database now (or refused for good)."""
        try:
            async with asyncio.timeout(self._append_timeout_s):
                await self._sieve.append(batch)
        except (StoreError, TimeoutError) as error:
            self._failed(error)
            return False
        self._patience.succeeded()
        return True

    def _failed(self, error: Exception) -> None:
        pause = self._patience.failed()
        _log.warning("ledger append failed", error=str(error) or "too slow", retry_s=pause)

    async def _drain(self) -> None:
        try:
            oldest = await asyncio.to_thread(self._journal.peek, self._batch)
            if oldest.entries and await self._to_database(oldest.entries):
                await asyncio.to_thread(self._journal.drop, oldest)
        except OSError as error:
            self._failed(error)

    async def _to_journal(self) -> bool:
        """Move the queue to the journal; whether all of it is there."""
        while self._queue:
            some = list(islice(self._queue, JOURNAL_BATCH))
            try:
                stored = await asyncio.to_thread(self._journal.append, some)
            except OSError as error:
                _log.warning("journal append failed", error=str(error))
                return False
            self._take_out(stored)
            self._kept += stored
            if stored < len(some):
                return False
        return True

    def _take_out(self, count: int) -> None:
        for _ in range(count):
            self._queue.popleft()
        self._settled += count

    # ---------------------------------------------------------------------------------- telling

    def _reckon(self, safe: bool) -> None:
        if len(self._queue) >= self._most_queued and self._state is WriterState.LOSING:
            return
        if not safe:
            self._go(WriterState.MEMORY)
        elif self._journal.waiting or self._patience.in_a_row:
            self._go(WriterState.JOURNAL)
        else:
            self._go(WriterState.DATABASE)

    def _go(self, new: WriterState) -> None:
        if new is self._state:
            return
        loud = new in (WriterState.MEMORY, WriterState.LOSING)
        log = _log.error if loud else _log.warning
        log(
            "ledger writer",
            old=self._state.value,
            new=new.value,
            queued=len(self._queue),
            journalled=self._journal.waiting,
            lost=self._lost,
        )
        self._state = new

    async def _tell(self) -> None:
        async with self._progress:
            self._progress.notify_all()

    async def _until(self, reached: Callable[[], bool]) -> None:
        self._wake.set()
        self._hurry.set()
        async with self._progress:
            await self._progress.wait_for(reached)
