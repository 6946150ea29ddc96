"""What the bench's tables are made of."""

from __future__ import annotations

import io
import os

import pytest
from rich.console import Console

from bench.ivr.listen import Answer, Measured
from bench.ivr.report import Figures, as_dict, rows, show
from bench.ivr.turns import Plan, Side, Use

PLAN = Plan(2, 1.0, sound=False)
LOAD = (0.1, 0.1, 0.1)


def heard(ms: int, *, count: int = 100) -> Measured:
    answers = [Answer(ms * 1000, ms * 1000 + 100_000, barge_in=n % 2 == 0) for n in range(count)]
    return Measured(answers=answers, gaps_us=[20_000] * 99 + [41_000], joins_us=[9_000])


def sides() -> tuple[Side, Side]:
    floor, daemon = Side.both()
    floor.measured, daemon.measured = heard(1), heard(3)
    for side in (floor, daemon):
        side.note(Use({"Asterisk": 1.0}, {"Asterisk": 0.5}, 10.0, 100.0), USED)
    return floor, daemon


USED = Use({"Asterisk": 2.0}, {"Asterisk": 0.75}, 11.5, 110.0)


def test_percentiles_are_in_milliseconds() -> None:
    figures = Figures.of([n * 1000 for n in range(101)])
    assert (figures.n, figures.p50, figures.p95, figures.p99, figures.max) == (101, 50, 95, 99, 100)
    with pytest.raises(ValueError, match="nothing"):
        Figures.of([])


def test_barge_in_and_silence_are_parted() -> None:
    by_name = {name.strip(): samples for name, samples in rows(heard(1)).items()}
    assert len(by_name["barge-in"]) == len(by_name["in silence"]) == 50
    assert by_name["key's beginning to next prompt"] == [101_000] * 100


def test_use_of_the_processors_is_what_came_between_two_looks() -> None:
    floor, _ = sides()
    assert (floor.cpu_s["Asterisk"], floor.waited_s["Asterisk"]) == (1.0, 0.25)
    assert (floor.others_s, floor.wall_s) == (0.5, 10.0)


def test_a_look_at_a_living_process_finds_it() -> None:
    use = Use.now({"me": os.getpid()})
    assert 0 < use.cpu_s["me"] <= use.all_s
    assert use.waited_s["me"] >= 0


def test_table_holds_both_sides_their_ratio_and_gaps() -> None:
    text = io.StringIO()
    show(Console(file=text, width=200), PLAN, 1, sides(), LOAD)
    lines = text.getvalue().splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("key's end"))
    assert lines[first].split()[-6:] == ["dialplan", "1.00", "1.00", "1.00", "1.00", "100"]
    assert lines[first + 2].split() == ["ratio", "3.00", "3.00", "3.00", "3.00"]
    assert sum("gaps above 40 ms: 1" in line for line in lines) == 2


def test_table_of_nothing_measured_does_not_raise() -> None:
    floor, daemon = sides()
    floor.measured = Measured(unanswered=4)
    text = io.StringIO()
    show(Console(file=text, width=200), PLAN, 1, (floor, daemon), LOAD)
    assert "keys unanswered 4" in text.getvalue()
    assert as_dict(PLAN, 1, (floor, daemon), LOAD)["dialplan"]["figures_ms"] == {}
