"""The connection to the database and the state of its tables.

SQLite is set up for one daemon that writes and tools that read beside it:
- journal_mode=WAL: readers never wait for the writer, nor it for them;
- synchronous=FULL: a commit is on the disk when it is reported. NORMAL would lose the last
  commits in a power cut. The writer commits at most about twenty times a second whatever the
  number of calls, so the price is twenty fsyncs, not one for each fact;
- busy_timeout: another writer (a maintenance tool) makes ours wait instead of fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cti.store.errors import DatabaseNewer, DatabaseOlder, StoreError, store_errors

BUSY_TIMEOUT_MS: Final = 5_000
CONNECT_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_S: Final = 60.0
"""A PostgreSQL that says nothing for this long counts as gone. Long, because a report may read
months of facts; the writer has its own, shorter patience."""

_WRITES: Final = "jietong_writes"
_APPEND_LOCK: Final = 5_210_011
"""PostgreSQL advisory lock: one appender at a time, so that the order of ids is the order of
commits and a reader that follows the ledger by id never misses a late one."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


def database_url(url: str, state_dir: Path) -> str:
    """The URL to use: `url` with our driver, or the SQLite file in `state_dir` when empty.

    Raises StoreError when it is no URL of a database that we know.
    """
    if not url:
        return f"sqlite+aiosqlite:///{state_dir.absolute() / 'jietong.db'}"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(url, "is not a database URL; leave it empty for SQLite") from error
    name = parsed.drivername.partition("+")[0]
    if name not in _DRIVERS:
        raise StoreError(url, f"{name} is not supported; use sqlite or postgresql")
    return parsed.set(drivername=_DRIVERS[name]).render_as_string(hide_password=False)


class Database:
    """One database. Connects when first used; `close` gives all connections back."""

    def __init__(self, url: str) -> None:
        self.url = url
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._upgraded = False
        self._upgrading = asyncio.Lock()
        self._file = Path(parsed.database) if self.is_sqlite and parsed.database else None
        self._engine = _sqlite_engine(parsed) if self.is_sqlite else _postgresql_engine(parsed)

    @property
    def exists(self) -> bool:
        """Whether there is anything to read: connecting would make a missing SQLite file."""
        return self._file is None or self._file.exists()

    async def upgrade(self) -> None:
        """Bring the tables up to date; only the first call does anything.

        Raises DatabaseNewer when a newer program made them, StoreUnavailable when there is no
        database to talk to: then the next use tries again.
        """
        async with self._upgrading:
            if self._upgraded:
                return
            with store_errors(self.url):
                if self._file is not None:
                    self._file.parent.mkdir(parents=True, exist_ok=True)
                async with self._begin(writes=True) as connection:
                    await connection.run_sync(self._upgrade)
            self._upgraded = True

    async def check(self) -> None:
        """Refuse tables of another version, without changing them: for tools that only read.

        Raises DatabaseOlder, DatabaseNewer or StoreUnavailable.
        """
        with store_errors(self.url):
            if self._file is not None and not self._file.exists():
                raise DatabaseOlder(self.url, "", _head())
            async with self._begin() as connection:
                found = await connection.run_sync(self._revision)
            if found != _head():
                raise DatabaseOlder(self.url, found, _head())
            self._upgraded = True

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database. Raises StoreError."""
        await self.upgrade()
        with store_errors(self.url):
            async with self._begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is the only one writing. Raises StoreError."""
        await self.upgrade()
        with store_errors(self.url):
            async with self._begin(writes=True) as connection:
                yield connection

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _begin(self, *, writes: bool = False) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            await connection.execution_options(**{_WRITES: writes})
            async with connection.begin():
                if writes and not self.is_sqlite:
                    await connection.execute(
                        text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK}
                    )
                yield connection

    def _upgrade(self, connection: Connection) -> None:
        self._revision(connection)
        config = _alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    def _revision(self, connection: Connection) -> str:
        found = MigrationContext.configure(connection).get_current_revision() or ""
        known = {script.revision for script in _scripts().walk_revisions()}
        if found and found not in known:
            raise DatabaseNewer(self.url, found, _head())
        return found


async def upgrade(url: str) -> None:
    """Bring the database at `url` up to date. Raises StoreError (see Database.upgrade)."""
    database = Database(url)
    try:
        await database.upgrade()
    finally:
        await database.close()


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_alembic_config())


def _head() -> str:
    return _scripts().get_current_head() or ""


def _sqlite_engine(url: URL) -> AsyncEngine:
    engine = create_async_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # The driver would begin transactions by itself, and only before the first write; a
        # transaction that turns from reading to writing fails at once when another one writes.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": STATEMENT_TIMEOUT_S,
            "server_settings": {"application_name": "jietong"},
        },
    )
