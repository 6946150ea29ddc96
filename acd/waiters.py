"""The way into the line, out of it, and back to one's place. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from acd.matching import Matching
from acd.needs import parse_needs
from acd.patience import Patience
from acd.waiting import WaitingCall, WaitingLine
from cti.facts import (
    USUAL_PRIORITY,
    ContactKind,
    CustomerClass,
    Fact,
    QueueRecord,
    Wanted,
)
from cti.ids import CallbackId, CallId, OfferId, QueueId, SeatId


class Waiters:
    """Part of the dispatcher: keeps line, matching and patience in step."""

    def __init__(
        self,
        line: WaitingLine,
        matching: Matching,
        patience: Patience,
        queues: Mapping[QueueId, QueueRecord],
    ) -> None:
        self._line = line
        self._matching = matching
        self._patience = patience
        self._queues = queues
        self._head_starts: dict[str, int] = {}

    def configure(self, classes: Iterable[CustomerClass]) -> None:
        self._head_starts = {one.name: one.head_start_us for one in classes}

    def get(self, call: CallId) -> WaitingCall | None:
        return self._line.get(call)

    def enter(
        self,
        call: CallId,
        queue: QueueId,
        at: int,
        *,
        priority: int,
        queued_at: int,
        skills: Iterable[str] = (),
        language: str = "",
        kind: ContactKind = "call",
        callback: CallbackId | None = None,
        customer_class: str = "",
        wanted: tuple[Wanted, SeatId] = ("", SeatId("")),
        offers: Iterable[OfferId] = (),
        called_back: bool = False,
    ) -> WaitingCall:
        """Who waits already moves: the seats that ring for them go on. A queue that the site does
        not have is the first one: nobody is lost to a slip."""
        before = self.leave(call)
        queue = queue if queue in self._queues else next(iter(self._queues))
        waiting = WaitingCall(
            call,
            queue,
            priority,
            queued_at,
            self._place_at(queue, priority, queued_at, customer_class),
            self._matching.line_of(queue),
            needs=parse_needs(skills),
            language=language,
            kind=kind,
            callback=callback,
            customer_class=customer_class,
            offers=set(offers) | (before.offers if before else set()),
            been_in=before.been_in if before else (),
            called_back=called_back,
        )
        self._line.add(waiting)
        self._patience.wanted(waiting, wanted[1], wanted[0], at)
        self._patience.begins(waiting, at)
        if not waiting.offers:
            self._matching.stand(waiting, at)
        return waiting

    def leave(self, call: CallId) -> WaitingCall | None:
        """Nobody waits under this id any more."""
        waiting = self._line.remove(call)
        if waiting is not None:
            self._matching.leave(waiting)
            self._patience.ends(call)
        return waiting

    def offer_failed(self, call: CallId, offer: OfferId, at: int, why: str) -> Iterator[Fact]:
        """Back to the place in line, unless another seat rings for them still."""
        waiting = self._line.get(call)
        if waiting is None or offer not in waiting.offers:
            return
        waiting.offers.discard(offer)
        if waiting.wanted_seat and why != "caller-gone":
            yield self._patience.give_up(waiting, "no-answer", at)
        if not waiting.offers:
            self._matching.stand(waiting, at)

    def move(self, call: WaitingCall, queue: QueueId, at: int) -> None:
        """Into another queue, with the time waited."""
        self._line.remove(call.call)
        self._matching.leave(call)
        call.been_in = (*call.been_in, call.queue)
        call.queue, call.line = queue, self._matching.line_of(queue)
        call.place_at = self._place_at(queue, call.priority, call.queued_at, call.customer_class)
        if call.wanted_seat and not self._matching.works(call.wanted_seat, call.line):
            call.wanted, call.wanted_seat = "", SeatId("")
        self._line.add(call)
        self._patience.begins(call, at)
        self._matching.stand(call, at)

    def stand_all_again(self, at: int) -> None:
        """Queues, seats or rules have changed: everybody keeps the time waited."""
        waiting = list(self._line)
        for call in waiting:
            self._line.remove(call.call)
            call.ticket = 0
        for call in waiting:
            if call.queue not in self._queues:
                call.queue = next(iter(self._queues))
            call.line = self._matching.line_of(call.queue)
            call.place_at = self._place_at(
                call.queue, call.priority, call.queued_at, call.customer_class
            )
            if call.wanted_seat and not self._matching.works(call.wanted_seat, call.line):
                call.wanted, call.wanted_seat = "", SeatId("")
            self._line.add(call)
            self._patience.begins(call, at)
            if not call.offers:
                self._matching.stand(call, at)

    def _place_at(self, queue: QueueId, priority: int, queued_at: int, customer: str) -> int:
        """A step of priority is worth the queue's time for it, a class its head start."""
        behind_us = (priority - USUAL_PRIORITY) * self._queues[queue].priority_step_us
        return queued_at + behind_us - self._head_starts.get(customer, 0)
