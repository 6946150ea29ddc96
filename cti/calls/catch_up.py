"""Compares belief with what Asterisk holds, and tells what was missed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cti.calls import recovery
from cti.calls.book import Book, Outcome
from cti.calls.call import Call, SeatLeg
from cti.calls.callers import Callers
from cti.calls.holding import Holding
from cti.calls.legs import UNCONFIRMED_US, SeatLegs, take_back
from cti.calls.meetings import Meetings
from cti.calls.monitoring import Monitoring
from cti.calls.outside import OutsideCalls
from cti.calls.transfers import Transfers
from cti.calls.visits import Visits
from cti.effects import HangUp
from cti.facts import (
    AnomalySeen,
    BridgeJoined,
    CallEnded,
    CallPhase,
    ChannelHungUp,
    ChannelSeen,
    LastResortEntered,
    Resynced,
    SnapshotTaken,
)
from cti.ids import CallId, ChannelId, OfferId, seat_of_offer

_BEFORE_A_NEW_WAIT: Final = frozenset({CallPhase.IN_FLOW, CallPhase.AFTER})


class CatchUp:
    """Takes a snapshot in: what is gone, what is new, and what has gone on meanwhile."""

    def __init__(  # noqa: PLR0917 - the parts of one tracker, in its own order
        self,
        book: Book,
        callers: Callers,
        legs: SeatLegs,
        meetings: Meetings,
        visits: Visits,
        transfers: Transfers,
        outside: OutsideCalls,
        holding: Holding,
        monitoring: Monitoring,
    ) -> None:
        self._book = book
        self._callers = callers
        self._legs = legs
        self._meetings = meetings
        self._visits = visits
        self._transfers = transfers
        self._outside = outside
        self._holding = holding
        self._monitoring = monitoring

    def snapshot_taken(self, fact: SnapshotTaken) -> Outcome:
        seen = {channel.channel: channel for channel in fact.channels}
        yield from self._miss(seen, fact.at)
        yield from self._close_earlier(seen, fact.at)
        new = {
            call.id: call
            for call in (recovery.found_call(channel, fact.at) for channel in fact.channels)
            if call is not None and call.id not in self._book.calls
        }
        self._book.calls.update(new)
        for call in list(self._book.calls.values()):
            if call.id not in new:
                if recovery.is_given_away(seen[call.channel]):
                    yield from self._transfers.parted(call, fact.at)
                yield from self._catch_up_outside(call, seen[call.channel], fact.at)
        self._outside.take_in(fact)
        found = [
            leg
            for leg in recovery.found_legs(fact, self._book.seat_of_device, self._book.calls)
            if leg.channel not in self._book.legs and self._attach(leg, new)
        ]
        for call in sorted(new.values(), key=recovery.order_of_return):
            yield from self._recovered(call, fact.at)
        for stray in recovery.stray_offers(fact, self._book.legs):
            yield AnomalySeen(at=fact.at, about=stray, detail="a leg without a caller")
            yield HangUp(channel=stray)
        for call in list(self._book.calls.values()):
            yield from self._catch_up(call, seen[call.channel], fact.at)
        for leg in found:
            call = self._book.calls[leg.call]
            if call.id not in new and call.phase is CallPhase.WAITING and not leg.bridge:
                yield recovery.recovered(call, leg, fact.at)
        for leg in list(self._book.legs.values()):
            if leg.channel in seen:
                yield from self._catch_up_leg(leg, seen[leg.channel], fact.at)
        for call in self._book.calls.values():
            yield from take_back(call)
        yield from self._holding.take_in(fact)
        yield from self._monitoring.take_in(fact)
        yield Resynced(at=fact.at)

    def _miss(self, seen: dict[ChannelId, ChannelSeen], at: int) -> Outcome:
        """Calls and legs that Asterisk does not have any more."""
        for call in [call for call in self._book.calls.values() if call.channel not in seen]:
            yield from self._lose_sight(call, at)
        for leg in [leg for leg in self._book.legs.values() if leg.channel not in seen]:
            if not leg.channel_name and at < leg.offered_at + UNCONFIRMED_US:
                leg.doubted = True
            else:
                gone = ChannelHungUp(at=at, channel=leg.channel, cause=0)
                yield from self._legs.hung_up(leg, gone)

    def _close_earlier(self, seen: dict[ChannelId, ChannelSeen], at: int) -> Outcome:
        """Calls of an earlier life that ended while no daemon looked."""
        earlier, self._book.open_before = self._book.open_before, ()
        for call in earlier:
            if ChannelId(call.call) not in seen and call.call not in self._book.calls:
                yield _ended_unseen(call.call, at, call.arrived_at)

    def _recovered(self, call: Call, at: int) -> Outcome:
        """Told once for each seat that is rung for the caller."""
        leg = self._book.leg_of(call)
        yield recovery.recovered(call, leg, at)
        for other in self._book.rung_for(call):
            if other is not leg:
                yield recovery.recovered(call, other, at)
        if leg is not None and leg.held and leg.connected:
            yield from self._holding.begin(leg, at)

    def _attach(self, leg: SeatLeg, new: dict[CallId, Call]) -> bool:
        """A leg found in Asterisk: whether it is taken for its call's. One leg a caller, unless
        several of ours ring for one who was not known: else, where two ring, the one that was known
        goes on. In a call that was known, its answer is news."""
        call = self._book.calls[leg.call]
        known, rivals = self._book.leg_of(call), self._book.rung_for(call)
        if call.phase is CallPhase.ENDED or (known is not None and not known.pending):
            return False
        rung_too = call.id in new and all(_is_ours(one) for one in (leg, *rivals))
        if rivals and not leg.connected and not rung_too:
            return False
        for rival in rivals if leg.connected else ():
            rival.cancelled = True
            rival.ending = "taken"
        self._book.legs[leg.channel] = leg
        if leg.connected or known is None:
            call.leg = OfferId("")
            call.also_rung.clear()
        call.rung_by(leg.offer)
        if call.phase is CallPhase.MENU and call.id in new:
            # A seat is rung, so it was queued, and its session is just ending.
            call.phase, call.queued_at = CallPhase.WAITING, leg.offered_at
        if leg.connected and call.id in new:
            if not call.on_visit:
                call.phase = CallPhase.TALKING
            call.answered, call.answered_at = True, leg.answered_at
            call.served_by = leg.seat
        leg.connected = leg.connected and call.id in new
        return True

    def _catch_up(self, call: Call, seen: ChannelSeen, at: int) -> Outcome:
        """Feed what was missed while the link was away through the normal path."""
        call.bridge = seen.bridge
        call.in_last_resort = recovery.in_last_resort(seen)
        if call.in_last_resort and not call.last_resort_told:
            yield LastResortEntered(at=at, call=call.id)
        call.last_resort_told = call.in_last_resort
        after = recovery.is_after(seen) and not seen.bridge
        if call.phase is CallPhase.MENU and (after or recovery.is_waiting(seen)):
            yield from self._callers.queue(call, recovery.missed_mark(seen, at))
        yield from self._catch_up_aside(call, seen, at)
        if call.phase is CallPhase.TALKING and recovery.is_on_visit(seen):
            call.flow = seen.get("CTI_FLOW")
            yield from self._visits.begin(call, at)
        elif 0 < call.flow_asked_at < at and not recovery.is_leaving(seen):
            call.flow_asked_at = 0  # asked before, and come to nothing
        elif call.phase in _BEFORE_A_NEW_WAIT and recovery.is_waiting(seen):
            mark = recovery.missed_mark(seen, at)
            call.waits_again(mark.at)
            yield from self._callers.queue(call, mark)
        leg = self._book.leg_of(call)
        if after and call.ended_by == "unknown" and call.transfer is None:
            call.ended_by = "seat"
        if after and call.phase is CallPhase.IN_FLOW:
            call.go(CallPhase.AFTER, "the seat had left when the flow began")
        if after and call.phase is CallPhase.TALKING and leg is not None:
            yield from self._legs.leave(leg, at)
        elif after and call.phase is CallPhase.WAITING:
            # By whom and when is not known, and is not made up.
            for rung in self._book.rung_for(call):
                rung.cancelled = True
            call.phase, call.answered, call.leg = CallPhase.AFTER, True, OfferId("")
            call.also_rung.clear()
            yield recovery.recovered(call, None, at)

    def _catch_up_leg(self, leg: SeatLeg, seen: ChannelSeen, at: int) -> Outcome:
        leg.channel_name, leg.doubted = seen.name, False
        if seen.up and not leg.answered_at:
            leg.answered_at = seen.time("CTI_ANSWERED") or at
        if seen.bridge:
            yield from self._meetings.joined(
                BridgeJoined(at=at, bridge=seen.bridge, channel=leg.channel)
            )
        elif not self._is_waited_for(leg):
            yield from self._legs.leave(leg, at)
        if leg.cancelled:
            # Again: the first may have been lost with the link.
            yield from self._legs.cancel(leg, "caller-gone")

    def _is_waited_for(self, leg: SeatLeg) -> bool:
        """Whether the leg waits for its caller, who is in a flow."""
        call = self._book.calls.get(leg.call)
        return call is not None and call.on_visit and call.leg == leg.offer

    def _catch_up_aside(self, call: Call, seen: ChannelSeen, at: int) -> Outcome:
        """Whether a waiting caller is where the queue's rule sends them, or back from aside."""
        if not recovery.is_sent_on(seen):
            if recovery.is_waiting(seen):
                yield from self._callers.is_back(call, at)
        elif call.phase is CallPhase.WAITING and not call.sent_on:
            yield from self._callers.sent_on(call, at, *recovery.where_sent(seen))

    def _catch_up_outside(self, call: Call, seen: ChannelSeen, at: int) -> Outcome:
        """A number outside that was dialled, or did not answer, while the link was away."""
        if call.phase is CallPhase.OUTSIDE and not recovery.is_outside(seen):
            yield from self._outside.failed(call, at, seen.get("CTI_DIALLED") or "failed")
        tried = recovery.outside_try(seen, at)
        if tried is not None and call.phase is tried.before:
            yield from self._outside.begin(call, tried.target, tried.dialled_at)

    def _lose_sight(self, call: Call, at: int) -> Outcome:
        """It ended while nobody was looking; how and when is not known, and is not made up. That
        the caller gave up is known when it was told before."""
        given_up = call.phase is CallPhase.ENDED and not call.answered
        in_hand = call.in_hand
        call.phase = CallPhase.ENDED
        del self._book.calls[call.id]
        for leg in self._book.rung_for(call):
            leg.cancelled = True
        ended = _ended_unseen(call.id, at, call.arrived_at)
        if given_up:
            ended = replace(ended, outcome=in_hand or "abandoned", ended_by=call.ended_by)
        yield ended


def _is_ours(leg: SeatLeg) -> bool:
    return seat_of_offer(leg.channel) is not None


def _ended_unseen(call: CallId, at: int, arrived_at: int) -> CallEnded:
    return CallEnded(
        at=at,
        call=call,
        outcome="lost-sight",
        ended_by="unknown",
        cause=0,
        total_us=max(0, at - arrived_at),
    )
