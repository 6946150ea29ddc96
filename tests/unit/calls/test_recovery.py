"""After an absence: each phase found in a snapshot, by a new daemon and one that knew the call."""

from __future__ import annotations

import pytest

from cti.effects import OriginateSeat, ReturnToWaitingRoom, StoreRecording, SweepSpool
from cti.facts import (
    AnomalySeen,
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallPhase,
    CallQueued,
    CallRecovered,
    DeviceState,
    LastResortEntered,
    OfferAnswered,
    OfferFailed,
    Resynced,
    SeatLeft,
    SeatLegGone,
    SeatOffered,
    SeatState,
)
from cti.ids import CallId
from tests.unit.story import SECOND, START, Story, caller_seen, leg_seen, member

CALL = "1799999990.7"
OFFER = f"offer.1001.{START - 4 * SECOND}"
LEG = "1799999999.8"
CLOCKS = {
    "t_arrived": str(START - 60 * SECOND),
    "t_asked": str(START - 50 * SECOND),
    "t_prompt": str(START - 40 * SECOND + 7),
    "t_queued": str(START - 40 * SECOND + 9),
    "arrived": str(START - 60 * SECOND + 3_000),
    "waiting": str(START - 40 * SECOND + 4_000),
    "priority": "0",
}
STAMPS = {"arrived": CLOCKS["arrived"], "waiting": CLOCKS["waiting"]}
"""What the dialplan writes by itself, when the daemon never saw the call."""


def new_daemon() -> Story:
    return Story(link=False)


# ------------------------------------------------------------------------------- a new daemon


def test_new_daemon_finds_a_call_in_the_menu_and_goes_on() -> None:
    story = new_daemon()
    story.snapshot(caller_seen(CALL, "menu", arrived=STAMPS["arrived"]))
    found = story.only(CallRecovered)
    assert (found.phase, found.hotline) == (CallPhase.MENU, "12345")
    assert (found.arrived_at, found.queued_at) == (START - 60 * SECOND + 3_000, 0)
    story.queued(CallId(CALL))
    assert story.only(CallQueued).arrived_at == found.arrived_at


def test_new_daemon_finds_a_waiting_call_with_its_own_clocks() -> None:
    story = new_daemon()
    story.snapshot(caller_seen(CALL, **CLOCKS), members=(member("1001"),))
    found = story.only(CallRecovered)
    assert found.phase is CallPhase.WAITING
    assert found.arrived_at == START - 60 * SECOND
    assert found.asked_at == START - 50 * SECOND
    assert found.prompt_ended_at == START - 40 * SECOND + 7
    assert found.queued_at == START - 40 * SECOND + 9
    assert found.priority == 0
    story.rings("1001")
    story.wait(us=5)
    story.answers("1001")
    assert story.only(OfferAnswered).wait_us == 40 * SECOND - 7 + 5


def test_new_daemon_takes_the_dialplans_stamps_where_the_old_one_wrote_none() -> None:
    story = new_daemon()
    story.snapshot(caller_seen(CALL, **STAMPS))
    found = story.only(CallRecovered)
    assert found.arrived_at == START - 60 * SECOND + 3_000
    assert found.queued_at == found.prompt_ended_at == START - 40 * SECOND + 4_000
    assert found.priority == 5


@pytest.mark.parametrize("clock", ["-5", "1e9", "", "٣", "99x"])
def test_spoilt_clock_on_a_channel_is_taken_for_none(clock: str) -> None:
    story = new_daemon()
    story.snapshot(caller_seen(CALL, t_arrived=clock, t_queued=clock, priority=clock))
    assert story.only(CallRecovered).arrived_at == START


def test_new_daemon_finds_a_seat_ringing_and_does_not_ring_another() -> None:
    story = new_daemon()
    story.snapshot(
        caller_seen(CALL, **CLOCKS),
        leg_seen(OFFER, CALL, "1001"),
        members=(member("1001"), member("1002")),
        devices={"1001": DeviceState.IN_USE},
    )
    assert story.seat("1001").state is SeatState.RINGING
    assert story.seat("1001").call == CALL
    assert not story.all(OriginateSeat)
    story.answers("1001")
    assert story.only(OfferAnswered).offer == OFFER


def test_new_daemons_found_ring_is_not_answered_and_the_next_seat_rings() -> None:
    story = new_daemon()
    story.snapshot(
        caller_seen(CALL, **CLOCKS),
        leg_seen(OFFER, CALL, "1001"),
        members=(member("1001"), member("1002")),
    )
    story.channel_gone(OFFER, 19)
    assert story.only(OfferFailed).reason == "no-answer"
    assert story.only(SeatOffered).seat == "1002"


def test_new_daemon_finds_two_talking_and_sees_them_part() -> None:
    story = new_daemon()
    answered = START - 30 * SECOND
    story.snapshot(
        caller_seen(CALL, bridge="b", **CLOCKS),
        leg_seen(OFFER, CALL, "1001", bridge="b", answered=str(answered), recording="x.raw"),
        members=(member("1001"),),
    )
    found = story.only(CallRecovered)
    assert (found.phase, found.answered_at) == (CallPhase.TALKING, answered)
    assert (found.seat, found.recording) == ("1001", "x.raw")
    assert story.seat("1001").state is SeatState.TALKING
    assert story.only(SweepSpool).living == ("x.raw",)
    story.wait(5)
    story.hang_up_begins(OFFER)
    story.channel_gone(OFFER)
    assert story.only(SeatLeft).talk_us == 35 * SECOND
    assert story.seat("1001").state is SeatState.WRAP_UP
    assert story.only(StoreRecording).file == "x.raw"
    story.channel_gone(CALL)
    assert (story.only(CallEnded).outcome, story.only(CallEnded).ended_by) == ("answered", "seat")


def test_new_daemon_finds_a_seat_that_answered_just_before_the_bridge() -> None:
    story = new_daemon()
    answered = START - 1_000
    story.snapshot(
        caller_seen(CALL, **CLOCKS),
        leg_seen(OFFER, CALL, "1001", up=True, answered=str(answered)),
        members=(member("1001"),),
    )
    assert story.only(CallRecovered).phase is CallPhase.WAITING
    story.bridged(OFFER, CallId(CALL))
    assert story.only(OfferAnswered).at == answered


def test_new_daemon_finds_a_call_after_its_seat_has_left() -> None:
    story = new_daemon()
    story.snapshot(caller_seen(CALL, "after-call", **CLOCKS), members=(member("1001"),))
    assert story.only(CallRecovered).phase is CallPhase.AFTER
    assert not story.all(SeatOffered)
    story.channel_gone(CALL)
    assert story.only(CallEnded).outcome == "answered"
    assert not story.all(CallAbandoned)


def test_new_daemon_takes_a_caller_out_of_last_resort_and_serves_them() -> None:
    story = new_daemon()
    story.snapshot(caller_seen(CALL, "last-resort", **STAMPS), members=(member("1001"),))
    assert story.only(LastResortEntered).call == CALL
    kinds = [type(one) for one in story.effects]
    assert kinds.index(ReturnToWaitingRoom) < kinds.index(OriginateSeat)


def test_new_daemon_leaves_a_caller_in_last_resort_while_asterisk_rings_a_seat() -> None:
    story = new_daemon()
    story.snapshot(
        caller_seen(CALL, "last-resort", **STAMPS),
        leg_seen(LEG, CALL, "1001"),
        members=(member("1001"), member("1002")),
    )
    assert story.seat("1001").state is SeatState.RINGING
    assert not story.all(OriginateSeat)
    assert not story.all(ReturnToWaitingRoom)
    story.channel_gone(LEG, 19)
    assert str(story.only(ReturnToWaitingRoom).channel) == CALL
    assert story.only(OriginateSeat).seat == "1002"


def test_new_daemon_finds_a_talk_that_asterisks_queue_has_made() -> None:
    story = new_daemon()
    story.snapshot(
        caller_seen(CALL, "last-resort", bridge="b", **STAMPS),
        leg_seen(LEG, CALL, "1001", bridge="b", answered=str(START - 9), recording="y.raw"),
        members=(member("1001"),),
    )
    assert story.only(CallRecovered).phase is CallPhase.TALKING
    assert story.seat("1001").state is SeatState.TALKING
    assert story.only(LastResortEntered).call == CALL
    assert not story.all(ReturnToWaitingRoom)


def test_new_daemon_serves_found_callers_in_the_order_in_which_they_queued() -> None:
    story = new_daemon()
    late, early, urgent = "1799999990.1", "1799999990.2", "1799999990.3"
    story.snapshot(
        caller_seen(late, t_queued=str(START - 10), priority="5"),
        caller_seen(early, t_queued=str(START - 90), priority="5"),
        caller_seen(urgent, t_queued=str(START - 5), priority="1"),
        members=(member("1001"), member("1002")),
    )
    assert [one.call for one in story.all(SeatOffered)] == [urgent, early]
    assert story.waiting() == [urgent, early, late]


def test_leg_whose_caller_has_gone_is_hung_up() -> None:
    story = new_daemon()
    story.snapshot(leg_seen(OFFER, CALL, "1001"), members=(member("1001"),))
    assert story.hung_up() == [OFFER]
    assert story.only(AnomalySeen).about == OFFER


def test_talk_whose_caller_is_not_understood_is_never_cut() -> None:
    story = new_daemon()
    story.snapshot(
        caller_seen(CALL, "somewhere-else", bridge="b"),
        leg_seen(OFFER, CALL, "1001", bridge="b"),
        members=(member("1001"),),
    )
    assert not story.hung_up()


def test_channels_that_are_nobodys_call_are_left_alone() -> None:
    story = new_daemon()
    story.snapshot(
        caller_seen(CALL, "menu", call="another"),
        leg_seen("1799999999.9", CALL, "1001"),
        caller_seen("1799999999.10", "somewhere-else"),
    )
    assert story.tracker.calls() == ()
    assert not story.hung_up()


def test_snapshot_told_twice_is_no_news() -> None:
    story = new_daemon()
    for _ in range(2):
        story.snapshot(
            caller_seen(CALL, **CLOCKS),
            caller_seen("1799999990.9", "menu"),
            leg_seen(OFFER, CALL, "1001"),
            members=(member("1001"),),
        )
    assert len(story.all(CallRecovered)) == 2
    assert len(story.all(Resynced)) == 2
    assert len(story.all(LastResortEntered)) == 0


# ----------------------------------------------------------------- a daemon that knew the calls


def test_known_call_lost_during_an_absence_ends_as_lost_from_sight() -> None:
    story = Story()
    story.call_waits()
    story.link_lost()
    story.wait(20)
    story.snapshot()
    ended = story.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == ("lost-sight", "unknown")
    assert not story.all(CallAbandoned)
    assert story.waiting() == []


def test_call_that_was_given_up_before_the_link_went_stays_abandoned() -> None:
    story = Story()
    call = story.call_waits()
    story.hang_up_begins(call)
    story.link_lost()
    story.snapshot()
    assert story.only(CallAbandoned).call == call
    assert (story.only(CallEnded).outcome, story.only(CallEnded).ended_by) == (
        "abandoned",
        "caller",
    )


def test_seat_is_not_left_ringing_for_a_caller_lost_during_an_absence() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.link_lost()
    story.wait(2)
    story.snapshot(leg_seen(offer, call, "1001"), members=(member("1001"),))
    assert story.only(CallEnded).outcome == "lost-sight"
    assert story.hung_up() == [offer]
    story.channel_gone(offer, 0)
    assert story.only(OfferFailed).reason == "caller-gone"
    assert story.seat("1001").state is SeatState.READY


def test_answer_missed_during_an_absence_is_told_with_its_own_time() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.link_lost()
    story.wait(6)
    story.snapshot(
        caller_seen(call, bridge="b"),
        leg_seen(offer, call, "1001", bridge="b", answered=str(START + 2 * SECOND)),
    )
    answered = story.only(OfferAnswered)
    assert (answered.at, answered.wait_us) == (START + 2 * SECOND, 2 * SECOND)
    assert story.seat("1001").state is SeatState.TALKING


def test_talk_that_ended_during_an_absence_frees_the_seat_and_stores_the_recording() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.answers("1001")
    story.link_lost()
    story.wait(30)
    story.snapshot(caller_seen(call, "after-call"))
    assert story.only(SeatLeft).offer == offer
    assert story.only(SeatLegGone).recording == story.only(StoreRecording).file
    assert story.seat("1001").state is SeatState.WRAP_UP
    story.channel_gone(call)
    assert story.only(CallEnded).outcome == "answered"


def test_seat_whose_leg_has_left_the_bridge_but_not_gone_is_free() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.answers("1001")
    story.link_lost()
    story.snapshot(caller_seen(call, "after-call"), leg_seen(offer, call, "1001", up=True))
    assert story.seat("1001").state is SeatState.WRAP_UP


def test_call_queued_during_an_absence_is_offered_now_and_not_in_the_past() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_arrives()
    story.link_lost()
    story.wait(60)
    waiting = START + 2 * SECOND
    story.snapshot(caller_seen(call, waiting=str(waiting), priority="3"))
    queued = story.only(CallQueued)
    assert (queued.at, queued.priority, queued.queue) == (waiting, 3, "repairs")
    assert story.only(SeatOffered).at == story.now
    story.wait(1)
    assert not story.all(OfferFailed)


def test_calls_queued_during_an_absence_are_served_in_their_order() -> None:
    story = Story()
    story.signs_on("1001")
    first_in, second_in = story.call_arrives(), story.call_arrives()
    story.link_lost()
    story.wait(9)
    story.snapshot(
        caller_seen(first_in, waiting=str(START + 500)),
        caller_seen(second_in, waiting=str(START + 400)),
    )
    assert story.only(SeatOffered).call == second_in


def test_call_served_and_left_during_an_absence_is_not_offered() -> None:
    story = Story()
    call = story.call_waits()
    story.link_lost()
    story.wait(30)
    story.signs_on("1001")
    story.snapshot(caller_seen(call, "after-call"))
    assert story.only(CallRecovered).phase is CallPhase.AFTER
    assert not story.all(SeatOffered)
    story.channel_gone(call)
    assert story.only(CallEnded).outcome == "answered"


def test_call_in_the_menu_served_and_left_during_an_absence_was_queued() -> None:
    story = Story()
    call = story.call_arrives()
    story.link_lost()
    story.wait(30)
    story.snapshot(caller_seen(call, "after-call", waiting=str(START + SECOND)))
    assert story.only(CallQueued).at == START + SECOND
    story.channel_gone(call)
    assert story.only(CallEnded).outcome == "answered"
    assert story.waiting() == []


def test_known_call_that_asterisks_queue_rings_a_seat_for_is_not_offered_to_another() -> None:
    story = Story()
    story.signs_on("1001", "1002")
    story.wishes("1001", "pause", "tea")
    story.wishes("1002", "pause", "tea")
    call = story.call_waits()
    story.link_lost()
    story.wishes("1001", "ready")
    story.wishes("1002", "ready")
    story.wait(20)
    story.snapshot(caller_seen(call, "last-resort"), leg_seen(LEG, call, "1002"))
    assert story.seat("1002").state is SeatState.RINGING
    assert not story.all(OriginateSeat)
    story.wait(1)
    story.bridged(LEG, call)
    assert story.only(OfferAnswered).seat == "1002"
    assert story.seat("1001").state is SeatState.READY


def test_seat_in_wrap_up_that_asterisks_queue_rings_is_ringing() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    offer = story.rings("1001")
    bridge = story.answers("1001")
    story.leaves(bridge, offer)
    story.link_lost()
    story.snapshot(caller_seen(CALL, "last-resort"), leg_seen(LEG, CALL, "1001"))
    assert story.seat("1001").state is SeatState.RINGING


def test_asterisks_queue_ringing_a_seat_under_our_eyes_is_looked_into() -> None:
    story = Story()
    call = story.call_waits()
    story.queue_rings(LEG, call, "1001")
    assert [type(one).__name__ for one in story.step.effects] == ["Resync"]
    story.signs_on("1002")
    ours = story.rings("1002")
    story.snapshot(
        caller_seen(call, "last-resort"),
        leg_seen(LEG, call, "1001"),
        leg_seen(ours, call, "1002"),
    )
    assert str(story.only(ReturnToWaitingRoom).channel) == call
    story.answers("1002")
    assert story.only(OfferAnswered).offer == ours


def test_seat_that_asterisks_queue_has_connected_wins_over_the_one_we_ring() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    ours = story.rings("1001")
    story.link_lost()
    story.wait(3)
    story.snapshot(
        caller_seen(call, "last-resort", bridge="b"),
        leg_seen(LEG, call, "1002", bridge="b"),
        leg_seen(ours, call, "1001"),
    )
    assert story.only(OfferAnswered).seat == "1002"
    assert story.hung_up() == [ours]
    story.channel_gone(ours, 0)
    assert story.only(OfferFailed).reason == "taken"
    assert story.seat("1001").state is SeatState.READY
    story.leaves(story.bridged("nobody", CallId("nobody")), LEG)
    story.channel_gone(LEG)
    assert story.seat("1002").state is SeatState.SIGNED_OFF


def test_hang_up_that_was_lost_with_the_link_is_told_again() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.hang_up_begins(call)
    story.link_lost()
    story.snapshot(caller_seen(call), leg_seen(offer, call, "1001"))
    assert story.hung_up(lately=True) == [offer]


def test_held_back_events_after_their_snapshot_are_no_news() -> None:
    """Events of the moment of the snapshot come again behind it."""
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.snapshot(caller_seen(call, bridge="b"), leg_seen(offer, call, "1001", bridge="b"))
    story.picks_up(offer)
    story.joins("b", offer)
    story.joins("b", call)
    assert len(story.all(OfferAnswered)) == 1
    story.queued(call)
    assert len(story.all(CallQueued)) == 1


def test_new_daemon_hears_of_a_calls_arrival_behind_the_snapshot_that_showed_it() -> None:
    story = new_daemon()
    story.snapshot(caller_seen("1800000000.1", "menu"))
    story.call_arrives()
    assert not story.all(CallArrived)
    assert len(story.tracker.calls()) == 1


def test_leg_of_a_caller_who_gave_up_is_hung_up_where_it_is_found() -> None:
    """The caller's channel lingers (a lead listens), the leg had been given up before."""
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.hang_up_begins(call)
    story.wait(30)
    assert story.only(OfferFailed).reason == "caller-gone"
    story.snapshot(caller_seen(call), leg_seen(offer, call, "1001"))
    assert story.hung_up(lately=True) == [offer]
    story.channel_gone(call)
    assert story.only(CallEnded).outcome == "abandoned"
