"""Who is in which bridge, and when a caller and a seat have met."""

from __future__ import annotations

from cti.calls.book import Book, Outcome
from cti.calls.call import Call, SeatLeg
from cti.calls.legs import SeatLegs
from cti.calls.transfers import Transfers
from cti.calls.visits import Visits
from cti.facts import BridgeJoined, BridgeLeft, CallPhase
from cti.ids import BridgeId, CallId


class Meetings:
    def __init__(self, book: Book, legs: SeatLegs, visits: Visits, transfers: Transfers) -> None:
        self._book = book
        self._legs = legs
        self._visits = visits
        self._transfers = transfers

    def joined(self, fact: BridgeJoined) -> Outcome:
        """An answer counts once both are in one bridge; its time is that of the answer."""
        call = self._book.calls.get(CallId(fact.channel))
        leg = self._book.legs.get(fact.channel)
        if call is not None:
            call.bridge = fact.bridge
            leg = self._leg_in(call, fact.bridge)
        elif leg is not None:
            leg.bridge = fact.bridge
            call = self._book.calls.get(leg.call)
        if call is None or leg is None or leg.bridge != call.bridge:
            return
        if leg.connected:
            yield from self._visits.together(call, leg, fact.at)
        if not (leg.pending or leg.given_up):
            return
        if call.phase is CallPhase.WAITING:
            yield from self._legs.connect(call, leg, fact.at)

    def _leg_in(self, call: Call, bridge: BridgeId) -> SeatLeg | None:
        """The leg of `call` in `bridge`; it need not be the one that was rung last."""
        legs = self._book.legs.values()
        return next((leg for leg in legs if leg.call == call.id and leg.bridge == bridge), None)

    def left(self, fact: BridgeLeft) -> Outcome:
        call = self._book.calls.get(CallId(fact.channel))
        leg = self._book.legs.get(fact.channel)
        if call is not None and call.bridge == fact.bridge:
            call.bridge = BridgeId("")
            yield from self._parted(call, fact.at)
        elif leg is not None and leg.bridge == fact.bridge:
            leg.bridge = BridgeId("")
            call = self._book.calls.get(leg.call)
            if call is not None and call.leg == leg.offer:
                yield from self._parted(call, fact.at)
                if call.on_visit:
                    return  # the leg stays, and waits
            yield from self._legs.leave(leg, fact.at)

    def _parted(self, call: Call, at: int) -> Outcome:
        yield from self._visits.parted(call, at)
        yield from self._transfers.parted(call, at)
