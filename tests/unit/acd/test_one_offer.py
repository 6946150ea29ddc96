"""A seat never has two offers, also when Asterisk's own queue takes it while one is being made."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from cti.facts import (
    CallbackFailed,
    CallbackOffered,
    CallbackReached,
    CallPhase,
    CallRecovered,
    Fact,
    OfferAnswered,
    OfferFailed,
    Report,
    RungFirst,
    SeatLeft,
    SeatOffered,
    SeatState,
)
from cti.ids import CallId, OfferId, QueueId, SeatId
from tests.unit.acd.life import SECOND, Life, a_queue, a_seat, hotline
from tests.unit.story import Story
from tests.unit.story_callbacks import books, busy, seat_is_free

QUEUE = QueueId("repairs")
ITS_OWN = OfferId("1234.5")
"""The leg of Asterisk's own queue."""


def taken_by_asterisk(*, wrapup_us: int = 0) -> tuple[Life, SeatOffered]:
    """An offer is being made to the only seat, which Asterisk's queue gives another caller."""
    life = hotline([a_seat("1")], [replace(a_queue(), wrapup_us=wrapup_us)])
    life.sign_on("1")
    life.call()
    (offer,) = life.all(SeatOffered)
    life.hear(found_talking(life.now, "1"))
    assert state(life) is SeatState.TALKING
    return life, offer


def found_talking(at: int, seat: str) -> CallRecovered:
    return CallRecovered(
        at=at,
        call=CallId("other"),
        phase=CallPhase.TALKING,
        hotline="12345",
        channel_name="",
        caller_number="",
        caller_name="",
        language="",
        queue=QUEUE,
        priority=5,
        arrived_at=at,
        asked_at=at,
        prompt_ended_at=at,
        queued_at=at,
        answered_at=at,
        seat=SeatId(seat),
        offer=ITS_OWN,
    )


def taken_from_a_callback(first: RungFirst) -> tuple[Story, CallbackOffered]:
    """As above, and the offer that is on the way is a callback's."""
    story = Story(wrap_up=0, first=first)
    leg = busy(story)
    call = story.call_waits()
    books(story, call)
    story.caller_hangs_up(call)
    seat_is_free(story, leg)
    offer = story.only(CallbackOffered)
    concluded(story, found_talking(story.now, "1001"))
    assert story.seat("1001").state is SeatState.TALKING
    return story, offer


def concluded(story: Story, fact: Fact) -> None:
    """What another core made of Asterisk's events."""
    story.hear(cast("Report", fact))


def freed(story: Story) -> SeatState:
    """The seat's state after the call that Asterisk's queue gave it."""
    concluded(
        story,
        SeatLeft(
            at=story.now,
            call=CallId("other"),
            seat=SeatId("1001"),
            offer=ITS_OWN,
            queue=QUEUE,
            talk_us=1,
        ),
    )
    return story.seat("1001").state


def state(life: Life) -> SeatState:
    return life.dispatcher.seats()[0].state


def leaves(life: Life, offer: OfferId = ITS_OWN) -> None:
    left = SeatLeft(
        at=life.now,
        call=CallId("other"),
        seat=SeatId("1"),
        offer=offer,
        queue=QUEUE,
        talk_us=1,
    )
    life.hear(left)


def answers(life: Life, offer: SeatOffered) -> None:
    life.hear(
        OfferAnswered(
            at=life.now,
            call=offer.call,
            seat=offer.seat,
            offer=offer.offer,
            queue=QUEUE,
            wait_us=0,
            recording="",
        )
    )


def fails(life: Life, offer: SeatOffered) -> None:
    life.hear(
        OfferFailed(
            at=life.now, call=offer.call, seat=offer.seat, offer=offer.offer, reason="failed"
        )
    )


def test_free_again_it_is_kept_for_the_offer_that_is_on_the_way() -> None:
    life, offer = taken_by_asterisk()
    life.call()
    leaves(life)
    assert state(life) is SeatState.RESERVED
    assert life.dispatcher.offer_of(SeatId("1")) == offer.offer
    assert life.all(SeatOffered) == [offer]
    answers(life, offer)
    assert state(life) is SeatState.TALKING


def test_offer_that_has_failed_meanwhile_is_not_waited_for() -> None:
    life, offer = taken_by_asterisk()
    fails(life, offer)
    assert state(life) is SeatState.TALKING
    leaves(life)
    assert [one.call for one in life.all(SeatOffered)] == [offer.call, offer.call]


def test_offer_that_fails_afterwards_frees_the_seat() -> None:
    life, offer = taken_by_asterisk()
    leaves(life)
    fails(life, offer)
    assert state(life) is SeatState.PAUSED, "set aside, as after any offer that failed"


def test_offer_that_is_answered_in_the_wrap_up_is_not_waited_for_after_its_own_talk() -> None:
    life, offer = taken_by_asterisk(wrapup_us=10 * SECOND)
    leaves(life)
    assert state(life) is SeatState.WRAP_UP
    answers(life, offer)
    leaves(life, offer.offer)
    life.wait(11)
    assert state(life) is SeatState.READY


def test_offer_that_is_answered_during_the_other_talk_is_not_waited_for_after_it() -> None:
    life, offer = taken_by_asterisk()
    answers(life, offer)
    leaves(life, offer.offer)
    leaves(life)
    assert state(life) is SeatState.READY


@pytest.mark.parametrize("dialled", [True, False])
def test_callback_that_has_failed_meanwhile_is_not_waited_for(dialled: bool) -> None:
    story, offer = taken_from_a_callback("seat")
    concluded(
        story,
        CallbackFailed(
            at=story.now,
            callback=offer.callback,
            call=offer.call,
            seat=offer.seat,
            offer=offer.offer,
            reason="customer-busy" if dialled else "no-answer",
            dialled=dialled,
        ),
    )
    freed(story)
    assert story.dispatcher.offer_of(SeatId("1001")) != offer.offer


def test_customer_who_has_answered_meanwhile_waits_and_the_seat_is_free_afterwards() -> None:
    story, offer = taken_from_a_callback("customer")
    concluded(
        story,
        CallbackReached(
            at=story.now,
            callback=offer.callback,
            call=offer.call,
            customer=CallId(offer.offer),
            seat=offer.seat,
            offer=offer.offer,
            queue=offer.queue,
            number=offer.number,
            hotline=offer.hotline,
            language=offer.language,
            priority=offer.priority,
            skills=offer.skills,
            since=offer.since,
            channel_name="",
        ),
    )
    assert freed(story) is SeatState.RESERVED
    assert story.all(SeatOffered)[-1].call == CallId(offer.offer), "the next one in line"
