"""`cti told` as a team lead sees it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cti.cli import app
from cti.facts import Fact
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger
from tests.contract.store.calls import NOON, SECOND, entries_of
from tests.unit.kpi.test_told_waits import answered, told

SITE = Path(__file__).parents[3] / "config" / "sites" / "demo-water" / "site.yaml"


@pytest.fixture(autouse=True)
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CTI_DATABASE__URL", "CTI_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CTI_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("CTI_SITE", str(SITE))
    noon = NOON / SECOND
    facts: list[Fact] = [
        told("a", noon, 60),
        answered("a", noon + 70),
        told("b", noon + 100, 60),
        answered("b", noon + 140),
    ]

    async def fill() -> None:
        database = Database(database_url("", tmp_path))
        await SqlLedger(database).append(entries_of(facts))
        await database.close()

    asyncio.run(fill())


def cti_told(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["told", *arguments])


def test_errors_of_a_day_by_queue() -> None:
    result = cti_told("--date", "2026-06-12", "--lang", "en")
    assert result.exit_code == 0, result.output
    row = result.output.splitlines()[1].split()
    assert row == ["Repairs", "2", "+5.0", "15.0", "15.8", "50%"]
    assert "报修" in cti_told("--date", "2026-06-12").output


def test_json_and_a_day_without_any() -> None:
    found = json.loads(cti_told("--date", "2026-06-12", "--json").output)
    assert found["repairs"]["tellings"] == 2
    assert "no wait was told" in cti_told("--date", "2026-06-13", "--lang", "en").output
    assert cti_told("--date", "tomorrow").exit_code != 0
