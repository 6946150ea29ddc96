"""When a recording is complete, and what is swept up after an absence."""

from __future__ import annotations

from cti.effects import StoreRecording, SweepSpool
from cti.facts import OfferAnswered
from tests.unit.story import Story, caller_seen, leg_seen


def test_recording_is_stored_when_its_leg_is_gone_and_not_before() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    bridge = story.answers("1001")
    story.leaves(bridge, offer)
    story.caller_hangs_up(call)
    assert not story.all(StoreRecording)
    story.channel_gone(offer)
    assert story.only(StoreRecording).file == story.only(OfferAnswered).recording


def test_offer_that_came_to_nothing_has_no_recording() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.rings("1001")
    story.seat_rejects("1001")
    story.snapshot(caller_seen(call))
    assert not story.all(StoreRecording)
    assert story.new(SweepSpool)[0].living == ()


def test_sweep_spares_what_is_being_written_by_belief_or_by_the_channels_word() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    story.answers("1001")
    story.snapshot(
        caller_seen(call, bridge="b"),
        leg_seen(offer, call, "1001", bridge="b"),
        leg_seen("1800000000.99", "x", "1002", up=True, recording="other.raw"),
    )
    believed = story.only(OfferAnswered).recording
    assert story.new(SweepSpool)[0].living == tuple(sorted((believed, "other.raw")))


def test_leg_that_ended_during_an_absence_is_stored_once_and_not_swept() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.rings("1001")
    story.answers("1001")
    story.link_lost()
    story.snapshot(caller_seen(call, "after-call"))
    stored = story.only(StoreRecording)
    assert story.new(SweepSpool)[0].living == (stored.file,)
    story.snapshot(caller_seen(call, "after-call"))
    assert story.new(SweepSpool)[0].living == ()


def test_found_ring_that_comes_to_nothing_is_not_spared_for_ever() -> None:
    story = Story(link=False)
    story.snapshot(
        caller_seen("1.1"), leg_seen("offer.1001.5", "1.1", "1001", recording="ring.raw")
    )
    story.channel_gone("offer.1001.5", 19)
    story.snapshot(caller_seen("1.1"))
    assert story.new(SweepSpool)[0].living == ()
