"""Who waits is told where they stand: at once when no seat is free, then every so often. Pure.

            queued, no seat free         every `announce_us`
    SILENT ----------------------> TOLD ---------------------.
      |  ^                          | ^                      |
      |  | the seat did not answer  | '----------------------'
      v  |                          v
    A SEAT RINGS for them, or they STEPPED ASIDE into the menu: nothing is said; what has
    become due meanwhile is said when that is over.

Nobody is told more often than every MIN_APART_US, whatever happens in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from acd.timers import Timers
from cti.effects import Effect, TellWaiting
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallPhase,
    CallQueued,
    CallRecovered,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
    QueueRecord,
    Resynced,
    RoutingChanged,
    SeatOffered,
    SnapshotTaken,
    TimePassed,
    WaitEnded,
    WaitKeyTaken,
    WaitOverflowed,
    WaitResumed,
    WaitSentOn,
    WaitTold,
)
from cti.ids import CallId, ChannelId, QueueId

Outcome = Iterator[Fact | Effect]

MIN_APART_US: Final = 15_000_000


class Line(Protocol):
    """What comfort asks of the line; the dispatcher has looked at each fact before."""

    def place_of(self, call: CallId) -> int:
        """1: the next one; booked callbacks count. Raises KeyError when it does not wait."""

    def queue_of(self, call: CallId) -> QueueId | None:
        """Where `call` waits; None when it does not."""

    def is_offered(self, call: CallId) -> bool:
        """Whether a seat rings for `call`."""

    def wait_of(self, call: CallId) -> int | None:
        """The estimated wait of `call` from now on, microseconds."""


@dataclass(slots=True)
class _Waiting:
    """`due`: when they are told next, microseconds; None: never again."""

    call: CallId
    language: str
    due: int | None
    told_at: int | None = None
    ringing: bool = False
    aside: bool = False

    @property
    def listens(self) -> bool:
        return self.due is not None and not self.ringing and not self.aside


class Comfort:
    """A core; it stands behind the dispatcher, whose line it reads."""

    def __init__(self, queues: Iterable[QueueRecord], line: Line) -> None:
        self._every = {queue.id: queue.announce_us for queue in queues}
        self._line = line
        self._waiting: dict[CallId, _Waiting] = {}
        self._in_step = False
        self._due: Timers[CallId] = Timers()
        self._handlers: dict[type[Fact], Callable[[Any], None]] = {
            CallQueued: self._queued,
            CallRecovered: self._recovered,
            WaitOverflowed: self._overflowed,
            SeatOffered: self._offered,
            OfferFailed: self._offer_failed,
            OfferAnswered: self._gone,
            CallAbandoned: self._gone,
            WaitEnded: self._gone,
            CallEnded: self._gone,
            WaitKeyTaken: self._stepped_aside,
            WaitSentOn: self._stepped_aside,
            WaitResumed: self._is_back,
            LinkLost: self._out_of_step,
            SnapshotTaken: self._out_of_step,
            Resynced: self._resynced,
            TimePassed: self._time_passed,
            RoutingChanged: self._routing_changed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for those who wait, and what they are told now."""
        handler = self._handlers.get(type(fact))
        if handler is None:
            return
        handler(fact)
        if self._in_step:
            for call in self._due.due(fact.at):
                yield from self._tell(self._waiting[call], fact.at)

    def deadline(self) -> int | None:
        """When somebody is told next, microseconds since the epoch."""
        return self._due.next() if self._in_step else None

    # ------------------------------------------------------------------------------- telling

    def _tell(self, one: _Waiting, at: int) -> Outcome:
        queue = self._line.queue_of(one.call)
        if queue is None:
            self._forget(one.call)
            return
        if self._line.is_offered(one.call):
            one.ringing = True  # the dispatcher has just found a seat
            return
        first, one.told_at = one.told_at is None, at
        every = self._every.get(queue, 0)
        one.due = at + max(every, MIN_APART_US) if every else None
        self._arm(one)
        place, wait_us = self._line.place_of(one.call), self._line.wait_of(one.call)
        yield WaitTold(at=at, call=one.call, queue=queue, place=place, wait_us=wait_us, first=first)
        yield TellWaiting(
            channel=ChannelId(one.call),
            call=one.call,
            language=one.language,
            place=place,
            wait_us=wait_us,
            first=first,
        )

    def _begin(self, one: _Waiting) -> None:
        self._waiting[one.call] = one
        self._arm(one)

    def _arm(self, one: _Waiting) -> None:
        """Who listens is told when it is due."""
        self._due.set(one.call, one.due if one.listens else None)

    def _forget(self, call: CallId) -> None:
        if self._waiting.pop(call, None) is not None:
            self._due.set(call, None)

    def _routing_changed(self, fact: RoutingChanged) -> None:
        if fact.queues:
            kept = self._every if fact.partial else {}
            self._every = kept | {queue.id: queue.announce_us for queue in fact.queues}

    # -------------------------------------------------------------------------------- callers

    def _queued(self, fact: CallQueued) -> None:
        known = self._waiting.get(fact.call)
        if known is None:
            self._begin(_Waiting(fact.call, fact.language, fact.at))
            return
        known.language = fact.language or known.language
        self._moved(known, fact.at)

    def _overflowed(self, fact: WaitOverflowed) -> None:
        known = self._waiting.get(fact.call)
        if known is not None and fact.to == "queue":
            self._moved(known, fact.at)

    def _moved(self, one: _Waiting, at: int) -> None:
        """To another queue: the place is another one, and that is news."""
        one.due = max(at, (one.told_at or 0) + MIN_APART_US)
        self._arm(one)

    def _recovered(self, fact: CallRecovered) -> None:
        self._forget(fact.call)
        if fact.phase is not CallPhase.WAITING:
            return
        # They were told before the absence; what exactly and when is not known any more.
        every = self._every.get(fact.queue, 0)
        due = fact.at + max(every, MIN_APART_US) if every else None
        self._begin(
            _Waiting(
                fact.call,
                fact.language,
                due,
                told_at=fact.at,
                ringing=bool(fact.offer),
                aside=fact.aside,
            )
        )

    def _gone(self, fact: OfferAnswered | CallAbandoned | WaitEnded | CallEnded) -> None:
        self._forget(fact.call)

    def _offered(self, fact: SeatOffered) -> None:
        known = self._waiting.get(fact.call)
        if known is not None:
            known.ringing = True
            self._arm(known)

    def _offer_failed(self, fact: OfferFailed) -> None:
        known = self._waiting.get(fact.call)
        if known is not None:
            known.ringing = False
            self._arm(known)

    def _stepped_aside(self, fact: WaitKeyTaken | WaitSentOn) -> None:
        known = self._waiting.get(fact.call)
        if known is not None:
            known.aside = True
            self._arm(known)

    def _is_back(self, fact: WaitResumed) -> None:
        known = self._waiting.get(fact.call)
        if known is not None:
            known.aside = False
            self._arm(known)

    # ----------------------------------------------------------------------------------- link

    def _out_of_step(self, fact: LinkLost | SnapshotTaken) -> None:
        """Nothing is said before all that follows from the next snapshot has been taken in."""
        del fact
        self._in_step = False

    def _resynced(self, fact: Resynced) -> None:
        """Who stepped aside and came back unseen is told again in due course."""
        del fact
        self._in_step = True

    def _time_passed(self, fact: TimePassed) -> None:
        """What is due is told behind every handler."""
