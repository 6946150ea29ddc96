"""Erlang B, C and A against published figures, a library, and the birth-death chain itself."""

from __future__ import annotations

import math

import call_center_tools as oracle
import numpy as np
import pytest

from acd.erlang import (
    MOST_SEATS,
    Load,
    StaffingRefused,
    Standing,
    Target,
    erlang_a,
    erlang_b,
    erlang_c,
    rostered,
    seats_needed,
    standing,
)

AHT = 180.0
T = 20.0


@pytest.mark.parametrize(
    ("seats", "per_hour", "p_wait", "asa_s", "level"),
    [
        (10, 170, 0.52986, 63.58, 0.5515),
        (50, 900, 0.36386, 13.10, 0.7912),
        (100, 1850, 0.33944, 8.15, 0.8525),
    ],
)
def test_erlang_c_gives_the_known_figures(
    seats: int, per_hour: float, p_wait: float, asa_s: float, level: float
) -> None:
    line = erlang_c(seats, Load(per_hour, AHT), T)
    assert line.p_wait == pytest.approx(p_wait, abs=6e-6)
    assert line.asa_s == pytest.approx(asa_s, abs=6e-3)
    assert line.service_level == pytest.approx(level, abs=6e-5)
    assert line.occupancy == per_hour * AHT / 3600 / seats
    assert line.p_abandon == 0


@pytest.mark.parametrize(
    ("seats", "per_hour", "patience_s", "p_wait", "p_abandon"),
    [(10, 220, 60, 0.51685, 0.20097), (50, 1050, 120, 0.59425, 0.08743)],
)
def test_erlang_a_gives_the_known_figures(
    seats: int, per_hour: float, patience_s: float, p_wait: float, p_abandon: float
) -> None:
    line = erlang_a(seats, Load(per_hour, AHT, patience_s), T)
    assert line.p_wait == pytest.approx(p_wait, abs=6e-6)
    assert line.p_abandon == pytest.approx(p_abandon, abs=6e-6)


@pytest.mark.parametrize("seats", [1, 2, 7, 40, 333, 2_000, 20_000])
@pytest.mark.parametrize("occupancy", [0.05, 0.5, 0.9, 0.99])
def test_erlang_b_and_c_agree_with_a_library(seats: int, occupancy: float) -> None:
    """call-center-tools: another recursion, for 1/B, and its own closed form of C."""
    load = Load(seats * occupancy * 3600 / AHT, AHT)
    line = erlang_c(seats, load, T)
    p_wait = oracle.erlang_c(load.erlangs, seats)
    assert erlang_b(seats, load.erlangs) == pytest.approx(
        oracle.erlang_b(load.erlangs, seats), rel=1e-9, abs=1e-300
    )
    assert line.p_wait == pytest.approx(p_wait, rel=1e-9, abs=1e-300)
    assert line.asa_s == pytest.approx(
        oracle.calc_average_speed_of_answer(load.erlangs, seats, p_wait, AHT), rel=1e-9, abs=1e-300
    )
    assert line.service_level == pytest.approx(
        oracle.calc_service_level(load.erlangs, seats, p_wait, T, AHT), rel=1e-9
    )


def chain(seats: int, load: Load, within_s: float) -> Standing:
    """Erlang A from the balance equations alone.

    lambda p(j) = (min(j+1, n) mu + max(j+1-n, 0) theta) p(j+1), solved in logarithms; who finds k
    waiting is served after k+1 steps of a pure death process in which they may give up themselves.
    """
    assert load.patience_s is not None
    rate, mu, theta = load.calls_per_hour / 3600, 1 / load.handling_s, 1 / load.patience_s
    states = np.arange(0, seats + 3000)
    down = np.minimum(states[1:], seats) * mu + np.maximum(states[1:] - seats, 0) * theta
    logs = np.concatenate(([0.0], np.cumsum(np.log(rate) - np.log(down))))
    p = np.exp(logs - logs.max())
    p /= p.sum()
    waiting = np.maximum(states - seats, 0)
    p_abandon = theta * float(p @ waiting) / rate
    late = p[seats:]
    p_wait = float(late.sum())
    # Uniformization: jumps at one rate for all states, their number in T is Poisson.
    late = late[: int(np.flatnonzero(late > 1e-18)[-1]) + 1]
    leave = seats * mu + np.arange(len(late)) * theta  # one ahead is served or gives up
    jumps = float(leave.max() + theta)
    ahead, served, in_time = late.copy(), 0.0, 0.0
    for jump in range(int(jumps * within_s + 12 * math.sqrt(jumps * within_s) + 30)):
        weight = math.exp(
            jump * math.log(jumps * within_s) - jumps * within_s - math.lgamma(jump + 1)
        )
        in_time += weight * served
        moved = ahead * leave / jumps
        served += float(moved[0])
        ahead = ahead * (1 - (leave + theta) / jumps)
        ahead[:-1] += moved[1:]
    return Standing(
        seats=seats,
        p_wait=p_wait,
        asa_s=math.nan,
        service_level=1 - p_wait + in_time,
        p_abandon=p_abandon,
        occupancy=rate * (1 - p_abandon) / (seats * mu),
    )


@pytest.mark.parametrize(
    ("seats", "per_hour", "patience_s"),
    [(1, 15, 30), (10, 220, 60), (10, 100, 600), (50, 1050, 120), (200, 4800, 90), (300, 5700, 20)],
)
def test_erlang_a_agrees_with_the_balance_equations(
    seats: int, per_hour: float, patience_s: float
) -> None:
    load = Load(per_hour, AHT, patience_s)
    line, exact = erlang_a(seats, load, T), chain(seats, load, T)
    assert line.p_wait == pytest.approx(exact.p_wait, rel=1e-9)
    assert line.p_abandon == pytest.approx(exact.p_abandon, rel=1e-7)
    assert line.occupancy == pytest.approx(exact.occupancy, rel=1e-9)
    assert line.service_level == pytest.approx(exact.service_level, rel=1e-7)


@pytest.mark.parametrize(("seats", "per_hour", "patience_s"), [(10, 220, 60), (50, 1050, 120)])
def test_mean_wait_of_the_answered_is_the_area_beside_the_service_levels(
    seats: int, per_hour: float, patience_s: float
) -> None:
    """The integral over t of the share who are answered, but later than t; by Simpson's rule."""
    load = Load(per_hour, AHT, patience_s)
    line = erlang_a(seats, load, T)
    step, steps = 0.5, 1200
    later = [
        1 - line.p_abandon - erlang_a(seats, load, place * step).service_level
        for place in range(steps + 1)
    ]
    area = later[0] + later[-1] + 4 * sum(later[1:-1:2]) + 2 * sum(later[2:-1:2])
    assert line.asa_s * (1 - line.p_abandon) == pytest.approx(area * step / 3, rel=1e-6)
    assert later[-1] == pytest.approx(0, abs=1e-9)


def test_erlang_a_with_endless_patience_becomes_erlang_c() -> None:
    patient = erlang_a(50, Load(900, AHT, 7 * 86_400), T)
    c = erlang_c(50, Load(900, AHT), T)
    assert patient.p_wait == pytest.approx(c.p_wait, rel=1e-3)
    assert patient.asa_s == pytest.approx(c.asa_s, rel=3e-3)
    assert patient.service_level == pytest.approx(c.service_level, rel=1e-3)


@pytest.mark.parametrize(
    ("seats", "load"),
    [
        (5000, Load(10, AHT, 100_000)),
        (1, Load(65_000, AHT, 100_000)),
        (5000, Load(99_000, AHT, 60)),
        (20_000, Load(500_000, AHT, 7_200)),
        (3, Load(0.001, 1, 0.001)),
    ],
)
def test_extreme_lines_stay_within_what_is_possible(seats: int, load: Load) -> None:
    line = erlang_a(seats, load, T)
    for share in (line.p_wait, line.service_level, line.p_abandon, line.occupancy):
        assert 0 <= share <= 1
    assert 0 <= line.asa_s < math.inf
    # What is not served gives up: never less than what the seats cannot do.
    assert line.p_abandon >= 1 - seats / load.erlangs - 1e-9


def test_a_line_without_end_is_told_as_one() -> None:
    line = erlang_c(9, Load(180, AHT), T)
    assert (line.p_wait, line.asa_s, line.service_level) == (1, math.inf, 0)


@pytest.mark.parametrize("patience_s", [None, 120.0])
@pytest.mark.parametrize("per_hour", [3, 170, 900, 20_000])
def test_seats_needed_are_the_fewest_that_meet_the_target(
    per_hour: float, patience_s: float | None
) -> None:
    load, target = Load(per_hour, AHT, patience_s), Target(0.8, T)
    seats = seats_needed(load, target)
    assert target.met_by(standing(seats, load, T))
    assert seats == 1 or not target.met_by(standing(seats - 1, load, T))


def test_seats_needed_agree_with_a_library() -> None:
    found = oracle.calc_staffing(900, AHT, max_occupancy=0.88)
    assert seats_needed(Load(900, AHT), Target(0.8, T, 0.88)) == found.agents == 52


def test_impatient_callers_need_fewer_seats() -> None:
    target = Target(0.8, T)
    assert seats_needed(Load(900, AHT, 120), target) < seats_needed(Load(900, AHT), target)


def test_highest_occupancy_asks_for_more_seats_than_the_service_level() -> None:
    load = Load(9_000, AHT)
    relaxed = seats_needed(load, Target(0.8, T, 0.85))
    assert relaxed > seats_needed(load, Target(0.8, T))
    assert relaxed == math.ceil(load.erlangs / 0.85)


def test_rostered_people_cover_shrinkage() -> None:
    assert rostered(70, 0.3) == 100
    assert rostered(71, 0.3) == 102
    assert rostered(10, 0) == 10


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, 1e12])
def test_what_no_contact_centre_has_is_refused(bad: float) -> None:
    with pytest.raises(StaffingRefused) as refused:
        Load(bad, AHT)
    assert refused.value.what == "calls per hour"
    with pytest.raises(StaffingRefused):
        Load(100, bad)
    with pytest.raises(StaffingRefused):
        Load(100, AHT, bad)


@pytest.mark.parametrize("seats", [0, -3, MOST_SEATS + 1])
def test_seats_out_of_range_are_refused(seats: int) -> None:
    with pytest.raises(StaffingRefused):
        erlang_c(seats, Load(100, AHT), T)
    with pytest.raises(StaffingRefused):
        erlang_a(seats, Load(100, AHT, 60), T)


@pytest.mark.parametrize(
    "bad", [(0, 20, 1), (1, 20, 1), (1.2, 20, 1), (math.nan, 20, 1), (0.8, -1, 1), (0.8, 20, 0)]
)
def test_targets_that_cannot_be_met_are_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(StaffingRefused):
        Target(*bad)


@pytest.mark.parametrize("bad", [-0.1, 1.0, math.nan])
def test_shrinkage_out_of_range_is_refused(bad: float) -> None:
    with pytest.raises(StaffingRefused):
        rostered(10, bad)


def test_erlang_a_without_patience_is_refused() -> None:
    with pytest.raises(StaffingRefused, match="patience"):
        erlang_a(10, Load(100, AHT), T)


def test_a_load_beyond_all_seats_is_refused() -> None:
    with pytest.raises(StaffingRefused, match="do not meet"):
        seats_needed(Load(10_000_000, 3600), Target(0.8, T))
