"""What waiting callers are foretold, on lines that move."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.estimate import Correction, GivingUp, Pace, expected_wait_us
from bench.acd.estimate import errors_of, foretold_on
from bench.acd.hotlines import Hotline
from cti.facts import LinkLost, Resynced, SeatOffered, SeatState, SnapshotTaken, TimePassed
from cti.ids import QueueId
from tests.unit.acd.floor import SECOND, START, Floor, queue, seat

USUAL = 180 * SECOND
WORKING: Final = set(SeatState) - {
    SeatState.SIGNED_OFF,
    SeatState.PAUSED,
    SeatState.UNREACHABLE,
}


# ----------------------------------------------------------------------------------- the parts


@pytest.mark.parametrize("place", [1, 2, 5, 100, 10_000])
def test_the_line_moves_by_services_and_by_those_who_give_up(place: int) -> None:
    seats, giving_up = 4, 1 / (300 * SECOND)
    wait = expected_wait_us(place, USUAL, seats, giving_up)
    exact = sum(1 / (seats / USUAL + ahead * giving_up) for ahead in range(place))
    assert wait == pytest.approx(exact, rel=0.02)


def test_pace_is_the_mean_service_time_until_it_is_measured() -> None:
    pace = Pace()
    assert pace.seat_us(USUAL) == USUAL
    pace.served(START, 3, USUAL, more=True)
    assert pace.seat_us(USUAL) == USUAL


def test_pace_comes_to_what_goes_by_for_each_caller_served() -> None:
    pace, at = Pace(), START
    pace.begins(at, 3)
    for _ in range(200):
        at += 20 * SECOND
        pace.served(at, 3, USUAL, more=True)
    assert pace.seat_us(USUAL) == pytest.approx(60 * SECOND, rel=0.02)


def test_pace_is_not_measured_while_nobody_waits_or_no_seat_is_there() -> None:
    pace = Pace()
    pace.begins(START, 3)
    pace.served(START + 60 * SECOND, 3, USUAL, more=False)
    known = pace.seat_us(USUAL)
    pace.served(START + 9_000 * SECOND, 3, USUAL, more=False)
    assert pace.seat_us(USUAL) == known
    pace.begins(START + 9_000 * SECOND, 0)
    pace.served(START + 99_000 * SECOND, 3, USUAL, more=False)
    assert pace.seat_us(USUAL) == known


def test_one_endless_gap_counts_no_more_than_eight_usual_ones() -> None:
    pace = Pace()
    pace.begins(START, 1)
    pace.served(START + 10**13, 1, USUAL, more=True)
    assert pace.seat_us(USUAL) == pytest.approx(USUAL * 12 / 5, rel=0.02)


def test_clock_that_jumps_back_is_not_measured() -> None:
    pace = Pace()
    pace.begins(START, 3)
    pace.served(START - 50 * SECOND, 3, USUAL, more=True)
    assert pace.seat_us(USUAL) == USUAL


def test_who_comes_back_from_a_seat_has_not_been_served() -> None:
    pace, other = Pace(), Pace()
    for one in (pace, other):
        one.begins(START, 1)
        one.served(START + USUAL, 1, USUAL, more=True)
        one.served(START + 2 * USUAL, 1, USUAL, more=True)
    pace.came_back()
    assert pace.seat_us(USUAL) > other.seat_us(USUAL)
    for _ in range(9):
        pace.came_back()
    assert pace.seat_us(USUAL) > 0


def test_giving_up_is_counted_by_the_time_waited() -> None:
    giving_up = GivingUp()
    assert giving_up.rate == 0
    for turn in range(2_000):
        giving_up.ended(60 * SECOND, gave_up=turn % 5 == 0)
    assert 1 / giving_up.rate / SECOND == pytest.approx(300, rel=0.15)


def test_correction_says_as_foretold_at_first_and_learns_what_is_left_out() -> None:
    correction = Correction()
    assert correction(37.0) == pytest.approx(37.0)
    for turn in range(500):
        foretold = 20.0 + turn % 100
        correction.learn(foretold, 0.8 * foretold + 5)
    assert correction(60) == pytest.approx(53, abs=3)
    assert correction(100) == pytest.approx(85, abs=3)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), max_size=40), st.floats(0, 1e5))
def test_correction_stays_within_bounds_whatever_comes(
    pairs: list[tuple[float, float]], foretold: float
) -> None:
    correction = Correction()
    for one, came in pairs:
        correction.learn(one, came)
    assert 0 <= correction(foretold) <= 1.2 * foretold + 30


# ------------------------------------------------------------------------------- on the floor


def full(*names: str) -> Floor:
    """All seats of these names talk."""
    floor = Floor([seat(name) for name in names], [queue()])
    floor.signs_on(*names)
    for name in names:
        floor.joins(f"first-{name}")
        floor.answers(name)
    return floor


def test_nobody_there_is_no_estimate() -> None:
    floor = full("1001", "1002")
    floor.joins("anna")
    assert floor.wait_s("anna") == 90
    floor.wishes("1001", "sign-off")
    floor.wishes("1002", "pause", "tea")
    assert floor.wait_s("anna") == 90, "they talk still, and a wish is for later"
    floor.leaves("1002")
    assert floor.wait_s("anna") == 180
    floor.leaves("1001")
    assert floor.wait_s("anna") is None
    assert floor.dispatcher.wait_us(QueueId("repairs"), 1) is None
    assert floor.wait_s("nobody") is None


def test_more_seats_shorten_the_next_estimate() -> None:
    floor = Floor([seat(name) for name in ("1001", "1002")], [queue()])
    floor.signs_on("1001")
    for call in ("anna", "bert", "carl"):
        floor.joins(call)
        floor.wait(1)
    assert floor.wait_s("bert") == 180, "a seat rings for anna"
    floor.answers("1001")
    assert floor.wait_s("carl") == 360
    floor.wait(179)
    floor.signs_on("1002")
    assert floor.offered("bert").seat == "1002"
    assert floor.wait_s("carl") == pytest.approx(90, rel=0.02)


def test_lead_who_stands_in_is_somebody() -> None:
    floor = Floor([seat("1001", role="lead")], [queue()])
    floor.joins("anna")
    assert floor.wait_s("anna") is None
    floor.signs_on("1001")
    floor.answers("1001")
    floor.joins("bert")
    assert floor.wait_s("bert") == 180


def test_who_needs_a_rare_skill_waits_for_the_seats_that_have_it() -> None:
    names = [f"{1001 + place}" for place in range(10)]
    seats = [
        seat(name, skills={"gas": 5} if place == 0 else {}) for place, name in enumerate(names)
    ]
    floor = Floor(seats, [queue()])
    floor.signs_on(*names)
    for name in names:
        floor.joins(f"first-{name}")
        floor.answers(name)
    floor.joins("plain")
    floor.wait(1)
    floor.joins("gas", skills=("gas:3",))
    plain, gas = floor.wait_s("plain"), floor.wait_s("gas")
    assert plain is not None and gas is not None
    assert plain == 18
    assert gas > 150


def test_seats_that_serve_another_line_count_for_what_they_give() -> None:
    """Every second call of both seats is of the other queue."""
    both = ("repairs", "bills")
    floor = Floor([seat("1001", *both), seat("1002", *both)], [queue(), queue("bills")])
    floor.signs_on("1001", "1002")
    for turn in range(120):
        floor.joins(f"a{turn}", both[turn % 2])
        floor.wait(0.5)
    for _ in range(50):
        for name in ("1001", "1002"):
            floor.answers(name)
        floor.wait(180)
        for name in ("1001", "1002"):
            floor.leaves(name, 180)
    floor.joins("late")
    waiting = len(floor.dispatcher.order(QueueId("repairs")))
    wait = floor.wait_s("late")
    # 180 s for two callers, one of them from repairs: the mean service time says half of that.
    assert wait == pytest.approx((waiting - 1) * 180, rel=0.25)


def test_callers_who_give_up_shorten_what_is_foretold() -> None:
    patient, hasty = full("1001"), full("1001")
    for floor, patience in ((patient, None), (hasty, 30)):
        for turn in range(60):
            floor.joins(f"c{turn}")
            floor.wait(5)
            if patience and turn >= 6:
                floor.gives_up(f"c{turn - 6}", patience)
        for turn in range(20):
            floor.joins(f"late{turn}")
    of_patient = patient.dispatcher.wait_us(QueueId("repairs"), 20)
    of_hasty = hasty.dispatcher.wait_us(QueueId("repairs"), 20)
    assert of_patient is not None and of_hasty is not None
    assert of_hasty < of_patient / 3


def test_merged_lines_are_one_line() -> None:
    records = [queue(), queue("bills", merged_into=QueueId("repairs"))]
    floor = Floor([seat("1001")], records)
    floor.signs_on("1001")
    floor.joins("anna")
    floor.answers("1001")
    floor.joins("bert", "repairs")
    floor.joins("carl", "bills")
    assert floor.wait_s("carl") == 360


def test_what_moved_while_the_link_was_away_is_not_measured() -> None:
    floor = full("1001")
    floor.joins("anna")
    floor.joins("bert")
    before = floor.wait_s("bert")
    floor.tell(LinkLost(at=floor.now))
    floor.wait(10_000)
    devices = tuple((one.device, one.device_state) for one in floor.dispatcher.seats())
    floor.tell(SnapshotTaken(at=floor.now, devices=devices))
    floor.tell(Resynced(at=floor.now))
    floor.leaves("1001")
    floor.answers("1001")
    assert before == 360
    bert = floor.wait_s("bert")
    assert bert is not None
    assert bert < 300


def test_on_a_multi_skill_hotline_ours_is_nearer_than_the_first_in_line_and_the_formula() -> None:
    """The mean squared error is at most seven tenths of the head-of-line rule's."""
    shared = Hotline(
        "shared",
        {"a": (70, 240), "b": (90, 240)},
        ((5, ("a",)), (6, ("a", "b"))),
        patience_s=300,
        profile=(1.0, 1.2, 0.9),
    )
    found = [one for seed in (1, 2) for one in foretold_on(shared, seed)]
    ours, first = errors_of("ours", found), errors_of("HOL", found)
    assert ours.n > 300
    assert ours.rmse**2 < 0.7 * first.rmse**2
    assert ours.rmse < errors_of("formula", found).rmse
    assert abs(ours.bias) < 10


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("joins"), st.integers(0, 9), st.sampled_from(["", "gas", "gas:9"])),
        st.tuples(
            st.sampled_from(["sign-on", "sign-off", "pause", "ready"]), st.integers(1001, 1003)
        ),
        st.tuples(st.sampled_from(["answers", "leaves", "fails"]), st.integers(1001, 1003)),
        st.tuples(st.just("gives_up"), st.integers(0, 59)),
        st.tuples(st.just("wait"), st.integers(0, 5_000)),
        st.tuples(st.just("back"), st.integers(0, 100)),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_whatever_happens_an_estimate_is_a_time_or_nobody_is_there(steps: list[Any]) -> None:
    seats = [seat("1001", skills={"gas": 9}), seat("1002"), seat("1003", role="lead")]
    floor = Floor(seats, [queue(), queue("bills", merged_into=QueueId("repairs"))])
    for number, (what, value, *more) in enumerate(steps):
        match what:
            case "joins":
                skills = (more[0],) if more[0] else ()
                floor.joins(
                    f"c{number}", ("repairs", "bills")[value % 2], priority=value, skills=skills
                )
            case "answers" | "leaves" | "fails":
                if any(one.seat == str(value) for one in floor.all(SeatOffered)):
                    getattr(floor, what)(str(value))
            case "gives_up":
                floor.gives_up(f"c{value}", 30)
            case "wait":
                floor.wait(value)
            case "back":
                floor.tell(TimePassed(at=floor.now - value * SECOND))  # a clock that jumps
            case wish:
                floor.wishes(str(value), wish, "tea")
        there = any(one.state in WORKING for one in floor.dispatcher.seats())
        for call in floor.dispatcher.order(QueueId("repairs")):
            wait = floor.dispatcher.wait_of(call)
            assert wait is None or 0 <= wait < 10**13
            assert there or wait is None
        plain = floor.dispatcher.wait_us(QueueId("repairs"), 1)
        assert (plain is not None) == there
