"""Offers that come to nothing, callers who give up, and words from Asterisk that do not come."""

from __future__ import annotations

import pytest

from cti.calls.legs import SILENCE_ALLOWANCE_US, UNCONFIRMED_US
from cti.effects import OriginateSeat, Resync
from cti.facts import (
    AnomalySeen,
    CallAbandoned,
    CallEnded,
    CallQueued,
    ChannelAnswered,
    ChannelRang,
    EffectFailed,
    OfferAnswered,
    OfferFailed,
    OfferRang,
    OriginateEnded,
    SeatLegGone,
    SeatState,
)
from cti.ids import ChannelId, OfferId
from tests.unit.story import RING, SECOND, START, Story, caller_seen, leg_seen


def ringing() -> Story:
    """One caller waits, seat 1001 rings."""
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    story.rings("1001")
    return story


def failed(story: Story) -> str:
    return story.only(OfferFailed).reason


def effect_failed(story: Story, offer: str, reason: str) -> None:
    story.hear(EffectFailed(at=story.now, effect="OriginateSeat", subject=offer, reason=reason))


def test_caller_gives_up_while_waiting() -> None:
    story = Story()
    call = story.call_waits()
    story.wait(us=12_345_678)
    story.hang_up_begins(call)
    abandoned = story.only(CallAbandoned)
    assert (abandoned.at, abandoned.wait_us) == (story.now, 12_345_678)
    assert (abandoned.queue, abandoned.call) == ("repairs", call)
    assert story.waiting() == []
    story.wait(us=9_000)
    story.channel_gone(call)
    ended = story.only(CallEnded)
    assert (ended.outcome, ended.ended_by) == ("abandoned", "caller")
    assert ended.total_us == 12_345_678 + 9_000
    assert len(story.all(CallAbandoned)) == 1


def test_caller_whose_hang_up_request_was_missed_gave_up_when_the_channel_went() -> None:
    story = Story()
    call = story.call_waits()
    story.wait(7)
    story.channel_gone(call)
    assert story.only(CallAbandoned).wait_us == 7 * SECOND
    assert story.only(CallEnded).ended_by == "unknown"


def test_caller_gives_up_while_a_seat_rings_and_the_seat_is_ready_again() -> None:
    story = ringing()
    offer = story.offer("1001")
    story.wait(3)
    story.hang_up_begins(story.waiting()[0])
    assert story.hung_up() == [offer]
    assert story.only(CallAbandoned).wait_us == 3 * SECOND
    story.channel_gone(offer, 0)
    assert failed(story) == "caller-gone"
    assert story.only(SeatLegGone).recording == ""
    assert story.seat("1001").state is SeatState.READY


def test_seat_whose_caller_gave_up_keeps_its_place_among_the_idle() -> None:
    story = Story()
    story.signs_on("1001")
    story.wait(1)
    story.signs_on("1002")
    for _ in range(3):
        call = story.call_waits()
        offer = story.rings("1001")
        story.wait(2)
        story.caller_hangs_up(call)
        story.channel_gone(offer, 0)
    assert {one.seat for one in story.all(OriginateSeat)} == {"1001"}


def test_caller_gives_up_before_asterisk_has_made_the_leg() -> None:
    """The hang-up found no channel; the leg that comes up after it is hung up again."""
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.offer("1001")
    story.caller_hangs_up(call)
    assert story.hung_up() == [offer]
    story.leg_created(offer, "1001")
    assert story.hung_up(lately=True) == [offer]
    story.channel_gone(offer, 0)
    assert failed(story) == "caller-gone"
    assert story.seat("1001").state is SeatState.READY


def test_caller_who_hung_up_while_being_queued_is_not_rung_for() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_arrives()
    story.hang_up_begins(call)
    story.wait(us=50)
    story.queued(call)
    assert story.only(CallQueued).call == call
    assert story.only(CallAbandoned).wait_us == 0
    assert not story.all(OriginateSeat)
    assert story.seat("1001").state is SeatState.READY
    story.channel_gone(call)
    assert story.only(CallEnded).outcome == "abandoned"


def test_no_answer_sets_the_seat_aside_and_the_caller_stays_at_the_head_of_the_line() -> None:
    story = Story()
    story.signs_on("1001")
    first = story.call_waits()
    story.rings("1001")
    story.wait(1)
    second = story.call_waits()
    story.does_not_answer("1001")
    assert failed(story) == "no-answer"
    assert story.seat("1001").state is SeatState.PAUSED
    assert story.seat("1001").reason == "no-answer"
    assert story.waiting() == [first, second]
    story.signs_on("1002")
    assert story.all(OriginateSeat)[-1].call == first
    story.rings("1002")
    story.wait(2)
    story.answers("1002")
    assert story.only(OfferAnswered).wait_us == RING + 3 * SECOND
    story.wishes("1001", "ready")
    assert story.all(OriginateSeat)[-1].call == second


def test_ring_time_out_a_little_early_is_still_no_answer() -> None:
    story = ringing()
    story.wait((RING - 250_000) / SECOND)
    story.channel_gone(story.offer("1001"), 0)
    assert failed(story) == "no-answer"


@pytest.mark.parametrize(
    ("cause", "reason"),
    [(17, "rejected"), (21, "rejected"), (19, "no-answer"), (20, "unreachable"), (0, "failed")],
)
def test_reason_of_a_failed_offer_is_read_from_the_hang_up_cause(cause: int, reason: str) -> None:
    story = ringing()
    story.wait(2)
    story.channel_gone(story.offer("1001"), cause)
    assert failed(story) == reason
    assert story.seat("1001").state is SeatState.PAUSED
    assert story.seat("1001").reason == reason


def test_rejected_call_goes_to_the_next_seat_at_once() -> None:
    story = Story()
    story.signs_on("1001", "1002")
    story.call_waits()
    story.rings("1001")
    story.seat_rejects("1001")
    assert failed(story) == "rejected"
    assert [one.seat for one in story.all(OriginateSeat)] == ["1001", "1002"]


def test_seat_without_any_channel_is_unreachable() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    story.cannot_be_reached("1001")
    assert failed(story) == "unreachable"
    assert not story.all(OfferRang)
    assert story.seat("1001").reason == "unreachable"


def test_originate_response_after_the_leg_has_gone_is_no_news() -> None:
    story = ringing()
    story.seat_rejects("1001")
    assert len(story.all(OfferFailed)) == 1


def test_originate_response_of_a_living_leg_waits_for_its_hang_up() -> None:
    story = ringing()
    offer = story.offer("1001")
    story.hear(OriginateEnded(at=story.now, offer=offer, accepted=False, reason=5))
    assert not story.all(OfferFailed)
    story.channel_gone(offer, 17)
    assert failed(story) == "rejected"


def test_refused_originate_fails_at_once_and_is_not_tried_again() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    effect_failed(story, story.offer("1001"), "refused: Permission denied")
    assert failed(story) == "failed"
    assert len(story.all(OriginateSeat)) == 1
    assert story.seat("1001").state is SeatState.PAUSED


def test_timed_out_originate_is_looked_up_and_never_sent_again() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.offer("1001")
    story.wait(2)
    effect_failed(story, offer, "no answer within 2 s")
    assert story.only(Resync)
    assert len(story.all(OriginateSeat)) == 1
    story.snapshot(caller_seen(call), leg_seen(offer, call, "1001"))
    assert not story.all(OfferFailed)
    assert len(story.all(OriginateSeat)) == 1
    story.answers("1001")
    assert story.only(OfferAnswered).offer == offer


def test_timed_out_originate_that_asterisk_never_saw_frees_the_caller() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.wait(2)
    effect_failed(story, story.offer("1001"), "no answer within 2 s")
    story.snapshot(caller_seen(call))
    assert failed(story) == "failed"
    story.signs_on("1002")
    assert [one.seat for one in story.all(OriginateSeat)] == ["1001", "1002"]


def test_snapshot_too_soon_to_show_a_new_leg_does_not_fail_the_offer() -> None:
    story = Story()
    story.signs_on("1001", "1002")
    call = story.call_waits()
    story.wait(us=2_000)
    story.snapshot(caller_seen(call))
    assert not story.all(OfferFailed)
    assert len(story.all(OriginateSeat)) == 1
    story.rings("1001")
    story.wait(5)
    story.answers("1001")
    assert story.only(OfferAnswered).seat == "1001"


def test_leg_that_never_comes_up_after_such_a_snapshot_is_given_up_soon() -> None:
    story = Story()
    story.signs_on("1001", "1002")
    call = story.call_waits()
    story.snapshot(caller_seen(call))
    story.wait(UNCONFIRMED_US / SECOND)
    assert story.only(Resync)
    assert not story.all(OfferFailed)
    story.snapshot(caller_seen(call))
    assert failed(story) == "failed"
    assert [one.seat for one in story.all(OriginateSeat)] == ["1001", "1002"]


def test_silence_after_the_ring_time_asks_asterisk_and_then_gives_the_leg_up() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    offer = story.rings("1001")
    assert story.brain.deadline() == START + RING + SILENCE_ALLOWANCE_US
    story.wait((RING + SILENCE_ALLOWANCE_US) / SECOND)
    assert story.only(Resync)
    assert not story.all(OfferFailed)
    story.wait(SILENCE_ALLOWANCE_US / SECOND)
    assert story.hung_up() == [offer]
    assert story.only(OfferFailed).detail == "no word from Asterisk"
    assert story.tracker.deadline() is None


def test_time_out_that_comes_before_an_answer_long_given_cuts_no_talk() -> None:
    """The daemon was stopped for a while: its timers wake before the reports are read."""
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    answered = story.now + 3 * SECOND
    story.now += 60 * SECOND
    story.wait()
    assert story.only(Resync)
    story.snapshot(
        caller_seen(call, bridge="b"),
        leg_seen(offer, call, "1001", bridge="b", answered=str(answered)),
    )
    assert story.only(OfferAnswered).at == answered
    assert not story.hung_up()


def test_leg_given_up_that_is_still_there_does_not_disturb_the_next_offer() -> None:
    story = Story()
    story.signs_on("1001", "1002")
    call = story.call_waits()
    old = story.rings("1001")
    story.wait((RING + 2 * SILENCE_ALLOWANCE_US) / SECOND)
    new = story.rings("1002")
    story.snapshot(caller_seen(call), leg_seen(old, call, "1001"), leg_seen(new, call, "1002"))
    assert story.hung_up(lately=True) == [old]
    story.wait(1)
    story.answers("1002")
    assert story.only(OfferAnswered).offer == new


def test_answer_and_hang_up_of_the_caller_at_the_same_moment() -> None:
    """The seat picks up a caller who has just gone: no talk, the seat is not to blame."""
    story = ringing()
    offer = story.offer("1001")
    call = story.waiting()[0]
    story.wait(4)
    story.hang_up_begins(call)
    story.picks_up(offer)
    story.channel_gone(call)
    story.channel_gone(offer)
    assert story.only(CallAbandoned).wait_us == 4 * SECOND
    assert failed(story) == "caller-gone"
    assert not story.all(OfferAnswered)
    assert story.seat("1001").state is SeatState.READY


def test_answer_first_and_hang_up_of_the_caller_before_the_bridge() -> None:
    story = ringing()
    offer = story.offer("1001")
    call = story.waiting()[0]
    story.picks_up(offer)
    story.hang_up_begins(call)
    story.joins("b", offer)
    story.channel_gone(call)
    story.channel_gone(offer)
    assert story.only(CallEnded).outcome == "abandoned"
    assert failed(story) == "caller-gone"
    assert story.seat("1001").state is SeatState.READY


def test_seat_that_answers_and_hangs_up_before_the_bridge_is_set_aside() -> None:
    story = ringing()
    offer = story.offer("1001")
    story.picks_up(offer)
    story.hang_up_begins(offer)
    story.channel_gone(offer)
    assert failed(story) == "seat-gone"
    assert story.waiting()
    assert not story.all(OfferAnswered)


def test_late_and_repeated_words_about_a_leg_that_is_over_mean_nothing() -> None:
    story = ringing()
    offer = story.offer("1001")
    story.seat_rejects("1001")
    before = len(story.effects)
    for kind in (ChannelRang, ChannelAnswered):
        story.hear(kind(at=story.now, channel=ChannelId(offer)))
    story.joins("b", offer)
    story.channel_gone(offer)
    assert len(story.all(OfferFailed)) == 1
    assert len(story.effects) == before


def test_ringing_told_after_the_answer_is_not_told_on() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    offer = story.offer("1001")
    story.leg_created(offer, "1001")
    story.answers("1001")
    story.hear(ChannelRang(at=story.now, channel=ChannelId(offer)))
    assert not story.all(OfferRang)


def test_leg_that_nobody_asked_for_is_hung_up() -> None:
    story = Story()
    story.leg_created(OfferId("offer.1001.17"), "1001")
    assert story.hung_up() == ["offer.1001.17"]
    assert story.only(AnomalySeen).about == "offer.1001.17"


def test_answered_legs_channel_created_out_of_order_is_only_a_name() -> None:
    story = Story()
    story.signs_on("1001")
    story.call_waits()
    offer = story.offer("1001")
    story.answers("1001")
    story.leg_created(offer, "1001")
    assert story.only(OfferAnswered).offer == offer
    assert not story.hung_up()
