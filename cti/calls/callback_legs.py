"""A seat's leg that calls a customer back: what is known and said of it, and why it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cti.calls.call import SeatLeg
from cti.calls.endings import failure_reason
from cti.calls.legs import SILENCE_ALLOWANCE_US, UNCONFIRMED_US
from cti.facts import (
    CallbackAnswered,
    CallbackDialled,
    CallbackFailed,
    CallbackFailure,
    ChannelHungUp,
    ChannelSeen,
    Fact,
    SeatLeft,
    SnapshotTaken,
)
from cti.ids import (
    BridgeId,
    CallbackId,
    CallId,
    ChannelId,
    OfferId,
    QueueId,
    recording_file,
    seat_of_callback,
)

_BY_DIAL_STATUS: Final[dict[str, CallbackFailure]] = {
    # DIALSTATUS of Asterisk's Dial().
    "BUSY": "customer-busy",
    "NOANSWER": "customer-no-answer",
    "CANCEL": "seat-gone",
    "ANSWER": "customer-gone",
    "CHANUNAVAIL": "customer-unreachable",
    "CONGESTION": "customer-unreachable",
    "INVALIDARGS": "customer-unreachable",
}
_NO_CALLBACK: Final = CallbackId("")
_NO_CHANNEL: Final = ChannelId("")
_NO_BRIDGE: Final = BridgeId("")


@dataclass(slots=True)
class CallbackLeg(SeatLeg):
    """`call`: the one in which the callback was booked."""

    callback: CallbackId = _NO_CALLBACK
    customer: ChannelId = _NO_CHANNEL
    customer_bridge: BridgeId = _NO_BRIDGE
    result: str = ""
    number: str = ""
    """Of the customer; known of a leg that was found."""

    def behind(self, customer: ChannelSeen | None) -> None:
        """Take in whom a snapshot shows behind this leg."""
        if customer is not None:
            self.customer, self.customer_bridge = customer.channel, customer.bridge

    def dial(self, at: int) -> Iterator[Fact]:
        """The seat has answered; the customer is rung."""
        if not self.answered_at:
            self.answered_at = at
            yield CallbackDialled(
                at=at, callback=self.callback, call=self.call, seat=self.seat, offer=self.offer
            )

    def meet(self, at: int) -> Iterator[Fact]:
        """Say so when both are in one bridge."""
        if self.connected or not self.bridge or self.bridge != self.customer_bridge:
            return
        yield from self.dial(at)
        self.connected = True
        yield CallbackAnswered(
            at=at,
            callback=self.callback,
            call=self.call,
            seat=self.seat,
            offer=self.offer,
            queue=self.queue,
            recording=self.recording,
        )

    def leave(self, at: int, *, by_far_end: bool = False) -> Iterator[Fact]:
        """The seat has left the talk, if there was one."""
        if self.left or not self.connected:
            return
        self.left = True
        yield SeatLeft(
            at=at,
            call=self.call,
            seat=self.seat,
            offer=self.offer,
            queue=self.queue,
            talk_us=max(0, at - self.answered_at),
            by_far_end=by_far_end,
        )

    def failed(self, at: int, reason: CallbackFailure, detail: str) -> CallbackFailed:
        """The two did not meet."""
        return CallbackFailed(
            at=at,
            callback=self.callback,
            call=self.call,
            seat=self.seat,
            offer=self.offer,
            reason=reason,
            dialled=bool(self.answered_at),
            detail=detail,
        )


def why_ended(leg: CallbackLeg, fact: ChannelHungUp) -> CallbackFailure:
    """The reason of a leg that never met the customer."""
    if leg.cancelled:
        return "cancelled"
    if leg.result:
        return _BY_DIAL_STATUS.get(leg.result, "failed")
    reason = failure_reason(leg, fact.at, fact.cause, caller_gone=False)
    return "failed" if reason == "caller-gone" or reason == "taken" else reason  # noqa: PLR1714


def given_up_at(leg: CallbackLeg) -> int:
    """When nothing more is to be heard of a leg that rings, microseconds since the epoch."""
    if leg.looked_for_at:
        return leg.looked_for_at + SILENCE_ALLOWANCE_US
    if leg.doubted:
        return leg.offered_at + UNCONFIRMED_US
    return leg.offered_at + leg.ring_us + SILENCE_ALLOWANCE_US


def customer_of(leg: ChannelSeen, fact: SnapshotTaken) -> ChannelSeen | None:
    """The channel that `leg` has dialled."""
    behind = (one for one in fact.channels if one.linked == leg.channel and one is not leg)
    return next(behind, None)


def leg_found(seen: ChannelSeen, customer: ChannelSeen | None, at: int) -> CallbackLeg:
    """The leg that a snapshot shows and nobody remembers, from its variables."""
    seat = seat_of_callback(seen.channel)
    assert seat is not None
    call, offer = CallId(seen.get("CTI_CALL")), OfferId(seen.channel)
    leg = CallbackLeg(
        offer=offer,
        seat=seat,
        call=call,
        queue=QueueId(seen.get("CTI_QUEUE")),
        offered_at=at,
        ring_us=0,
        channel_name=seen.name,
        rang=True,
        answered_at=(seen.time("CTI_ANSWERED") or at) if seen.up else 0,
        bridge=seen.bridge,
        recording=seen.get("CTI_RECORDING") or recording_file(call, offer),
        callback=CallbackId(seen.get("CTI_CALLBACK")),
        number=seen.get("CTI_NUMBER"),
    )
    leg.behind(customer)
    leg.connected = bool(leg.bridge) and leg.bridge == leg.customer_bridge
    return leg
