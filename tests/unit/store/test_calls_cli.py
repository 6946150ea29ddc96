"""`cti calls` as a person at a terminal sees it."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cti.calls_cli import CallAmbiguous, CallUnknown, calls_app
from cti.facts import Fact
from cti.store.database import Database, database_url
from cti.store.errors import DatabaseOlder
from cti.store.ledger import SqlLedger
from tests.contract.store.calls import NOON, abandoned_call, answered_call, entries_of

SITE = Path(__file__).parents[3] / "config" / "sites" / "demo-water" / "site.yaml"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CTI_DATABASE__URL", "CTI_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CTI_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("CTI_SITE", str(SITE))
    return tmp_path


@pytest.fixture
def filled(state: Path) -> Path:
    """Two calls, the second with a hostile caller."""
    facts: list[Fact] = [
        *answered_call("jt1-100.1", NOON),
        *abandoned_call("jt1-1005.1", NOON + 60_000_000),
        *answered_call(
            "jt1-200.7", NOON + 90_000_000, number="[red]1\x1b]0;x\x07", name="[/]\x1b[2J\u202e王"
        ),
    ]

    async def fill() -> None:
        database = Database(database_url("", state))
        await SqlLedger(database).append(entries_of(facts))
        await database.close()

    asyncio.run(fill())
    return state


def cti_calls(*arguments: str) -> Result:
    return CliRunner().invoke(calls_app, list(arguments))


def is_safe(text: str) -> bool:
    return not any(unicodedata.category(char) in ("Cc", "Cf") for char in text if char != "\n")


@pytest.mark.usefixtures("filled")
def test_list_shows_the_newest_first_with_the_zone() -> None:
    result = cti_calls("list")
    assert result.exit_code == 0, result.output
    rows = result.output.splitlines()
    assert [row.split()[0] for row in rows[1:4]] == ["jt1-200.7", "jt1-1005.1", "jt1-100.1"]
    assert "2026-06-12 12:00:00.000" in rows[3]
    assert "1002 李强" in rows[3]
    assert "报修" in rows[3]
    assert "19.800" in rows[3]
    assert "已放弃" in rows[2]
    assert "Asia/Shanghai" in rows[4]
    assert is_safe(result.output)
    assert "[red]1" in rows[1]


@pytest.mark.usefixtures("filled")
def test_list_takes_filters_language_and_zone() -> None:
    result = cti_calls("list", "--outcome", "abandoned", "--lang", "en", "--zone", "UTC")
    rows = result.output.splitlines()
    assert len(rows) == 3
    assert "2026-06-12 04:01:00.000" in rows[1]
    assert "abandoned" in rows[1]
    assert "Bills" in rows[1]
    assert len(cti_calls("list", "--limit", "1").output.splitlines()) == 3
    assert cti_calls("list", "--number", "9", "--lang", "en").output == "no calls match\n"


@pytest.mark.usefixtures("filled")
def test_json_has_the_figures_and_no_control_characters() -> None:
    result = cti_calls("list", "--json")
    assert is_safe(result.output)
    calls = json.loads(result.output)
    assert [call["call"] for call in calls] == ["jt1-200.7", "jt1-1005.1", "jt1-100.1"]
    assert calls[0]["caller_name"] == "[/]\x1b[2J\u202e王"
    assert (calls[2]["wait_us"], calls[2]["arrived"]) == (
        19_800_000,
        "2026-06-12T12:00:00.000+08:00",
    )
    shown = json.loads(cti_calls("show", "jt1-100.1", "--json", "--lang", "en").output)
    assert shown["call"]["outcome"] == "answered"
    assert "idle longest" in shown["timeline"][4]["what"]
    assert shown["timeline"][4]["at"] == "2026-06-12T12:00:20.000+08:00"


@pytest.mark.usefixtures("filled")
def test_show_tells_the_call_by_a_unique_beginning_of_its_id() -> None:
    result = cti_calls("show", "jt1-2", "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "seat 1002 李强 answered after 19.800 s" in result.output
    assert "Asia/Shanghai" in result.output
    assert is_safe(result.output)
    # An id that another one begins with is still itself.
    assert "12:00:25.800" in cti_calls("show", "jt1-100.1").output


@pytest.mark.usefixtures("filled")
def test_unknown_and_ambiguous_ids_are_refused_by_name() -> None:
    unknown = cti_calls("show", "nobody\x1b[31m")
    assert unknown.exit_code == 1
    assert isinstance(unknown.exception, CallUnknown)
    assert is_safe(str(unknown.exception))
    ambiguous = cti_calls("show", "jt1-100")
    assert ambiguous.exit_code == 1
    assert isinstance(ambiguous.exception, CallAmbiguous)
    assert "jt1-1005.1, jt1-100.1" in str(ambiguous.exception)


@pytest.mark.parametrize(
    "arguments",
    [("list", "--lang", "fr"), ("list", "--zone", "../etc/passwd"), ("list", "--limit", "0")],
)
def test_wrong_options_are_refused(state: Path, arguments: tuple[str, ...]) -> None:
    del state
    assert cti_calls(*arguments).exit_code == 2


def test_before_the_first_start_it_says_what_to_do_and_makes_nothing(state: Path) -> None:
    result = cti_calls("list")
    assert result.exit_code == 1
    assert isinstance(result.exception, DatabaseOlder)
    assert not list(state.iterdir())


@pytest.mark.usefixtures("filled")
def test_why_shows_each_offer_with_its_ranking() -> None:
    result = cti_calls("why", "jt1-100.1", "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "12:00:20.000  offered to seat 1002 李强: free for 35.2 s, idle longest" in result.output
    rows = [row.split() for row in result.output.splitlines()]
    assert ["1", "1002", "李强", "35.2", "A", "0"] in rows
    assert [row[1] for row in rows if row and row[0] in {"1", "2", "3"}] == ["1002", "1001", "1003"]
    assert is_safe(result.output)
    assert "空闲最久" in cti_calls("why", "jt1-100.1").output
    (told,) = json.loads(cti_calls("why", "jt1-200.7", "--json", "--lang", "en").output)
    assert (told["seat"], told["order"], told["choice"]) == ("1002", "longest-idle", None)
    assert [rank["idle_us"] for rank in told["ranking"]] == [35_200_000, 12_000_000, 3_000_000]
    assert "was offered" in cti_calls("why", "jt1-1005.1", "--lang", "en").output
