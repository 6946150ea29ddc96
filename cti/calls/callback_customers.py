"""Customers who are called back before any seat is rung: their channels, until they have answered.

    offered --> the customer's phone rings --> answers (reached): a caller like any other --> gone
                          |
                          '--> failed

The channel is ours and its id is the offer's, under which a seat is kept for them. Once they have
answered the channel is a call's, and the call tracker follows it; here it is only remembered until
it is gone, so that no snapshot makes it news again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cti.calls.callback_ring import CustomerRing, is_caller, phase_of, ring_found, why_not_reached
from cti.calls.legs import UNCONFIRMED_US
from cti.effects import Effect, HangUp, OriginateCustomer, Resync
from cti.facts import (
    AnomalySeen,
    CallbackClosed,
    CallbackFailure,
    CallbackOffered,
    CallbackRecovered,
    CallbackRefused,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    ChannelSeen,
    EffectFailed,
    Fact,
    OriginateEnded,
    SnapshotTaken,
    TimePassed,
)
from cti.ids import ChannelId, seat_of_customer

Outcome = Iterator[Fact | Effect]


@dataclass(slots=True)
class Customers:
    """Part of the core of callbacks."""

    _rings: dict[ChannelId, CustomerRing] = field(default_factory=dict)
    _fresh: bool = True
    """No snapshot yet: whom an earlier life rang is not known."""
    _handlers: dict[type[Fact], Callable[[Any], Outcome]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._handlers |= {
            CallbackOffered: self._offered,
            CallbackClosed: self._closed,
            CallbackRefused: self._closed,
            ChannelCreated: self._created,
            ChannelAnswered: self._answered,
            ChannelHungUp: self._hung_up,
            OriginateEnded: self._originate_ended,
            EffectFailed: self._effect_failed,
            SnapshotTaken: self._snapshot_taken,
            TimePassed: self._time_passed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for customers who are rung."""
        handler = self._handlers.get(type(fact))
        return handler(fact) if handler else iter(())

    def deadline(self) -> int | None:
        """When the next silent one is looked for or given up, microseconds since the epoch."""
        waited_for = (one.given_up_at for one in self._rings.values() if not one.reached)
        return min(waited_for, default=None)

    def _offered(self, fact: CallbackOffered) -> Outcome:
        if fact.first != "customer":
            return
        self._rings[ChannelId(fact.offer)] = CustomerRing.of(fact)
        yield OriginateCustomer(
            offer=fact.offer,
            callback=fact.callback,
            call=fact.call,
            queue=fact.queue,
            number=fact.number,
            hotline=fact.hotline,
            language=fact.language,
            priority=fact.priority,
            skills=fact.skills,
            since=fact.since,
            ring_us=fact.customer_ring_us,
        )

    def _created(self, fact: ChannelCreated) -> Outcome:
        ring = self._rings.get(fact.channel)
        if ring is None:
            if seat_of_customer(fact.channel) is not None:
                yield from _unasked(fact.channel, fact.at)
            return
        ring.channel_name, ring.doubted = fact.name, False
        if ring.cancelled:
            yield HangUp(channel=ring.channel)

    def _answered(self, fact: ChannelAnswered) -> Outcome:
        ring = self._rings.get(fact.channel)
        if ring is None or ring.reached:
            return
        if ring.cancelled:
            yield HangUp(channel=ring.channel)
        else:
            yield from ring.answers(fact.at)

    def _closed(self, fact: CallbackClosed | CallbackRefused) -> Outcome:
        """Cancelled while the customer's phone rings. Who has answered is a caller."""
        for ring in self._rings.values():
            if ring.callback == fact.callback and not ring.reached:
                ring.cancelled = True
                yield HangUp(channel=ring.channel)

    # ---------------------------------------------------------------------------------- end

    def _hung_up(self, fact: ChannelHungUp) -> Outcome:
        ring = self._rings.get(fact.channel)
        if ring is not None:
            reason = why_not_reached(ring, fact)
            yield from self._end(ring, fact.at, reason, f"cause {fact.cause}")

    def _end(
        self, ring: CustomerRing, at: int, reason: CallbackFailure, detail: str = ""
    ) -> Outcome:
        del self._rings[ring.channel]
        if not ring.reached:
            yield ring.failed(at, reason, detail)

    def _originate_ended(self, fact: OriginateEnded) -> Outcome:
        ring = self._rings.get(ChannelId(fact.offer))
        if ring is not None and not (fact.accepted or ring.reached or ring.channel_name):
            reason: CallbackFailure = "cancelled" if ring.cancelled else "customer-unreachable"
            detail = f"Asterisk could not ring the number (reason {fact.reason})"
            yield from self._end(ring, fact.at, reason, detail)

    def _effect_failed(self, fact: EffectFailed) -> Outcome:
        ring = self._rings.get(ChannelId(fact.subject))
        if fact.effect != "OriginateCustomer" or ring is None or ring.reached:
            return
        if fact.reason.startswith("refused"):
            yield from self._end(ring, fact.at, "failed", fact.reason)
        else:
            # As with an offer: never sent again, Asterisk is asked.
            yield Resync(why=f"no word on the customer {ring.offer}: {fact.reason}")

    def _time_passed(self, fact: TimePassed) -> Outcome:
        silent = (one for one in self._rings.values() if not one.reached)
        for ring in [one for one in silent if one.given_up_at <= fact.at]:
            if ring.looked_for_at:
                yield HangUp(channel=ring.channel)
                reason: CallbackFailure = "cancelled" if ring.cancelled else "failed"
                yield from self._end(ring, fact.at, reason, "no word from Asterisk")
            ring.looked_for_at = fact.at
            yield Resync(why=f"no word on the customer {ring.offer}")

    # ------------------------------------------------------------------------------ recovery

    def _snapshot_taken(self, fact: SnapshotTaken) -> Outcome:
        seen = {one.channel: one for one in fact.channels}
        for ring in [one for one in self._rings.values() if one.channel not in seen]:
            early = fact.at < ring.offered_at + UNCONFIRMED_US
            if not (ring.channel_name or ring.reached) and early:
                ring.doubted = True
            else:
                reason: CallbackFailure = "cancelled" if ring.cancelled else "lost-sight"
                yield from self._end(ring, fact.at, reason, "gone while nobody looked")
        fresh, self._fresh = self._fresh, False
        for one in fact.channels:
            if seat_of_customer(one.channel) is None:
                continue
            known = self._rings.get(one.channel)
            if known is not None:
                yield from self._catch_up(known, one, fact.at)
            elif fresh or is_caller(one):
                yield from self._recover(one, fact.at)
            else:
                yield from _unasked(one.channel, fact.at)

    def _recover(self, seen: ChannelSeen, at: int) -> Outcome:
        ring = self._rings[seen.channel] = ring_found(seen, at)
        yield CallbackRecovered(
            at=at,
            callback=ring.callback,
            call=ring.call,
            seat=ring.seat,
            offer=ring.offer,
            queue=ring.queue,
            phase=phase_of(seen),
            number=ring.number,
            first="customer",
        )

    def _catch_up(self, ring: CustomerRing, seen: ChannelSeen, at: int) -> Outcome:
        ring.channel_name, ring.doubted = seen.name, False
        if ring.reached:
            return
        if ring.cancelled:
            yield HangUp(channel=ring.channel)  # again: the first may have been lost with the link
        elif is_caller(seen):
            yield from ring.answers(seen.time("CTI_T_ARRIVED") or at)


def _unasked(channel: ChannelId, at: int) -> Outcome:
    """Given up, and made after all: the customer may be rung by another one."""
    detail = "a customer's channel that nobody asked for"
    yield AnomalySeen(at=at, about=channel, detail=detail)
    yield HangUp(channel=channel)
