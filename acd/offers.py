"""An offer: the seat's new state, and the fact that tells everybody and gives the reasons. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from acd.groups import Group
from acd.needs import Tier
from acd.phones import Phones
from acd.seats import Seat
from acd.strategies import ranked_by
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import (
    CallbackOffered,
    Choice,
    ContactOffered,
    Fact,
    LeadStandsIn,
    OpenCallback,
    QueueRecord,
    SeatOffered,
    SeatRank,
    SeatState,
    SeatStateChanged,
)
from cti.ids import (
    CallbackId,
    CallId,
    ContactId,
    OfferId,
    QueueId,
    callback_offer_id,
    contact_offer_id,
    customer_offer_id,
    offer_id,
)


class Match(NamedTuple):
    """`call` stands first in `group`; `ranked` are seats that may be asked, best first, and the
    first `ringing` of them are."""

    call: WaitingCall
    group: Group
    ranked: list[Seat]
    ringing: int
    why: Choice
    at: int


class Booked(Protocol):
    """What is asked of the callbacks."""

    @property
    def customer_ring_us(self) -> int: ...

    def get(self, callback: CallbackId) -> OpenCallback: ...


class Others(Protocol):
    """What is told to the contacts that are no calls."""

    def offered(self, place: CallId, seat: Seat, offer: OfferId, at: int) -> None: ...


_LEAD: Final = Tier.LEAD
_RESERVED: Final = SeatState.RESERVED
TOLD: Final = 5
"""So many seats of a ranking are written down."""


class Offers:
    """Part of the dispatcher. `queues` is its own, so it follows a change of the site."""

    def __init__(
        self,
        line: WaitingLine,
        queues: Mapping[QueueId, QueueRecord],
        phones: Phones,
        callbacks: Callable[[], Booked],
        contacts: Callable[[], Others],
    ) -> None:
        self._line = line
        self._queues = queues
        self._phones = phones
        self._callbacks = callbacks
        self._contacts = contacts
        self._last_offer_at = 0

    def offer(self, match: Match) -> list[Fact]:
        """What follows from `match`."""
        group, at, call = match.group, match.at, match.call
        ranking = tuple([self._rank(seat, match) for seat in match.ranked[:TOLD]])
        offered: list[Fact] = []
        for seat in match.ranked[: match.ringing]:
            fits = group.fits[seat.id]
            if fits.tier is _LEAD:
                lead = LeadStandsIn(at=at, call=call.call, queue=call.queue, seat=seat.id)
                offered.append(lead)
            why = match.why if fits.role == "a" else replace(match.why, role=fits.role)
            one = self._call if call.callback is None else self._callback
            if call.kind != "call":
                one = self._contact
            offered += one(match, seat, ranking, why)
        return offered

    def _rank(self, seat: Seat, match: Match) -> SeatRank:
        fits, at = match.group.fits[seat.id], match.at
        return SeatRank(
            seat=seat.id,
            idle_us=max(0, at - seat.idle_since),
            role=fits.role,
            level=fits.level,
            key=ranked_by(self._queues[match.call.line].strategy, seat, at),
        )

    def _reserve(self, match: Match, seat: Seat, offer: OfferId, call: CallId) -> SeatStateChanged:
        match.call.offers.add(offer)
        self._phones.offered(seat)
        seat.rung_at = match.at
        changed = seat.go(_RESERVED, match.at, call=call)
        seat.offer = offer
        return changed

    def _call(
        self, match: Match, seat: Seat, ranking: tuple[SeatRank, ...], why: Choice
    ) -> list[Fact]:
        call, queue = match.call, self._queues[match.call.line]
        offer = offer_id(seat.id, self._unique_time(match.at))
        changed = self._reserve(match, seat, offer, call.call)
        offered = SeatOffered(
            at=match.at,
            call=call.call,
            seat=seat.id,
            offer=offer,
            queue=call.queue,
            device=seat.dial,
            ring_us=queue.ring_us,
            rule=queue.strategy,
            ranking=ranking,
            waiting=self._line.length(call.line),
            why=why,
            auto_answer=queue.auto_answer,
        )
        return [offered, changed]

    def _callback(
        self, match: Match, seat: Seat, ranking: tuple[SeatRank, ...], why: Choice
    ) -> list[Fact]:
        waiting, callbacks = match.call, self._callbacks()
        assert waiting.callback is not None
        booked, queue = callbacks.get(waiting.callback), self._queues[waiting.line]
        first = self._queues.get(waiting.queue, queue).callback_first
        name, rung_at = callback_offer_id, seat.rung_at
        if first == "customer":
            name = customer_offer_id
        offer = name(seat.id, self._unique_time(match.at))
        changed = self._reserve(match, seat, offer, booked.call)
        if first == "customer":
            seat.rung_at = rung_at  # it is not rung yet, and keeps its turn
        offered = CallbackOffered(
            at=match.at,
            callback=booked.callback,
            call=booked.call,
            seat=seat.id,
            offer=offer,
            queue=waiting.queue,
            device=seat.dial,
            number=booked.number,
            hotline=booked.hotline,
            language=booked.language,
            ring_us=queue.ring_us,
            customer_ring_us=callbacks.customer_ring_us,
            attempt=booked.attempts + 1,
            since=booked.since,
            rule=queue.strategy,
            ranking=ranking,
            waiting=self._line.length(waiting.line),
            why=why,
            first=first,
            priority=booked.priority,
            skills=booked.skills,
        )
        return [offered, changed]

    def _contact(
        self, match: Match, seat: Seat, ranking: tuple[SeatRank, ...], why: Choice
    ) -> list[Fact]:
        """The seat's state and phone have no part in it."""
        waiting, queue = match.call, self._queues[match.call.line]
        offer = contact_offer_id(seat.id, self._unique_time(match.at))
        waiting.offers.add(offer)
        seat.rung_at = match.at
        self._contacts().offered(waiting.call, seat, offer, match.at)
        offered = ContactOffered(
            at=match.at,
            contact=ContactId(waiting.call),
            kind=waiting.kind,
            seat=seat.id,
            offer=offer,
            queue=waiting.queue,
            offer_us=self._queues[waiting.queue].contact_offer_us,
            rule=queue.strategy,
            ranking=ranking,
            waiting=self._line.length(waiting.strand),
            why=why,
        )
        return [offered]

    def kept(self, call: WaitingCall, seat: Seat, why: Choice, at: int) -> list[Fact]:
        """`seat` was kept for the customer who is `call` now, and is rung."""
        queue = self._queues[call.line]
        offer = offer_id(seat.id, self._unique_time(at))
        call.offers.add(offer)
        self._phones.offered(seat)
        seat.rung_at, seat.offer, seat.call = at, offer, call.call
        offered = SeatOffered(
            at=at,
            call=call.call,
            seat=seat.id,
            offer=offer,
            queue=call.queue,
            device=seat.dial,
            ring_us=queue.ring_us,
            rule=queue.strategy,
            waiting=self._line.length(call.line),
            why=why,
            auto_answer=queue.auto_answer,
        )
        return [offered, seat.remark(at, "")]

    def _unique_time(self, at: int) -> int:
        """Asterisk's time stamps may repeat; an offer's id may not."""
        earliest = self._last_offer_at + 1
        self._last_offer_at = at = at if at > earliest else earliest
        return at
