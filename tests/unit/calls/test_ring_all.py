"""Several seats are rung for one caller: the first that answers has them."""

from __future__ import annotations

from cti.effects import OriginateSeat
from cti.facts import (
    CallAbandoned,
    CallRecovered,
    OfferAnswered,
    OfferFailed,
    SeatState,
)
from cti.ids import CallId, OfferId
from tests.unit.story import RING, SECOND, Story, caller_seen, leg_seen, member

SEATS = ("1001", "1002", "1003")


def all_rung() -> tuple[Story, CallId, dict[str, OfferId]]:
    story = Story(strategy="ring-all")
    story.signs_on(*SEATS)
    call = story.call_waits()
    return story, call, {seat: story.rings(seat) for seat in SEATS}


def reasons(story: Story) -> list[tuple[str, str]]:
    return [(one.seat, one.reason) for one in story.all(OfferFailed)]


def seat_states(story: Story) -> list[SeatState]:
    return [story.seat(seat).state for seat in SEATS]


def test_the_first_that_answers_has_the_caller_and_the_others_are_ready_again() -> None:
    story, _, offers = all_rung()
    assert [one.seat for one in story.all(OriginateSeat)] == list(SEATS)
    story.wait(2)
    story.answers("1002")
    assert story.only(OfferAnswered).seat == "1002"
    assert sorted(story.hung_up()) == sorted([offers["1001"], offers["1003"]])
    for seat in ("1001", "1003"):
        assert story.seat(seat).state is SeatState.RINGING, "until its leg is gone"
        story.channel_gone(offers[seat], 26)
    assert reasons(story) == [("1001", "taken"), ("1003", "taken")]
    assert seat_states(story) == [SeatState.READY, SeatState.TALKING, SeatState.READY]


def test_two_that_answer_at_once_are_told_apart_by_who_is_in_the_callers_bridge() -> None:
    story, call, offers = all_rung()
    story.picks_up(offers["1001"])
    story.picks_up(offers["1003"])
    story.bridged(offers["1003"], call)
    assert story.only(OfferAnswered).seat == "1003"
    for seat in ("1001", "1002"):
        story.channel_gone(offers[seat], 16)
    assert reasons(story) == [("1001", "taken"), ("1002", "taken")]


def test_one_that_does_not_answer_leaves_the_others_ringing() -> None:
    story, call, offers = all_rung()
    story.seat_rejects("1001")
    assert reasons(story) == [("1001", "rejected")]
    assert story.seat("1001").state is SeatState.PAUSED
    found = story.call(call)
    assert found is not None and found.ringing and found.seat == "1002"
    assert len(story.all(OriginateSeat)) == 3, "the caller is rung for still"
    story.answers("1003")
    story.channel_gone(offers["1002"], 16)
    assert seat_states(story) == [SeatState.PAUSED, SeatState.READY, SeatState.TALKING]


def test_nobody_answers_and_the_caller_is_offered_again() -> None:
    story, call, offers = all_rung()
    story.wait(RING / SECOND)
    for seat in SEATS:
        story.channel_gone(offers[seat], 0)
    assert {reason for _, reason in reasons(story)} == {"no-answer"}
    assert story.waiting() == [call]
    story.wishes("1002", "ready")
    assert story.all(OriginateSeat)[-1].seat == "1002"


def test_the_caller_gives_up_and_nobody_is_rung_any_more() -> None:
    story, call, offers = all_rung()
    story.hang_up_begins(call)
    assert sorted(story.hung_up()) == sorted(offers.values())
    for seat in SEATS:
        story.channel_gone(offers[seat], 0)
    assert story.only(CallAbandoned).call == call
    assert {reason for _, reason in reasons(story)} == {"caller-gone"}
    assert seat_states(story) == [SeatState.READY] * 3


def test_all_that_ring_are_known_again_after_a_restart() -> None:
    story, call, offers = all_rung()
    story.daemon_restarts()
    story.snapshot(
        caller_seen(call, waiting=str(story.now)),
        *(leg_seen(offers[seat], call, seat) for seat in SEATS),
        members=tuple(member(seat) for seat in SEATS),
    )
    assert [one.seat for one in story.new(CallRecovered)] == list(SEATS)
    assert seat_states(story) == [SeatState.RINGING] * 3
    assert not story.hung_up()
    story.channel_gone(offers["1001"], 17)
    assert story.waiting() == [call]
    assert len(story.all(OriginateSeat)) == 3, "nobody else is rung as long as one rings"
    story.picks_up(offers["1003"])
    story.bridged(offers["1003"], call)
    assert story.only(OfferAnswered).seat == "1003"
    assert story.hung_up() == [offers["1002"]]


def test_the_link_is_back_after_one_of_them_has_answered() -> None:
    story, call, offers = all_rung()
    story.link_lost()
    story.snapshot(
        caller_seen(call, bridge="b", waiting=str(story.now)),
        leg_seen(offers["1001"], call, "1001"),
        leg_seen(offers["1002"], call, "1002", bridge="b"),
    )
    assert story.only(OfferAnswered).seat == "1002"
    assert story.hung_up() == [offers["1001"]]
    story.channel_gone(offers["1001"], 26)
    assert sorted(story.all(OfferFailed), key=lambda one: one.seat)[0].reason == "taken"
    assert story.seat("1002").state is SeatState.TALKING
    assert story.seat("1001").state is SeatState.READY


def test_who_finds_the_callers_lock_taken_and_hangs_up_first_is_not_set_aside() -> None:
    story, call, offers = all_rung()
    story.picks_up(offers["1001"])
    story.picks_up(offers["1002"])
    story.channel_gone(offers["1002"], 16)
    story.bridged(offers["1001"], call)
    story.channel_gone(offers["1003"], 26)
    assert reasons(story) == [("1002", "taken"), ("1003", "taken")]
    assert seat_states(story) == [SeatState.TALKING, SeatState.READY, SeatState.READY]
