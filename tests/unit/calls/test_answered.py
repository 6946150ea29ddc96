"""A caller gets through to a seat: clocks, facts and effects of a whole life."""

from __future__ import annotations

import pytest

from cti.brain import Step
from cti.effects import HangUp, KeepOnChannel, OriginateSeat, StoreRecording
from cti.facts import (
    AgiCommandEnded,
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallPhase,
    CallQueued,
    MenuKeyTaken,
    OfferAnswered,
    OfferFailed,
    OfferRang,
    PersonAsked,
    PromptEnded,
    Report,
    SeatLeft,
    SeatLegGone,
    SeatOffered,
    SeatState,
    TalkStarted,
)
from cti.ids import BridgeId, ChannelId
from tests.unit.story import RING, START, WRAP_UP, Story, name_of


def test_wait_clock_starts_at_the_end_of_the_prompt_and_not_at_the_mark() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_arrives()
    story.wait(2)
    story.command_ends(call, "GET OPTION menu 12")
    asked_at = story.now
    story.wait(us=700)
    story.marks(call, "person-asked", queue="repairs")
    story.wait(4)
    story.command_ends(call, "STREAM FILE please-hold 1")
    prompt_ended_at = story.now
    story.wait(us=1_234)
    story.command_ends(call, "EXEC UserEvent CTI,Mark: prompt-ended")
    story.marks(call, "prompt-ended", prompt="please-hold")
    story.wait(us=1_111)
    story.queued(call)
    queued_at = story.now
    story.rings("1001")
    story.wait(us=3_500_007)
    answered_at = story.now
    story.answers("1001")

    assert story.only(PersonAsked).at == asked_at
    assert story.only(PromptEnded).at == prompt_ended_at
    queued = story.only(CallQueued)
    assert (queued.at, queued.asked_at) == (queued_at, asked_at)
    assert (queued.arrived_at, queued.prompt_ended_at) == (START, prompt_ended_at)
    answered = story.only(OfferAnswered)
    assert answered.at == answered_at
    assert answered.wait_us == answered_at - prompt_ended_at == 1_234 + 1_111 + 3_500_007
    assert story.only(TalkStarted).at == answered_at + 3_000


def test_clocks_are_kept_on_the_channel_before_a_call_is_queued_and_when_it_is() -> None:
    story = Story()
    call = story.call_waits()
    before, then = story.all(KeepOnChannel)
    assert dict(before.variables) == {
        "CTI_T_ARRIVED": str(START),
        "CTI_T_ASKED": str(START),
        "CTI_T_PROMPT": str(START),
    }
    assert dict(then.variables) == {
        "CTI_T_ARRIVED": str(START),
        "CTI_T_ASKED": str(START),
        "CTI_T_PROMPT": str(START),
        "CTI_T_QUEUED": str(START),
    }
    assert {str(kept.channel) for kept in (before, then)} == {call}


def test_other_commands_do_not_move_the_end_of_the_prompt() -> None:
    story = Story()
    call = story.call_arrives()
    story.command_ends(call, "STREAM FILE please-hold 1")
    heard = story.now
    story.wait(1)
    story.command_ends(call, "SET VARIABLE CTI_NEXT queue")
    story.marks(call, "prompt-ended", prompt="please-hold")
    assert story.only(PromptEnded).at == heard


def test_menu_key_has_the_time_of_the_command_that_took_it() -> None:
    story = Story()
    call = story.call_arrives()
    story.command_ends(call, "GET OPTION menu 12")
    pressed = story.now
    story.wait(us=500)
    story.marks(call, "menu-key", flow="main", step="start", key="2")
    key = story.only(MenuKeyTaken)
    assert (key.at, key.flow, key.step, key.key) == (pressed, "main", "start", "2")


def test_seat_is_rung_with_the_callers_name_and_number_and_nothing_else_of_theirs() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offered = story.only(SeatOffered)
    assert (offered.ring_us, offered.device, offered.waiting) == (RING, "PJSIP/1001", 1)
    originate = story.only(OriginateSeat)
    assert originate.offer == offered.offer == story.offer("1001")
    assert (originate.device, originate.caller_channel) == ("PJSIP/1001", name_of(call))
    assert (originate.caller_number, originate.call) == ("13800001111", call)
    assert originate.recording == f"{call}--{offered.offer}.raw"


def test_answered_and_the_seat_hangs_up_first() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.wait(5)
    bridge = story.answers("1001")
    story.wait(60)
    story.hang_up_begins(offer)
    story.leaves(bridge, offer)
    story.leaves(bridge, call)
    story.channel_gone(offer)
    assert story.only(SeatLeft).talk_us == 60_003_000
    assert story.only(SeatLeft).queue == "repairs"
    known = story.call(call)
    assert known is not None
    assert known.phase is CallPhase.AFTER
    assert story.seat("1001").state is SeatState.WRAP_UP
    assert story.seat("1001").until == story.now + WRAP_UP
    stored = story.only(StoreRecording)
    assert (stored.call, stored.offer, stored.seat) == (call, offer, "1001")
    assert stored.file == story.only(OfferAnswered).recording == story.only(SeatLegGone).recording

    story.wait(3)
    story.channel_gone(call)
    ended = story.only(CallEnded)
    assert (ended.outcome, ended.ended_by, ended.cause) == ("answered", "seat", 16)
    assert ended.total_us == 5_000_000 + 3_000 + 60_000_000 + 3_000_000
    assert story.tracker.calls() == ()
    assert not story.all(HangUp)
    assert not story.all(CallAbandoned)


def test_answered_and_the_caller_hangs_up_first() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    bridge = story.answers("1001")
    story.wait(30)
    story.hang_up_begins(call)
    story.leaves(bridge, call)
    story.channel_gone(call)
    ended = story.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == ("answered", "caller")
    story.wait(us=800)
    story.leaves(bridge, offer)
    assert story.only(SeatLeft).talk_us == 30_003_800
    assert story.seat("1001").state is SeatState.WRAP_UP
    story.channel_gone(offer)
    assert story.only(StoreRecording).call == call
    assert not story.all(CallAbandoned)


def test_seat_is_free_when_its_hang_up_begins_although_a_spied_channel_goes_late() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    offer = story.rings("1001")
    story.answers("1001")
    story.wait(10)
    story.hang_up_begins(offer)
    assert story.seat("1001").state is SeatState.WRAP_UP
    assert not story.all(StoreRecording)
    story.wait(2)
    story.channel_gone(offer)
    assert story.only(SeatLeft).talk_us == 10_003_000
    assert story.only(StoreRecording).offer == offer


def test_caller_who_hangs_up_in_the_goodbye_does_not_change_who_ended_the_talk() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    bridge = story.answers("1001")
    story.hang_up_begins(offer)
    story.leaves(bridge, offer)
    story.channel_gone(offer)
    story.caller_hangs_up(call)
    assert story.only(CallEnded).ended_by == "seat"


@pytest.mark.parametrize("first", ["leg", "caller"])
def test_answer_counts_once_when_both_are_in_one_bridge_in_either_order(first: str) -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.picks_up(offer)
    story.wait(us=10)
    pair = (offer, call) if first == "leg" else (call, offer)
    story.joins("b", pair[0])
    assert not story.all(OfferAnswered)
    story.joins("b", pair[1])
    assert story.only(TalkStarted).at == story.now


def test_two_in_different_bridges_have_not_met() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.joins("b-1", call)
    story.leaves(BridgeId("b-1"), call)
    story.joins("b-1", offer)
    assert not story.all(OfferAnswered)
    story.joins("b-2", call)
    assert not story.all(OfferAnswered)


def test_answer_whose_own_report_was_missed_is_timed_by_the_bridge() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.wait(4)
    story.bridged(offer, call)
    assert story.only(OfferAnswered).at == story.now
    assert story.only(OfferAnswered).wait_us == 4_000_000


def test_self_service_call_ends_by_the_flow() -> None:
    story = Story()
    call = story.call_arrives()
    story.marks(call, "language", language="en")
    story.marks(call, "flow-ended", outcome="hangup")
    story.channel_gone(call)
    ended = story.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == ("self-service", "flow")
    assert story.only(CallArrived).hotline == "12345"


def test_caller_who_hangs_up_in_the_menu_ended_it_whatever_the_flow_says_after() -> None:
    story = Story()
    call = story.call_arrives()
    story.hang_up_begins(call)
    story.marks(call, "flow-ended", outcome="hangup")
    story.channel_gone(call)
    assert story.only(CallEnded).ended_by == "caller"


def test_seat_that_tries_its_own_hotline_is_a_caller() -> None:
    story = Story()
    call = story.call_arrives(context="from-seat")
    assert story.only(CallArrived).call == call


class EchoingStory(Story):
    """Everything is told twice."""

    def hear(self, report: Report) -> Step:
        super().hear(report)
        return super().hear(report)


def test_every_report_told_twice_changes_nothing() -> None:
    once, twice = Story(), EchoingStory()
    for story in (once, twice):
        story.signs_on("1001")
        call = story.call_waits()
        offer = story.rings("1001")
        bridge = story.answers("1001")
        story.wait(9)
        story.hang_up_begins(offer)
        story.leaves(bridge, offer)
        story.leaves(bridge, call)
        story.channel_gone(offer)
        story.wait(1)
        story.channel_gone(call)
    for kind in (
        CallArrived,
        CallQueued,
        OfferRang,
        OfferAnswered,
        OfferFailed,
        TalkStarted,
        SeatOffered,
        SeatLeft,
        SeatLegGone,
        CallEnded,
        StoreRecording,
        OriginateSeat,
    ):
        assert twice.all(kind) == once.all(kind), kind


def test_reports_about_strangers_mean_nothing() -> None:
    story = Story()
    before = len(story.facts)
    story.hear(
        AgiCommandEnded(at=story.now, channel=ChannelId("x"), command="NOOP", result="Success")
    )
    story.hang_up_begins("x")
    story.picks_up("x")
    story.channel_gone("x")
    assert len(story.facts) - before == 4
    assert not story.effects or all(type(one).__name__ == "SweepSpool" for one in story.effects)
