"""The customer is rung first, a seat is kept for them, and nobody loses place or turn by it."""

from __future__ import annotations

import pytest

from acd.callback_book import CallbackState
from acd.callback_rules import CallbackRules
from cti.effects import HangUp, OriginateCallback, OriginateCustomer, OriginateSeat, Resync
from cti.facts import (
    CallAbandoned,
    CallArrived,
    CallbackCancelAsked,
    CallbackClosed,
    CallbackFailed,
    CallbackOffered,
    CallbackPutOff,
    CallbackReached,
    CallbackRecovered,
    CallQueued,
    CallRecovered,
    ChannelCreated,
    ChannelSeen,
    DeviceChanged,
    DeviceState,
    EffectFailed,
    OfferAnswered,
    OriginateEnded,
    SeatOffered,
    SeatState,
    WaitTold,
)
from cti.ids import BridgeId, CallbackId, CallId, ChannelId, OfferId
from tests.unit.story import SECOND, START, Story, device_of, leg_seen
from tests.unit.story_callbacks import NUMBER, books, busy, leg_gone, seat_is_free

MINUTE = 60 * SECOND
SINCE = START + 3_000
"""Since when the customer waits: see `busy`."""
RULES = CallbackRules(ring_us=30 * SECOND)


def rung(*seats: str) -> tuple[Story, CallbackId, str]:
    """A callback is due, a seat is kept for it, and the customer's phone rings; its channel."""
    story = Story(wrap_up=0, first="customer", rules=RULES)
    leg = busy(story)
    call = story.call_waits()
    callback = books(story, call)
    story.caller_hangs_up(call)
    story.wait(60)
    story.signs_on(*seats)
    if not seats:
        seat_is_free(story, leg)
    offer = story.only(CallbackOffered).offer
    created(story, offer)
    return story, callback, offer


def created(story: Story, offer: str) -> None:
    story.hear(
        ChannelCreated(
            at=story.now,
            channel=ChannelId(offer),
            name="PJSIP/trunk-00000009",
            linked=ChannelId(offer),
            context="from-trunk",
            exten="s",
            caller_number="",
            caller_name="",
        )
    )


def seat_of(story: Story) -> str:
    return story.all(CallbackOffered)[-1].seat


def state(story: Story, seat: str = "1001") -> SeatState:
    return story.seat(seat).state


def entry_state(story: Story) -> CallbackState:
    (entry,) = story.dispatcher.callbacks.all()
    return entry.state


def customer_seen(offer: str, *, up: bool = True, bridge: str = "", seat: str = "") -> ChannelSeen:
    known = {"CTI_CALLBACK": "back.1800000000.2", "CTI_BOOKED": "1800000000.2"}
    known |= {"CTI_NUMBER": NUMBER, "CTI_QUEUE": "repairs", "CTI_RING": "30"}
    known |= {"CTI_HOTLINE": "12345", "CTI_T_QUEUED": str(SINCE)}
    known |= {"CTI_CALL": offer, "CTI_T_PROMPT": str(SINCE + MINUTE)} if up else {}
    known |= {"CTI_SEAT": seat} if seat else {}
    return ChannelSeen(
        channel=ChannelId(offer),
        name="PJSIP/trunk-00000009",
        linked=ChannelId(offer),
        context="waiting-room" if up else "from-trunk",
        application="",
        up=up,
        bridge=BridgeId(bridge),
        caller_number="12345",
        caller_name="",
        variables=tuple(known.items()),
    )


def test_customer_is_rung_while_the_seat_is_kept_and_its_phone_is_silent() -> None:
    story, callback, offer = rung()
    effect = story.only(OriginateCustomer)
    assert (effect.offer, effect.number, effect.callback) == (offer, NUMBER, callback)
    assert effect.since == story.only(CallbackOffered).since
    assert state(story) is SeatState.RESERVED
    assert not story.all(OriginateCallback)
    assert len(story.all(OriginateSeat)) == 1, "the talk before"
    assert entry_state(story) is CallbackState.DIALLING
    assert len(story.all(CallArrived)) == 2, "no call before they answer"


def test_customer_who_answers_stands_at_the_head_and_the_kept_seat_is_rung_at_once() -> None:
    story, _, offer = rung()
    behind = story.call_waits()
    story.wait(5)
    story.picks_up(offer)
    reached = story.only(CallbackReached)
    assert (reached.seat, reached.customer) == ("1001", offer)
    assert story.waiting() == [offer, behind]
    assert story.new(SeatOffered)[0].call == offer
    assert story.new(OriginateSeat)[0].caller_number == NUMBER
    queued = story.all(CallQueued)[-1]
    assert (queued.queued_at, queued.prompt_ended_at) == (reached.since, story.now)
    why = story.new(SeatOffered)[0].why
    assert why is not None
    assert why.kept
    assert not [one for one in story.all(WaitTold) if one.call == offer], "they hear no place"
    story.wait(2)
    story.rings("1001")
    story.answers("1001")
    answered = story.all(OfferAnswered)[-1]
    assert answered.wait_us == 2 * SECOND, "from their answer, not from the booking"
    assert story.only(CallbackClosed).why == "called-back"
    assert story.dispatcher.callbacks.all() == ()
    assert state(story) is SeatState.TALKING


@pytest.mark.parametrize(
    ("cause", "reason", "pause"),
    [
        (17, "customer-busy", 600),
        (21, "customer-busy", 600),
        (19, "customer-no-answer", 600),
        (34, "customer-unreachable", 600),
        (1, "customer-unreachable", 600),
    ],
)
def test_customer_not_reached_is_put_off_and_the_seat_keeps_its_turn(
    cause: int, reason: str, pause: int
) -> None:
    story, _, offer = rung()
    story.wait(1)
    story.signs_on("1002")
    story.wait(3)
    leg_gone(story, offer, cause)
    story.hear(OriginateEnded(at=story.now, offer=OfferId(offer), accepted=False, reason=5))
    failed = story.only(CallbackFailed)
    assert (failed.reason, failed.dialled) == (reason, True)
    put_off = story.only(CallbackPutOff)
    assert put_off.until - put_off.at == pause * SECOND
    assert state(story) is SeatState.READY, "not set aside"
    story.call_waits()
    assert story.all(SeatOffered)[-1].seat == "1001", "idle longer than 1002"


def test_no_channel_at_all_is_an_attempt() -> None:
    story = Story(wrap_up=0, first="customer", rules=RULES)
    call = story.call_arrives()
    books(story, call)
    story.caller_hangs_up(call)
    story.signs_on("1001")
    offer = story.only(CallbackOffered).offer
    story.hear(OriginateEnded(at=story.now, offer=OfferId(offer), accepted=False, reason=0))
    assert story.only(CallbackFailed).reason == "customer-unreachable"
    assert state(story) is SeatState.READY
    assert len(story.all(CallbackOffered)) == 1


def test_asterisk_that_refuses_is_not_asked_again_at_once() -> None:
    story, _, offer = rung()
    story.hear(
        EffectFailed(at=story.now, effect="OriginateCustomer", subject=offer, reason="refused: no")
    )
    assert story.only(CallbackFailed).reason == "failed"
    assert len(story.all(OriginateCustomer)) == 1
    assert state(story) is SeatState.READY


def test_customer_who_hangs_up_before_a_seat_answers_counts_and_is_rung_again() -> None:
    story, callback, offer = rung()
    story.picks_up(offer)
    story.rings("1001")
    story.wait(2)
    story.caller_hangs_up(CallId(offer))
    assert story.only(CallAbandoned).wait_us == 2 * SECOND
    assert story.only(CallbackPutOff).attempts == 1
    leg_gone(story, story.offer("1001"))
    assert state(story) is SeatState.READY
    story.wait(601)
    again = story.all(CallbackOffered)[-1]
    assert (again.callback, again.attempt) == (callback, 2)
    assert again.offer != offer


@pytest.mark.parametrize("how", ["signs off", "phone lost"])
def test_seat_lost_while_the_customer_rings_another_one_is_rung(how: str) -> None:
    story, _, offer = rung()
    behind = story.call_waits()
    if how == "signs off":
        story.wishes("1001", "sign-off")
    else:
        lost = DeviceState.UNREACHABLE
        story.hear(DeviceChanged(at=story.now, device=device_of("1001"), state=lost))
    story.picks_up(offer)
    assert not [one for one in story.all(SeatOffered) if one.call == offer]
    assert state(story) in (SeatState.SIGNED_OFF, SeatState.UNREACHABLE)
    story.signs_on("1002")
    assert story.new(SeatOffered)[0].call == offer, "at the head"
    assert story.waiting() == [offer, behind]


def test_kept_seat_that_does_not_answer_another_one_is_rung_and_the_place_is_kept() -> None:
    story, _, offer = rung()
    story.picks_up(offer)
    behind = story.call_waits()
    story.rings("1001")
    story.seat_rejects("1001")
    story.signs_on("1002")
    assert story.new(SeatOffered)[0].call == offer
    story.rings("1002")
    story.answers("1002")
    assert story.only(CallbackClosed).why == "called-back"
    assert story.waiting() == [behind]


def test_cancelled_while_the_customer_rings_their_phone_stops_and_the_seat_is_free() -> None:
    story, callback, offer = rung()
    story.hear(CallbackCancelAsked(at=story.now, callback=callback, by="lead"))
    assert offer in story.hung_up(lately=True)
    leg_gone(story, offer)
    assert story.only(CallbackFailed).reason == "cancelled"
    assert state(story) is SeatState.READY
    assert not story.all(CallbackPutOff)


def test_cancelled_when_the_customer_is_there_they_are_served_still() -> None:
    story, callback, offer = rung()
    story.picks_up(offer)
    story.hear(CallbackCancelAsked(at=story.now, callback=callback, by="lead"))
    assert offer not in story.hung_up()
    story.rings("1001")
    story.answers("1001")
    assert len(story.all(CallbackClosed)) == 1
    assert state(story) is SeatState.TALKING


def test_number_is_not_booked_again_while_its_customer_is_on_the_line() -> None:
    story, _, offer = rung()
    books(story, story.call_arrives())
    story.picks_up(offer)
    books(story, story.call_arrives())
    story.rings("1001")
    story.answers("1001")
    books(story, story.call_arrives())
    assert len([one for one in story.facts if type(one).__name__ == "CallbackBooked"]) == 1
    story.caller_hangs_up(CallId(offer))
    books(story, story.call_arrives())
    assert len([one for one in story.facts if type(one).__name__ == "CallbackBooked"]) == 2


def test_silence_is_asked_about_and_then_given_up_and_the_seat_is_free() -> None:
    story, _, offer = rung()
    story.wait(36)
    assert any(offer in one.why for one in story.all(Resync))
    story.snapshot(customer_seen(offer, up=False))
    story.wait(6)
    assert HangUp(channel=ChannelId(offer)) in story.effects
    assert state(story) is SeatState.READY
    assert story.only(CallbackFailed).reason == "failed"
    created(story, offer)
    assert story.hung_up(lately=True) == [offer]


# ------------------------------------------------------------------------------ daemon and link


def test_killed_while_the_customer_rings_the_seat_is_kept_again_and_nobody_rung_twice() -> None:
    story, _, offer = rung()
    story.daemon_restarts()
    story.snapshot(customer_seen(offer, up=False))
    story.signs_on("1001")
    assert story.only(CallbackRecovered).phase == "dialling"
    assert len(story.all(OriginateCustomer)) == 1
    assert entry_state(story) is CallbackState.DIALLING
    story.picks_up(offer)
    assert story.all(CallbackReached)[-1].since == story.only(CallbackOffered).since
    assert story.all(SeatOffered)[-1].call == offer


def test_killed_while_the_customer_waits_the_place_and_the_clock_are_kept() -> None:
    story, _, offer = rung()
    story.picks_up(offer)
    story.rings("1001")
    leg = story.offer("1001")
    story.wait(3)
    story.daemon_restarts()
    story.snapshot(customer_seen(offer), leg_seen(leg, offer, "1001"))
    found = story.all(CallRecovered)[-1]
    assert (found.call, found.queued_at) == (offer, SINCE)
    assert found.caller_number == NUMBER
    assert entry_state(story) is CallbackState.REACHED
    assert len(story.all(OriginateCustomer)) == 1
    story.signs_on("1001")
    story.picks_up(leg)
    story.bridged(leg, CallId(offer))
    assert story.all(OfferAnswered)[-1].wait_us == 3 * SECOND
    assert story.only(CallbackClosed).why == "called-back"


@pytest.mark.parametrize("left", [False, True])
def test_killed_while_they_talk_the_callback_is_closed_and_not_made_again(left: bool) -> None:
    story, _, offer = rung()
    story.picks_up(offer)
    story.rings("1001")
    leg = story.offer("1001")
    story.daemon_restarts()
    if left:
        story.snapshot(customer_seen(offer, seat="1001"))
    else:
        story.snapshot(
            customer_seen(offer, bridge="b"), leg_seen(leg, offer, "1001", up=True, bridge="b")
        )
    assert story.only(CallbackClosed).why == "called-back"
    assert not story.dispatcher.callbacks.all()
    assert len(story.all(OriginateCustomer)) == 1


def test_answered_while_the_link_was_away_the_kept_seat_is_rung() -> None:
    story, _, offer = rung()
    story.link_lost()
    story.wait(4)
    story.snapshot(customer_seen(offer))
    assert story.only(CallbackReached).customer == offer
    assert story.all(SeatOffered)[-1].call == offer
    assert story.dispatcher.offer_of(story.seat("1001").seat) == story.all(SeatOffered)[-1].offer


def test_gone_while_the_link_was_away_is_an_attempt_and_the_seat_is_free() -> None:
    story, _, _ = rung()
    story.link_lost()
    story.wait(4)
    story.snapshot()
    assert story.only(CallbackFailed).reason == "lost-sight"
    assert story.only(CallbackPutOff).attempts == 1
    assert state(story) is SeatState.READY


def test_customer_found_ringing_who_had_been_given_up_is_not_rung_beside_another() -> None:
    story, _, offer = rung()
    story.link_lost()
    story.wait(4)
    story.snapshot()
    assert story.only(CallbackFailed).reason == "lost-sight"
    story.snapshot(customer_seen(offer, up=False))
    assert story.hung_up(lately=True) == [offer]
    assert not story.all(CallbackRecovered)
