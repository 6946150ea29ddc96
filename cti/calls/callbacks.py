"""Calling customers back: a seat's leg, the customer's leg behind it, and how they meet.

    offered --> the seat rings --> answers (dialled) --> both in one bridge (connected) --> gone
                     |                    |
                     '--------------------'--> failed

The seat's leg is ours, as an offer's is (see `legs.py`); its dialplan rings the customer with
Dial(), says in a user event what came of it, or bridges the two. A core of its own: the call in
which the callback was booked is over, and nothing here is about its channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from cti.calls.call import SeatLeg
from cti.calls.endings import failure_reason
from cti.calls.legs import SILENCE_ALLOWANCE_US, UNCONFIRMED_US
from cti.effects import Effect, HangUp, OriginateCallback, Resync
from cti.facts import (
    AnomalySeen,
    BridgeJoined,
    BridgeLeft,
    CallbackAnswered,
    CallbackClosed,
    CallbackDialled,
    CallbackFailed,
    CallbackFailure,
    CallbackOffered,
    CallbackRecovered,
    CallbackRefused,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelRang,
    ChannelSeen,
    EffectFailed,
    Fact,
    FlowMarked,
    OriginateEnded,
    SeatLeft,
    SeatLegGone,
    SnapshotTaken,
    TimePassed,
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

Outcome = Iterator[Fact | Effect]

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
class _Leg(SeatLeg):
    """`call`: the one in which the callback was booked."""

    callback: CallbackId = _NO_CALLBACK
    customer: ChannelId = _NO_CHANNEL
    customer_bridge: BridgeId = _NO_BRIDGE
    result: str = ""


@dataclass(slots=True)
class CallbackLegs:
    """The core. It stands before the call tracker: what a snapshot tells of callbacks is known
    before anything is offered again."""

    _legs: dict[ChannelId, _Leg] = field(default_factory=dict)
    _handlers: dict[type[Fact], Callable[[Any], Outcome]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._handlers |= {
            CallbackOffered: self._offered,
            CallbackClosed: self._closed,
            CallbackRefused: self._closed,
            ChannelCreated: self._created,
            ChannelRang: self._rang,
            ChannelAnswered: self._answered,
            ChannelHangupAsked: self._hangup_asked,
            ChannelHungUp: self._hung_up,
            BridgeJoined: self._joined,
            BridgeLeft: self._left_bridge,
            FlowMarked: self._marked,
            OriginateEnded: self._originate_ended,
            EffectFailed: self._effect_failed,
            SnapshotTaken: self._snapshot_taken,
            TimePassed: self._time_passed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for the callbacks under way."""
        handler = self._handlers.get(type(fact))
        return handler(fact) if handler else iter(())

    def deadline(self) -> int | None:
        """When the next leg is given up, microseconds since the epoch."""
        return min((_given_up_at(leg) for leg in self._ringing()), default=None)

    # ----------------------------------------------------------------------------- beginning

    def _offered(self, fact: CallbackOffered) -> Outcome:
        leg = _Leg(
            offer=fact.offer,
            seat=fact.seat,
            call=fact.call,
            queue=fact.queue,
            offered_at=fact.at,
            ring_us=fact.ring_us,
            recording=recording_file(fact.call, fact.offer),
            callback=fact.callback,
        )
        self._legs[leg.channel] = leg
        yield OriginateCallback(
            offer=fact.offer,
            seat=fact.seat,
            device=fact.device,
            callback=fact.callback,
            call=fact.call,
            queue=fact.queue,
            number=fact.number,
            hotline=fact.hotline,
            language=fact.language,
            ring_us=fact.ring_us,
            customer_ring_us=fact.customer_ring_us,
            recording=leg.recording,
        )

    def _created(self, fact: ChannelCreated) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is None:
            yield from self._unknown_created(fact)
            return
        leg.channel_name, leg.doubted = fact.name, False
        if leg.cancelled:
            yield HangUp(channel=leg.channel)

    def _unknown_created(self, fact: ChannelCreated) -> Outcome:
        owner = self._legs.get(fact.linked)
        if seat_of_callback(fact.channel) is not None:
            # Given up, and made after all: the callback may have been offered to another seat.
            yield AnomalySeen(at=fact.at, about=fact.channel, detail="a leg that nobody asked for")
            yield HangUp(channel=fact.channel)
        elif owner is not None:
            owner.customer = fact.channel

    def _rang(self, fact: ChannelRang) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            leg.rang = True
        yield from ()

    def _answered(self, fact: ChannelAnswered) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            yield from self._dial(leg, fact.at)

    def _dial(self, leg: _Leg, at: int) -> Outcome:
        if not leg.answered_at:
            leg.answered_at = at
            yield CallbackDialled(
                at=at, callback=leg.callback, call=leg.call, seat=leg.seat, offer=leg.offer
            )

    # --------------------------------------------------------------------------------- talk

    def _joined(self, fact: BridgeJoined) -> Outcome:
        for leg in self._legs.values():
            if fact.channel == leg.channel:
                leg.bridge = fact.bridge
            elif leg.customer and fact.channel == leg.customer:
                leg.customer_bridge = fact.bridge
            else:
                continue
            yield from self._meet(leg, fact.at)

    def _meet(self, leg: _Leg, at: int) -> Outcome:
        if leg.connected or not leg.bridge or leg.bridge != leg.customer_bridge:
            return
        yield from self._dial(leg, at)
        leg.connected = True
        yield CallbackAnswered(
            at=at,
            callback=leg.callback,
            call=leg.call,
            seat=leg.seat,
            offer=leg.offer,
            queue=leg.queue,
            recording=leg.recording,
        )

    def _left_bridge(self, fact: BridgeLeft) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and leg.bridge == fact.bridge:
            leg.bridge = BridgeId("")
            yield from self._leave(leg, fact.at)

    def _leave(self, leg: _Leg, at: int, *, by_far_end: bool = False) -> Outcome:
        if leg.left or not leg.connected:
            return
        leg.left = True
        yield SeatLeft(
            at=at,
            call=leg.call,
            seat=leg.seat,
            offer=leg.offer,
            queue=leg.queue,
            talk_us=max(0, at - leg.answered_at),
            by_far_end=by_far_end,
        )

    # ---------------------------------------------------------------------------------- end

    def _marked(self, fact: FlowMarked) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and fact.mark == "callback-result":
            leg.result = fact.get("Outcome")
        yield from ()

    def _hangup_asked(self, fact: ChannelHangupAsked) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            yield from self._leave(leg, fact.at, by_far_end=fact.by_far_end)

    def _hung_up(self, fact: ChannelHungUp) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            yield from self._end(leg, fact.at, self._why(leg, fact), f"cause {fact.cause}")

    def _end(self, leg: _Leg, at: int, reason: CallbackFailure, detail: str) -> Outcome:
        """The seat's leg is gone; `reason` is that of a leg that never met the customer."""
        recording = ""
        if leg.connected:
            yield from self._leave(leg, at)
            del self._legs[leg.channel]
            recording = leg.recording
        else:
            yield from self._fail(leg, at, reason, detail)
        yield SeatLegGone(at=at, call=leg.call, seat=leg.seat, offer=leg.offer, recording=recording)

    @staticmethod
    def _why(leg: _Leg, fact: ChannelHungUp) -> CallbackFailure:
        if leg.cancelled:
            return "cancelled"
        if leg.result:
            return _BY_DIAL_STATUS.get(leg.result, "failed")
        reason = failure_reason(leg, fact.at, fact.cause, caller_gone=False)
        return "failed" if reason == "caller-gone" or reason == "taken" else reason  # noqa: PLR1714

    def _fail(self, leg: _Leg, at: int, reason: CallbackFailure, detail: str = "") -> Outcome:
        self._legs.pop(leg.channel, None)
        yield CallbackFailed(
            at=at,
            callback=leg.callback,
            call=leg.call,
            seat=leg.seat,
            offer=leg.offer,
            reason=reason,
            dialled=bool(leg.answered_at),
            detail=detail,
        )

    def _closed(self, fact: CallbackClosed | CallbackRefused) -> Outcome:
        """Cancelled while a seat rings or the customer's phone does. A talk is never cut."""
        for leg in self._legs.values():
            if leg.callback == fact.callback and leg.pending:
                leg.cancelled = True
                yield HangUp(channel=leg.channel)

    def _originate_ended(self, fact: OriginateEnded) -> Outcome:
        leg = self._legs.get(ChannelId(fact.offer))
        if leg is not None and not fact.accepted and leg.pending and not leg.channel_name:
            detail = f"Asterisk could not ring the device (reason {fact.reason})"
            yield from self._fail(leg, fact.at, "unreachable", detail)

    def _effect_failed(self, fact: EffectFailed) -> Outcome:
        leg = self._legs.get(ChannelId(fact.subject))
        if fact.effect != "OriginateCallback" or leg is None or not leg.pending:
            return
        if fact.reason.startswith("refused"):
            yield from self._fail(leg, fact.at, "failed", fact.reason)
        else:
            # As with an offer: never sent again, Asterisk is asked.
            yield Resync(why=f"no word on the callback {leg.offer}: {fact.reason}")

    def _time_passed(self, fact: TimePassed) -> Outcome:
        for leg in [leg for leg in self._ringing() if _given_up_at(leg) <= fact.at]:
            if leg.looked_for_at:
                yield HangUp(channel=leg.channel)
                reason: CallbackFailure = "cancelled" if leg.cancelled else "failed"
                yield from self._fail(leg, fact.at, reason, "no word from Asterisk")
            leg.looked_for_at = fact.at
            yield Resync(why=f"no word on the callback {leg.offer}")

    def _ringing(self) -> Iterator[_Leg]:
        """Once the seat has answered, the dialplan's own limits end the leg."""
        return (leg for leg in self._legs.values() if leg.pending and not leg.answered_at)

    # ------------------------------------------------------------------------------ recovery

    def _snapshot_taken(self, fact: SnapshotTaken) -> Outcome:
        seen = {one.channel: one for one in fact.channels}
        for leg in [leg for leg in self._legs.values() if leg.channel not in seen]:
            if not leg.channel_name and fact.at < leg.offered_at + UNCONFIRMED_US:
                leg.doubted = True
            else:
                reason: CallbackFailure = "cancelled" if leg.cancelled else "lost-sight"
                yield from self._end(leg, fact.at, reason, "gone while nobody looked")
        for one in fact.channels:
            if seat_of_callback(one.channel) is None:
                continue
            customer = _customer_of(one, fact)
            known = self._legs.get(one.channel)
            if known is None:
                yield from self._recover(one, customer, fact.at)
            else:
                yield from self._catch_up(known, one, customer, fact.at)

    def _recover(self, seen: ChannelSeen, customer: ChannelSeen | None, at: int) -> Outcome:
        seat = seat_of_callback(seen.channel)
        assert seat is not None
        call, offer = CallId(seen.get("CTI_CALL")), OfferId(seen.channel)
        leg = _Leg(
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
        )
        if customer is not None:
            leg.customer, leg.customer_bridge = customer.channel, customer.bridge
        leg.connected = bool(leg.bridge) and leg.bridge == leg.customer_bridge
        self._legs[leg.channel] = leg
        yield CallbackRecovered(
            at=at,
            callback=leg.callback,
            call=leg.call,
            seat=leg.seat,
            offer=leg.offer,
            queue=leg.queue,
            phase="talking" if leg.connected else "dialling" if seen.up else "ringing",
            recording=leg.recording if leg.connected else "",
        )

    def _catch_up(
        self, leg: _Leg, seen: ChannelSeen, customer: ChannelSeen | None, at: int
    ) -> Outcome:
        leg.channel_name, leg.doubted = seen.name, False
        if customer is not None:
            leg.customer, leg.customer_bridge = customer.channel, customer.bridge
        if seen.up:
            yield from self._dial(leg, seen.time("CTI_ANSWERED") or at)
        leg.bridge = seen.bridge
        if not leg.bridge:
            yield from self._leave(leg, at)
        yield from self._meet(leg, at)
        if leg.cancelled and leg.pending:
            yield HangUp(channel=leg.channel)  # again: the first may have been lost with the link


def _customer_of(leg: ChannelSeen, fact: SnapshotTaken) -> ChannelSeen | None:
    behind = (one for one in fact.channels if one.linked == leg.channel and one is not leg)
    return next(behind, None)


def _given_up_at(leg: _Leg) -> int:
    if leg.looked_for_at:
        return leg.looked_for_at + SILENCE_ALLOWANCE_US
    if leg.doubted:
        return leg.offered_at + UNCONFIRMED_US
    return leg.offered_at + leg.ring_us + SILENCE_ALLOWANCE_US
