"""Who changed which announcement, read back from the ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from cti.cli import app
from cti.facts import NoticeSwitched
from cti.store import notice_history
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger
from cti.store.notice_history import notice_changes
from tests.contract.store.calls import NOON, entries_of, pause

SITE = Path(__file__).parents[3] / "config/sites/demo-water/site.yaml"


def change(
    at: int, notice: str = "burst", what: Literal["switched", "written", "removed"] = "switched"
) -> NoticeSwitched:
    return NoticeSwitched(
        at=at, notice=notice, on=True, by="lead", notice_kind="outage", text="停水", change=what
    )


async def test_newest_first_and_nothing_else(database: Database) -> None:
    facts = [change(NOON), pause(NOON + 1), change(NOON + 2, "storm"), change(NOON + 2)]
    await SqlLedger(database).append(entries_of([*facts]))
    assert await notice_changes(database) == [facts[3], facts[2], facts[0]]
    assert await notice_changes(database, limit=1) == [facts[3]]
    assert await notice_changes(database, notice="storm") == [facts[2]]


async def test_more_than_are_read_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_history, "_AT_ONCE", 3)
    # Some at the same microsecond, so that a page ends among them.
    facts = [change(NOON + number // 4, f"n{number}") for number in range(10)]
    await SqlLedger(database).append(entries_of([*facts]))
    found = await notice_changes(database)
    assert [fact.notice for fact in found] == [f"n{number}" for number in reversed(range(10))]


async def test_ledger_without_any(database: Database) -> None:
    assert await notice_changes(database) == []


def test_history_as_a_lead_reads_it(tmp_path: Path) -> None:
    async def fill() -> None:
        database = Database(database_url("", tmp_path))
        await SqlLedger(database).append(entries_of([change(NOON, what="written"), change(NOON)]))
        await database.close()

    asyncio.run(fill())
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"site: {SITE}\nstate_dir: {tmp_path}\n", "utf-8")
    env = {"CTI_SETTINGS": str(settings)}
    english = CliRunner().invoke(app, ["notices", "history", "--lang", "en"], env=env)
    first, second = english.stdout.splitlines()
    assert "lead switched the notice burst on: " in first
    assert "lead changed the notice burst, which is on: " in second
    chinese = CliRunner().invoke(app, ["notices", "history", "burst"], env=env)
    assert "lead 开启公告 burst：停水" in chinese.stdout
    assert CliRunner().invoke(app, ["notices", "history", "storm"], env=env).stdout == ""
