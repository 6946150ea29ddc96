"""Seats whose phones say nothing or are lost, and answers that cross their withdrawal."""

from __future__ import annotations

from cti.calls.withdrawals import NO_SIGN_US, STUCK_US
from cti.effects import OriginateSeat, WithdrawLeg
from cti.facts import (
    AnomalySeen,
    CallEnded,
    ChannelRang,
    DeviceChanged,
    DeviceState,
    EffectFailed,
    OfferAnswered,
    OfferFailed,
    SeatLegGone,
    SeatState,
)
from cti.ids import CallId, ChannelId, OfferId
from tests.unit.story import SECOND, Story, caller_seen, device_of, leg_seen


def offered() -> tuple[Story, CallId, OfferId]:
    """1001 is about to be rung, and 1002 is ready, too."""
    story = Story()
    story.signs_on("1001", "1002")
    call = story.call_waits()
    offer = story.offer("1001")
    story.leg_created(offer, "1001")
    return story, call, offer


def taken(story: Story, offer: str) -> None:
    """Asterisk refuses to withdraw a leg that is just taking its caller."""
    story.hear(
        EffectFailed(at=story.now, effect="WithdrawLeg", subject=offer, reason="refused: taken")
    )


def phone_is(story: Story, seat: str, state: DeviceState) -> None:
    story.hear(DeviceChanged(at=story.now, device=device_of(seat), state=state))


def withdrawn(story: Story, *, lately: bool = False) -> list[str]:
    return [one.channel for one in (story.new if lately else story.all)(WithdrawLeg)]


def rung(story: Story) -> list[str]:
    return [one.seat for one in story.all(OriginateSeat)]


def test_no_sign_in_time_withdraws_the_leg_and_the_caller_is_offered_when_it_is_gone() -> None:
    story, call, offer = offered()
    story.wait(us=NO_SIGN_US - 1)
    assert not story.all(WithdrawLeg)
    story.wait(us=1)
    assert withdrawn(story) == [offer]
    assert rung(story) == ["1001"], "not before Asterisk says that the leg is gone"
    story.wait(us=2_000)
    story.channel_gone(offer, 0)
    assert story.only(OfferFailed).reason == "no-response"
    assert rung(story) == ["1001", "1002"]
    assert story.all(OriginateSeat)[-1].call == call
    assert story.seat("1001").state is SeatState.PAUSED
    assert story.seat("1001").reason == "no-response"


def test_a_channel_that_was_never_made_is_no_sign_either() -> None:
    story = Story()
    story.signs_on("1001", "1002")
    story.call_waits()
    story.wait(us=NO_SIGN_US)
    assert withdrawn(story) == [story.offer("1001")]
    story.wait(us=STUCK_US)
    assert story.only(OfferFailed).reason == "no-response"
    assert rung(story) == ["1001", "1002"]
    assert NO_SIGN_US + STUCK_US < 3 * SECOND


def test_a_sign_lets_the_seat_ring_for_its_whole_time() -> None:
    story, _, offer = offered()
    story.wait(2)
    story.hear(ChannelRang(at=story.now, channel=ChannelId(offer)))
    story.wait(10)
    assert not story.all(WithdrawLeg)
    assert not story.all(OfferFailed)


def test_a_phone_that_answers_without_having_rung_has_given_a_sign() -> None:
    story, _, offer = offered()
    story.wait(2)
    story.answers("1001")
    story.wait(10)
    assert not story.all(WithdrawLeg)
    assert story.only(OfferAnswered).offer == offer


def test_an_answer_that_came_before_the_withdrawal_is_a_talk() -> None:
    story, call, offer = offered()
    story.wait(us=NO_SIGN_US)
    taken(story, offer)
    story.picks_up(offer)
    story.bridged(offer, call)
    assert story.only(OfferAnswered).seat == "1001"
    assert not story.all(OfferFailed)
    assert rung(story) == ["1001"]
    assert story.seat("1001").state is SeatState.TALKING


def test_a_withdrawn_leg_that_answers_is_hung_up_again_and_bridges_nobody() -> None:
    story, _, offer = offered()
    story.wait(us=NO_SIGN_US)
    story.picks_up(offer)
    assert withdrawn(story, lately=True) == [offer]
    story.channel_gone(offer, 16)
    assert story.only(OfferFailed).reason == "no-response"
    assert not story.all(OfferAnswered)


def test_a_stuck_channel_does_not_keep_the_caller_and_is_hung_up_when_heard_of_again() -> None:
    story, call, offer = offered()
    story.wait(us=NO_SIGN_US + STUCK_US)
    assert story.only(OfferFailed).reason == "no-response"
    assert rung(story) == ["1001", "1002"]
    story.rings("1002")
    story.picks_up(offer)
    assert withdrawn(story, lately=True) == [offer]
    story.channel_gone(offer, 0)
    assert story.only(SeatLegGone).offer == offer
    assert len(story.all(OfferFailed)) == 1
    story.answers("1002")
    assert story.only(OfferAnswered).seat == "1002"
    assert story.call(call) is not None
    assert not story.all(AnomalySeen)


def test_a_given_up_leg_that_has_taken_the_caller_after_all_keeps_them() -> None:
    story, call, offer = offered()
    story.wait(us=NO_SIGN_US + STUCK_US)
    other = story.rings("1002")
    taken(story, offer)
    story.bridged(offer, call)
    assert story.only(OfferAnswered).seat == "1001"
    assert story.hung_up(lately=True) == [other]
    story.channel_gone(other, 0)
    assert [one.reason for one in story.all(OfferFailed)] == ["no-response", "taken"]
    assert story.seat("1001").state is SeatState.TALKING
    assert story.seat("1002").state is SeatState.READY


def test_a_phone_that_is_lost_while_it_rings_is_withdrawn_at_once() -> None:
    story, _, offer = offered()
    story.hear(ChannelRang(at=story.now, channel=ChannelId(offer)))
    story.wait(7)
    phone_is(story, "1001", DeviceState.UNREACHABLE)
    assert withdrawn(story) == [offer]
    story.channel_gone(offer, 0)
    assert story.only(OfferFailed).reason == "unreachable"
    assert rung(story) == ["1001", "1002"]
    assert story.seat("1001").state is SeatState.UNREACHABLE
    phone_is(story, "1001", DeviceState.IDLE)
    assert story.seat("1001").state is SeatState.READY


def test_a_phone_that_is_lost_in_a_talk_changes_nothing() -> None:
    story, _, _ = offered()
    story.answers("1001")
    phone_is(story, "1001", DeviceState.UNREACHABLE)
    assert not story.all(WithdrawLeg)
    assert story.seat("1001").state is SeatState.TALKING


def test_the_caller_who_gives_up_while_a_leg_is_withdrawn_is_told_once() -> None:
    story, call, offer = offered()
    story.wait(us=NO_SIGN_US)
    story.caller_hangs_up(call)
    story.channel_gone(offer, 0)
    assert story.only(OfferFailed).reason == "no-response"
    assert story.only(CallEnded).outcome == "abandoned"
    assert rung(story) == ["1001"]


def test_a_withdrawal_that_was_lost_with_the_link_is_made_again() -> None:
    story, call, offer = offered()
    story.wait(us=NO_SIGN_US)
    story.link_lost()
    story.snapshot(caller_seen(call), leg_seen(offer, call, "1001"))
    assert withdrawn(story, lately=True) == [offer]
