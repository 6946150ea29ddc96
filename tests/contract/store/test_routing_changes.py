"""Changes of routing in the database, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cti.changes import ChangesNotKept, KeptChange
from cti.store.database import Database
from cti.store.routing_changes import StoredChanges

MERGE = KeptChange(
    part="queues",
    name="repairs",
    key="merged_into",
    value='"bills"',
    beneath="null",
    by="王班长",
    why="台风",
    at_us=7,
    until_us=0,
)


async def test_kept_changes_come_back_in_the_order_in_which_they_were_made(
    database: Database,
) -> None:
    store = StoredChanges(database)
    first, second = replace(MERGE, name="water"), MERGE
    await store.keep([first, second], ())
    assert await store.load() == [first, second]
    again = replace(first, value="null", at_us=8)
    await store.keep([again], ())
    assert await store.load() == [second, again], "said again, it is the last that was said"
    await store.keep((), [("queues", "repairs", "merged_into"), ("seats", "x", "y")])
    assert await store.load() == [again]


async def test_thousands_are_kept_and_forgotten_at_once(database: Database) -> None:
    store = StoredChanges(database)
    many = [replace(MERGE, part="seats", name=f"s{n}", key="queues") for n in range(3000)]
    await store.keep(many, ())
    await store.keep(many, ())
    assert await store.load() == many
    await store.keep((), [(one.part, one.name, one.key) for one in many])
    assert await store.load() == []


async def test_database_that_cannot_be_reached_is_told() -> None:
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:9/none")
    store = StoredChanges(away)
    with pytest.raises(ChangesNotKept):
        await store.load()
    with pytest.raises(ChangesNotKept):
        await store.keep([MERGE], ())
    await away.close()
