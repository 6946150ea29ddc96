"""The three ledgers that the one suite runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from cti.store.database import Database
from cti.store.ledger import SqlLedger
from cti.store.memory import MemoryLedger
from tests.contract.store.postgres import PostgresServer

_numbers = count(1)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh, empty database."""
    name = f"test{next(_numbers)}"
    postgres.sql(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    if postgres.running():
        postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite+aiosqlite:///{tmp_path / 'state' / 'jietong.db'}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def ledger(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[MemoryLedger | SqlLedger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    where = f"sqlite+aiosqlite:///{tmp_path / 'jietong.db'}"
    if request.param == "postgresql":
        where = request.getfixturevalue("postgres_url")
    database = Database(where)
    yield SqlLedger(database)
    await database.close()
