"""A customer's phone that is rung before any seat is: what is known and said of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from cti.calls.call import Call
from cti.calls.legs import SILENCE_ALLOWANCE_US, UNCONFIRMED_US
from cti.calls.recovery import priority_of, skills_of
from cti.facts import (
    CallArrived,
    CallbackFailed,
    CallbackFailure,
    CallbackOffered,
    CallbackReached,
    CallPhase,
    ChannelHungUp,
    ChannelSeen,
    Fact,
)
from cti.ids import CallbackId, CallId, ChannelId, OfferId, QueueId, SeatId, seat_of_customer

_BY_CAUSE: Final[dict[int, CallbackFailure]] = {
    # ITU-T Q.850 cause values as Asterisk maps SIP responses to them. Declined counts as busy: the
    # customer is there.
    17: "customer-busy",
    21: "customer-busy",
    0: "customer-no-answer",
    16: "customer-no-answer",
    18: "customer-no-answer",
    19: "customer-no-answer",
}
"""Every other one: the number cannot be reached."""
_RING_SLACK_US: Final = 300_000
"""Asterisk's own ring timer may fire this much before ours would have."""


@dataclass(slots=True)
class CustomerRing:
    """`call`: the one in which the callback was booked. `cancelled`, `doubted`, `looked_for_at`: as
    of a seat's leg. Of one that was found it is not known since when it rings."""

    offer: OfferId
    seat: SeatId
    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    skills: tuple[str, ...]
    since: int
    offered_at: int
    ring_us: int
    channel_name: str = ""
    reached: bool = False
    cancelled: bool = False
    doubted: bool = False
    looked_for_at: int = 0

    @classmethod
    def of(cls, fact: CallbackOffered) -> CustomerRing:
        return cls(
            offer=fact.offer,
            seat=fact.seat,
            callback=fact.callback,
            call=fact.call,
            queue=fact.queue,
            number=fact.number,
            hotline=fact.hotline,
            language=fact.language,
            priority=fact.priority,
            skills=fact.skills,
            since=fact.since,
            offered_at=fact.at,
            ring_us=fact.customer_ring_us,
        )

    @property
    def channel(self) -> ChannelId:
        return ChannelId(self.offer)

    @property
    def given_up_at(self) -> int:
        """When nothing more is to be heard of it, microseconds since the epoch."""
        if self.looked_for_at:
            return self.looked_for_at + SILENCE_ALLOWANCE_US
        if self.doubted:
            return self.offered_at + UNCONFIRMED_US
        return self.offered_at + self.ring_us + SILENCE_ALLOWANCE_US

    def answers(self, at: int) -> Iterator[Fact]:
        """The customer is there."""
        self.reached = True
        yield CallbackReached(
            at=at,
            callback=self.callback,
            call=self.call,
            customer=CallId(self.offer),
            seat=self.seat,
            offer=self.offer,
            queue=self.queue,
            number=self.number,
            hotline=self.hotline,
            language=self.language,
            priority=self.priority,
            skills=self.skills,
            since=self.since,
            channel_name=self.channel_name,
        )

    def failed(self, at: int, reason: CallbackFailure, detail: str) -> CallbackFailed:
        """Not reached. Their phone may have rung, so it counts."""
        return CallbackFailed(
            at=at,
            callback=self.callback,
            call=self.call,
            seat=self.seat,
            offer=self.offer,
            reason=reason,
            dialled=True,
            detail=detail,
        )


def why_not_reached(ring: CustomerRing, fact: ChannelHungUp) -> CallbackFailure:
    if ring.cancelled:
        return "cancelled"
    if ring.ring_us and fact.at - ring.offered_at >= ring.ring_us - _RING_SLACK_US:
        return "customer-no-answer"
    return _BY_CAUSE.get(fact.cause, "customer-unreachable")


def is_caller(seen: ChannelSeen) -> bool:
    """Whether the dialplan has made a caller of the customer: they have answered."""
    return seen.up and seen.get("CTI_CALL") == seen.channel


def phase_of(seen: ChannelSeen) -> Literal["dialling", "waiting", "talking"]:
    """How far a customer has come whose channel is found."""
    if not is_caller(seen):
        return "dialling"
    talked = seen.bridge or seen.get("CTI_SEAT") or seen.context == "after-call"
    return "talking" if talked else "waiting"


def ring_found(seen: ChannelSeen, at: int) -> CustomerRing:
    """The customer whom a snapshot shows and nobody remembers, from their channel's variables."""
    seat = seat_of_customer(seen.channel)
    assert seat is not None
    told = seen.get("CTI_RING")
    ring_s = int(told) if told.isascii() and told.isdigit() and len(told) < 4 else 0
    return CustomerRing(
        offer=OfferId(seen.channel),
        seat=seat,
        callback=CallbackId(seen.get("CTI_CALLBACK")),
        call=CallId(seen.get("CTI_BOOKED")),
        queue=QueueId(seen.get("CTI_QUEUE")),
        number=seen.get("CTI_NUMBER"),
        hotline=seen.get("CTI_HOTLINE"),
        language=seen.get("CTI_LANG"),
        priority=priority_of(seen.get("CTI_PRIORITY")),
        skills=skills_of(seen.get("CTI_SKILLS")),
        since=seen.time("CTI_T_QUEUED") or at,
        offered_at=at,
        ring_us=ring_s * 1_000_000,
        channel_name=seen.name,
        reached=is_caller(seen),
    )


def call_of(fact: CallbackReached) -> Call:
    """The call that the customer's channel is from now on. Its wait is counted from their answer,
    its place from their booking."""
    return Call(
        id=fact.customer,
        hotline=fact.hotline,
        channel_name=fact.channel_name,
        caller_number=fact.number,
        caller_name="",
        phase=CallPhase.WAITING,
        arrived_at=fact.at,
        language=fact.language,
        queue=fact.queue,
        priority=fact.priority,
        skills=fact.skills,
        asked_at=fact.at,
        prompt_ended_at=fact.at,
        queued_at=fact.since,
    )


def arrived(fact: CallbackReached) -> CallArrived:
    return CallArrived(
        at=fact.at,
        call=fact.customer,
        hotline=fact.hotline,
        caller_number=fact.number,
        caller_name="",
        callback=fact.callback,
    )
