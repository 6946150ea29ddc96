"""Where each open contact is: in the line, offered to a seat, or in a seat's hand. Pure.

Every change of place is one method here, so a contact is never in two places. The states are drawn
in `acd.contacts`, which says when what happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, Literal

from acd.contact_book import ContactSnapshot, ContactState, Entry
from acd.seats import Seat, Wish
from acd.timers import Timers
from acd.waiters import Waiters
from cti.facts import (
    ContactAbandoned,
    ContactAccepted,
    ContactClosed,
    ContactOfferFailed,
    ContactOfferFailure,
    ContactReturned,
    Fact,
    OpenContact,
    QueueRecord,
    SeatState,
    Wanted,
)
from cti.ids import CallId, ContactId, OfferId, QueueId, SeatId

_SETS_ASIDE: Final = frozenset({"rejected", "no-answer"})


class ContactPlaces:
    """The lower half of `acd.contacts.Contacts`. `seats` and `queues` are the dispatcher's own."""

    def __init__(
        self,
        waiters: Waiters,
        seats: Mapping[SeatId, Seat],
        queues: Mapping[QueueId, QueueRecord],
    ) -> None:
        self._waiters = waiters
        self._seats = seats
        self._queues = queues
        self._entries: dict[ContactId, Entry] = {}
        self._timers: Timers[ContactId] = Timers()
        """When patience ends (WAITING), or the time to accept (OFFERED)."""

    def all(self) -> tuple[ContactSnapshot, ...]:
        """The open ones, the one that came first first."""
        entries = sorted(self._entries.values(), key=lambda one: (one.open.came_at, one.place))
        return tuple(self._snapshot(entry) for entry in entries)

    def get(self, contact: ContactId) -> ContactSnapshot | None:
        """None when it is not open."""
        entry = self._entries.get(contact)
        return None if entry is None else self._snapshot(entry)

    def _snapshot(self, entry: Entry) -> ContactSnapshot:
        return ContactSnapshot(
            entry.open, entry.state, self._queue_of(entry), entry.held_by, entry.offer
        )

    def _queue_of(self, entry: Entry) -> QueueId:
        """Routing may have moved it since it came."""
        waiting = self._waiters.get(entry.place)
        return waiting.queue if waiting is not None else entry.open.queue

    # ----------------------------------------------------------------------------- the line

    def _wait(
        self, entry: Entry, at: int, wanted: tuple[Wanted, SeatId] = ("", SeatId(""))
    ) -> None:
        entry.state, opened = ContactState.WAITING, entry.open
        self._timers.set(opened.contact, opened.until)
        self._waiters.enter(
            entry.place,
            opened.queue,
            at,
            priority=opened.priority,
            queued_at=opened.came_at,
            skills=opened.skills,
            language=opened.language,
            kind=opened.kind,
            customer_class=opened.customer_class,
            wanted=wanted,
        )

    def offered(self, place: CallId, seat: Seat, offer: OfferId, at: int) -> None:
        """The matching has found `seat` for the contact at `place`."""
        entry = self._entries[ContactId(place)]
        entry.state, entry.offer, entry.seat = ContactState.OFFERED, offer, seat.id
        seat.contact_offer = offer
        seat.touched()
        offer_us = self._queues[self._queue_of(entry)].contact_offer_us
        self._timers.set(entry.open.contact, at + offer_us)

    def _fail(self, entry: Entry, reason: ContactOfferFailure, at: int) -> Iterator[Fact]:
        """The offer ends, and the contact waits on where it stood, if it has the patience."""
        assert entry.offer is not None
        opened, offer, seat_id = entry.open, entry.offer, entry.seat
        entry.state, entry.offer, entry.seat = ContactState.WAITING, None, SeatId("")
        yield ContactOfferFailed(
            at=at,
            contact=opened.contact,
            kind=opened.kind,
            queue=self._queue_of(entry),
            seat=seat_id,
            offer=offer,
            reason=reason,
        )
        seat = self._seats.get(seat_id)
        if seat is not None and seat.contact_offer == offer:
            yield from self._offer_over(seat, opened, reason, at)
        if reason == "withdrawn":
            return  # its end follows
        yield from self._waiters.offer_failed(entry.place, offer, at, reason)
        self._timers.set(opened.contact, opened.until)
        if opened.until <= at:
            yield self._abandon(entry, at, "patience")

    @staticmethod
    def _offer_over(seat: Seat, opened: OpenContact, reason: str, at: int) -> Iterator[Fact]:
        seat.contact_offer = None
        if reason in _SETS_ASIDE:
            seat.set_aside.add(opened.kind)
        seat.touched()
        if reason != "no-answer" or not seat.record.pause_after_missed_text:
            return
        if seat.state is SeatState.READY:
            yield seat.go(SeatState.PAUSED, at, reason="no-answer")
        elif seat.busy and seat.wish is None:
            seat.wish = Wish(SeatState.PAUSED, "no-answer")

    # ----------------------------------------------------------------------- a seat's hand

    def _accept(self, entry: Entry, at: int, by: str) -> ContactAccepted:
        assert entry.offer is not None
        offer, seat, queue = entry.offer, self._seats[entry.seat], self._queue_of(entry)
        self._waiters.leave(entry.place)
        self._timers.set(entry.open.contact, None)
        entry.state, entry.offer, entry.seat = ContactState.IN_HAND, None, SeatId("")
        entry.open = opened = replace(entry.open, queue=queue, seat=seat.id, accepted_at=at)
        seat.contact_offer = None
        seat.contacts[entry.place] = opened.kind
        seat.touched()
        return ContactAccepted(
            at=at,
            contact=opened.contact,
            kind=opened.kind,
            queue=queue,
            seat=seat.id,
            offer=offer,
            wait_us=max(0, at - opened.waits_since),
            by=by,
        )

    def _return(
        self, entry: Entry, at: int, why: Literal["requeued", "seat-gone"], by: str = ""
    ) -> ContactReturned:
        """Into the line again, with the place of when it came, and with fresh patience."""
        held = entry.open
        self._out_of_hand(entry)
        until = at + held.patience_us
        entry.open = replace(held, seat=SeatId(""), accepted_at=0, waits_since=at, until=until)
        self._wait(entry, at)
        return ContactReturned(
            at=at,
            contact=held.contact,
            kind=held.kind,
            queue=self._queue_of(entry),
            seat=held.seat,
            why=why,
            handling_us=_handling_us(held, at),
            until=until,
            by=by,
        )

    def _out_of_hand(self, entry: Entry) -> None:
        seat = self._seats.get(entry.open.seat)
        if seat is not None and entry.place in seat.contacts:
            del seat.contacts[entry.place]
            seat.touched()

    # --------------------------------------------------------------------------------- ends

    def _forget(self, entry: Entry) -> None:
        self._out_of_hand(entry)
        self._waiters.leave(entry.place)
        self._timers.set(entry.open.contact, None)
        del self._entries[entry.open.contact]

    def _abandon(
        self, entry: Entry, at: int, why: Literal["patience", "withdrawn"], by: str = ""
    ) -> ContactAbandoned:
        opened, queue = entry.open, self._queue_of(entry)
        self._forget(entry)
        return ContactAbandoned(
            at=at,
            contact=opened.contact,
            kind=opened.kind,
            queue=queue,
            wait_us=max(0, at - opened.waits_since),
            why=why,
            by=by,
        )

    def _close(
        self, entry: Entry, at: int, by: str, why: Literal["closed", "withdrawn"]
    ) -> ContactClosed:
        opened, queue = entry.open, self._queue_of(entry)
        self._forget(entry)
        return ContactClosed(
            at=at,
            contact=opened.contact,
            kind=opened.kind,
            queue=queue,
            seat=opened.seat,
            handling_us=_handling_us(opened, at),
            by=by,
            why=why,
        )


def _handling_us(opened: OpenContact, at: int) -> int:
    return max(0, at - opened.accepted_at) if opened.accepted_at else 0
