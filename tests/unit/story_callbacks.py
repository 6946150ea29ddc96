"""What happens to callbacks in Asterisk, for stories (see `story.py`)."""

from __future__ import annotations

from cti.facts import CallbackBooked, ChannelCreated, ChannelRang
from cti.ids import CallbackId, CallId, ChannelId, OfferId, callback_id
from tests.unit.story import Story, device_of

NUMBER = "13812345678"


def busy(story: Story, seat: str = "1001") -> OfferId:
    """The seat is signed on and talks; its leg."""
    story.signs_on(seat)
    story.call_waits()
    leg = story.rings(seat)
    story.answers(seat)
    return leg


def books(story: Story, call: CallId, number: str = NUMBER) -> CallbackId:
    story.marks(call, "callback-asked", queue="repairs", number=number)
    booked = [one for one in story.all(CallbackBooked) if one.call == call]
    return booked[-1].callback if booked else callback_id(call)


def leg_gone(story: Story, leg: str, cause: int = 16) -> None:
    story.channel_gone(leg, cause)


def seat_is_free(story: Story, leg: OfferId) -> None:
    """The talk of that leg ends."""
    story.hang_up_begins(leg)
    leg_gone(story, leg)


def rings(story: Story, seat: str = "1001") -> OfferId:
    offer = story.offer(seat)
    story.hear(
        ChannelCreated(
            at=story.now,
            channel=ChannelId(offer),
            name=f"{device_of(seat)}-{offer[-8:]}",
            linked=ChannelId(offer),
            context="from-seat",
            exten="s",
            caller_number=NUMBER,
            caller_name="",
        )
    )
    story.hear(ChannelRang(at=story.now, channel=ChannelId(offer)))
    return offer


def customer_of(offer: str) -> ChannelId:
    return ChannelId(f"behind.{offer}")


def answers_and_dials(story: Story, seat: str = "1001") -> None:
    """The seat answers, and Dial() makes the customer's channel."""
    offer = story.offer(seat)
    story.picks_up(offer)
    story.hear(
        ChannelCreated(
            at=story.now,
            channel=customer_of(offer),
            name="PJSIP/trunk-00000009",
            linked=ChannelId(offer),
            context="from-trunk",
            exten="",
            caller_number=NUMBER,
            caller_name="",
        )
    )


def customer_answers(story: Story, seat: str = "1001") -> None:
    offer = story.offer(seat)
    story.picks_up(customer_of(offer))
    story.joins(f"bridge-{offer}", offer)
    story.joins(f"bridge-{offer}", customer_of(offer))


def not_reached(story: Story, status: str, seat: str = "1001") -> None:
    """Dial() ends with DIALSTATUS `status`, and the dialplan hangs up."""
    offer = story.offer(seat)
    story.channel_gone(customer_of(offer), 17)
    story.marks(CallId(offer), "callback-result", outcome=status)
    leg_gone(story, offer)
