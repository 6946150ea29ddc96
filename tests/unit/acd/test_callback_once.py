"""A customer is not rung for a second callback while the first one's phone may still ring."""

from __future__ import annotations

import pytest

from acd.callback_book import CallbackState
from cti.facts import (
    CallbackBooked,
    CallbackCancelAsked,
    CallbackClosed,
    CallbackFailed,
    CallbackOffered,
    CallbackRefused,
    ChannelHungUp,
    ChannelSeen,
)
from cti.ids import BridgeId, CallbackId, ChannelId
from tests.unit.story import Story, device_of
from tests.unit.story_callbacks import (
    NUMBER,
    answers_and_dials,
    books,
    customer_answers,
    leg_gone,
    not_reached,
    rings,
)


def dialling() -> tuple[Story, CallbackId, str]:
    """The seat has answered and the customer's phone rings."""
    story = Story(wrap_up=0)
    call = story.call_arrives()
    callback = books(story, call)
    story.marks(call, "flow-ended", outcome="hangup")
    story.caller_hangs_up(call)
    story.signs_on("1001")
    offer = rings(story)
    answers_and_dials(story)
    return story, callback, offer


def cancelled() -> tuple[Story, str]:
    story, callback, offer = dialling()
    story.hear(CallbackCancelAsked(at=story.now, callback=callback, by="lead"))
    assert story.only(CallbackClosed).why == "cancelled"
    return story, offer


def refused(story: Story) -> list[str]:
    return [one.why for one in story.all(CallbackRefused)]


def test_number_of_a_cancelled_callback_is_booked_again_only_when_its_leg_is_gone() -> None:
    story, offer = cancelled()
    books(story, story.call_arrives())
    assert refused(story) == ["this number is being called just now"]
    leg_gone(story, offer)
    books(story, story.call_arrives())
    assert len(story.all(CallbackBooked)) == 2


def test_number_that_is_talked_to_is_booked_again_only_after_the_talk() -> None:
    story, _, offer = dialling()
    customer_answers(story)
    books(story, story.call_arrives())
    assert refused(story) == ["this number is being called just now"]
    leg_gone(story, offer)
    books(story, story.call_arrives())
    assert len(story.all(CallbackBooked)) == 2


def test_word_to_hang_up_that_was_lost_with_the_daemon_is_no_reason_to_ring_twice() -> None:
    story, offer = cancelled()
    story.daemon_restarts()
    leg = ChannelSeen(
        channel=ChannelId(offer),
        name=f"{device_of('1001')}-1",
        linked=ChannelId(offer),
        context="seat-leg",
        application="Dial",
        up=True,
        bridge=BridgeId(""),
        caller_number="",
        caller_name="",
        variables=(("CTI_CALLBACK", "back.1"), ("CTI_CALL", "1"), ("CTI_NUMBER", NUMBER)),
    )
    story.snapshot(leg)
    before = len(refused(story))
    books(story, story.call_arrives())
    assert refused(story)[before:] == ["this number is being called just now"]
    leg_gone(story, offer)
    books(story, story.call_arrives())
    assert len(story.all(CallbackBooked)) == 2


@pytest.mark.parametrize("again", ["result first", "end first"])
def test_end_that_is_told_late_and_twice_is_one_attempt(again: str) -> None:
    story, callback, offer = dialling()
    if again == "result first":
        not_reached(story, "BUSY")
    else:
        leg_gone(story, offer)  # the user event was lost
    end = ChannelHungUp(at=story.now, channel=ChannelId(offer), cause=16)
    story.hear(end)
    story.hear(end)
    assert len(story.all(CallbackFailed)) == 1
    (entry,) = story.dispatcher.callbacks.all()
    assert (entry.open.callback, entry.open.attempts) == (callback, 1)
    assert entry.state is CallbackState.RESTING
    assert len(story.all(CallbackOffered)) == 1
