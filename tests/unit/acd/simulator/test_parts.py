"""Draws, intervals, patience, arrivals, figures."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean

import pytest

from acd.simulator.arrivals import HOUR_US, TYPICAL_DAY, poisson, spread
from acd.simulator.chance import exponential_us, lognormal_us, one_of
from acd.simulator.day import Contact
from acd.simulator.fates import Fate
from acd.simulator.figures import course, figures
from acd.simulator.interval import controlled_interval, mean_interval, student_t
from acd.simulator.patience import Patience
from cti.facts import SeatState, SeatStateChanged
from cti.ids import CallId, SeatId
from tests.unit.acd.simulator.hotline import LINE, NINE, SECOND


@pytest.mark.parametrize(
    ("freedom", "confidence", "t"),
    [
        (1, 0.95, 12.7062),
        (2, 0.95, 4.30265),
        (3, 0.99, 5.84091),
        (18, 0.95, 2.10092),
        (19, 0.95, 2.09302),
        (29, 0.90, 1.69913),
        (1000, 0.95, 1.96234),
    ],
)
def test_students_t_is_that_of_the_tables(freedom: int, confidence: float, t: float) -> None:
    assert student_t(freedom, confidence) == pytest.approx(t, rel=1e-5)


def test_interval_is_the_textbooks() -> None:
    interval = mean_interval([9, 11, 10, 12, 8])
    assert interval.mean == 10
    assert interval.half == pytest.approx(2.77645 * math.sqrt(2.5 / 5), rel=1e-5)
    assert interval.holds(interval.low)
    assert interval.holds(interval.high)
    assert not interval.holds(interval.high + 1e-6)


def test_intervals_hold_the_truth_in_95_of_100_cases() -> None:
    """Both, in 1,000 experiments of ten values with a control that explains half of them."""
    chance = Random(2)
    plain = narrow = 0
    for _ in range(1_000):
        loads = [chance.gauss(0, 1) for _ in range(10)]
        values = [5 + load + chance.gauss(0, 1) for load in loads]
        plain += mean_interval(values).holds(5)
        narrow += controlled_interval(values, loads).holds(5)
    assert 930 <= plain <= 970
    assert 930 <= narrow <= 970


def test_a_control_takes_out_what_it_explains() -> None:
    chance = Random(1)
    loads = [chance.gauss(0, 0.1) for _ in range(20)]
    exact = controlled_interval([7 + 3 * load for load in loads], loads)
    assert exact.mean == pytest.approx(7)
    assert exact.half == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("few", [[], [1.0]])
def test_too_few_replications_are_refused(few: list[float]) -> None:
    with pytest.raises(ValueError, match="two"):
        mean_interval(few)
    with pytest.raises(ValueError, match="three"):
        controlled_interval(few, few)


def test_draws_have_the_means_asked_for() -> None:
    chance = Random(3)
    exponential = [exponential_us(chance, 180) / 1e6 for _ in range(20_000)]
    talks = [lognormal_us(chance, 180, 0.8) / 1e6 for _ in range(20_000)]
    assert fmean(exponential) == pytest.approx(180, rel=0.03)
    assert fmean(talks) == pytest.approx(180, rel=0.03)
    spread_of_talks = math.sqrt(fmean([(talk - 180) ** 2 for talk in talks]))
    assert spread_of_talks / 180 == pytest.approx(0.8, rel=0.05)
    assert {one_of(chance, "abc") for _ in range(100)} == set("abc")


def test_poisson_arrivals_come_at_their_rate_within_their_time() -> None:
    times = list(poisson(Random(4), 900, NINE, NINE + 24 * HOUR_US))
    assert len(times) == pytest.approx(900 * 24, rel=0.03)
    assert times == sorted(times)
    assert NINE <= times[0] <= times[-1] < NINE + 24 * HOUR_US


def test_a_days_profile_is_kept_and_the_count_is_exact() -> None:
    times = spread(Random(5), 50_000, TYPICAL_DAY, NINE, NINE + 24 * HOUR_US)
    assert len(times) == 50_000
    by_hour = [0] * 24
    for at in times:
        by_hour[(at - NINE) // HOUR_US] += 1
    total = sum(TYPICAL_DAY)
    for count, weight in zip(by_hour, TYPICAL_DAY, strict=True):
        assert count == pytest.approx(50_000 * weight / total, rel=0.12)


def test_patience_of_a_small_day_is_kaplan_and_meiers() -> None:
    """Six callers: gave up after 10, 20 and 20 s; answered after 15, 30 and 30 s."""
    waits = [(10, True), (15, False), (20, True), (20, True), (30, False), (30, False)]
    patience = Patience.of([(wait * SECOND, gone) for wait, gone in waits])
    assert patience.longer_than(9 * SECOND) == 1
    assert patience.longer_than(10 * SECOND) == pytest.approx(5 / 6)
    assert patience.longer_than(20 * SECOND) == pytest.approx(5 / 6 * 2 / 4)
    assert patience.mean_s == pytest.approx(125 / 3)


def test_patience_is_found_again_though_most_were_answered() -> None:
    """Leaving the answered out would find a mean of some 25 s instead of 120."""
    chance = Random(6)
    waits = []
    for _ in range(20_000):
        patience, answer = exponential_us(chance, 120), exponential_us(chance, 40)
        waits.append((min(patience, answer), patience < answer))
    found = Patience.of(waits)
    assert found.mean_s == pytest.approx(120, rel=0.05)
    for seconds in (10, 40, 80):
        expected = math.exp(-seconds / 120)
        assert found.longer_than(seconds * SECOND) == pytest.approx(expected, abs=0.02)
    drawn = [found.draw(chance) for _ in range(5_000)]
    assert fmean([us / 1e6 for us in drawn if us is not None]) == pytest.approx(120, rel=0.08)


def test_patience_drawn_for_somebody_answered_is_longer_than_their_wait() -> None:
    chance = Random(7)
    found = Patience.of([(wait * SECOND, True) for wait in range(1, 100)])
    for waited in (0, 50 * SECOND, 98 * SECOND, 99 * SECOND, 500 * SECOND):
        drawn = [found.draw(chance, waited) for _ in range(50)]
        assert all(us is not None and us > waited for us in drawn)


def test_a_day_on_which_nobody_gave_up_tells_of_endless_patience() -> None:
    found = Patience.of([(SECOND, False)])
    assert found.mean_s is None
    assert found.draw(Random(8)) is None


def fate(joined_s: int, *, answered_s: int | None = None, gone_s: int | None = None) -> Fate:
    at = NINE + joined_s * SECOND
    contact = Contact(at, LINE, 60 * SECOND, lead_us=SECOND)
    return Fate(
        contact,
        CallId("1"),
        answered_at=None if answered_s is None else NINE + answered_s * SECOND,
        gone_at=None if gone_s is None else NINE + gone_s * SECOND,
    )


def change(at_s: int, old: SeatState, new: SeatState) -> SeatStateChanged:
    return SeatStateChanged(at=NINE + at_s * SECOND, seat=SeatId("1"), old=old, new=new)


S = SeatState
CHANGES = [
    change(0, S.SIGNED_OFF, S.READY),
    change(10, S.READY, S.RINGING),
    change(20, S.RINGING, S.TALKING),
    change(60, S.TALKING, S.WRAP_UP),
    change(80, S.WRAP_UP, S.PAUSED),
    change(90, S.PAUSED, S.READY),
]


def test_figures_of_a_small_day() -> None:
    fates = [
        fate(0, answered_s=0),
        fate(0, answered_s=19),
        fate(10, answered_s=30),
        fate(20, gone_s=60),
        fate(50),
    ]
    day = figures(fates, CHANGES, NINE + 100 * SECOND, 20 * SECOND)
    assert (day.offered, day.answered, day.abandoned, day.unserved) == (5, 3, 1, 1)
    assert (day.in_time, day.waited) == (2, 4)
    assert day.answer_rate == 0.6
    assert day.service_level == 0.4
    assert day.asa_s == pytest.approx((1 + 20 + 21) / 3)
    assert day.mean_wait_s == pytest.approx((1 + 20 + 21 + 41) / 4)
    assert day.longest_wait_s == 51
    assert day.occupancy == pytest.approx(70 / 90)


def test_course_is_exact_by_area() -> None:
    fates = [fate(5, answered_s=25), fate(12, gone_s=18), fate(15)]
    day = course(fates, CHANGES, begin=NINE, end=NINE + 40 * SECOND, step=10 * SECOND)
    assert day.waiting == pytest.approx([0.5, 2.1, 1.5, 1.0])
    assert day.there == pytest.approx([1, 1, 1, 1])
    assert day.busy == pytest.approx([0, 1, 1, 1])


def test_figures_of_nobody_are_zeros() -> None:
    day = figures([], [], NINE, SECOND)
    assert (day.offered, day.answer_rate, day.service_level, day.occupancy) == (0, 0, 0, 0)
