"""A seat puts its caller on hold, and talks with somebody else meanwhile."""

from __future__ import annotations

import pytest

from cti.effects import KeepOnChannel
from cti.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelCreated,
    ChannelHeld,
    ChannelHungUp,
    ChannelSeen,
    SeatConsulted,
    SeatHeld,
    SeatState,
    SeatStateChanged,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId
from tests.unit.story import Story, caller_seen, device_of, leg_seen

OTHER = "18.99"


def talking() -> tuple[Story, CallId, OfferId, BridgeId]:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    return story, call, offer, story.answers("1001")


def holds(story: Story, leg: str, on: bool = True) -> None:
    story.hear(ChannelHeld(at=story.now, channel=ChannelId(leg), on=on))


def calls_a_colleague(story: Story, *, up: bool = True) -> None:
    """The phone of 1001 dials 1002."""
    story.hear(
        ChannelCreated(
            at=story.now,
            channel=ChannelId(OTHER),
            name=f"{device_of('1001')}-00000099",
            linked=ChannelId(OTHER),
            context="from-seat",
            exten="1002",
            caller_number="1001",
            caller_name="",
        )
    )
    if up:
        story.hear(ChannelAnswered(at=story.now, channel=ChannelId(OTHER)))


def colleague_gone(story: Story) -> None:
    story.hear(ChannelHungUp(at=story.now, channel=ChannelId(OTHER), cause=16))


def states(story: Story) -> list[str]:
    return [one.new.value for one in story.all(SeatStateChanged) if one.seat == "1001"]


def test_hold_and_back() -> None:
    story, call, offer, _ = talking()
    holds(story, offer)
    told = story.only(SeatHeld)
    assert (told.call, told.seat, told.offer, told.on) == (call, "1001", offer, True)
    assert story.seat("1001").state is SeatState.HOLD
    kept = KeepOnChannel(channel=ChannelId(offer), variables=(("CTI_HELD", "1"),))
    assert kept in story.new(KeepOnChannel)
    holds(story, offer, on=False)
    assert story.seat("1001").state is SeatState.TALKING
    assert states(story)[-3:] == ["talking", "hold", "talking"]


@pytest.mark.parametrize("on", [True, False])
def test_the_same_word_twice_is_no_news(on: bool) -> None:
    story, _, offer, _ = talking()
    holds(story, offer)
    holds(story, offer, on=on)
    before = len(story.facts)
    holds(story, offer, on=on)
    assert len(story.facts) == before + 1


def test_a_leg_that_rings_and_a_channel_of_nobody_hold_nothing() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    offer = story.rings("1001")
    for channel in (offer, call, "unknown"):
        holds(story, channel)
    assert not story.all(SeatHeld)


def test_a_second_call_while_the_caller_is_on_hold_is_a_consultation() -> None:
    story, _, offer, _ = talking()
    holds(story, offer)
    calls_a_colleague(story, up=False)
    assert story.seat("1001").state is SeatState.HOLD, "nobody has answered"
    assert not [one for one in story.all(CallArrived) if one.call == OTHER]
    story.hear(ChannelAnswered(at=story.now, channel=ChannelId(OTHER)))
    assert story.seat("1001").state is SeatState.CONSULT
    colleague_gone(story)
    assert story.seat("1001").state is SeatState.HOLD
    assert [one.on for one in story.all(SeatConsulted)] == [True, False]


def test_a_second_call_before_the_hold_counts_from_the_hold_on() -> None:
    story, _, offer, _ = talking()
    calls_a_colleague(story)
    assert story.seat("1001").state is SeatState.TALKING
    holds(story, offer)
    assert states(story)[-2:] == ["hold", "consult"]


def test_back_to_the_caller_while_the_other_still_waits() -> None:
    story, _, offer, _ = talking()
    holds(story, offer)
    calls_a_colleague(story)
    holds(story, offer, on=False)
    assert story.seat("1001").state is SeatState.TALKING
    colleague_gone(story)
    assert story.seat("1001").state is SeatState.TALKING


def test_the_caller_gives_up_on_hold_in_a_consultation() -> None:
    story, call, offer, bridge = talking()
    holds(story, offer)
    calls_a_colleague(story)
    story.hang_up_begins(call)
    story.leaves(bridge, call)
    story.leaves(bridge, offer)
    assert story.seat("1001").state is SeatState.WRAP_UP
    story.channel_gone(call)
    story.channel_gone(offer)
    colleague_gone(story)
    assert [one.on for one in story.all(SeatConsulted)] == [True]


def test_on_hold_and_in_a_consultation_after_a_restart_of_the_daemon() -> None:
    story, call, offer, _ = talking()
    holds(story, offer)
    story.daemon_restarts()
    other = ChannelSeen(
        channel=ChannelId(OTHER),
        name=f"{device_of('1001')}-00000099",
        linked=ChannelId(OTHER),
        context="from-seat",
        application="Dial",
        up=True,
        bridge=BridgeId("c"),
        caller_number="1001",
        caller_name="",
    )
    story.snapshot(
        caller_seen(call, "waiting-room", bridge="b", waiting="1"),
        leg_seen(offer, call, "1001", bridge="b", held="1"),
        other,
    )
    assert story.seat("1001").state is SeatState.CONSULT
    colleague_gone(story)
    holds(story, offer, on=False)
    assert story.seat("1001").state is SeatState.TALKING


def test_a_seat_that_calls_its_own_hotline_is_a_caller() -> None:
    story = Story()
    call = story.call_arrives(context="from-seat")
    assert story.only(CallArrived).call == call
