"""A seat gives its caller away and is free: a blind transfer.

    TALKING --wish--> (asked of Asterisk) --the caller leaves the bridge--> AFTER
        AFTER --queue, seat--> WAITING    a wait of its own, ahead of usual callers
        AFTER --outside-->     OUTSIDE    nobody answers: WAITING, in the queue of before
        AFTER --flow           stays AFTER until the flow says queue, outside or good-bye

Only the caller's channel is moved; the seat's leg ends by its own dialplan. What is to become of
the caller stands on their channel before they are moved, so it happens without a daemon too.
"""

from __future__ import annotations

from typing import Final

from cti.calls.book import Book, Outcome
from cti.calls.call import Call, SeatLeg, Transfer
from cti.calls.legs import SeatLegs
from cti.effects import Resync, TransferCaller
from cti.facts import (
    CallerTransferred,
    CallPhase,
    EffectFailed,
    FlowMarked,
    TransferRefused,
    TransferWish,
)
from cti.ids import CallId, OfferId, seat_of_offer

TRANSFERRED_PRIORITY: Final = 1
"""Who has waited once and told their story to somebody stands ahead of usual callers (5)."""
ASKED_US: Final = 5_000_000
"""By then Asterisk has answered, or is known not to: a further wish is heard."""

_MOVED: Final = frozenset({"queued", "outside-dials", "steps"})


class Transfers:
    """Blind transfers of the calls in `book`."""

    def __init__(self, book: Book, legs: SeatLegs) -> None:
        self._book = book
        self._legs = legs

    def wished(self, fact: TransferWish) -> Outcome:
        call = self._book.calls.get(fact.call)
        leg = self._book.leg_of(call) if call is not None else None
        why = _refusal(call, leg, fact)
        if why or call is None or leg is None:
            yield TransferRefused(
                at=fact.at, call=fact.call, to=fact.to, target=fact.target, why=why
            )
            return
        call.transfer = Transfer(fact.to, fact.target, leg.seat, fact.at)
        waits = fact.to in ("queue", "seat")
        yield TransferCaller(
            channel=call.channel,
            to=fact.to,
            target=fact.queue if waits else fact.target,
            seat=fact.target if fact.to == "seat" else "",
            priority=min(call.priority, TRANSFERRED_PRIORITY),
            keep_skills=not waits or fact.queue == call.queue,
        )

    def parted(self, call: Call, at: int) -> Outcome:
        """One of the two has left the bridge. When it was us who asked, and the caller has not hung
        up, they have been given away."""
        leg = self._book.leg_of(call)
        if not _is_asked(call) or call.hangup_asked_at:
            return
        if call.phase is CallPhase.AFTER:
            yield self._begin(call, at)
        elif call.phase is CallPhase.TALKING and leg is not None and not leg.left:
            yield self._begin(call, at)
            yield from self._legs.leave(leg, at)
            call.leg = OfferId("")

    def flow_marked(self, fact: FlowMarked) -> Outcome:
        """The seat hung up in the very moment: where the caller goes tells that they were moved."""
        call = self._book.calls.get(CallId(fact.channel))
        if call is not None and call.phase is CallPhase.AFTER and fact.mark in _MOVED:
            yield from self.parted(call, fact.at)

    @staticmethod
    def _begin(call: Call, at: int) -> CallerTransferred:
        transfer = call.transfer
        assert transfer is not None
        transfer.begun = True
        if call.phase is CallPhase.AFTER:
            call.leg = OfferId("")
        if call.ended_by == "seat":
            call.ended_by = "unknown"  # the seat's end is not the call's any more
        return CallerTransferred(
            at=at, call=call.id, seat=transfer.seat, to=transfer.to, target=transfer.target
        )

    def effect_failed(self, fact: EffectFailed) -> Outcome:
        call = self._book.calls.get(CallId(fact.subject))
        if fact.effect != TransferCaller.__name__ or call is None or call.transfer is None:
            return
        transfer = call.transfer
        if transfer.begun:
            return
        if fact.reason.startswith("refused"):
            call.transfer = None
            yield TransferRefused(
                at=fact.at,
                call=call.id,
                to=transfer.to,
                target=transfer.target,
                why=fact.reason,
                granted=True,
            )
        else:
            yield Resync(why=f"no word on the transfer of {call.id}: {fact.reason}")


def _refusal(call: Call | None, leg: SeatLeg | None, fact: TransferWish) -> str:
    """Why the wish cannot be granted; empty when it can."""
    if call is None or call.phase is CallPhase.ENDED or call.hangup_asked_at:
        return "the call has ended"
    why = ""
    if call.phase is not CallPhase.TALKING or leg is None or leg.left:
        why = "the caller does not talk with a seat"
    elif fact.seat and fact.seat != leg.seat:
        why = "the caller talks with another seat"
    elif fact.to == "seat" and fact.target == leg.seat:
        why = "the caller talks with that seat"
    elif _asked(call, fact.at):
        why = "the caller is on the way already"
    elif seat_of_offer(leg.channel) is None:
        why = "a callback, or a call that Asterisk put through by itself, cannot be transferred"
    return why


def _is_asked(call: Call) -> bool:
    return call.transfer is not None and not call.transfer.begun


def _asked(call: Call, at: int) -> bool:
    """Whether Asterisk has just been asked to move the caller."""
    asked_at = max(call.flow_asked_at, call.transfer.asked_at if call.transfer else 0)
    return bool(asked_at) and at - asked_at < ASKED_US
