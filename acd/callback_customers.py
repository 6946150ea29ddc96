"""Customers who are rung before a seat is, and the seats that are kept for them. Pure.

    CallbackOffered (first: customer)   the seat is reserved, the customer's phone rings
    CallbackReached                     the customer has answered, and is a call
    CallQueued, or CallRecovered        it stands in the line: the seat that was kept is rung
    OfferAnswered                       called back
    CallEnded before that               in vain, as if they had not been reached

A seat that cannot be rung any more is let go, and another one is sought for the customer, who
stands where the callback stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from acd.matching import Matching
from acd.offers import Offers
from acd.seats import Seat
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import (
    CallbackReached,
    CallEnded,
    CallPhase,
    CallRecovered,
    Choice,
    Fact,
    SeatState,
    SeatStateChanged,
)
from cti.ids import CallbackId, CallId, OfferId, SeatId

_TALKED: Final = frozenset({CallPhase.TALKING, CallPhase.IN_FLOW, CallPhase.AFTER})
_HELPED: Final = frozenset({"answered", "outside", "message"})
"""Outcomes of a customer's call after which they are not rung again."""


class _Kept(NamedTuple):
    seat: SeatId
    offer: OfferId


class KeptSeats:
    """Part of the dispatcher. `release` frees a seat as after an offer that failed."""

    def __init__(
        self,
        seats: Mapping[SeatId, Seat],
        line: WaitingLine,
        matching: Matching,
        offers: Offers,
        release: Callable[[Seat, int], SeatStateChanged],
    ) -> None:
        self._seats = seats
        self._line = line
        self._matching = matching
        self._offers = offers
        self._release = release
        self._kept: dict[CallId, _Kept] = {}

    def reached(self, fact: CallbackReached) -> None:
        self._kept[fact.customer] = _Kept(fact.seat, fact.offer)

    def settle(self, call_id: CallId, at: int) -> Iterator[Fact]:
        """The customer's call stands in the line, talks, or is over: what becomes of the seat."""
        kept = self._kept.pop(call_id, None)
        seat = self._seats.get(kept.seat) if kept is not None else None
        if kept is None or seat is None:
            return
        seat.awaits_no_more(kept.offer)
        if seat.offer != kept.offer or not seat.rung:
            return
        call = self._line.get(call_id)
        if call is None or call.offers or not _can_be_rung(seat):
            yield self._release(seat, at)
        else:
            yield from self._ring(call, seat, at)

    def _ring(self, call: WaitingCall, seat: Seat, at: int) -> list[Fact]:
        why = Choice(
            rule="only",
            head_start_us=call.queued_at - call.place_at,
            waited_us=max(0, at - call.queued_at),
            priority=call.priority,
            kept=True,
        )
        group = self._matching.group_of(call.call)
        self._matching.leave(call)
        self._line.rings(call)
        if group is not None:
            self._matching.watch(group, call, at)
        return self._offers.kept(call, seat, why, at)


def _can_be_rung(seat: Seat) -> bool:
    """Its phone is free, and it has not asked to sign off. Who asked for a pause gets it after this
    call, as with any call that is on its way."""
    leaves = seat.wish is not None and seat.wish.state is SeatState.SIGNED_OFF
    return seat.phone_is_free and not leaves


class ReachedCalls:
    """Part of the callbacks: which call is which callback's customer."""

    def __init__(self) -> None:
        self._callback_of: dict[CallId, CallbackId] = {}

    def __contains__(self, call: object) -> bool:
        return call in self._callback_of

    def begin(self, call: CallId, callback: CallbackId) -> None:
        self._callback_of[call] = callback

    def served(self, call: CallId) -> CallbackId | None:
        """A seat talks with them: the callback that has come to its end."""
        return self._callback_of.pop(call, None)

    def found(self, fact: CallRecovered) -> CallbackId | None:
        """The callback that a call which is found has brought to its end."""
        return self._callback_of.pop(fact.call, None) if fact.phase in _TALKED else None

    def ended(self, fact: CallEnded) -> tuple[CallbackId | None, bool]:
        """The callback of a call that is over, and whether the customer has been helped."""
        return self._callback_of.pop(fact.call, None), fact.outcome in _HELPED
