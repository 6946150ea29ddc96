"""A seat that has hung up by itself gets the next caller before Asterisk calls its phone idle."""

from __future__ import annotations

from cti.facts import (
    ChannelCreated,
    ChannelHangupAsked,
    DeviceChanged,
    DeviceState,
    SeatLeft,
    SeatOffered,
    SeatState,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId
from tests.unit.story import Story, device_of

IDLE, IN_USE = DeviceState.IDLE, DeviceState.IN_USE


def device(story: Story, state: DeviceState) -> None:
    story.hear(DeviceChanged(at=story.now, device=device_of("1001"), state=state))


def hangs_up(story: Story, channel: str, *, by_far_end: bool) -> None:
    story.hear(
        ChannelHangupAsked(
            at=story.now, channel=ChannelId(channel), cause=16, by_far_end=by_far_end
        )
    )


def own_call(story: Story) -> None:
    """The seat's phone places a call beside the one with the caller."""
    story.hear(
        ChannelCreated(
            at=story.now,
            channel=ChannelId("1800000009.9"),
            name=f"{device_of('1001')}-0000000a",
            linked=ChannelId("1800000009.9"),
            context="from-seat",
            exten="12345",
            caller_number="1001",
            caller_name="",
        )
    )


def a_seat_talks(before: DeviceState = IDLE) -> tuple[Story, OfferId, BridgeId, CallId]:
    """One seat talks to the first caller; the second one, who is returned, waits."""
    story = Story(seats=("1001",), wrap_up=0)
    device(story, DeviceState.UNREACHABLE)
    device(story, before)
    story.signs_on("1001")
    story.call_waits()
    second = story.call_waits()
    offer = story.rings("1001")
    device(story, IN_USE)
    bridge = story.answers("1001")
    story.wait(60)
    return story, offer, bridge, second


def served(story: Story) -> list[CallId]:
    return [fact.call for fact in story.all(SeatOffered)]


def test_next_caller_is_offered_at_once_when_the_phone_has_hung_up() -> None:
    story, offer, _, second = a_seat_talks()
    hangs_up(story, offer, by_far_end=True)
    assert story.only(SeatLeft).by_far_end
    assert served(story)[-1] == second


def test_next_caller_waits_for_asterisks_word_when_the_other_side_has_hung_up() -> None:
    story, offer, bridge, second = a_seat_talks()
    story.leaves(bridge, offer)
    assert second not in served(story), "the phone does not know yet that the call is over"
    device(story, IDLE)
    assert served(story)[-1] == second


def test_next_caller_waits_for_asterisks_word_when_asterisk_ended_the_leg() -> None:
    story, offer, _, second = a_seat_talks()
    hangs_up(story, offer, by_far_end=False)
    assert second not in served(story)


def test_next_caller_waits_while_the_phone_has_a_call_of_its_own() -> None:
    story, offer, _, second = a_seat_talks()
    own_call(story)
    hangs_up(story, offer, by_far_end=True)
    assert second not in served(story)
    device(story, IDLE)
    assert served(story)[-1] == second


def test_phone_in_use_for_reasons_unknown_waits_for_asterisks_word() -> None:
    story, offer, _, second = a_seat_talks(DeviceState.UNKNOWN)
    hangs_up(story, offer, by_far_end=True)
    assert second not in served(story)


def test_phone_lost_during_the_call_is_not_rung() -> None:
    story, offer, _, second = a_seat_talks()
    device(story, DeviceState.UNREACHABLE)
    hangs_up(story, offer, by_far_end=True)
    assert second not in served(story)


def test_phone_of_which_only_is_known_that_it_is_back_is_rung() -> None:
    story = Story(seats=("1001",))
    story.signs_on("1001")
    device(story, DeviceState.UNREACHABLE)
    assert story.seat("1001").state is SeatState.UNREACHABLE
    device(story, DeviceState.UNKNOWN)
    assert story.seat("1001").state is SeatState.READY
    call = story.call_waits()
    assert served(story) == [call]


def test_phone_that_is_in_use_is_not_idle_because_it_can_be_reached() -> None:
    story = Story(seats=("1001",))
    story.signs_on("1001")
    device(story, DeviceState.IN_USE)
    device(story, DeviceState.UNKNOWN)
    story.call_waits()
    assert served(story) == []
