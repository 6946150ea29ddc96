"""`cti simulate` as a planner at a terminal uses it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from acd.simulator.figures import figures
from cti.cli import app
from cti.errors import JietongError
from cti.simulate_site import CHOICES, STRATEGIES
from tests.unit.simulate.day import DATE, SECOND, moves, play, write_ledger


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ledger(tmp_path_factory.mktemp("ledger"), play()[1])


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments], catch_exceptions=True)


def cells(result: Result, row: str) -> list[str]:
    """The figures behind `row`."""
    line = next(line for line in result.output.splitlines() if line.startswith(row))
    return line.removeprefix(row).split()


def refused(result: Result) -> str:
    assert isinstance(result.exception, JietongError), result.output
    return str(result.exception)


def test_a_real_day_played_again_unchanged_gives_the_figures_it_had(ledger: Path) -> None:
    """Who was served then is served now, after the same wait: nothing that was drawn is needed."""
    result = simulate("demo-water", "--day", str(ledger), "--lang", "en")
    assert result.exit_code == 0, result.exception
    assert DATE in result.output
    truth, _ = play()
    day = figures(truth.fates, truth.changes, truth.ended_at, 20 * SECOND)
    assert day.abandoned > 20
    assert cells(result, "answered ")[:2] == [f"{day.answered}"] * 2
    for row in (
        "asked for a person",
        "abandoned ",
        "left a message, a callback or by overflow",
        "answer rate",
        "answered within 20 s",
        "mean wait of the answered (s)",
        "mean wait of all (s)",
        "longest wait (s)",
    ):
        recorded, again = cells(result, row)[:2]
        assert recorded == again, row
    occupancy = [float(cell.rstrip("%")) for cell in cells(result, "occupancy")]
    assert occupancy[0] == pytest.approx(occupancy[1], abs=1)


def test_fewer_seats_let_more_callers_give_up(ledger: Path) -> None:
    result = simulate("demo-water", "--day", str(ledger), "--seats", "-34%", "--lang", "en")
    assert result.exit_code == 0, result.exception
    assert "seats 3 → 2" in result.output
    before, after = (int(cell) for cell in cells(result, "abandoned ")[1:3])
    assert after > before
    assert cells(result, "abandoned ")[3] == f"+{after - before}"
    hours = [float(cell) for cell in cells(result, "seat hours")[1:3]]
    assert hours[1] < hours[0]


def test_a_setting_of_a_queue_is_tried(ledger: Path) -> None:
    shorter = simulate(
        "demo-water", "--day", str(ledger), "--set", "*.wrapup_seconds=0", "--lang", "en"
    )
    assert shorter.exit_code == 0, shorter.exception
    assert "*.wrapup_seconds=0" in shorter.output
    before, after = (
        float(cell.rstrip("%")) for cell in cells(shorter, "answered within 20 s")[1:3]
    )
    assert after > before


@pytest.mark.parametrize("rule", [*STRATEGIES, *CHOICES])
def test_every_rule_serves_the_day(ledger: Path, rule: str) -> None:
    result = simulate("demo-water", "--day", str(ledger), "--rule", rule, "--lang", "en")
    assert result.exit_code == 0, result.exception
    answered, left = cells(result, "answered ")[2], cells(result, "abandoned ")[2]
    elsewhere = cells(result, "left a message, a callback or by overflow")[2]
    assert int(answered) + int(left) + int(elsewhere) == 240
    assert rule in result.output.splitlines()[0]


def test_the_same_seed_gives_the_same_page_and_another_one_another(ledger: Path) -> None:
    asked = ("demo-water", "--day", str(ledger), "--seats", "+1")
    first, again, other = simulate(*asked), simulate(*asked), simulate(*asked, "--seed", "2")
    assert first.output == again.output
    assert "随机种子 1" in first.output
    assert first.output != other.output


def test_what_was_drawn_is_told_in_both_languages(ledger: Path) -> None:
    english = simulate("demo-water", "--day", str(ledger), "--lang", "en").output
    chinese = simulate("demo-water", "--day", str(ledger)).output
    told = re.search(r"talk and\s+wrap-up of (\d+) callers", english)
    assert told is not None
    assert f"{told[1]} 位未接听者" in chinese
    assert "Kaplan-Meier" in english
    assert "Kaplan-Meier" in chinese
    assert "实际" in chinese


def test_a_ledgers_day_is_found_by_its_date(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_STATE_DIR", str(ledger.parent))
    monkeypatch.delenv("CTI_DATABASE__URL", raising=False)
    result = simulate("demo-water", "--day", DATE, "--lang", "en")
    assert result.exit_code == 0, result.exception
    assert cells(result, "asked for a person") == ["240", "240"]


def test_a_day_without_callers_is_told(ledger: Path) -> None:
    told = refused(simulate("demo-water", "--day", str(ledger), "--date", "2026-09-25"))
    assert "2026-09-25" in told


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "day.csv"
    file.write_text(
        "arrived,queue,handling_seconds,wrapup_seconds,patience_seconds,priority,skills\n"
        "09:00:00,repairs,300,5,60,,\n"
        "9:00:10,repairs,300,5,,3,\n"
        "2026-09-22 09:00:20,bills,100,,20,,complaints\n"
        "2026-09-22T09:00:30+08:00,service,100,,,,\n",
        "utf-8",
    )
    return file


def test_a_planners_table_is_played(table: Path) -> None:
    result = simulate("demo-water", "--day", str(table), "--date", DATE, "--lang", "en")
    assert result.exit_code == 0, result.exception
    assert cells(result, "asked for a person") == ["4"]
    # 1001 alone has the skill, and talks: its caller gives up.
    assert cells(result, "abandoned ") == ["1"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("09:00,nowhere,10", "no queue 'nowhere'"),
        ("09:00,repairs,ten", "handling_seconds 'ten' is not a number"),
        ("09:00,repairs,-1", "must be 0 or more"),
        ("09:00,repairs,nan", "must be 0 or more"),
        ("09:00,repairs,1e99", "must be 0 or more"),
        ("25:61,repairs,10", "is not a time"),
        ("2026-13-41 09:00,repairs,10", "is not a time"),
        (",repairs,10", "is not a time"),
        ("09:00,repairs,10,1,2,3,4,5,6,7,8,9,10", "more cells"),
        ("09:00", "queue is empty"),
    ],
)
def test_a_slip_in_a_table_is_told_with_its_line(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(f"arrived,queue,handling_seconds\n09:00,bills,60\n{line}\n", "utf-8")
    told = refused(simulate("demo-water", "--day", str(file)))
    assert "line 3" in told
    assert why in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "lacks the column arrived"),
        ("arrived,queue\n", "lacks the column handling_seconds"),
        ("arrived,queue,handling_seconds\n", "no callers"),
        ("arrived,queue,handling_seconds,colour\n", "unknown column colour"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "day.csv"
    file.write_text(text, "utf-8")
    assert why in refused(simulate("demo-water", "--day", str(file)))


def test_an_invented_day_has_seats_enough_and_tells_that_it_is_invented() -> None:
    result = simulate(
        "demo-water", "--invent", "1500", "--seats=-10%", "--date", DATE, "--lang", "en"
    )
    assert result.exit_code == 0, result.exception
    assert cells(result, "asked for a person")[:2] == ["1,500", "1,500"]
    assert "invented (seed 1)" in result.output
    before, after = (float(cell.rstrip("%")) for cell in cells(result, "answered within 20 s")[:2])
    assert before > 70
    assert after < before


@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_the_chart_is_text_in_any_font_and_the_same_each_time(
    tmp_path: Path, suffix: str, ledger: Path
) -> None:
    pages = []
    for name in ("one", "two"):
        file = tmp_path / f"{name}{suffix}"
        result = simulate("demo-water", "--day", str(ledger), "--seats", "2", "--chart", str(file))
        assert result.exit_code == 0, result.exception
        pages.append(file.read_text("utf-8"))
    assert pages[0] == pages[1]
    assert "示范市自来水服务热线" in pages[0]
    assert "等待人数" in pages[0]
    assert "坐席数 3 → 2" in pages[0]
    if suffix == ".svg":
        ElementTree.fromstring(pages[0])
    else:
        assert "接通率" in pages[0]
        assert "<script" not in pages[0]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "either --day FILE or --invent"),
        (("--day", "x.db", "--invent", "10"), "either --day FILE or --invent"),
        (("--day", "nowhere.db"), "neither a file nor a date"),
        (("--day", "nowhere.csv"), "cannot be read"),
        (("--invent", "0"), "1 to"),
        (("--invent", "-5"), "1 to"),
        (("--invent", "10", "--seats", "few"), "is no number of seats"),
        (("--invent", "10", "--seats", "0"), "leaves 0"),
        (("--invent", "10", "--seats", "-100%"), "leaves 0"),
        (("--invent", "10", "--seats", "2.5"), "whole number"),
        (("--invent", "10", "--seats", "999999"), "can be tried"),
        (("--invent", "10", "--set", "repairs"), "is no setting"),
        (("--invent", "10", "--set", "nowhere.ring_seconds=3"), "names no queue"),
        (("--invent", "10", "--set", "repairs.colour=3"), "nothing that a queue has"),
        (("--invent", "10", "--set", "repairs.ring_seconds=-3"), "is refused"),
        (("--invent", "10", "--set", "repairs.ring_seconds=.nan"), "is refused"),
        (("--invent", "10", "--set", "repairs.ring_seconds=[}"), "is refused"),
        (("--invent", "10", "--rule", "dice"), "dice"),
        (("--invent", "10", "--date", "tomorrow"), "is not a date"),
        (("--invent", "10", "--chart", "day.png"), "ends in .svg or .html"),
        (("--invent", "10", "--chart", "no/such/folder/day.svg"), "no folder"),
    ],
)
def test_bad_input_is_refused_in_plain_words(arguments: tuple[str, ...], why: str) -> None:
    assert why in refused(simulate("demo-water", *arguments))


def test_an_unknown_site_is_told_with_the_known_examples() -> None:
    assert "demo-water" in refused(simulate("atlantis", "--invent", "10"))


def test_the_roster_of_the_day_is_read_from_the_seats(ledger: Path) -> None:
    """Signed on before midnight, lunch, and leaving early: 15 + (3 + 5) + 7 hours or so."""
    result = simulate("demo-water", "--day", str(ledger), "--lang", "en")
    recorded = float(cells(result, "seat hours")[0])
    there = 18 + 8 + 7
    assert recorded == pytest.approx(there, abs=1.5)
    assert len(moves()) == 7
