"""Callbacks that callers booked instead of waiting on. They keep their place in the line. Pure.

             the booking call ends          its turn                 the seat answers
    HELD ----------------------------> DUE ----------> RINGING ----------------------> DIALLING
                                      ^  ^                |                             |   |
                    the time is over  |  '----------------'         customer not reached|   | both
                                   RESTING    seat not reached                          |   | talk
                                      ^                                                 |   v
                                      '-------------------------------------------------' CLOSED

Where the customer is rung first: DUE --> DIALLING --the customer answers--> REACHED (a call in the
line, `acd.callback_customers`) --a seat answers--> CLOSED; who hangs up before that RESTS.

HELD: the caller may still be served in the line themselves; then the callback is closed. An entry
is in the line only while DUE, RINGING or DIALLING (when REACHED its call is), so it is never
offered twice. One open callback a call, and one a number: who books again takes the earlier place
with them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from acd.callback_book import CallbackSnapshot, CallbackState, Entry, booked_as, opened_by, place_of
from acd.callback_customers import ReachedCalls
from acd.callback_entries import CallbackBook
from acd.callback_rules import MOST_OPEN, CallbackRules
from acd.numbers import refusal
from acd.waiters import Waiters
from cti.facts import (
    CallbackAnswered,
    CallbackAsked,
    CallbackCancelAsked,
    CallbackDialled,
    CallbackFailed,
    CallbackOffered,
    CallbackReached,
    CallbackRecovered,
    CallbackRefused,
    CallEnded,
    CallRecovered,
    EngineStarted,
    Fact,
    OfferAnswered,
    OpenCallback,
    QueueRecord,
    Resynced,
    SeatLegGone,
    TimePassed,
)
from cti.ids import CallbackId, CallId, OfferId, QueueId, callback_id

__all__ = ["CallbackRules", "Callbacks"]


class Callbacks:
    """Part of the dispatcher: puts callbacks into the line when they are due."""

    def __init__(
        self, waiters: Waiters, queues: Mapping[QueueId, QueueRecord], rules: CallbackRules
    ) -> None:
        self._waiters = waiters
        self._queues = queues
        self._rules = rules
        self._book = CallbackBook(waiters, queues, rules)
        self._alive: set[CallId] = set()
        self._rung: dict[OfferId, str] = {}
        """The numbers that are rung or talked to, until the leg's end is known: also of callbacks
        that are closed."""
        self._reached_calls = ReachedCalls()
        self._deadline: int | None = None
        self._deadline_known = False
        self._handlers: dict[type[Fact], Callable[[Any], Iterator[Fact]]] = {
            EngineStarted: self._engine_started,
            CallRecovered: self._call_recovered,
            Resynced: self._resynced,
            CallbackAsked: self._asked,
            CallbackCancelAsked: self._cancel_asked,
            OfferAnswered: self._caller_served,
            CallEnded: self._call_ended,
            CallbackOffered: self._offered,
            CallbackDialled: self._dialled,
            CallbackReached: self._reached,
            CallbackAnswered: self._answered,
            CallbackFailed: self._failed,
            CallbackRecovered: self._recovered,
            SeatLegGone: self._leg_gone,
            TimePassed: self._time_passed,
        }

    @property
    def heeded(self) -> Container[type[Fact]]:
        """The kinds of facts that mean anything for callbacks."""
        return self._handlers.keys()

    def handle(self, fact: Fact) -> Iterator[Fact]:
        """What `fact` means for the callbacks."""
        handler = self._handlers.get(type(fact))
        if handler is not None:
            self._deadline_known = False
            yield from handler(fact)

    def deadline(self) -> int | None:
        """When one is due again, or too old, microseconds since the epoch."""
        if not self._deadline_known:
            wanted = (entry.next(self._rules.keep_us) for entry in self._book.entries.values())
            self._deadline = min((at for at in wanted if at is not None), default=None)
            self._deadline_known = True
        return self._deadline

    def get(self, callback: CallbackId) -> OpenCallback:
        """Raises KeyError when it is not open."""
        return self._book.entries[callback].open

    def all(self) -> tuple[CallbackSnapshot, ...]:
        """The open ones, in the order of their places."""
        entries = sorted(self._book.entries.values(), key=lambda entry: entry.open.since)
        return tuple(CallbackSnapshot(entry.open, entry.state) for entry in entries)

    def has_called(self, call: CallId) -> bool:
        """Whether `call` is a customer whom a callback has rung."""
        return call in self._reached_calls

    @property
    def customer_ring_us(self) -> int:
        return self._rules.ring_us

    # ------------------------------------------------------------------------------- booking

    def _asked(self, fact: CallbackAsked) -> Iterator[Fact]:
        why = refusal(fact.number, self._rules.prefixes)
        callback = callback_id(fact.call)
        same = [one for one in self._book.entries.values() if one.open.number == fact.number]
        if why:
            why = f"the number {why}"
        elif fact.number in self._rung.values() or any(one.under_way for one in same):
            why = "this number is being called just now"
        elif not same and callback not in self._book.entries and self._book.is_full:
            why = f"{MOST_OPEN} callbacks are open already"
        if why:
            yield CallbackRefused(at=fact.at, call=fact.call, why=why)
            return
        since = min([fact.since, *(one.open.since for one in same)])
        for one in same:
            if one.open.callback != callback:
                yield self._book.close(one, fact.at, "replaced")
        queue = fact.queue if fact.queue in self._queues else next(iter(self._queues))
        booked = booked_as(fact, callback, queue, since)
        self._book.entries[callback] = Entry(opened_by(booked), CallbackState.HELD)
        yield booked

    def _caller_served(self, fact: OfferAnswered) -> Iterator[Fact]:
        yield from self._called_back(self._reached_calls.served(fact.call), fact.at)
        entry = self._book.entries.get(callback_id(fact.call))
        if entry is not None and entry.state is CallbackState.HELD:
            yield self._book.close(entry, fact.at, "served")

    def _called_back(self, callback: CallbackId | None, at: int) -> Iterator[Fact]:
        entry = self._book.entries.get(callback) if callback else None
        if entry is not None and entry.state is CallbackState.REACHED:
            yield self._book.close(entry, at, "called-back")

    def _call_ended(self, fact: CallEnded) -> Iterator[Fact]:
        self._rung.pop(OfferId(fact.call), None)
        callback, helped = self._reached_calls.ended(fact)
        reached = self._book.entries.get(callback) if callback else None
        if reached is not None and reached.state is CallbackState.REACHED:
            if helped:
                yield self._book.close(reached, fact.at, "called-back")
            else:
                yield self._book.put_off(reached, fact.at, "customer-gone")
        entry = self._book.entries.get(callback_id(fact.call))
        if entry is not None and entry.state is CallbackState.HELD:
            self._book.let_go(entry, fact.at)

    def _cancel_asked(self, fact: CallbackCancelAsked) -> Iterator[Fact]:
        entry = self._book.entries.get(fact.callback)
        if entry is None:
            yield CallbackRefused(at=fact.at, callback=fact.callback, why="it is not open")
        else:
            yield self._book.close(entry, fact.at, "cancelled", fact.by)

    # ------------------------------------------------------------------------------ its turn

    def _offered(self, fact: CallbackOffered) -> Iterator[Fact]:
        self._rung[fact.offer] = fact.number
        first = CallbackState.RINGING if fact.first == "seat" else CallbackState.DIALLING
        self._book.goes_to(fact.callback, first)
        yield from ()

    def _dialled(self, fact: CallbackDialled) -> Iterator[Fact]:
        self._book.goes_to(fact.callback, CallbackState.DIALLING)
        yield from ()

    def _reached(self, fact: CallbackReached) -> Iterator[Fact]:
        """The customer's own call stands in the line for it."""
        self._waiters.leave(place_of(fact.callback))
        self._book.goes_to(fact.callback, CallbackState.REACHED)
        self._reached_calls.begin(fact.customer, fact.callback)
        yield from ()

    def _answered(self, fact: CallbackAnswered) -> Iterator[Fact]:
        entry = self._book.entries.get(fact.callback)
        if entry is not None:
            yield self._book.close(entry, fact.at, "called-back")

    def _leg_gone(self, fact: SeatLegGone) -> Iterator[Fact]:
        self._rung.pop(fact.offer, None)
        yield from ()

    def _failed(self, fact: CallbackFailed) -> Iterator[Fact]:
        self._rung.pop(fact.offer, None)
        entry = self._book.entries.get(fact.callback)
        place = self._waiters.get(place_of(fact.callback))
        if entry is None or place is None or fact.offer not in place.offers:
            return
        if not fact.dialled:
            entry.state = CallbackState.DUE
            yield from self._waiters.offer_failed(place.call, fact.offer, fact.at, fact.reason)
            if self._rules.next_open(fact.at) > fact.at:
                self._book.let_go(entry, fact.at)  # it has become late meanwhile
            return
        yield self._book.put_off(entry, fact.at, fact.reason)

    def _time_passed(self, fact: TimePassed) -> Iterator[Fact]:
        for entry in list(self._book.entries.values()):
            if (next_at := entry.next(self._rules.keep_us)) is None or next_at > fact.at:
                continue
            if entry.expires(self._rules.keep_us) <= fact.at and not entry.under_way:
                yield self._book.close(entry, fact.at, "expired")
            elif entry.state in (CallbackState.RESTING, CallbackState.DUE):
                self._book.let_go(entry, fact.at)

    # ------------------------------------------------------------------------------ recovery

    def _engine_started(self, fact: EngineStarted) -> Iterator[Fact]:
        """All are held until a snapshot has told whose call goes on and who is being rung."""
        for opened in fact.callbacks:
            if opened.queue not in self._queues:
                opened = replace(opened, queue=next(iter(self._queues)))  # noqa: PLW2901
            self._book.entries[opened.callback] = Entry(opened, CallbackState.HELD)
            self._book.restored.add(opened.callback)
        yield from ()

    def _call_recovered(self, fact: CallRecovered) -> Iterator[Fact]:
        if self._book.restored:
            self._alive.add(fact.call)
        yield from self._called_back(self._reached_calls.found(fact), fact.at)

    def _resynced(self, fact: Resynced) -> Iterator[Fact]:
        restored, self._book.restored = self._book.restored, set()
        for callback in sorted(restored):
            entry = self._book.entries.get(callback)
            if entry is None or entry.state is not CallbackState.HELD:
                continue
            if entry.open.call not in self._alive:
                self._book.let_go(entry, fact.at)
        self._alive.clear()
        yield from ()

    def _recovered(self, fact: CallbackRecovered) -> Iterator[Fact]:
        self._rung[fact.offer] = fact.number
        entry = self._book.entries.get(fact.callback)
        if fact.first == "customer" and fact.phase == "waiting":
            self._waiters.leave(place_of(fact.callback))
            self._book.goes_to(fact.callback, CallbackState.REACHED)
            self._reached_calls.begin(CallId(fact.offer), fact.callback)
            return
        if entry is None:
            # Closed, and the word to hang up was lost with the link or the daemon.
            yield CallbackRefused(at=fact.at, callback=fact.callback, why="it is not open")
            return
        if fact.phase == "talking":
            yield self._book.close(entry, fact.at, "called-back")
            return
        self._book.make_due(entry, fact.at, (fact.offer,))
        ringing = fact.phase == "ringing"
        entry.state = CallbackState.RINGING if ringing else CallbackState.DIALLING
