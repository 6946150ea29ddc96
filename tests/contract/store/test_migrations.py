"""Tables on both databases: made, compared with the models, refused when from the future."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from cti.store.database import Database, database_url, upgrade
from cti.store.errors import DatabaseNewer, DatabaseOlder, StoreError, StoreUnavailable
from cti.store.ledger import SqlLedger
from cti.store.tables import Base
from tests.contract.store.calls import answered_call, entries_of


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_models_and_migrations_agree(database: Database) -> None:
    async with database.reading() as connection:
        assert await connection.run_sync(_differences) == []


async def test_upgrade_twice_and_by_two_at_once_is_one_upgrade(url: str) -> None:
    first, second = Database(url), Database(url)
    await asyncio.gather(first.upgrade(), second.upgrade(), first.upgrade())
    await upgrade(url)
    await SqlLedger(first).append(entries_of(answered_call("jt1-1.1")))
    assert len(await SqlLedger(second).calls(limit=2)) == 1
    await first.close()
    await second.close()


async def test_database_of_a_newer_program_is_refused_untouched(url: str) -> None:
    database = Database(url)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    later = Database(url)
    with pytest.raises(DatabaseNewer, match="newer program") as refused:
        await later.upgrade()
    assert (refused.value.found, refused.value.known) == ("9999", "0005")
    with pytest.raises(DatabaseNewer):
        await later.check()
    with pytest.raises(DatabaseNewer):
        await SqlLedger(later).append(entries_of(answered_call("jt1-1.1")))
    await later.close()


async def test_reading_tool_refuses_an_empty_database_and_makes_nothing(
    url: str, tmp_path: Path
) -> None:
    database = Database(url)
    with pytest.raises(DatabaseOlder, match="start the daemon once"):
        await database.check()
    await database.close()
    assert not list(tmp_path.rglob("*.db"))  # noqa: ASYNC240


async def test_reading_tool_takes_a_database_that_is_up_to_date(url: str) -> None:
    await upgrade(url)
    database = Database(url)
    await database.check()
    assert await SqlLedger(database).calls(limit=1) == []
    await database.close()


async def test_sqlite_commits_are_on_the_disk_and_readers_do_not_wait(tmp_path: Path) -> None:
    database = Database(database_url("", tmp_path / "not" / "there"))
    async with database.writing() as writing:
        found = [
            (await writing.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        assert found == ["wal", 2, 1, 5000]
        async with database.reading() as reading:
            assert (await reading.execute(text("SELECT count(*) FROM ledger"))).scalar_one() == 0
    await database.close()


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h:1/n", "postgresql+asyncpg://u:p@h:1/n"),
        ("postgresql+asyncpg://u:p@h/n", "postgresql+asyncpg://u:p@h/n"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
        ("", "sqlite+aiosqlite:////state/jietong.db"),
    ],
)
def test_url_gets_our_driver(given: str, used: str) -> None:
    assert database_url(given, Path("/state")) == used


@pytest.mark.parametrize("given", ["mysql://u:secret@h/n", "nonsense secret"])
def test_url_of_something_else_is_refused_without_its_password(given: str) -> None:
    with pytest.raises(StoreError) as refused:
        database_url(given, Path("/state"))
    assert "secret" not in str(refused.value)


async def test_absent_server_is_unavailable_and_its_password_is_not_told() -> None:
    database = Database("postgresql+asyncpg://u:secret@127.0.0.1:1/n")
    with pytest.raises(StoreUnavailable) as refused:
        await database.upgrade()
    assert "secret" not in str(refused.value)
    assert "u:***@127.0.0.1" in str(refused.value)
    await database.close()
