"""Text messages, web chats, forms and mails: they wait in the line for a seat, as calls do. Pure.

    came             its turn              the seat accepts                closed
    ------> WAITING -----------> OFFERED --------------------> IN_HAND ------------> (end)
              |  ^ ^                |                             |
              |  | '----------------'                             |
              |  |  rejected, no answer, seat gone                |
              |  '------------------------------------------------'
              |               given back, seat gone
              '--> (end) patience is over, withdrawn, closed by a lead

A seat has at most one offer, of a contact or of a call, and of each kind no more contacts in hand
than its capacity. A contact that comes back keeps the place of the moment when it came. A seat that
rejects one, gives one back or does not answer is set aside for that kind alone, until it says that
it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from acd.contact_book import LOST_US, MOST_OPEN, ContactState, Entry, opened_by
from acd.contact_places import ContactPlaces
from acd.seats import Seat
from acd.timers import Timers
from acd.waiters import Waiters
from cti.facts import (
    AnomalySeen,
    ContactCame,
    ContactQueued,
    ContactRefused,
    ContactWish,
    ContactWishRefused,
    ContactWithdrawn,
    EngineStarted,
    Fact,
    OpenContact,
    QueueRecord,
    Resynced,
    SeatCommand,
    SeatState,
    TimePassed,
    Wanted,
)
from cti.ids import ContactId, QueueId, SeatId


class Contacts(ContactPlaces):
    """Part of the dispatcher. `wanted` says whom a contact is to be put to before all others."""

    def __init__(
        self,
        waiters: Waiters,
        seats: Mapping[SeatId, Seat],
        queues: Mapping[QueueId, QueueRecord],
        wanted: Callable[[OpenContact, int], tuple[Wanted, SeatId]],
    ) -> None:
        super().__init__(waiters, seats, queues)
        self._wanted = wanted
        self._lost: Timers[SeatId] = Timers()
        self._seats_known = False
        """Before the first comparison with Asterisk nobody knows who is signed on."""
        self._handlers: dict[type[Fact], Callable[[Any], Iterator[Fact]]] = {
            EngineStarted: self._engine_started,
            Resynced: self._resynced,
            SeatCommand: self._seat_commanded,
            ContactCame: self._came,
            ContactWish: self._wished,
            ContactWithdrawn: self._withdrawn,
            TimePassed: self._time_passed,
        }

    @property
    def heeded(self) -> Container[type[Fact]]:
        """The kinds of facts that mean anything for contacts."""
        return self._handlers.keys()

    def handle(self, fact: Fact) -> Iterator[Fact]:
        """What `fact`, of a kind that is heeded, means for the contacts."""
        yield from self._handlers[type(fact)](fact)

    def deadline(self) -> int | None:
        """When an offer, a patience or the wait for a lost seat ends, microseconds since the
        epoch."""
        moments = (self._timers.next(), self._lost.next())
        return min((moment for moment in moments if moment is not None), default=None)

    # ------------------------------------------------------------------------------ gateways

    def _came(self, fact: ContactCame) -> Iterator[Fact]:
        """A queue that the site does not have is the first one: nobody is lost to a slip."""
        if fact.contact in self._entries:
            yield ContactRefused(at=fact.at, contact=fact.contact, why="open-already")
            return
        if len(self._entries) >= MOST_OPEN:
            yield ContactRefused(at=fact.at, contact=fact.contact, why="too-many")
            return
        queue = fact.queue if fact.queue in self._queues else next(iter(self._queues))
        if queue != fact.queue:
            detail = f"there is no queue {fact.queue}; it goes to {queue}"
            yield AnomalySeen(at=fact.at, about=fact.contact, detail=detail)
        usual_us = self._queues[queue].patience_us(fact.kind)
        entry = self._entries[fact.contact] = Entry(opened_by(fact, queue, usual_us))
        self._wait(entry, fact.at, self._wanted(entry.open, fact.at))
        yield ContactQueued(
            at=fact.at,
            contact=fact.contact,
            kind=fact.kind,
            queue=queue,
            priority=fact.priority,
            until=entry.open.until,
        )

    def _withdrawn(self, fact: ContactWithdrawn) -> Iterator[Fact]:
        entry = self._entries.get(fact.contact)
        if entry is None:
            yield ContactWishRefused(
                at=fact.at,
                contact=fact.contact,
                seat=SeatId(""),
                wish="withdraw",
                why="it is not open",
            )
            return
        if entry.state is ContactState.IN_HAND:
            yield self._close(entry, fact.at, fact.by, "withdrawn")
            return
        if entry.state is ContactState.OFFERED:
            yield from self._fail(entry, "withdrawn", fact.at)
        yield self._abandon(entry, fact.at, "withdrawn", fact.by)

    # -------------------------------------------------------------------------------- wishes

    def _wished(self, fact: ContactWish) -> Iterator[Fact]:
        entry = self._entries.get(fact.contact)
        why = "it is not open" if entry is None else _refusal(entry, fact)
        if fact.queue and fact.queue not in self._queues:
            why = why or f"there is no queue {fact.queue}"
        if entry is None or why:
            yield ContactWishRefused(
                at=fact.at, contact=fact.contact, seat=fact.seat, wish=fact.wish, why=why
            )
            return
        match fact.wish:
            case "accept":
                yield self._accept(entry, fact.at, fact.by)
            case "reject":
                yield from self._fail(entry, "rejected", fact.at)
            case "requeue":
                yield from self._requeue(entry, fact)
            case "close":
                if entry.state is ContactState.OFFERED:
                    yield from self._fail(entry, "withdrawn", fact.at)
                yield self._close(entry, fact.at, fact.by, "closed")

    def _requeue(self, entry: Entry, fact: ContactWish) -> Iterator[Fact]:
        """The seat is set aside where it might be offered at once what it has just given back."""
        seat = self._seats.get(entry.open.seat)
        if fact.queue:
            entry.open = replace(entry.open, queue=fact.queue)
        if seat is not None and self._may_serve(seat, entry.open.queue):
            seat.set_aside.add(entry.open.kind)
        yield self._return(entry, fact.at, "requeued", fact.by)

    def _may_serve(self, seat: Seat, queue: QueueId) -> bool:
        record = self._queues.get(queue)
        return record is None or bool(record.merged_into) or queue in seat.record.queues

    # --------------------------------------------------------------------------------- seats

    def _seat_commanded(self, fact: SeatCommand) -> Iterator[Fact]:
        seat = self._seats.get(fact.seat)
        if seat is not None and fact.wish in ("ready", "sign-on") and seat.set_aside:
            seat.set_aside.clear()
            seat.touched()
        yield from ()

    def seat_is_away(self, seat: Seat, at: int) -> Iterator[Fact]:
        """A seat that pauses takes no offer, and keeps what it has in hand. One that signs off
        keeps nothing, nor does one whose phone stays lost."""
        if not self._seats_known or seat.works:
            return
        if seat.contact_offer is not None:
            for entry in [one for one in self._entries.values() if one.seat == seat.id]:
                yield from self._fail(entry, "seat-gone", at)
        if seat.contacts and seat.state is SeatState.SIGNED_OFF:
            yield from self._empty_hands(seat, at)
        elif seat.contacts and seat.state is SeatState.UNREACHABLE:
            self._lost.set(seat.id, seat.since + LOST_US)

    def _empty_hands(self, seat: Seat, at: int) -> Iterator[Fact]:
        for place in list(seat.contacts):
            yield self._return(self._entries[ContactId(place)], at, "seat-gone")

    def _time_passed(self, fact: TimePassed) -> Iterator[Fact]:
        for contact in list(self._timers.due(fact.at)):
            entry = self._entries[contact]
            if entry.state is ContactState.OFFERED:
                yield from self._fail(entry, "no-answer", fact.at)
            else:
                yield self._abandon(entry, fact.at, "patience")
        for seat_id in list(self._lost.due(fact.at)):
            seat = self._seats.get(seat_id)
            if seat is None or seat.state is not SeatState.UNREACHABLE:
                continue
            if seat.since + LOST_US <= fact.at:
                yield from self._empty_hands(seat, fact.at)
            else:  # it was back meanwhile, and is lost again
                self._lost.set(seat_id, seat.since + LOST_US)

    # ------------------------------------------------------------------------------ recovery

    def _engine_started(self, fact: EngineStarted) -> Iterator[Fact]:
        """Offers are void; what was in hand stays there until it is known whether the seat is."""
        for opened in fact.contacts:
            if opened.contact in self._entries:
                continue
            queue = opened.queue if opened.queue in self._queues else next(iter(self._queues))
            entry = self._entries[opened.contact] = Entry(replace(opened, queue=queue))
            seat = self._seats.get(opened.seat)
            if not opened.seat:
                self._wait(entry, fact.at, self._wanted(entry.open, fact.at))
            elif seat is None:
                yield self._return(entry, fact.at, "seat-gone")
            else:
                entry.state = ContactState.IN_HAND
                seat.contacts[entry.place] = opened.kind
                seat.touched()

    def _resynced(self, fact: Resynced) -> Iterator[Fact]:
        if not self._seats_known:
            self._seats_known = True
            for seat in self._seats.values():
                yield from self.seat_is_away(seat, fact.at)


def _refusal(entry: Entry, fact: ContactWish) -> str:
    """Why the wish does not fit; empty when it does."""
    state, lead = entry.state, not fact.seat
    if not lead and entry.held_by != fact.seat:
        return f"seat {fact.seat} does not have it"
    if fact.wish in ("accept", "reject"):
        return "" if state is ContactState.OFFERED else f"it is {state}, not offered"
    if state is ContactState.IN_HAND or (lead and fact.wish == "close"):
        return ""
    return f"it is {state}, in nobody's hand"
