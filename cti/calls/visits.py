"""A seat sends its caller to a flow, and gets them back.

    TALKING --wish--> (asked of Asterisk) --they part--> IN_FLOW --in one bridge again--> TALKING
                                                            |
              the flow says queue, or the seat has gone     '--> WAITING

Only the caller's channel is moved. The seat's leg stays in its own dialplan with music, and
bridges the two again by itself: that works while no daemon lives. `SeatLeft` is told when the
leg ends.
"""

from __future__ import annotations

from typing import Final

from cti.calls import recovery
from cti.calls.book import Book, Outcome
from cti.calls.call import Call, SeatLeg
from cti.calls.callers import Callers, queued
from cti.effects import HangUp, KeepOnChannel, Resync, SendToFlow
from cti.facts import (
    CallerCameBack,
    CallerLostSeat,
    CallerSentToFlow,
    CallPhase,
    EffectFailed,
    FlowMarked,
    FlowWish,
    FlowWishRefused,
)
from cti.ids import CallId, seat_of_offer

ASKED_US: Final = 5_000_000
"""By then Asterisk has answered, or is known not to: a further wish is heard."""
_LOST_IN: Final = frozenset({CallPhase.IN_FLOW, CallPhase.AFTER})
"""AFTER: the seat hung up just when the caller was sent away."""


class Visits:
    """Visits of the calls in `book` to flows that their seats chose."""

    def __init__(self, book: Book, callers: Callers) -> None:
        self._book = book
        self._callers = callers

    def wished(self, fact: FlowWish) -> Outcome:
        call = self._book.calls.get(fact.call)
        leg = self._book.leg_of(call) if call is not None else None
        why = _refusal(call, leg, fact)
        if why or call is None or leg is None:
            yield FlowWishRefused(at=fact.at, call=fact.call, flow=fact.flow, why=why)
            return
        call.flow, call.flow_asked_at = fact.flow, fact.at
        yield SendToFlow(channel=call.channel, leg=leg.offer, flow=fact.flow)

    def parted(self, call: Call, at: int) -> Outcome:
        """One of the two has left the bridge. When it was us who asked, and neither has hung up,
        the visit has begun."""
        asked = call.phase is CallPhase.TALKING and call.flow_asked_at and not call.hangup_asked_at
        if asked:
            yield from self.begin(call, at)

    def begin(self, call: Call, at: int) -> Outcome:
        leg = self._book.leg_of(call)
        if leg is None or leg.left:
            return
        call.go(CallPhase.IN_FLOW, "the seat has sent the caller to a flow")
        call.flow_asked_at, call.in_flow_since = 0, at
        yield CallerSentToFlow(at=at, call=call.id, seat=leg.seat, flow=call.flow)

    def together(self, call: Call, leg: SeatLeg, at: int) -> Outcome:
        """Caller and leg are in one bridge again."""
        if call.phase is not CallPhase.IN_FLOW or call.leg != leg.offer or leg.left:
            return
        flow, since = call.flow, call.in_flow_since
        call.go(CallPhase.TALKING, "back from the flow")
        call.flow, call.in_flow_since = "", 0
        away_us = max(0, at - since) if since else 0
        yield CallerCameBack(at=at, call=call.id, seat=leg.seat, flow=flow, away_us=away_us)

    def flow_marked(self, fact: FlowMarked) -> Outcome:
        call = self._book.calls.get(CallId(fact.channel))
        if call is None:
            return
        if fact.mark == "seat-lost" and call.phase in _LOST_IN:
            yield from self._seat_lost(call, fact.at)
        elif fact.mark == "queued" and call.phase in _LOST_IN:
            yield from self._queue(call, fact)

    def _seat_lost(self, call: Call, at: int) -> Outcome:
        """The place is that of the first wait; the KPI's wait is counted from now."""
        flow, seat = call.flow, call.served_by
        call.go(CallPhase.WAITING, "the seat has gone while the caller was in a flow")
        call.waits_again(at)
        call.asked_at = call.prompt_ended_at = at
        yield CallerLostSeat(at=at, call=call.id, seat=seat, flow=flow)
        yield queued(call, at)
        if call.hangup_asked_at:
            yield from self._callers.abandon(call, at)
        else:
            yield KeepOnChannel(channel=call.channel, variables=recovery.clocks_to_keep(call))

    def _queue(self, call: Call, fact: FlowMarked) -> Outcome:
        """The flow hands the caller to a queue: that wait is a new one, and the seat is free."""
        leg = self._book.leg_of(call)
        call.waits_again(fact.at)
        yield from self._callers.queue(call, fact)
        yield KeepOnChannel(channel=call.channel, variables=(("CTI_VISIT", ""),))
        if leg is not None and leg.connected and not leg.left:
            yield HangUp(channel=leg.channel)

    def effect_failed(self, fact: EffectFailed) -> Outcome:
        call = self._book.calls.get(CallId(fact.subject))
        if fact.effect != SendToFlow.__name__ or call is None or not call.flow_asked_at:
            return
        flow = call.flow
        call.flow, call.flow_asked_at = "", 0
        if fact.reason.startswith("refused"):
            yield FlowWishRefused(
                at=fact.at, call=call.id, flow=flow, why=fact.reason, granted=True
            )
            yield KeepOnChannel(channel=call.channel, variables=(("CTI_VISIT", ""),))
        else:
            call.flow = flow
            yield Resync(why=f"no word on sending {call.id} to a flow: {fact.reason}")


def _refusal(call: Call | None, leg: SeatLeg | None, fact: FlowWish) -> str:
    """Why the wish cannot be granted; empty when it can."""
    if call is None or call.phase is CallPhase.ENDED or call.hangup_asked_at:
        return "the call has ended"
    why = ""
    if call.phase is CallPhase.IN_FLOW:
        why = f"the caller is in the flow {call.flow} already"
    elif call.phase is not CallPhase.TALKING or leg is None or leg.left:
        why = "the caller does not talk with a seat"
    elif fact.seat and fact.seat != leg.seat:
        why = "the caller talks with another seat"
    elif call.flow_asked_at and fact.at - call.flow_asked_at < ASKED_US:
        why = f"the caller is on the way to the flow {call.flow} already"
    elif seat_of_offer(leg.channel) is None:
        why = "Asterisk put this call through by itself; it cannot be sent to a flow"
    return why
