"""Those who wait, in the order in which they are served. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from acd.needs import Demand
from cti.facts import ContactKind, Skill, Wanted
from cti.ids import CallbackId, CallId, OfferId, QueueId, SeatId


@dataclass(slots=True, eq=False)
class WaitingCall:
    """Whoever waits for a seat: a caller, a booked callback (`callback` says so, and `call` is its
    id), or a contact of another `kind`.

    `queued_at`: when the wait began, microseconds since the epoch. `place_at`: that, less the head
    start of priority and customer class: the order of service. Neither changes while they wait in
    one queue, so who was offered in vain stands where they stood before.
    """

    call: CallId
    queue: QueueId
    priority: int
    queued_at: int
    place_at: int
    line: QueueId
    """The queue with which `queue` is merged, or `queue` itself."""
    needs: tuple[Skill, ...] = ()
    language: str = ""
    kind: ContactKind = "call"
    callback: CallbackId | None = None
    customer_class: str = ""
    wanted: Wanted = ""
    wanted_seat: SeatId = SeatId("")
    offers: set[OfferId] = field(default_factory=set)
    """The seats that are rung for them."""
    ticket: int = 0
    """Of their place among those with the same demand; 0: nobody is to be sought for them."""
    stranded: Demand | None = None
    """What they need, when nobody signed on has it, so any seat of the queue is right: a caller is
    better served by another seat than by none."""
    rung_for: bool = False
    """Whether they stand among those for whom seats are rung."""
    been_in: tuple[QueueId, ...] = ()
    """Queues that they have overflowed from."""
    called_back: bool = False
    """A customer whom we rang, and who has answered."""

    strand: QueueId = QueueId("")
    """Those whom it comes before or after in `line`; known while it stands there. Callers and
    booked callbacks are one; the other kinds each have their own: a caller is not told that ten
    mails stand before them."""

    @property
    def offer(self) -> OfferId | None:
        return min(self.offers, default=None)


def strand_of(line: QueueId, kind: ContactKind) -> QueueId:
    """The key of a line's contacts of one kind; no queue is called so."""
    return QueueId(f"{line}:{kind}") if kind != "call" else line


class WaitingLine:
    """All who wait, by queue and kind of contact. Finding a place costs the logarithm of the
    queue's length.

    What is asked of a line by its name alone is about callers and booked callbacks; `strand_of`
    names the others."""

    def __init__(self) -> None:
        self._calls: dict[CallId, WaitingCall] = {}
        self._order: dict[QueueId, list[tuple[int, CallId]]] = {}
        self._rung: dict[QueueId, list[tuple[int, CallId]]] = {}
        """Those of them for whom seats are rung."""

    def add(self, call: WaitingCall) -> None:
        """Who waits already under this id gives way."""
        self.remove(call.call)
        self._calls[call.call] = call
        call.strand = strand_of(call.line, call.kind)
        insort(self._order.setdefault(call.strand, []), (call.place_at, call.call))
        if call.offers:
            self.rings(call)

    def remove(self, call: CallId) -> WaitingCall | None:
        waiting = self._calls.pop(call, None)
        if waiting is not None:
            self.seeks(waiting)
            order = self._order[waiting.strand]
            del order[bisect_left(order, (waiting.place_at, call))]
        return waiting

    def get(self, call: CallId) -> WaitingCall | None:
        return self._calls.get(call)

    def ahead(self, call: WaitingCall) -> int:
        """How many stand before `call` in its line."""
        return bisect_left(self._order[call.strand], (call.place_at, call.call))

    def rings(self, call: WaitingCall) -> None:
        """A seat is rung for `call`."""
        if not call.rung_for:
            call.rung_for = True
            insort(self._rung.setdefault(call.strand, []), (call.place_at, call.call))

    def seeks(self, call: WaitingCall) -> None:
        """No seat is rung for `call`."""
        if call.rung_for:
            call.rung_for = False
            rung = self._rung[call.strand]
            del rung[bisect_left(rung, (call.place_at, call.call))]

    def ahead_unoffered(self, call: WaitingCall) -> int:
        """How many of those before `call` have no seat that is rung for them."""
        rung = self._rung.get(call.strand)
        ahead = self.ahead(call)
        return ahead - bisect_left(rung, (call.place_at, call.call)) if ahead and rung else ahead

    def length(self, line: QueueId) -> int:
        return len(self._order.get(line, ()))

    def in_line(self, line: QueueId) -> list[WaitingCall]:
        """All who wait in `line`, in the order of service."""
        return [self._calls[call] for _, call in self._order.get(line, ())]

    def __iter__(self) -> Iterator[WaitingCall]:
        return iter(self._calls.values())

    def __len__(self) -> int:
        return len(self._calls)
