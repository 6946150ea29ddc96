"""A seat sends its caller to a flow: what each report says about call and seat, in any order."""

from __future__ import annotations

import pytest

from cti.effects import HangUp, KeepOnChannel, OriginateSeat, Resync, SendToFlow
from cti.facts import (
    AnomalySeen,
    CallEnded,
    CallerCameBack,
    CallerLostSeat,
    CallerSentToFlow,
    CallPhase,
    CallQueued,
    CallRecovered,
    ChannelHangupAsked,
    EffectFailed,
    FlowWish,
    FlowWishRefused,
    OfferAnswered,
    SeatLeft,
    SeatState,
    SurveyScored,
    TalkStarted,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId, SeatId
from tests.unit.story import SECOND, START, Story, caller_seen, leg_seen

CALL = "1799999990.7"
OFFER = f"offer.1001.{START - 40 * SECOND}"


class Talk(Story):
    """A caller and seat 1001 talk."""

    def __init__(self) -> None:
        super().__init__()
        self.signs_on("1001")
        self.caller = self.call_waits()
        self.leg: OfferId = self.rings("1001")
        self.wait(4)
        self.bridge: BridgeId = self.answers("1001")
        self.wait(30)

    def wish(self, flow: str = "visit", seat: str = "") -> None:
        self.hear(FlowWish(at=self.now, call=self.caller, flow=flow, by="wang", seat=SeatId(seat)))

    def parts(self, *, leg_first: bool = False) -> None:
        """Asterisk takes the two out of their bridge."""
        both = (self.leg, self.caller) if leg_first else (self.caller, self.leg)
        for channel in both:
            self.leaves(self.bridge, channel)

    def sent(self) -> None:
        self.wish()
        self.parts()
        self.wait(10)

    def comes_back(self) -> None:
        self.bridge = self.bridged(self.leg, self.caller)

    def fails(self, reason: str) -> None:
        subject = self.caller
        self.hear(EffectFailed(at=self.now, effect="SendToFlow", subject=subject, reason=reason))

    def phase(self) -> CallPhase:
        view = self.call(self.caller)
        assert view is not None
        return view.phase


def test_the_talk_keeps_on_the_callers_channel_who_serves() -> None:
    talk = Talk()
    kept = {name: value for one in talk.all(KeepOnChannel) for name, value in one.variables}
    assert (kept["CTI_SEAT"], kept["CTI_SEAT_LEG"], kept["CTI_VISIT"]) == ("1001", talk.leg, "")


def test_a_wish_is_asked_of_asterisk_and_nothing_changes_before_it_happens() -> None:
    talk = Talk()
    talk.wish()
    assert talk.only(SendToFlow) == SendToFlow(
        channel=ChannelId(talk.caller), leg=talk.leg, flow="visit"
    )
    assert talk.phase() is CallPhase.TALKING
    assert not talk.all(CallerSentToFlow)


@pytest.mark.parametrize("leg_first", [False, True])
def test_once_they_are_apart_the_caller_is_in_the_flow_and_the_seat_is_not_free(
    leg_first: bool,
) -> None:
    talk = Talk()
    talk.wish()
    talk.parts(leg_first=leg_first)
    told = talk.only(CallerSentToFlow)
    assert (told.call, told.seat, told.flow) == (talk.caller, "1001", "visit")
    assert not talk.all(SeatLeft)
    seat = talk.seat("1001")
    assert (seat.state, seat.reason, seat.call) == (SeatState.TALKING, "flow visit", talk.caller)
    view = talk.call(talk.caller)
    assert view is not None
    assert (view.phase, view.flow, view.seat) == (CallPhase.IN_FLOW, "visit", "1001")


def test_back_in_one_bridge_the_talk_goes_on_and_is_one_talk() -> None:
    talk = Talk()
    talk.sent()
    talk.comes_back()
    back = talk.only(CallerCameBack)
    assert (back.seat, back.flow, back.away_us) == ("1001", "visit", 10 * SECOND)
    assert talk.phase() is CallPhase.TALKING
    assert talk.seat("1001").reason == ""
    assert len(talk.all(OfferAnswered)) == len(talk.all(TalkStarted)) == 1
    talk.wait(5)
    talk.hang_up_begins(talk.leg)
    left = talk.only(SeatLeft)
    assert left.talk_us == 45 * SECOND + 3_000
    assert talk.phase() is CallPhase.AFTER


def test_a_caller_can_be_sent_again_and_again() -> None:
    talk = Talk()
    for _ in range(3):
        talk.sent()
        talk.comes_back()
        talk.wait(1)
    assert len(talk.all(CallerCameBack)) == 3
    assert talk.phase() is CallPhase.TALKING


def test_the_caller_hangs_up_in_the_flow_and_the_seat_is_free_when_its_leg_is_gone() -> None:
    talk = Talk()
    talk.sent()
    talk.caller_hangs_up(talk.caller)
    ended = talk.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == ("answered", "caller")
    assert talk.seat("1001").state is SeatState.TALKING
    talk.channel_gone(talk.leg)
    assert talk.only(SeatLeft).call == talk.caller
    assert talk.seat("1001").state is SeatState.WRAP_UP


def test_the_flow_says_goodbye_and_it_was_the_flow_that_ended_the_call() -> None:
    talk = Talk()
    talk.sent()
    talk.marks(talk.caller, "flow-ended", outcome="hangup")
    talk.channel_gone(talk.caller)
    assert (talk.only(CallEnded).outcome, talk.only(CallEnded).ended_by) == ("answered", "flow")


def test_a_seat_that_hangs_up_meanwhile_is_free_and_the_caller_goes_on_in_the_flow() -> None:
    talk = Talk()
    talk.sent()
    talk.hang_up_begins(talk.leg)
    talk.channel_gone(talk.leg)
    assert talk.only(SeatLeft).seat == "1001"
    assert talk.seat("1001").state is SeatState.WRAP_UP
    assert talk.phase() is CallPhase.IN_FLOW
    talk.channel_gone(talk.caller)
    assert talk.only(CallEnded).ended_by == "unknown", "it was not the seat that ended the call"


def test_back_without_a_seat_the_caller_stands_where_they_stood_and_waits_from_now() -> None:
    talk = Talk()
    first = talk.only(CallQueued)
    talk.sent()
    later = talk.call_waits()
    talk.hang_up_begins(talk.leg)
    talk.channel_gone(talk.leg)
    talk.marks(talk.caller, "seat-lost")
    lost = talk.only(CallerLostSeat)
    assert (lost.seat, lost.flow) == ("1001", "visit")
    assert talk.phase() is CallPhase.WAITING
    again = talk.all(CallQueued)[-1]
    assert (again.call, again.queued_at) == (talk.caller, first.at)
    assert talk.waiting() == [talk.caller, later]
    # Wrap-up is over: the same seat takes them again, and the wait is that of the second time.
    talk.wait(8)
    talk.rings("1001")
    talk.answers("1001")
    answered = talk.all(OfferAnswered)[-1]
    assert answered.call == talk.caller
    assert answered.wait_us == 8 * SECOND


def test_a_flow_that_says_queue_frees_the_seat_and_begins_a_new_wait() -> None:
    talk = Talk()
    talk.sent()
    talk.queued(talk.caller, "bills")
    queued = talk.all(CallQueued)[-1]
    assert (queued.queue, queued.at, queued.queued_at) == ("bills", talk.now, talk.now)
    assert queued.prompt_ended_at == talk.now
    assert talk.hung_up(lately=True) == [talk.leg]
    assert talk.waiting("bills") == [talk.caller]
    talk.hang_up_begins(talk.leg)
    talk.channel_gone(talk.leg)
    assert talk.only(SeatLeft).offer == talk.leg
    assert talk.phase() is CallPhase.WAITING
    talk.wait(8)
    talk.rings("1001")
    talk.answers("1001")
    assert talk.phase() is CallPhase.TALKING
    assert not talk.all(AnomalySeen)


def test_it_is_not_the_freed_seat_that_ends_the_call() -> None:
    talk = Talk()
    talk.sent()
    talk.queued(talk.caller, "bills")
    talk.hang_up_begins(talk.leg)
    talk.channel_gone(talk.leg)
    talk.caller_hangs_up(talk.caller)
    assert talk.only(CallEnded).ended_by == "caller"


def test_the_seat_hangs_up_before_asterisk_has_parted_them() -> None:
    talk = Talk()
    talk.wish()
    talk.hang_up_begins(talk.leg)
    talk.parts(leg_first=True)
    talk.channel_gone(talk.leg)
    assert not talk.all(CallerSentToFlow)
    assert talk.only(SeatLeft).seat == "1001"
    assert talk.phase() is CallPhase.AFTER
    # The caller had been redirected nevertheless, and comes out of the flow.
    talk.marks(talk.caller, "seat-lost")
    assert talk.phase() is CallPhase.WAITING


def test_the_caller_hangs_up_before_asterisk_has_parted_them() -> None:
    talk = Talk()
    talk.wish()
    talk.hang_up_begins(talk.caller)
    talk.parts()
    assert not talk.all(CallerSentToFlow)
    assert talk.only(SeatLeft)
    talk.channel_gone(talk.caller)
    assert talk.only(CallEnded).ended_by == "caller"


# --------------------------------------------------------------------------------- refusals


def test_only_one_of_two_wishes_is_granted() -> None:
    talk = Talk()
    talk.wish("visit")
    talk.wish("other")
    assert "already" in talk.only(FlowWishRefused).why
    assert talk.only(SendToFlow).flow == "visit"
    talk.parts()
    talk.wish("other")
    assert len(talk.all(FlowWishRefused)) == 2


def test_a_wish_that_came_to_nothing_does_not_stand_in_the_way_for_ever() -> None:
    talk = Talk()
    talk.wish("visit")
    talk.wait(6)
    talk.wish("other")
    assert [one.flow for one in talk.all(SendToFlow)] == ["visit", "other"]


def test_another_seats_caller_is_refused() -> None:
    talk = Talk()
    talk.wish(seat="1002")
    assert "another seat" in talk.only(FlowWishRefused).why
    talk.wish(seat="1001")
    assert talk.only(SendToFlow)


def test_who_does_not_talk_is_refused() -> None:
    story = Story()
    call = story.call_arrives()
    for wanted in (call, CallId("1700000000.9")):
        story.hear(FlowWish(at=story.now, call=wanted, flow="visit", by="lead"))
    waits = story.call_waits()
    story.hear(FlowWish(at=story.now, call=waits, flow="visit", by="lead"))
    assert len(story.all(FlowWishRefused)) == 3
    assert not story.all(SendToFlow)


def test_a_caller_who_has_just_hung_up_is_refused() -> None:
    talk = Talk()
    talk.hang_up_begins(talk.caller)
    talk.wish()
    assert "has ended" in talk.only(FlowWishRefused).why


def test_a_call_that_asterisks_own_queue_put_through_is_refused() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_arrives()
    story.queued(call)
    story.queue_rings("1799999999.8", call, "1001")
    story.snapshot(
        caller_seen(call, "last-resort", bridge="b"),
        leg_seen("1799999999.8", call, "1001", bridge="b"),
    )
    assert story.call(call).phase is CallPhase.TALKING  # type: ignore[union-attr]
    story.hear(FlowWish(at=story.now, call=call, flow="visit", by="lead"))
    assert "by itself" in story.only(FlowWishRefused).why


def test_asterisk_refuses_and_the_talk_goes_on() -> None:
    talk = Talk()
    talk.wish()
    talk.fails("refused: Channel does not exist")
    refused = talk.only(FlowWishRefused)
    assert refused.granted
    kept = talk.new(KeepOnChannel)[-1]
    assert kept.variables == (("CTI_VISIT", ""),)
    talk.wish()
    assert len(talk.all(SendToFlow)) == 2
    talk.hang_up_begins(talk.leg)
    assert talk.phase() is CallPhase.AFTER


def test_no_word_from_asterisk_and_it_is_asked_what_is_there() -> None:
    talk = Talk()
    talk.wish()
    talk.fails("the link was lost")
    assert talk.new(Resync)
    talk.snapshot(
        caller_seen(
            talk.caller, "seat-flow", flow="visit", seat_leg=talk.leg, visit="away", stage="seat"
        ),
        leg_seen(talk.leg, talk.caller, "1001", up=True),
    )
    assert talk.only(CallerSentToFlow).flow == "visit"
    assert not talk.all(SeatLeft)


# --------------------------------------------------------------------------------- absences


@pytest.mark.parametrize("context", ["seat-flow", "outside"])
def test_a_new_daemon_finds_the_caller_in_the_flow_and_the_seat_waiting(context: str) -> None:
    story = Story(link=False)
    story.snapshot(
        caller_seen(
            CALL, context, flow="visit", seat="1001", seat_leg=OFFER, visit="away", stage="seat",
            outside="x",
            waiting=str(START - 50 * SECOND),
        ),
        leg_seen(OFFER, CALL, "1001", up=True, answered=str(START - 30 * SECOND)),
    )  # fmt: skip
    found = story.only(CallRecovered)
    wanted = CallPhase.IN_FLOW if context == "seat-flow" else CallPhase.OUTSIDE
    assert (found.phase, found.seat, found.flow) == (wanted, "1001", "visit")
    seat = story.seat("1001")
    assert (seat.state, seat.call, seat.reason) == (SeatState.TALKING, CALL, "flow visit")
    assert not story.hung_up()
    assert not story.all(SeatLeft)
    if context == "outside":
        story.marks(CallId(CALL), "outside-failed", target="x", outcome="busy")
    story.bridged(OFFER, CallId(CALL))
    assert story.only(CallerCameBack).seat == "1001"
    story.hang_up_begins(OFFER)
    assert story.only(SeatLeft).talk_us == 30 * SECOND
    story.channel_gone(CALL)
    assert story.only(CallEnded).outcome == "answered"


def test_a_new_daemon_finds_the_caller_in_the_flow_and_the_seat_gone() -> None:
    story = Story(link=False)
    waiting = str(START - 50 * SECOND)
    story.snapshot(
        caller_seen(
            CALL,
            "seat-flow",
            flow="visit",
            seat="1001",
            visit="away",
            stage="seat",
            waiting=waiting,
        )
    )
    assert (story.only(CallRecovered).phase, story.only(CallRecovered).seat) == (
        CallPhase.IN_FLOW, "",
    )  # fmt: skip
    story.marks(CallId(CALL), "seat-lost")
    assert story.only(CallerLostSeat).seat == "1001"
    assert story.only(CallQueued).queued_at == START - 50 * SECOND


def test_a_new_daemon_finds_the_caller_just_being_sent_away() -> None:
    story = Story(link=False)
    story.snapshot(
        caller_seen(CALL, bridge="b", flow="visit", seat="1001", seat_leg=OFFER, visit="away"),
        leg_seen(OFFER, CALL, "1001", up=True, bridge="b", answered=str(START - 30 * SECOND)),
    )
    assert story.only(CallRecovered).phase is CallPhase.TALKING
    for channel in (CALL, OFFER):
        story.leaves(BridgeId("b"), channel)
    assert story.only(CallerSentToFlow).flow == "visit"
    assert not story.all(SeatLeft)


def test_a_new_daemon_finds_the_caller_handed_to_a_queue_before_the_session_has_ended() -> None:
    story = Story(link=False)
    story.snapshot(
        caller_seen(CALL, "seat-flow", flow="visit", seat="1001", seat_leg=OFFER, stage="seat",
                    t_queued=str(START - 7)),
    )  # fmt: skip
    found = story.only(CallRecovered)
    assert (found.phase, found.queued_at) == (CallPhase.WAITING, START - 7)
    story.caller_hangs_up(CallId(CALL))
    assert story.only(CallEnded).outcome == "answered", "a seat had talked with them before"


def test_a_seat_that_rings_is_not_taken_for_one_that_waits_for_its_caller() -> None:
    story = Story(link=False)
    other = f"offer.1002.{START - SECOND}"
    story.snapshot(
        caller_seen(CALL, "seat-flow", flow="visit", seat_leg=OFFER, visit="away", stage="seat"),
        leg_seen(other, "1799999990.9", "1002", up=True),
        caller_seen("1799999990.9"),
    )
    assert story.seat("1002").state is SeatState.RINGING


def test_the_link_was_away_while_the_caller_came_back() -> None:
    talk = Talk()
    talk.sent()
    talk.link_lost()
    talk.snapshot(
        caller_seen(
            talk.caller, "seat-flow", bridge="b", seat_leg=talk.leg, visit="away", stage="seat"
        ),
        leg_seen(talk.leg, talk.caller, "1001", up=True, bridge="b"),
    )
    assert talk.only(CallerCameBack)
    assert talk.phase() is CallPhase.TALKING


def test_the_link_was_away_and_they_are_still_apart() -> None:
    talk = Talk()
    talk.sent()
    talk.link_lost()
    talk.snapshot(
        caller_seen(talk.caller, "seat-flow", seat_leg=talk.leg, visit="away", stage="seat"),
        leg_seen(talk.leg, talk.caller, "1001", up=True),
    )
    assert talk.phase() is CallPhase.IN_FLOW
    assert not talk.all(SeatLeft)
    assert not talk.hung_up()


def test_the_link_was_away_while_the_flow_handed_the_caller_to_a_queue() -> None:
    talk = Talk()
    talk.sent()
    talk.link_lost()
    since = str(talk.now - SECOND)
    talk.snapshot(caller_seen(talk.caller, "waiting-room", queue="bills", waiting=since))
    queued = talk.all(CallQueued)[-1]
    assert (queued.queue, queued.at) == ("bills", talk.now - SECOND)
    assert talk.only(SeatLeft).offer == talk.leg
    assert talk.waiting("bills") == [talk.caller]


def test_the_link_was_away_while_both_hung_up() -> None:
    talk = Talk()
    talk.sent()
    talk.link_lost()
    talk.snapshot()
    assert talk.only(CallEnded).outcome == "lost-sight"
    assert talk.only(SeatLeft)


def test_a_wish_of_before_the_absence_is_forgotten_when_they_still_talk() -> None:
    talk = Talk()
    talk.wish()
    talk.wait(10)
    talk.snapshot(
        caller_seen(talk.caller, "waiting-room", bridge=talk.bridge),
        leg_seen(talk.leg, talk.caller, "1001", up=True, bridge=talk.bridge),
    )
    talk.parts(leg_first=True)
    assert not talk.all(CallerSentToFlow)
    assert talk.only(SeatLeft)


def test_a_snapshot_asked_for_before_the_wish_does_not_take_it_back() -> None:
    talk = Talk()
    before = talk.now
    talk.wait(us=50)
    talk.wish()
    now, talk.now = talk.now, before
    talk.snapshot(
        caller_seen(talk.caller, "waiting-room", bridge=talk.bridge),
        leg_seen(talk.leg, talk.caller, "1001", up=True, bridge=talk.bridge),
    )
    talk.now = now
    talk.parts()
    assert talk.only(CallerSentToFlow)


# ------------------------------------------------------------------------------ after the call


def test_the_score_is_the_last_seats_and_the_end_is_the_seats() -> None:
    talk = Talk()
    talk.hang_up_begins(talk.leg)
    talk.channel_gone(talk.leg)
    talk.marks(talk.caller, "survey-score", survey="service", score="4")
    scored = talk.only(SurveyScored)
    assert (scored.call, scored.seat, scored.score) == (talk.caller, "1001", 4)
    talk.marks(talk.caller, "flow-ended", outcome="hangup")
    talk.hear(ChannelHangupAsked(at=talk.now, channel=ChannelId(talk.caller), cause=16))
    talk.channel_gone(talk.caller)
    assert (talk.only(CallEnded).outcome, talk.only(CallEnded).ended_by) == ("answered", "seat")


def test_a_survey_that_says_queue_brings_the_caller_back_into_a_line() -> None:
    talk = Talk()
    talk.hang_up_begins(talk.leg)
    talk.channel_gone(talk.leg)
    talk.wait(5)
    talk.queued(talk.caller, "bills")
    assert talk.phase() is CallPhase.WAITING
    assert not talk.new(HangUp)
    talk.wait(8)
    assert talk.all(OriginateSeat)[-1].call == talk.caller


def test_a_new_daemon_finds_the_caller_in_the_survey_and_knows_whose_score_it_is() -> None:
    story = Story(link=False)
    story.snapshot(caller_seen(CALL, "after-call", seat="1002", stage="after"))
    story.marks(CallId(CALL), "survey-score", survey="service", score="2")
    assert story.only(SurveyScored).seat == "1002"
