"""A seat never has two offers, also when Asterisk's own queue takes it while one is being made."""

from __future__ import annotations

from cti.facts import (
    CallPhase,
    CallRecovered,
    OfferAnswered,
    OfferFailed,
    SeatLeft,
    SeatOffered,
    SeatState,
)
from cti.ids import CallId, OfferId, QueueId, SeatId
from tests.unit.acd.life import Life, a_seat, hotline

QUEUE = QueueId("repairs")
ITS_OWN = OfferId("1234.5")
"""The leg of Asterisk's own queue."""


def taken_by_asterisk() -> tuple[Life, SeatOffered]:
    """An offer is being made to the only seat, which Asterisk's queue gives another caller."""
    life = hotline([a_seat("1")])
    life.sign_on("1")
    life.call()
    (offer,) = life.all(SeatOffered)
    found = CallRecovered(
        at=life.now,
        call=CallId("other"),
        phase=CallPhase.TALKING,
        hotline="12345",
        channel_name="",
        caller_number="",
        caller_name="",
        language="",
        queue=QUEUE,
        priority=5,
        arrived_at=life.now,
        asked_at=life.now,
        prompt_ended_at=life.now,
        queued_at=life.now,
        answered_at=life.now,
        seat=SeatId("1"),
        offer=ITS_OWN,
    )
    life.hear(found)
    assert state(life) is SeatState.TALKING
    return life, offer


def state(life: Life) -> SeatState:
    return life.dispatcher.seats()[0].state


def leaves(life: Life) -> None:
    left = SeatLeft(
        at=life.now,
        call=CallId("other"),
        seat=SeatId("1"),
        offer=ITS_OWN,
        queue=QUEUE,
        talk_us=1,
    )
    life.hear(left)


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
    answered = OfferAnswered(
        at=life.now,
        call=offer.call,
        seat=offer.seat,
        offer=offer.offer,
        queue=QUEUE,
        wait_us=0,
        recording="",
    )
    life.hear(answered)
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
