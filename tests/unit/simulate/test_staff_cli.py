"""`cti staff` as a planner at a terminal uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cti.staff_cli
from cti.cli import app
from cti.errors import JietongError
from tests.unit.simulate.day import play, write_ledger


def staff(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["staff", *arguments])


def test_seats_for_a_load_by_erlang_c() -> None:
    result = staff("--calls-per-hour", "900", "--handling", "180", "--lang", "en")
    assert result.exit_code == 0, result.exception
    assert "seats needed 51" in result.output
    rows = [line.split() for line in result.output.splitlines() if line[:1].isspace()]
    table = {row[0]: row for row in rows if row and row[0].isdigit()}
    assert list(table) == [str(n) for n in range(49, 57)]
    assert table["50"] == ["50", "79.1%", "13.1", "90.0%", "0.0%", "36.4%"]


def test_patience_adds_erlang_a_and_shrinkage_the_people_to_roster() -> None:
    result = staff(
        *("--calls-per-hour", "220", "--handling", "180", "--patience", "60"),
        *("--shrinkage", "30%", "--lang", "en"),
    )
    assert "Erlang C (nobody gives up): seats needed 15, people to roster (30% shrinkage) 22" in (
        result.output
    )
    assert "Erlang A (mean patience 60 s): seats needed 12" in result.output
    row = next(line.split() for line in result.output.splitlines() if line.split()[:1] == ["10"])
    assert row == ["10", "15", "64.2%", "9.9", "87.9%", "20.1%", "51.7%"]


def test_the_simulator_stands_beside_the_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cti.staff_cli, "CALLS", 400)
    monkeypatch.setattr(cti.staff_cli, "REPLICATIONS", 5)
    result = staff(
        *("--calls-per-hour", "60", "--handling", "120", "--patience", "60"),
        *("--check", "--lang", "en"),
    )
    assert result.exit_code == 0, result.exception
    rows = [line for line in result.output.splitlines() if "±" in line]
    assert len(rows) >= 6
    assert "5 simulated runs" in result.output
    for row in rows[:-1]:
        cells = row.split()
        formula, simulated = float(cells[1].rstrip("%")), float(cells[6])
        assert simulated == pytest.approx(formula, abs=8)


def test_a_load_that_grows_for_ever_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cti.staff_cli, "CALLS", 50)
    monkeypatch.setattr(cti.staff_cli, "REPLICATIONS", 3)
    result = staff(
        *("--calls-per-hour", "20", "--handling", "180", "--target", "10/20"),
        *("--check", "--lang", "en"),
    )
    assert result.exit_code == 0, result.exception
    assert "grows for ever" in result.output


def test_chinese_is_the_language_when_nothing_is_said() -> None:
    assert "所需坐席 51" in staff("--calls-per-hour", "900", "--handling", "180").output


def test_each_half_hour_of_a_day(tmp_path: Path) -> None:
    ledger = write_ledger(tmp_path, play()[1])
    result = staff("--day", str(ledger), "--target", "80/20", "--shrinkage", "25%", "--lang", "en")
    assert result.exit_code == 0, result.exception
    rows = [line.split() for line in result.output.splitlines() if line.strip()[:5].endswith("0")]
    halves = [row for row in rows if ":" in row[0]]
    assert len(halves) == 16
    assert sum(int(row[1]) for row in halves) == 240
    lunch = next(row for row in halves if row[0] == "12:30")
    assert float(lunch[7]) == pytest.approx(2, abs=0.3)
    for row in halves:
        seats_c, seats_a, people = int(row[4]), int(row[5]), int(row[6])
        assert seats_a <= seats_c
        assert people > seats_a
    assert "Patience as the day shows it" in result.output


def test_each_half_hour_of_a_table(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    lines = [f"09:{minute:02d},any,120" for minute in range(60)]
    file.write_text("arrived,queue,handling_seconds\n" + "\n".join(lines) + "\n", "utf-8")
    result = staff("--day", str(file), "--lang", "en")
    assert result.exit_code == 0, result.exception
    assert [line.split()[:2] for line in result.output.splitlines()[1:3]] == [
        ["09:00", "30"],
        ["09:30", "30"],
    ]
    assert "Erlang C only" in result.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "say --calls-per-hour"),
        (("--calls-per-hour", "100"), "say --calls-per-hour"),
        (("--calls-per-hour", "0", "--handling", "180"), "must be more than zero"),
        (("--calls-per-hour", "-5", "--handling", "180"), "must be more than zero"),
        (("--calls-per-hour", "nan", "--handling", "180"), "is not a number"),
        (("--calls-per-hour", "inf", "--handling", "180"), "is not a number"),
        (("--calls-per-hour", "100", "--handling", "1e12"), "look at the unit"),
        (("--calls-per-hour", "100", "--handling", "180", "--patience", "0"), "more than zero"),
        (("--calls-per-hour", "100", "--handling", "180", "--patience", "nan"), "not a number"),
        (("--calls-per-hour", "100", "--handling", "180", "--target", "80"), "not like 80/20"),
        (("--calls-per-hour", "100", "--handling", "180", "--target", "a/b"), "not like 80/20"),
        (("--calls-per-hour", "100", "--handling", "180", "--target", "100/20"), "everybody"),
        (("--calls-per-hour", "100", "--handling", "180", "--target", "80/-1"), "zero seconds"),
        (("--calls-per-hour", "100", "--handling", "180", "--target", "80/nan"), "zero seconds"),
        (("--calls-per-hour", "100", "--handling", "180", "--shrinkage", "100%"), "below 1"),
        (("--calls-per-hour", "100", "--handling", "180", "--shrinkage", "much"), "is no share"),
        (("--calls-per-hour", "100", "--handling", "180", "--max-occupancy", "0"), "above 0"),
        (("--day", "nowhere.csv"), "cannot be read"),
        (("--day", "nowhere"), "neither a file nor a date"),
        (("--day", "x.csv", "--handling", "180"), "has its own"),
        (("--day", "x.csv", "--zone", "Mars/Olympus"), "not a time zone"),
    ],
)
def test_bad_input_is_refused_in_plain_words(arguments: tuple[str, ...], why: str) -> None:
    result = staff(*arguments)
    assert isinstance(result.exception, JietongError), result.output
    assert why in str(result.exception)
