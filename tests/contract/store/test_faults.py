"""What goes wrong with databases: none of it may lose, repeat or reorder a fact."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from cti.runtime.ports import LedgerEntry
from cti.store.database import Database
from cti.store.errors import StoreRefused, StoreUnavailable
from cti.store.journal import Journal
from cti.store.ledger import SqlLedger
from cti.store.memory import MemoryLedger
from cti.store.writer import LedgerWriter
from cti.store.writer_state import WriterState
from tests.contract.store.calls import answered_call, entries_of, ticks
from tests.contract.store.postgres import PostgresServer


@asynccontextmanager
async def writing(ledger: SqlLedger | MemoryLedger, folder: Path) -> AsyncIterator[LedgerWriter]:
    journal = Journal(folder / "ledger.journal")
    writer = LedgerWriter(ledger, journal, linger_s=0.001, retry_s=(0.02,))
    writer.open()
    task = asyncio.create_task(writer.run())
    yield writer
    await writer.stop()
    await task


async def everything(ledger: SqlLedger | MemoryLedger) -> list[LedgerEntry]:
    return [entry async for entry in ledger.facts_between(0, 1 << 62)]


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that this test may stop."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


async def test_postgresql_goes_and_comes_back_and_every_fact_is_there_once_in_order(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    database = Database(own_server.url("postgres"))
    ledger = SqlLedger(database)
    entries = ticks(3000)
    async with writing(ledger, tmp_path) as writer:
        writer.write(entries[:1000])
        await writer.drained()
        for number in range(2):
            start = 1000 + number * 1000
            writer.write(entries[start : start + 300])  # some of these race with the stop
            await asyncio.to_thread(own_server.stop)
            writer.write(entries[start + 300 : start + 600])
            await writer.flush()
            assert writer.stats().state is WriterState.JOURNAL
            assert writer.stats().journalled >= 300
            await asyncio.to_thread(own_server.start)
            writer.write(entries[start + 600 : start + 1000])
            await writer.drained()
        assert writer.stats().lost == writer.stats().refused == 0
        assert writer.stats().journal_bytes == 0
    assert await everything(ledger) == entries
    await database.close()


async def test_daemon_starts_without_its_database_and_catches_up(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    own_server.stop()
    database = Database(own_server.url("postgres"))
    with pytest.raises(StoreUnavailable):
        await database.upgrade()
    ledger = SqlLedger(database)
    entries = entries_of(answered_call("jt1-1.1"))
    async with writing(ledger, tmp_path) as writer:
        writer.write(entries)
        await writer.flush()
        await asyncio.to_thread(own_server.start)
        await writer.drained()
    assert await everything(ledger) == entries
    assert len(await ledger.calls(limit=9)) == 1
    await database.close()


async def test_writers_of_two_daemons_keep_each_run_in_order(url: str, tmp_path: Path) -> None:
    databases = [Database(url), Database(url)]
    runs = [ticks(400, "run-a"), ticks(400, "run-b")]

    async def daemon(database: Database, run: list[LedgerEntry], folder: Path) -> None:
        async with writing(SqlLedger(database), folder) as writer:
            for start in range(0, len(run), 25):
                writer.write(run[start : start + 25])
                await writer.flush()
            await writer.drained()

    await asyncio.gather(
        daemon(databases[0], runs[0], tmp_path / "a"), daemon(databases[1], runs[1], tmp_path / "b")
    )
    found = await everything(SqlLedger(databases[0]))
    assert [entry for entry in found if entry.run == "run-a"] == runs[0]
    assert [entry for entry in found if entry.run == "run-b"] == runs[1]
    for database in databases:
        await database.close()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Root may write to anything, so as root this becomes nobody for a while."""
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        for file in folder.iterdir():
            file.chmod(0o644)


async def test_read_only_database_file_is_unavailable_until_it_is_writable(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="jietong-read-only-"))
    url = f"sqlite+aiosqlite:///{folder / 'jietong.db'}"
    before = Database(url)
    await before.upgrade()
    await before.close()
    database = Database(url)
    ledger = SqlLedger(database)
    entries = ticks(20)
    async with writing(ledger, tmp_path) as writer:
        with read_only(folder):
            with pytest.raises(StoreUnavailable, match=r"readonly|unable to open"):
                await ledger.append(entries)
            writer.write(entries)
            await writer.flush()
            assert writer.stats().journalled == 20
            await database.close()
        await writer.drained()
    assert await everything(ledger) == entries
    await database.close()
    shutil.rmtree(folder)


async def test_locked_sqlite_makes_the_writer_wait_and_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'jietong.db'}"
    database, other = Database(url), Database(url)
    ledger = SqlLedger(database)
    async with writing(ledger, tmp_path / "journal") as writer:
        async with other.writing() as connection:
            await connection.execute(text("DELETE FROM users"))
            writer.write(ticks(5))
        await writer.drained()
    assert await everything(ledger) == ticks(5)
    await database.close()
    await other.close()


async def test_batch_with_an_impossible_number_is_refused_whole(database: Database) -> None:
    ledger = SqlLedger(database)
    with pytest.raises(StoreRefused):
        await ledger.append([*ticks(3), *ticks(1, "run-b", start=1 << 63)])
    assert await everything(ledger) == []


async def test_impossible_number_holds_up_nobody(database: Database, tmp_path: Path) -> None:
    ledger = SqlLedger(database)
    good = ticks(30)
    async with writing(ledger, tmp_path) as writer:
        writer.write([*good[:15], *ticks(1, "bad", start=1 << 63), *good[15:]])
        writer.write(ticks(1, "worse", start=1 << 70))
        await writer.drained()
        assert writer.stats().refused == 2
    assert await everything(ledger) == good


_DAEMON = """
import asyncio, sys
from pathlib import Path
from cti.store.errors import StoreUnavailable
from cti.store.journal import Journal
from cti.store.memory import MemoryLedger
from cti.store.writer import LedgerWriter
from tests.contract.store.calls import ticks

class Away(MemoryLedger):
    async def append(self, entries):
        raise StoreUnavailable("sqlite://", "away")

async def main():
    writer = LedgerWriter(Away(), Journal(Path(sys.argv[1])), linger_s=0.0001, retry_s=(60,))
    writer.open()
    task = asyncio.create_task(writer.run())
    for number, entry in enumerate(ticks(100_000)):
        writer.write([entry])
        if number == 499:
            await writer.flush()
            print("safe", flush=True)
        await asyncio.sleep(0)

asyncio.run(main())
"""


async def test_journal_left_by_a_kill_is_stored_once_in_order(
    database: Database, tmp_path: Path
) -> None:
    journal = tmp_path / "ledger.journal"
    root = str(Path(__file__).parents[3])
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DAEMON, str(journal), stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": root},
    )  # fmt: skip
    assert daemon.stdout is not None
    while b"safe" not in (line := await daemon.stdout.readline()):
        assert line, "the daemon ended by itself"
    daemon.send_signal(signal.SIGKILL)
    await daemon.wait()
    ledger = SqlLedger(database)
    # Half of it got through before the kill, say: the rest must follow without a repetition.
    await ledger.append(ticks(250))
    async with writing(ledger, tmp_path) as writer:
        await writer.drained()
    found = await everything(ledger)
    assert len(found) >= 500
    assert found == ticks(len(found))
