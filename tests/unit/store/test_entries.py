"""Which call and seat each fact is about."""

from __future__ import annotations

from cti.facts import (
    BridgeJoined,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    LinkLost,
    OriginateEnded,
    SeatLegGone,
    SeatOffered,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId, QueueId, SeatId, offer_id
from cti.store.entries import EntryMaker, new_run

CALL = CallId("jt1-100.1")
OFFER = offer_id(SeatId("1002"), 5)


def _created(channel: str, linked: str) -> ChannelCreated:
    return ChannelCreated(
        at=1,
        channel=ChannelId(channel),
        name="PJSIP/x",
        linked=ChannelId(linked),
        context="",
        exten="",
        caller_number="",
        caller_name="",
    )


def test_entries_of_a_run_are_numbered_from_one_without_a_hole() -> None:
    maker = EntryMaker("run-a")
    assert [maker.entry(LinkLost(at=1)).id for _ in range(3)] == [
        ("run-a", 1),
        ("run-a", 2),
        ("run-a", 3),
    ]


def test_callers_channel_is_the_call() -> None:
    entry = EntryMaker("r").entry(ChannelAnswered(at=1, channel=ChannelId(CALL)))
    assert (entry.call, entry.seat) == (CALL, None)


def test_reports_of_a_seats_leg_belong_to_the_call_of_its_offer_until_it_is_gone() -> None:
    maker = EntryMaker("r")
    offered = SeatOffered(
        at=1,
        call=CALL,
        seat=SeatId("1002"),
        offer=OFFER,
        queue=QueueId("q"),
        device="PJSIP/1002",
        ring_us=1,
        rule="r",
    )
    leg = ChannelId(OFFER)
    facts = [
        offered,
        _created(leg, leg),
        OriginateEnded(at=2, offer=OFFER, accepted=True, reason=4),
        BridgeJoined(at=3, bridge=BridgeId("b"), channel=leg),
        ChannelHungUp(at=4, channel=leg, cause=16),
        SeatLegGone(at=4, call=CALL, seat=SeatId("1002"), offer=OFFER, recording=""),
    ]
    assert {(maker.entry(fact).call, maker.entry(fact).seat) for fact in facts[:-1]} == {
        (CALL, SeatId("1002"))
    }
    maker.entry(facts[-1])
    stray = maker.entry(ChannelAnswered(at=9, channel=leg))
    assert (stray.call, stray.seat) == (None, SeatId("1002"))


def test_leg_of_the_last_resort_queue_belongs_to_the_call_it_is_linked_to() -> None:
    maker = EntryMaker("r")
    assert maker.entry(_created("jt1-100.2", CALL)).call == CALL
    assert maker.entry(ChannelAnswered(at=2, channel=ChannelId("jt1-100.2"))).call == CALL
    assert maker.entry(ChannelHungUp(at=3, channel=ChannelId("jt1-100.2"), cause=16)).call == CALL


def test_fact_about_nobody_has_neither() -> None:
    entry = EntryMaker("r").entry(LinkLost(at=1))
    assert (entry.call, entry.seat) == (None, None)


def test_offer_without_an_id_is_about_nobody() -> None:
    fact = OriginateEnded(at=2, offer=OfferId(""), accepted=False, reason=0)
    assert EntryMaker("r").entry(fact).call is None


def test_runs_sort_by_time_and_differ() -> None:
    first, second = new_run(1_781_236_800_000_000), new_run(1_781_236_801_000_000)
    assert first.startswith("20260612T040000Z-")
    assert first < second
    assert new_run(1_781_236_800_000_000) != first
