"""Customers are rung again by the cause of the failure, and never at night."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.callback_book import CallbackState
from acd.callback_rules import CallbackRules, RingingHours
from config.site import load_site
from cti.facts import (
    CallbackBooked,
    CallbackFailure,
    CallbackOffered,
    CallbackRetry,
    QueueRecord,
    SeatOffered,
)
from cti.ids import CallId, QueueId
from cti.site_routing import routing_of
from tests.unit.config.test_site import GOOD
from tests.unit.story import Story
from tests.unit.story_callbacks import books, busy, leg_gone, rings, seat_is_free

MINUTE = 60_000_000
HOUR = 60 * MINUTE
SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
DAYTIME = RingingHours(SHANGHAI, 8 * 60, 21 * 60)


def moment(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-02T07:59:59", "2026-03-02T08:00:00"),
        ("2026-03-02T08:00:00", "2026-03-02T08:00:00"),
        ("2026-03-02T20:59:59", "2026-03-02T20:59:59"),
        ("2026-03-02T21:00:00", "2026-03-03T08:00:00"),
        ("2026-12-31T23:30:00", "2027-01-01T08:00:00"),
    ],
)
def test_nobody_is_rung_outside_the_hours(now: str, opens: str) -> None:
    assert DAYTIME.next_open(moment(now)) == moment(opens)


def test_hours_follow_the_clock_on_the_wall_when_it_is_put_forward() -> None:
    hours = RingingHours(BERLIN, 8 * 60, 21 * 60)
    evening = moment("2026-03-28T22:00:00", BERLIN)
    assert hours.next_open(evening) - evening == 9 * HOUR
    assert hours.next_open(evening) == moment("2026-03-29T08:00:00", BERLIN)


def test_round_the_clock_never_closes() -> None:
    always = RingingHours(SHANGHAI, 0, 1440)
    midnight = moment("2026-03-02T00:00:00")
    assert always.next_open(midnight) == midnight
    assert always.closes_at(midnight) is None
    assert RingingHours(SHANGHAI, 600, 1440).closes_at(midnight) == midnight + 24 * HOUR


@given(
    at=st.integers(0, 4 * 10**15),
    opens=st.integers(0, 1438),
    length=st.integers(1, 1440),
    zone=st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/Sao_Paulo"), UTC]),
)
def test_next_open_is_open_and_the_wall_clock_says_so(
    at: int, opens: int, length: int, zone: ZoneInfo
) -> None:
    closes = min(1440, opens + length)
    hours = RingingHours(zone, opens, closes)
    found = hours.next_open(at)
    assert at <= found <= at + 50 * HOUR
    assert hours.next_open(found) == found
    end = hours.closes_at(found)
    assert end is None or end > found


@pytest.mark.parametrize(
    ("reason", "attempts", "minutes"),
    [
        ("customer-busy", 1, 3),
        ("customer-busy", 2, 5),
        ("customer-busy", 7, 5),
        ("customer-unreachable", 1, 30),
        ("customer-no-answer", 1, 10),
        ("customer-gone", 1, 10),
        ("lost-sight", 1, 10),
    ],
)
def test_pause_goes_by_the_cause_and_the_attempt(
    reason: CallbackFailure, attempts: int, minutes: int
) -> None:
    retry = (
        CallbackRetry("busy", (3 * MINUTE, 5 * MINUTE)),
        CallbackRetry("unreachable", (30 * MINUTE,)),
    )
    queue = QueueRecord(QueueId("service"), 1, 1, callback_retry=retry)
    noon = moment("2026-03-02T12:00:00")
    again = CallbackRules().again_at(queue, reason, attempts, noon)
    assert again == noon + minutes * MINUTE


def test_pause_that_ends_at_night_ends_in_the_morning() -> None:
    queue = QueueRecord(QueueId("service"), 1, 1)
    late = moment("2026-03-02T20:55:00")
    again = CallbackRules(hours=DAYTIME).again_at(queue, "customer-no-answer", 1, late)
    assert again == moment("2026-03-03T08:00:00")


def retry_of(tmp_path: Path, more: str) -> dict[str, tuple[int, ...]]:
    """The first queue's pauses in minutes, when its part of the file has `more`."""
    file = tmp_path / "site.yaml"
    file.write_text(GOOD.replace("queues:\n", "queues:\n  extra: {name: {en: E}" + more + "}\n", 1))
    record = routing_of(load_site(file)).queues[0]
    found: dict[str, tuple[int, ...]] = {
        one.cause: tuple(us // MINUTE for us in one.after_us) for one in record.callback_retry
    }
    return {**found, "else": (record.callback_retry_us // MINUTE,)}


def test_settings_by_cause_over_one_for_all_over_what_is_usual(tmp_path: Path) -> None:
    usual = {"busy": (3,), "no-answer": (10,), "unreachable": (30,), "else": (10,)}
    assert retry_of(tmp_path, "") == usual
    assert retry_of(tmp_path, ", callback_retry_minutes: 7") == {"else": (7,)}
    by_cause = retry_of(tmp_path, ", callback_retry: {busy: [1, 2]}")
    assert by_cause == {**usual, "busy": (1, 2)}
    both = ", callback_retry_minutes: 7, callback_retry: {busy: [1]}"
    assert retry_of(tmp_path, both) == {"busy": (1,), "else": (7,)}


def until_closing(story: Story, minutes: int) -> CallbackRules:
    """Customers may be rung for so many minutes more today, from an hour ago; by UTC."""
    minute = story.now // MINUTE % 1440
    return CallbackRules(hours=RingingHours(UTC, minute - 60, minute + minutes))


def closing_soon() -> Story:
    return Story(wrap_up=0, rules=until_closing(Story(), 30))


def test_who_is_due_at_night_leaves_the_line_and_has_the_place_again_in_the_morning() -> None:
    story = closing_soon()
    leg = busy(story)
    call = story.call_waits()
    callback = books(story, call)
    story.caller_hangs_up(call)
    story.wait(5)
    later = story.call_waits()
    line = story.only(CallbackBooked).queue
    assert story.dispatcher.order(line) == (CallId(callback), later)
    story.wait(31 * 60)
    assert story.dispatcher.order(line) == (later,)
    seat_is_free(story, leg)
    assert not story.all(CallbackOffered)
    (resting,) = story.dispatcher.callbacks.all()
    assert resting.state is CallbackState.RESTING
    assert offered_to(story, later) == 1
    story.wait(23 * 3600)
    assert story.dispatcher.order(line) == (CallId(callback), later)


def test_seat_that_misses_a_callback_at_closing_time_leaves_it_for_the_morning() -> None:
    story = closing_soon()
    callback_waits(story)
    story.wait(30 * 60 - 5)
    story.signs_on("1001")
    offer = rings(story)
    story.signs_on("1002")
    story.wait(10)
    leg_gone(story, offer, 19)
    assert [one.seat for one in story.all(CallbackOffered)] == ["1001"]
    (resting,) = story.dispatcher.callbacks.all()
    assert (resting.state, resting.open.attempts) == (CallbackState.RESTING, 0)


def test_booked_at_night_waits_for_the_morning() -> None:
    rules = CallbackRules(hours=RingingHours(UTC, 0, 1))
    story = Story(wrap_up=0, rules=rules)
    story.signs_on("1001")
    callback_waits(story)
    assert not story.all(CallbackOffered)
    (resting,) = story.dispatcher.callbacks.all()
    assert resting.open.not_before % (24 * HOUR) == 0
    assert resting.open.not_before > story.now


def offered_to(story: Story, call: CallId) -> int:
    return sum(one.call == call for one in story.all(SeatOffered))


def callback_waits(story: Story) -> None:
    call = story.call_arrives()
    books(story, call)
    story.marks(call, "flow-ended", outcome="hangup")
    story.caller_hangs_up(call)
