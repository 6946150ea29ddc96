"""The estimated wait: figures that can be checked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.estimate import LONGEST_US, SHORTEST_US, ServiceTimes, expected_wait_us, spoken_minutes
from cti.facts import QueueRecord, WaitTold
from cti.ids import QueueId
from tests.unit.story import SECOND, WRAP_UP, Story

REPAIRS = QueueId("repairs")


def times() -> ServiceTimes:
    return ServiceTimes([QueueRecord(REPAIRS, 15 * SECOND, 0)])


def test_before_any_call_the_site_setting_is_the_mean() -> None:
    assert times().mean_us(REPAIRS) == 180 * SECOND


def test_a_new_value_counts_for_one_part_in_eight() -> None:
    measured = times()
    measured.took(REPAIRS, 260 * SECOND)
    assert measured.mean_us(REPAIRS) == 190 * SECOND


def test_a_forgotten_line_and_a_slip_do_not_count_in_full() -> None:
    long, short = times(), times()
    long.took(REPAIRS, 100_000 * SECOND)
    short.took(REPAIRS, 0)
    assert long.mean_us(REPAIRS) == 180 * SECOND + (LONGEST_US - 180 * SECOND) // 8
    assert short.mean_us(REPAIRS) == 180 * SECOND + (SHORTEST_US - 180 * SECOND) // 8


def test_unknown_queue_is_passed_over() -> None:
    measured = times()
    measured.took(QueueId("gone"), 10 * SECOND)
    with pytest.raises(KeyError):
        measured.mean_us(QueueId("gone"))


@given(st.lists(st.integers(0, 10**13)))
def test_the_mean_stays_within_what_is_possible(values: list[int]) -> None:
    measured = times()
    for value in values:
        measured.took(REPAIRS, value)
        assert SHORTEST_US <= measured.mean_us(REPAIRS) <= LONGEST_US


@pytest.mark.parametrize(
    ("place", "seats", "wait_s"), [(1, 1, 180), (3, 1, 540), (3, 4, 135), (1, 0, None)]
)
def test_wait_is_place_times_mean_over_seats(place: int, seats: int, wait_s: int | None) -> None:
    wait = expected_wait_us(place, 180 * SECOND, seats)
    assert wait == (None if wait_s is None else wait_s * SECOND)


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [
        *[(0, 1), (1, 1), (60, 1), (61, 2), (300, 5), (600, 10), (601, 15), (900, 15)],
        *[(1201, 25), (1800, 30), (1801, 40), (2400, 40), (3601, 70)],
    ],
)
def test_minutes_are_rounded_up_as_people_say_them(seconds: int, minutes: int) -> None:
    assert spoken_minutes(seconds * SECOND) == minutes


@given(st.integers(0, 10**12))
def test_spoken_minutes_are_never_less_than_the_wait_and_never_zero(wait_us: int) -> None:
    assert spoken_minutes(wait_us) * 60 * SECOND >= wait_us
    assert spoken_minutes(wait_us) >= 1


def serve_one(story: Story, talk_s: float) -> None:
    story.call_waits()
    story.rings("1001")
    story.answers("1001")
    story.wait(talk_s)
    offer = story.offer("1001")
    story.hang_up_begins(offer)
    story.channel_gone(offer)


def test_talk_and_wrap_up_of_served_calls_move_the_estimate() -> None:
    story = Story()
    story.signs_on("1001")
    serve_one(story, 100)
    story.wait(WRAP_UP / SECOND)  # the wrap-up runs out
    serve_one(story, 100)
    story.call_waits()
    (told,) = story.all(WaitTold)
    once = 180 * SECOND + (100 * SECOND + WRAP_UP - 180 * SECOND) // 8
    # The second call is in wrap-up still; 3 ms lie between an answer and the talk.
    assert told.wait_us == pytest.approx(once, abs=1_000)


def test_wrap_up_cut_short_counts_as_long_as_it_was() -> None:
    story = Story()
    story.signs_on("1001")
    serve_one(story, 100)
    story.wait(2)
    story.wishes("1001", "ready")
    serve_one(story, 100)
    story.call_waits()
    (told,) = story.all(WaitTold)
    once = 180 * SECOND + (102 * SECOND - 180 * SECOND) // 8
    assert told.wait_us == pytest.approx(once, abs=1_000)


def test_figures_for_a_menu() -> None:
    story = Story(wrap_up=0)
    figures = story.dispatcher.figures(REPAIRS)
    assert (figures.waiting, figures.seats_signed_on, figures.wait_s) == (0, 0, None)
    story.signs_on("1001", "1002")
    figures = story.dispatcher.figures(REPAIRS)
    assert (figures.seats_ready, figures.seats_signed_on, figures.wait_s) == (2, 2, 0.0)
    story.wishes("1002", "pause", "tea")
    story.call_waits()
    story.rings("1001")
    story.answers("1001")
    story.call_waits()
    figures = story.dispatcher.figures(REPAIRS)
    assert (figures.waiting, figures.seats_ready, figures.seats_signed_on) == (1, 0, 2)
    assert figures.wait_s == 360.0
    with pytest.raises(KeyError):
        story.dispatcher.figures(QueueId("nowhere"))
