"""Calling customers back: a seat's leg, the customer's leg behind it, and how they meet.

    offered --> the seat rings --> answers (dialled) --> both in one bridge (connected) --> gone
                     |                    |
                     '--------------------'--> failed

Where the customer is rung first, see `callback_customers.py`.

The seat's leg is ours, as an offer's is (see `legs.py`); its dialplan rings the customer with
Dial(), says in a user event what came of it, or bridges the two. A core of its own: the call in
which the callback was booked is over, and nothing here is about its channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cti.calls.callback_customers import Customers
from cti.calls.callback_legs import CallbackLeg, customer_of, given_up_at, leg_found, why_ended
from cti.calls.legs import UNCONFIRMED_US
from cti.effects import Effect, HangUp, OriginateCallback, Resync
from cti.facts import (
    AnomalySeen,
    BridgeJoined,
    BridgeLeft,
    CallbackClosed,
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
    SeatLegGone,
    SnapshotTaken,
    TimePassed,
)
from cti.ids import BridgeId, ChannelId, recording_file, seat_of_callback

Outcome = Iterator[Fact | Effect]


@dataclass(slots=True)
class CallbackLegs:
    """The core. It stands before the call tracker: what a snapshot tells of callbacks is known
    before anything is offered again."""

    _customers: Customers = field(default_factory=Customers)
    _legs: dict[ChannelId, CallbackLeg] = field(default_factory=dict)
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
        if handler is not None:
            yield from handler(fact)
        yield from self._customers.handle(fact)

    def deadline(self) -> int | None:
        """When the next leg is given up, microseconds since the epoch."""
        moments = (self._customers.deadline(), *(given_up_at(leg) for leg in self._ringing()))
        return min((moment for moment in moments if moment is not None), default=None)

    # ----------------------------------------------------------------------------- beginning

    def _offered(self, fact: CallbackOffered) -> Outcome:
        if fact.first == "customer":
            return
        leg = CallbackLeg(
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
            yield from leg.dial(fact.at)

    # --------------------------------------------------------------------------------- talk

    def _joined(self, fact: BridgeJoined) -> Outcome:
        for leg in self._legs.values():
            if fact.channel == leg.channel:
                leg.bridge = fact.bridge
            elif leg.customer and fact.channel == leg.customer:
                leg.customer_bridge = fact.bridge
            else:
                continue
            yield from leg.meet(fact.at)

    def _left_bridge(self, fact: BridgeLeft) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and leg.bridge == fact.bridge:
            leg.bridge = BridgeId("")
            yield from leg.leave(fact.at)

    # ---------------------------------------------------------------------------------- end

    def _marked(self, fact: FlowMarked) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and fact.mark == "callback-result":
            leg.result = fact.get("Outcome")
        yield from ()

    def _hangup_asked(self, fact: ChannelHangupAsked) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            yield from leg.leave(fact.at, by_far_end=fact.by_far_end)

    def _hung_up(self, fact: ChannelHungUp) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            yield from self._end(leg, fact.at, why_ended(leg, fact), f"cause {fact.cause}")

    def _end(self, leg: CallbackLeg, at: int, reason: CallbackFailure, detail: str) -> Outcome:
        """The seat's leg is gone; `reason` is that of a leg that never met the customer."""
        recording = ""
        if leg.connected:
            yield from leg.leave(at)
            del self._legs[leg.channel]
            recording = leg.recording
        else:
            yield from self._fail(leg, at, reason, detail)
        yield SeatLegGone(at=at, call=leg.call, seat=leg.seat, offer=leg.offer, recording=recording)

    def _fail(
        self, leg: CallbackLeg, at: int, reason: CallbackFailure, detail: str = ""
    ) -> Outcome:
        self._legs.pop(leg.channel, None)
        yield leg.failed(at, reason, detail)

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
        for leg in [leg for leg in self._ringing() if given_up_at(leg) <= fact.at]:
            if leg.looked_for_at:
                yield HangUp(channel=leg.channel)
                reason: CallbackFailure = "cancelled" if leg.cancelled else "failed"
                yield from self._fail(leg, fact.at, reason, "no word from Asterisk")
            leg.looked_for_at = fact.at
            yield Resync(why=f"no word on the callback {leg.offer}")

    def _ringing(self) -> Iterator[CallbackLeg]:
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
            customer = customer_of(one, fact)
            known = self._legs.get(one.channel)
            if known is None:
                yield from self._recover(one, customer, fact.at)
            else:
                yield from self._catch_up(known, one, customer, fact.at)

    def _recover(self, seen: ChannelSeen, customer: ChannelSeen | None, at: int) -> Outcome:
        leg = leg_found(seen, customer, at)
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
            number=leg.number,
        )

    def _catch_up(
        self, leg: CallbackLeg, seen: ChannelSeen, customer: ChannelSeen | None, at: int
    ) -> Outcome:
        leg.channel_name, leg.doubted = seen.name, False
        leg.behind(customer)
        if seen.up:
            yield from leg.dial(seen.time("CTI_ANSWERED") or at)
        leg.bridge = seen.bridge
        if not leg.bridge:
            yield from leg.leave(at)
        yield from leg.meet(at)
        if leg.cancelled and leg.pending:
            yield HangUp(channel=leg.channel)  # again: the first may have been lost with the link
