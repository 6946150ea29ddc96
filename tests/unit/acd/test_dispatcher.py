"""Who is offered whom, and what a seat may do when."""

from __future__ import annotations

import pytest

from cti.effects import OriginateSeat
from cti.facts import (
    CallQueued,
    CommandRefused,
    DeviceChanged,
    DeviceState,
    OfferFailed,
    SeatLeft,
    SeatOffered,
    SeatState,
    SeatStateChanged,
)
from cti.ids import CallId
from tests.unit.story import RING, SECOND, START, WRAP_UP, Story, device_of, member


def talking(*more_seats: str) -> tuple[Story, CallId]:
    """1001 talks with a caller."""
    story = Story()
    story.signs_on("1001", *more_seats)
    call = story.call_waits()
    story.rings("1001")
    story.answers("1001")
    return story, call


def seat_hangs_up(story: Story, seat: str) -> None:
    offer = story.offer(seat)
    story.hang_up_begins(offer)
    story.channel_gone(offer)


def device(story: Story, seat: str, state: DeviceState) -> None:
    story.hear(DeviceChanged(at=story.now, device=device_of(seat), state=state))


def state(story: Story, seat: str = "1001") -> SeatState:
    return story.seat(seat).state


def offered(story: Story) -> list[tuple[str, str]]:
    return [(one.call, one.seat) for one in story.all(SeatOffered)]


# ------------------------------------------------------------------------------ who gets whom


def test_seat_that_has_been_ready_longest_is_rung() -> None:
    story = Story()
    for seat in ("1003", "1001", "1002"):
        story.signs_on(seat)
        story.wait(1)
    story.call_waits()
    offer = story.only(SeatOffered)
    assert (offer.seat, offer.rule) == ("1003", "longest-idle")
    assert [(rank.seat, rank.idle_us) for rank in offer.ranking] == [
        ("1003", 3 * SECOND),
        ("1001", 2 * SECOND),
        ("1002", 1 * SECOND),
    ]


def test_equally_idle_seats_are_rung_by_their_ids() -> None:
    story = Story(seats=("1003", "1002", "1001"))
    story.signs_on("1003", "1002", "1001")
    story.call_waits()
    assert story.only(SeatOffered).seat == "1001"


def test_callers_are_served_by_priority_and_then_by_who_came_first() -> None:
    story = Story()
    calls = {}
    for name, priority in (("late", 5), ("later", 5), ("urgent", 1), ("calm", 9)):
        calls[name] = story.call_waits(priority=priority)
        story.wait(1)
    story.signs_on("1001", "1002", "1003")
    assert [call for call, _ in offered(story)] == [
        calls["urgent"],
        calls["late"],
        calls["later"],
    ]


def test_caller_waits_for_a_seat_that_serves_the_queue() -> None:
    story = Story(queues_of={"1001": ("bills",), "1002": ("repairs",)})
    story.signs_on("1001")
    call = story.call_waits("repairs")
    assert not story.all(SeatOffered)
    other = story.call_waits("bills")
    story.signs_on("1002")
    assert offered(story) == [(other, "1001"), (call, "1002")]


def test_caller_waits_for_a_seat_with_the_skills_while_one_is_signed_on() -> None:
    story = Story(skills_of={"1001": ("gas",), "1002": ("gas", "night"), "1003": ()})
    story.signs_on("1002", "1003")
    busy = story.call_waits(skills="gas+night")
    waits = story.call_waits(skills="gas")
    assert offered(story) == [(busy, "1002")]
    story.signs_on("1001")
    assert offered(story)[1:] == [(waits, "1001")]


def test_skills_that_nobody_signed_on_has_are_not_waited_for() -> None:
    story = Story(skills_of={"1001": ("gas",)})
    story.signs_on("1001", "1003")
    story.wishes("1001", "pause", "rest")
    call = story.call_waits(skills="gas")
    assert not story.all(SeatOffered)
    story.wishes("1001", "sign-off")
    assert offered(story) == [(call, "1003")]


def test_caller_for_a_queue_that_does_not_exist_is_served_by_the_first_queue() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits("no-such-queue")
    assert story.only(SeatOffered).queue == "repairs"


def test_seat_has_one_offer_at_a_time_and_each_offer_its_own_name() -> None:
    story = Story()
    for _ in range(3):
        story.call_waits()
    story.signs_on("1001")
    story.signs_on("1002")
    assert len(story.all(OriginateSeat)) == 2
    story.cannot_be_reached("1001")
    story.wishes("1001", "ready")
    offers = [one.offer for one in story.all(SeatOffered)]
    assert len(set(offers)) == len(offers) == 3


def test_caller_keeps_the_place_in_line_through_any_number_of_failures() -> None:
    story = Story()
    first = story.call_waits()
    story.wait(1)
    second = story.call_waits()
    for _ in range(4):
        story.wishes("1001", "sign-on" if state(story) is SeatState.SIGNED_OFF else "ready")
        assert story.all(SeatOffered)[-1].call == first
        story.rings("1001")
        story.does_not_answer("1001")
        assert story.waiting() == [first, second]


@pytest.mark.parametrize("bad", [DeviceState.IN_USE, DeviceState.UNREACHABLE])
def test_seat_whose_phone_is_busy_or_away_is_not_rung_until_it_is_back(bad: DeviceState) -> None:
    story = Story()
    story.signs_on("1001")
    device(story, "1001", bad)
    story.call_waits()
    assert not story.all(SeatOffered)
    device(story, "1001", DeviceState.IDLE)
    assert story.only(SeatOffered).seat == "1001"


def test_seat_whose_phone_says_nothing_is_rung() -> None:
    story = Story()
    story.signs_on("1001")
    device(story, "1001", DeviceState.UNKNOWN)
    story.call_waits()
    assert story.only(SeatOffered).seat == "1001"


def test_nothing_is_offered_while_the_link_is_away_and_everything_when_it_is_back() -> None:
    story = Story(link=False)
    story.signs_on("1001")
    call = story.call_waits()
    assert not story.all(SeatOffered)
    story.snapshot()
    assert not story.all(SeatOffered), "a caller who is in no snapshot has gone"
    call = story.call_waits()
    assert offered(story) == [(call, "1001")]
    story.link_lost()
    story.signs_on("1002")
    story.call_waits()
    assert len(story.all(SeatOffered)) == 1


# ------------------------------------------------------------------------------------- wishes


def test_seat_is_ready_after_its_wrap_up() -> None:
    story, _ = talking()
    seat_hangs_up(story, "1001")
    assert (state(story), story.seat("1001").until) == (SeatState.WRAP_UP, story.now + WRAP_UP)
    story.wait(us=WRAP_UP - 1)
    assert state(story) is SeatState.WRAP_UP
    next_call = story.call_waits()
    story.wait(us=1)
    assert offered(story)[-1] == (next_call, "1001")


def test_seat_may_cut_its_wrap_up_short() -> None:
    story, _ = talking()
    seat_hangs_up(story, "1001")
    story.wishes("1001", "ready")
    assert state(story) is SeatState.READY
    assert story.dispatcher.deadline() is None


def test_queue_without_wrap_up_frees_the_seat_at_once() -> None:
    story = Story(wrap_up=0)
    story.signs_on("1001")
    first = story.call_waits()
    story.rings("1001")
    story.answers("1001")
    second = story.call_waits()
    seat_hangs_up(story, "1001")
    assert offered(story) == [(first, "1001"), (second, "1001")]


def test_pause_asked_for_in_a_call_is_granted_after_the_wrap_up() -> None:
    story, _ = talking()
    story.wishes("1001", "pause", "lunch")
    assert state(story) is SeatState.TALKING
    seat_hangs_up(story, "1001")
    assert state(story) is SeatState.WRAP_UP
    story.wait(us=WRAP_UP)
    assert (state(story), story.seat("1001").reason) == (SeatState.PAUSED, "lunch")


def test_pause_asked_for_in_a_call_and_taken_back() -> None:
    story, _ = talking()
    story.wishes("1001", "pause", "lunch")
    story.wishes("1001", "ready")
    seat_hangs_up(story, "1001")
    story.wait(us=WRAP_UP)
    assert state(story) is SeatState.READY


def test_sign_off_in_a_call_is_granted_at_its_end_without_wrap_up() -> None:
    story, _ = talking()
    story.wishes("1001", "sign-off")
    assert state(story) is SeatState.TALKING
    seat_hangs_up(story, "1001")
    assert state(story) is SeatState.SIGNED_OFF


def test_sign_off_in_a_call_and_on_again_stays_signed_on() -> None:
    story, _ = talking()
    story.wishes("1001", "sign-off")
    story.wishes("1001", "sign-on")
    seat_hangs_up(story, "1001")
    assert state(story) is SeatState.WRAP_UP


def test_own_wish_goes_before_being_set_aside() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    story.rings("1001")
    story.wishes("1001", "sign-off")
    story.does_not_answer("1001")
    assert state(story) is SeatState.SIGNED_OFF


def test_pause_in_wrap_up_is_granted_at_once() -> None:
    story, _ = talking()
    seat_hangs_up(story, "1001")
    story.wishes("1001", "pause", "tea")
    assert state(story) is SeatState.PAUSED
    story.wait(us=2 * WRAP_UP)
    assert state(story) is SeatState.PAUSED


def test_pause_may_change_its_reason_and_ends_by_ready() -> None:
    story = Story()
    story.signs_on("1001")
    story.wishes("1001", "pause", "tea")
    story.wishes("1001", "pause", "training")
    assert story.seat("1001").reason == "training"
    story.call_waits()
    assert not story.all(SeatOffered)
    story.wishes("1001", "ready")
    assert story.only(SeatOffered).seat == "1001"


def test_wishes_that_do_not_fit_are_refused_and_change_nothing() -> None:
    story = Story()
    story.wishes("1001", "ready")
    story.wishes("1001", "pause", "tea")
    story.wishes("1001", "sign-off")
    story.wishes("9999", "sign-on")
    assert not story.all(SeatStateChanged)
    story.signs_on("1001")
    story.wishes("1001", "sign-on")
    story.wishes("1001", "pause")
    assert [one.wish for one in story.all(CommandRefused)] == [
        "ready",
        "pause",
        "sign-off",
        "sign-on",
        "sign-on",
        "pause",
    ]
    assert len(story.all(SeatStateChanged)) == 1


def test_ready_said_twice_does_not_cost_the_place_among_the_idle() -> None:
    story = Story()
    story.signs_on("1001")
    story.wait(5)
    story.signs_on("1002")
    story.wait(5)
    story.wishes("1001", "ready")
    story.call_waits()
    assert story.only(SeatOffered).seat == "1001"


def test_word_about_an_offer_that_is_not_the_seats_is_no_news() -> None:
    story, call = talking()
    old = story.offer("1001")
    seat_hangs_up(story, "1001")
    story.wishes("1001", "ready")
    story.call_waits()
    new = story.offer("1001")
    assert old != new
    late = story.only(SeatLeft)
    assert list(story.dispatcher.handle(late)) == []
    assert state(story) is SeatState.RESERVED
    assert (
        list(
            story.dispatcher.handle(
                OfferFailed(at=story.now, call=call, seat=late.seat, offer=old, reason="failed")
            )
        )
        == []
    )
    assert story.offer("1001") == new


# ------------------------------------------------------------------------------------ recovery


def test_new_daemon_reads_who_is_signed_on_from_asterisks_members() -> None:
    story = Story(link=False)
    story.snapshot(members=(member("1001"), member("1002", paused="lunch"), member("9999")))
    assert state(story, "1001") is SeatState.READY
    assert (state(story, "1002"), story.seat("1002").reason) == (SeatState.PAUSED, "lunch")
    assert state(story, "1003") is SeatState.SIGNED_OFF


def test_later_snapshots_do_not_change_who_is_signed_on() -> None:
    story = Story()
    story.signs_on("1001")
    story.link_lost()
    story.snapshot(members=(member("1002"), member("1001", paused="x")))
    assert state(story, "1001") is SeatState.READY
    assert state(story, "1002") is SeatState.SIGNED_OFF


def test_restart_keeps_who_has_been_idle_longest() -> None:
    story = Story()
    story.signs_on("1002")
    story.wait(5)
    story.signs_on("1001")
    story.daemon_restarts()
    story.wait(5)
    story.snapshot(members=(member("1001"), member("1002")))
    assert story.seat("1002").since == START
    story.call_waits()
    assert story.only(SeatOffered).seat == "1002"


def test_restart_in_a_wrap_up_does_not_cut_it_short() -> None:
    story, _ = talking()
    seat_hangs_up(story, "1001")
    until = story.seat("1001").until
    story.daemon_restarts()
    story.wait(1)
    story.snapshot(members=(member("1001"),))
    assert (state(story), story.seat("1001").until) == (SeatState.WRAP_UP, until)
    story.wait(us=WRAP_UP)
    assert state(story) is SeatState.READY


def test_restart_after_a_wrap_up_would_have_ended_finds_the_seat_ready() -> None:
    story, _ = talking()
    seat_hangs_up(story, "1001")
    story.daemon_restarts()
    story.wait(us=WRAP_UP)
    story.snapshot(members=(member("1001"),))
    assert state(story) is SeatState.READY


def test_ring_time_of_the_offer_is_the_queues() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    assert story.only(OriginateSeat).ring_us == RING


def test_class_and_wanted_seat_come_from_the_menu_to_the_offer() -> None:
    story = Story()
    call = story.call_arrives()
    story.marks(call, "person-asked", queue="repairs")
    story.marks(
        call,
        "queued",
        queue="repairs",
        priority="5",
        language="en",
        **{"class": "vip"},
        wanted="1002",
    )
    queued = story.only(CallQueued)
    assert (queued.customer_class, queued.wanted_seat) == ("vip", "1002")
