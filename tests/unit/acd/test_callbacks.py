"""Callbacks keep their place in the line, are made in turn, and never twice at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.callback_rules import CallbackRules
from cti.effects import HangUp, OriginateCallback, OriginateSeat, Resync, StoreRecording
from cti.facts import (
    CallbackAnswered,
    CallbackBooked,
    CallbackCancelAsked,
    CallbackClosed,
    CallbackDialled,
    CallbackFailed,
    CallbackOffered,
    CallbackPutOff,
    CallbackRecovered,
    CallbackRefused,
    CallEnded,
    CallPhase,
    ChannelSeen,
    EffectFailed,
    SeatLeft,
    SeatOffered,
    SeatState,
    WaitEnded,
)
from cti.ids import BridgeId, CallbackId, CallId, ChannelId
from tests.unit.story import RING, SECOND, Story, caller_seen
from tests.unit.story_callbacks import (
    NUMBER,
    answers_and_dials,
    books,
    busy,
    customer_answers,
    customer_of,
    leg_gone,
    not_reached,
    rings,
    seat_is_free,
)

MINUTE = 60 * SECOND


def offered(story: Story) -> list[str]:
    """Calls and callbacks in the order in which seats were offered."""
    return [
        one.callback if isinstance(one, CallbackOffered) else one.call
        for one in story.facts
        if isinstance(one, SeatOffered | CallbackOffered)
    ]


def seat_state(story: Story, seat: str = "1001") -> SeatState:
    return story.seat(seat).state


# -------------------------------------------------------------------------------- the booking


def test_booked_while_waiting_it_takes_the_place_of_its_caller() -> None:
    story = Story(wrap_up=0)
    leg = busy(story)
    call = story.call_waits()
    since = story.now
    story.wait(60)
    later = story.call_waits()
    callback = books(story, call)
    booked = story.only(CallbackBooked)
    assert (booked.since, booked.number, booked.queue) == (since, NUMBER, "repairs")
    story.caller_hangs_up(call)
    assert story.only(WaitEnded).outcome == "callback"
    assert [one.outcome for one in story.all(CallEnded)] == ["callback"]
    assert story.waiting() == [later], "no living caller stands there"
    seat_is_free(story, leg)
    assert offered(story)[1:] == [callback]
    offer = story.only(CallbackOffered)
    assert (offer.seat, offer.number, offer.attempt) == ("1001", NUMBER, 1)
    effect = story.only(OriginateCallback)
    assert (effect.number, effect.device) == (NUMBER, "PJSIP/1001")


def test_booked_without_having_waited_it_stands_at_the_end() -> None:
    story = Story(wrap_up=0)
    leg = busy(story)
    first = story.call_waits()
    story.wait(5)
    call = story.call_arrives()
    callback = books(story, call)
    story.marks(call, "flow-ended", outcome="hangup")
    story.caller_hangs_up(call)
    assert story.only(CallEnded).outcome == "callback"
    seat_is_free(story, leg)
    assert offered(story)[1:] == [first]
    assert story.dispatcher.order(story.only(CallbackBooked).queue) == (first, CallId(callback))


def test_caller_on_the_line_still_is_not_called_back_and_may_be_served() -> None:
    story = Story(wrap_up=0)
    leg = busy(story)
    call = story.call_waits()
    books(story, call)
    seat_is_free(story, leg)
    assert not story.all(CallbackOffered)
    assert offered(story)[-1] == call
    story.rings("1001")
    story.answers("1001")
    assert story.only(CallbackClosed).why == "served"


@pytest.mark.parametrize("number", ["110", "12", "0086138", "138;0000", "", "+86138001380"])
def test_number_that_may_not_be_rung_is_refused(number: str) -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.marks(call, "callback-asked", queue="repairs", number=number)
    assert "number" in story.only(CallbackRefused).why
    assert not story.dispatcher.callbacks.all()
    story.caller_hangs_up(call)
    assert story.only(CallEnded).outcome == "abandoned"


def test_site_rule_of_prefixes() -> None:
    story = Story(rules=CallbackRules(prefixes=("139",)))
    call = story.call_arrives()
    books(story, call, "13800001111")
    assert story.all(CallbackRefused)
    books(story, call, "13900001111")
    assert story.only(CallbackBooked).number == "13900001111"


def test_number_booked_again_in_another_call_keeps_the_earlier_place() -> None:
    story = Story()
    busy(story)
    first = story.call_waits()
    since = story.now
    old = books(story, first)
    story.caller_hangs_up(first)
    story.wait(300)
    second = story.call_waits()
    new = books(story, second)
    closed = story.only(CallbackClosed)
    assert (closed.callback, closed.why) == (old, "replaced")
    (entry,) = story.dispatcher.callbacks.all()
    assert (entry.open.callback, entry.open.since) == (new, since)


def test_same_call_booking_another_number_has_one_callback() -> None:
    story = Story()
    call = story.call_arrives()
    books(story, call, "13800001111")
    books(story, call, "13900001111")
    (entry,) = story.dispatcher.callbacks.all()
    assert entry.open.number == "13900001111"


def test_number_that_is_being_called_is_not_booked_again() -> None:
    story, _ = ringing()
    call = story.call_arrives(NUMBER)
    books(story, call)
    assert "just now" in story.only(CallbackRefused).why
    assert len(story.dispatcher.callbacks.all()) == 1


def test_skills_that_the_caller_needs_are_kept() -> None:
    story = Story(wrap_up=0, skills_of={"1002": ("english",)})
    call = story.call_arrives()
    story.marks(call, "queued", queue="repairs", priority="5", skills="english")
    books(story, call)
    story.caller_hangs_up(call)
    assert story.only(CallbackBooked).skills == ("english",)
    story.signs_on("1002", "1001")
    assert [one.seat for one in story.all(CallbackOffered)] == ["1002"]


# ----------------------------------------------------------------------------------- its turn


def ringing() -> tuple[Story, CallbackId]:
    """1001 is free; it rings for a callback."""
    story = Story(wrap_up=0)
    leg = busy(story)
    call = story.call_waits()
    callback = books(story, call)
    story.caller_hangs_up(call)
    seat_is_free(story, leg)
    rings(story)
    return story, callback


def test_seat_and_customer_talk_and_it_is_recorded() -> None:
    story, callback = ringing()
    offer = story.offer("1001")
    answers_and_dials(story)
    assert story.only(CallbackDialled).callback == callback
    assert seat_state(story) is SeatState.TALKING
    story.wait(7)
    customer_answers(story)
    answered = story.only(CallbackAnswered)
    assert story.all(CallbackClosed)[-1].why == "called-back"
    assert not story.dispatcher.callbacks.all()
    story.wait(30)
    story.hang_up_begins(offer)
    leg_gone(story, offer)
    assert story.all(SeatLeft)[-1].call == answered.call
    assert seat_state(story) is SeatState.READY
    stored = story.all(StoreRecording)[-1]
    assert (stored.file, stored.offer) == (answered.recording, offer)


def test_seat_that_does_not_answer_costs_no_attempt_and_the_next_seat_is_rung() -> None:
    story, callback = ringing()
    story.signs_on("1002")
    offer = story.offer("1001")
    story.wait(RING / SECOND)
    leg_gone(story, offer, cause=0)
    failed = story.only(CallbackFailed)
    assert (failed.reason, failed.dialled) == ("no-answer", False)
    assert seat_state(story) is SeatState.PAUSED
    assert [one.seat for one in story.all(CallbackOffered)] == ["1001", "1002"]
    assert offered(story)[-1] == callback
    assert story.all(CallbackOffered)[-1].attempt == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("BUSY", "customer-busy"),
        ("NOANSWER", "customer-no-answer"),
        ("CHANUNAVAIL", "customer-unreachable"),
        ("CONGESTION", "customer-unreachable"),
        ("ANSWER", "customer-gone"),
        ("WHATEVER", "failed"),
    ],
)
def test_customer_not_reached_is_tried_again_after_ten_minutes(status: str, reason: str) -> None:
    story, callback = ringing()
    answers_and_dials(story)
    not_reached(story, status)
    assert story.only(CallbackFailed).reason == reason
    put_off = story.only(CallbackPutOff)
    assert (put_off.attempts, put_off.until) == (1, story.now + 10 * MINUTE)
    assert seat_state(story) is SeatState.READY
    story.wait(599)
    assert len(story.all(CallbackOffered)) == 1
    story.wait(1)
    assert [one.attempt for one in story.all(CallbackOffered)] == [1, 2]
    assert offered(story)[-1] == callback


def test_not_reached_three_times_it_is_given_up() -> None:
    story, callback = ringing()
    for attempt in range(3):
        if attempt:
            story.wait(600)
            rings(story)
        answers_and_dials(story)
        not_reached(story, "NOANSWER")
    closed = story.only(CallbackClosed)
    assert (closed.callback, closed.why) == (callback, "given-up")
    story.wait(3600)
    assert len(story.all(CallbackOffered)) == 3


@pytest.mark.parametrize("cause", [0, 16])
def test_seat_that_hangs_up_while_the_customer_is_rung_counts_as_an_attempt(cause: int) -> None:
    story, _ = ringing()
    answers_and_dials(story)
    leg_gone(story, story.offer("1001"), cause=cause)
    failed = story.only(CallbackFailed)
    assert (failed.reason, failed.dialled) == ("seat-gone", True)
    assert story.only(CallbackPutOff).attempts == 1


def test_living_caller_ahead_is_served_first_and_one_behind_after() -> None:
    story = Story(wrap_up=0)
    leg = busy(story)
    ahead = story.call_waits()
    story.wait(1)
    call = story.call_waits()
    story.wait(1)
    behind = story.call_waits()
    callback = books(story, call)
    story.caller_hangs_up(call)
    assert story.dispatcher.order(story.only(CallbackBooked).queue) == (
        ahead,
        CallId(callback),
        behind,
    )
    seat_is_free(story, leg)
    assert offered(story)[1:] == [ahead]


# --------------------------------------------------------------------------- cancel and expire


def cancel(story: Story, callback: str) -> None:
    story.hear(CallbackCancelAsked(at=story.now, callback=CallbackId(callback), by="lead"))


def test_cancelled_before_its_turn_it_is_never_made() -> None:
    story = Story(wrap_up=0)
    leg = busy(story)
    call = story.call_waits()
    callback = books(story, call)
    story.caller_hangs_up(call)
    cancel(story, callback)
    assert (story.only(CallbackClosed).why, story.only(CallbackClosed).by) == ("cancelled", "lead")
    seat_is_free(story, leg)
    assert not story.all(CallbackOffered)


def test_cancelled_while_the_seat_rings_the_leg_is_hung_up_and_the_seat_is_ready() -> None:
    story, callback = ringing()
    offer = story.offer("1001")
    cancel(story, callback)
    assert story.all(HangUp)[-1].channel == ChannelId(offer)
    leg_gone(story, offer)
    assert story.only(CallbackFailed).reason == "cancelled"
    assert seat_state(story) is SeatState.READY


def test_unknown_callback_cannot_be_cancelled() -> None:
    story = Story()
    cancel(story, "back.nothing")
    assert story.only(CallbackRefused).why == "it is not open"


def test_too_old_it_is_closed() -> None:
    story = Story(rules=CallbackRules(keep_us=3600 * SECOND))
    call = story.call_arrives()
    books(story, call)
    story.caller_hangs_up(call)
    story.wait(3600)
    assert story.only(CallbackClosed).why == "expired"


# --------------------------------------------------------------------------- link and restart


def test_open_callbacks_are_remembered_with_place_attempts_and_rest() -> None:
    story, callback = ringing()
    answers_and_dials(story)
    not_reached(story, "BUSY")
    (before,) = story.dispatcher.callbacks.all()
    story.daemon_restarts()
    story.snapshot()
    story.signs_on("1001")
    (after,) = story.dispatcher.callbacks.all()
    assert after.open == before.open
    assert (after.open.callback, after.open.attempts, after.state) == (callback, 1, "resting")
    story.wait(600)
    assert [one.attempt for one in story.all(CallbackOffered)] == [1, 2]


def test_after_a_restart_the_caller_who_is_still_there_is_not_called_back() -> None:
    story = Story(wrap_up=0)
    call = story.call_waits()
    books(story, call)
    story.daemon_restarts()
    story.snapshot(caller_seen(call, "menu", t_queued=str(story.now)))
    assert story.call(call)
    story.signs_on("1001", "1002")
    assert offered(story) == [call]
    assert not story.all(CallbackOffered)


def leg(story: Story, offer: str, *, up: bool = False, bridge: str = "") -> ChannelSeen:
    booked = story.only(CallbackBooked)
    return ChannelSeen(
        channel=ChannelId(offer),
        name="PJSIP/1001-00000001",
        linked=ChannelId(offer),
        context="seat-leg",
        application="Dial",
        up=up,
        bridge=BridgeId(bridge),
        caller_number="1001",
        caller_name="",
        variables=(
            ("CTI_CALL", booked.call),
            ("CTI_CALLBACK", booked.callback),
            ("CTI_QUEUE", "repairs"),
            ("CTI_RECORDING", "a--b.raw"),
        ),
    )


def customer(offer: str, bridge: str = "") -> ChannelSeen:
    return ChannelSeen(
        channel=customer_of(offer),
        name="PJSIP/trunk-00000002",
        linked=ChannelId(offer),
        context="from-trunk",
        application="AppDial",
        up=bool(bridge),
        bridge=BridgeId(bridge),
        caller_number=NUMBER,
        caller_name="",
    )


@pytest.mark.parametrize("phase", ["ringing", "dialling", "talking"])
def test_restarted_in_the_middle_it_goes_on_and_nobody_is_rung_twice(phase: str) -> None:
    story, _ = ringing()
    offer = story.offer("1001")
    if phase != "ringing":
        answers_and_dials(story)
    story.daemon_restarts()
    bridge = "b" if phase == "talking" else ""
    seen = [leg(story, offer, up=phase != "ringing", bridge=bridge)]
    seen += [] if phase == "ringing" else [customer(offer, bridge)]
    story.snapshot(*seen)
    assert story.only(CallbackRecovered).phase == phase
    assert len(story.all(CallbackOffered)) == 1
    assert story.offer("1001") == offer
    assert not story.hung_up()
    if phase == "ringing":
        answers_and_dials(story)
    if phase != "talking":
        customer_answers(story)
    assert story.all(CallbackClosed)[-1].why == "called-back"


def test_leg_that_vanished_while_the_link_was_away_is_not_taken_for_a_talk() -> None:
    story, _ = ringing()
    answers_and_dials(story)
    story.link_lost()
    story.wait(5)
    story.snapshot()
    failed = story.only(CallbackFailed)
    assert (failed.reason, failed.dialled) == ("lost-sight", True)
    assert story.only(CallbackPutOff).attempts == 1


def test_no_word_on_the_originate_asks_asterisk_and_never_sends_it_again() -> None:
    story = Story(wrap_up=0)
    leg_before = busy(story)
    call = story.call_waits()
    books(story, call)
    story.caller_hangs_up(call)
    seat_is_free(story, leg_before)
    offer = story.offer("1001")
    story.hear(
        EffectFailed(
            at=story.now, effect="OriginateCallback", subject=offer, reason="no answer in time"
        )
    )
    assert story.all(Resync)
    assert len(story.all(OriginateCallback)) == 1
    story.wait(2)
    story.snapshot()
    assert story.only(CallbackFailed).dialled is False


def test_seats_leg_that_calls_back_is_no_caller_and_no_stray() -> None:
    story, _ = ringing()
    assert story.offer("1001") not in {str(one.call) for one in story.tracker.calls()}
    story.snapshot(leg(story, story.offer("1001")))
    assert not story.hung_up()
    assert not story.all(OriginateSeat)[1:]


# --------------------------------------------------------------------------- whatever happens

DEED = st.sampled_from(
    [
        "arrive",
        "book",
        "hang-up",
        "ring",
        "answer",
        "reach",
        "miss",
        "end",
        "reject",
        "restart",
        "cancel",
        "sign-on",
    ]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(DEED, st.integers(0, 700), st.integers(0, 2)), max_size=40))
def test_no_callback_is_offered_twice_at_once_nor_out_of_turn_nor_after_its_end(
    deeds: list[tuple[str, int, int]],
) -> None:
    story = Story(seats=("1001", "1002"), wrap_up=0)
    story.signs_on("1001", "1002")
    numbers = ("13800000001", "13800000002", "13800000003")
    for deed, pause, which in deeds:
        story.wait(pause)
        seat = ("1001", "1002", "1001")[which]
        alive = [one.call for one in story.tracker.calls() if one.phase is not CallPhase.ENDED]
        calling = str(story.dispatcher.offer_of(story.seat(seat).seat) or "")
        back = calling.startswith("callback.")
        state = seat_state(story, seat)
        match deed:
            case "arrive":
                story.call_waits()
            case "book" if alive:
                books(story, alive[which % len(alive)], numbers[which])
            case "hang-up" if alive:
                story.caller_hangs_up(alive[which % len(alive)])
            case "ring" if back and state is SeatState.RINGING:
                rings(story, seat)
            case "answer" if back and state is SeatState.RINGING:
                answers_and_dials(story, seat)
            case "reach" if back and state is SeatState.TALKING:
                customer_answers(story, seat)
            case "miss" if back and state is SeatState.TALKING:
                not_reached(story, "BUSY", seat)
            case "end" | "reject" if calling:
                leg_gone(story, calling, cause=21)
            case "cancel":
                cancel(story, f"back.1800000000.{which + 1}")
            case "sign-on" if state is SeatState.PAUSED:
                story.wishes(seat, "ready")
            case "restart":
                seen = [caller_seen(call) for call in alive]
                story.daemon_restarts()
                story.snapshot(*seen)
                story.signs_on("1001", "1002")
    _check(story)


def _check(story: Story) -> None:
    under_way: dict[CallbackId, str] = {}
    numbers: dict[CallbackId, str] = {}
    closed: set[tuple[CallbackId, int]] = set()
    bookings: dict[CallbackId, int] = {}
    since: dict[CallbackId, int] = {}
    for fact in story.facts:
        match fact:
            case CallbackBooked():
                bookings[fact.callback] = bookings.get(fact.callback, 0) + 1
                since[fact.callback] = fact.since
                assert fact.number not in [
                    number for one, number in numbers.items() if one != fact.callback
                ], "two open callbacks for one number"
                numbers[fact.callback] = fact.number
            case CallbackOffered():
                assert fact.callback not in under_way, "two offers of one callback"
                assert fact.callback in numbers, "offered after its end"
                assert fact.since == since[fact.callback], "the place was lost"
                under_way[fact.callback] = fact.offer
            case CallbackFailed() | CallbackAnswered():
                under_way.pop(fact.callback, None)
            case CallbackClosed():
                key = (fact.callback, bookings[fact.callback])
                assert key not in closed, "closed twice"
                closed.add(key)
                numbers.pop(fact.callback)
            case _ if type(fact).__name__ == "EngineStarted":
                under_way.clear()  # those legs are not in the snapshot that follows
    for entry in story.dispatcher.callbacks.all():
        assert entry.open.number == numbers.pop(entry.open.callback)
        assert entry.open.attempts < 3
    assert not numbers, "an open callback was forgotten"


def test_call_id_of_a_callback_is_the_call_that_booked_it() -> None:
    story, callback = ringing()
    assert callback == f"back.{story.only(CallbackBooked).call}"
    assert isinstance(story.only(CallbackOffered).call, str)
    assert CallId(story.only(CallbackOffered).call) == story.only(CallbackBooked).call
