"""Callers who wait too long, find too many before them, or a queue that is closed or has no seats,
go where their queue's rules say. Customers whom we called back do not. Pure.

The first rule that applies is done, each once for a caller, and never while a seat rings for them.
A move to another queue keeps the time waited, and nobody comes to the same queue twice: rules that
lead in a circle end there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from acd.matching import Matching
from acd.seats import Seat
from acd.timers import Timers
from acd.waiters import Waiters
from acd.waiting import WaitingCall, WaitingLine
from cti.effects import Effect, SendWaiting
from cti.facts import Fact, Overflow, QueueDoorMoved, QueueRecord, WaitOverflowed
from cti.ids import CallId, ChannelId, QueueId, SeatId

Outcome = Iterator[Fact | Effect]
TOLD_AGAIN_US: Final = 5_000_000
"""Who has not gone by then is told to once more. The waiting room looks every second."""


@dataclass(slots=True)
class _Course:
    """`arrived`: just now. `done`: rules that the caller has been sent by. `sent`: they were told
    to leave the line, or have left it, and are not back. `told`: the rule by which they were told,
    until they are heard to go."""

    arrived: bool = True
    done: set[Overflow] = field(default_factory=set)
    sent: bool = False
    told: Overflow | None = None


class Overflows:
    """Part of the dispatcher. `queues` is its own, so it follows a change of the site."""

    def __init__(
        self,
        line: WaitingLine,
        matching: Matching,
        waiters: Waiters,
        queues: Mapping[QueueId, QueueRecord],
    ) -> None:
        self._line = line
        self._matching = matching
        self._waiters = waiters
        self._queues = queues
        self._rules = False
        """Whether any queue has some: most sites have none, and nobody is looked at there."""
        self._courses: dict[CallId, _Course] = {}
        self._timers: Timers[CallId] = Timers()
        self._closed: dict[QueueId, int] = {}
        self._shut: dict[QueueId, int] = {}
        """Closed by the site or a plan, whatever the hours say."""
        self._look_at: dict[CallId, None] = {}
        self._at_work: dict[SeatId, tuple[QueueId, ...]] = {}
        """The lines of each seat that works."""
        self._workers: dict[QueueId, int] = {}
        self._deserted: dict[QueueId, int] = {}
        """Lines that nobody works for, and since when."""
        self._turned: dict[QueueId, None] = {}
        """Lines whose last seat may have gone, or whose first may have come."""

    def __len__(self) -> int:
        """How many callers something is kept of."""
        return len(self._courses.keys() | self._look_at.keys())

    def site_changed(self, seats: Iterable[Seat], at: int = 0) -> None:
        """Queues, seats or rules: all who wait are looked at by the new ones."""
        self._rules = any(queue.overflow for queue in self._queues.values())
        self._at_work, self._workers = {}, {}
        lines = {self._matching.line_of(queue): None for queue in self._queues}
        self._deserted = {line: at for line, at in self._deserted.items() if line in lines}
        for seat in seats:
            self.seat_touched(seat)
        self._turned = lines
        shut = (queue.id for queue in self._queues.values() if queue.closed)
        self._shut = {queue: self._shut.get(queue, at) for queue in shut}
        for call in filter(_may_be_sent, self._line):
            self._courses.setdefault(call.call, _Course(arrived=False))
            self._look_at[call.call] = None

    def is_open(self, queue: QueueId) -> bool:
        return self._closed_since(queue) is None

    def _closed_since(self, queue: QueueId) -> int | None:
        since = [doors[queue] for doors in (self._closed, self._shut) if queue in doors]
        return min(since, default=None)

    def begins(self, call: CallId, *, found: bool = False, sent_on: bool = False) -> None:
        """Somebody waits from now on, or in another queue. `found`: they have their place already,
        from before an absence. `sent_on`: and have stepped aside by a rule; which one is not known
        any more, so none that leads aside counts again."""
        if not self._rules:
            return
        course = self._courses.setdefault(call, _Course(arrived=not found))
        waiting = self._line.get(call)
        if sent_on and waiting is not None:
            course.sent, course.told = True, None
            rules = self._queues[waiting.queue].overflow
            course.done.update(rule for rule in rules if rule.to != "queue")
        elif waiting is not None and course.told not in self._queues[waiting.queue].overflow:
            self._recall(course)  # a menu has moved them: the other queue's word is forgotten
        self._look_at[call] = None

    def served(self, call: CallId) -> None:
        """A seat talks with them, and what they were told to is thrown away: should they wait once
        more, the rules count that they have not been sent by."""
        course = self._courses.get(call)
        if course is not None:
            self._recall(course)
            course.sent = False
            self._timers.set(call, None)

    @staticmethod
    def _recall(course: _Course) -> None:
        """They do not go where they were told to."""
        if course.told is not None:
            course.done.discard(course.told)
            course.sent, course.told = False, None

    def offer_failed(self, call: CallId) -> None:
        if self._rules:
            self._look_at[call] = None

    def door_moved(self, fact: QueueDoorMoved) -> None:
        """Opening hours of a queue."""
        if fact.open:
            self._closed.pop(fact.queue, None)
        else:
            self._closed.setdefault(fact.queue, fact.at)
        inside = (call for call in self._line if call.queue == fact.queue)
        self._look_at.update((call.call, None) for call in filter(_may_be_sent, inside))

    def seat_touched(self, seat: Seat) -> None:
        """It may have come to work, or stopped."""
        if not self._rules:
            return  # all seats are looked at when rules come
        if seat.works == (seat.id in self._at_work):
            return
        if seat.works:
            served = (queue for queue in seat.record.queues if queue in self._queues)
            lines = tuple({self._matching.line_of(queue): None for queue in served})
            self._at_work[seat.id] = lines
        else:
            lines = self._at_work.pop(seat.id)
        for line in lines:
            self._workers[line] = self._workers.get(line, 0) + (1 if seat.works else -1)
            self._turned[line] = None

    def due(self, at: int) -> bool:
        """Whether somebody is to be looked at."""
        if not self._rules:
            return False
        if self._turned:
            self._look_at_lines(at)
        moment = self._timers.next()
        return bool(self._look_at) or (moment is not None and moment <= at)

    def deadline(self) -> int | None:
        return self._timers.next() if self._rules else None

    def after(self, at: int) -> Outcome:
        """Behind the matching: who still waits goes where the rules say. Who comes to another queue
        by that is not looked at again before its seats have been."""
        self._look_at.update((call, None) for call in self._timers.due(at))
        looked_at, self._look_at = self._look_at, {}
        for call_id in looked_at:
            call = self._line.get(call_id)
            if call is None or not _may_be_sent(call):
                # What they have been sent by stays known: they may come back.
                self._timers.set(call_id, None)
                continue
            yield from self._look(call, self._courses.setdefault(call_id, _Course()), at)

    def ended(self, call: CallId) -> None:
        self._courses.pop(call, None)
        self._timers.set(call, None)
        self._look_at.pop(call, None)

    def gone(self, call: CallId, *, sent_on: bool) -> None:
        """They have left the line. `sent_on`: for where they were sent; else to a number outside,
        perhaps from a menu, where what they were told to is not read."""
        course = self._courses.get(call)
        if course is None:
            return
        if sent_on:
            course.sent, course.told = True, None
        else:
            self._recall(course)
        self._timers.set(call, None)

    def came_back(self, call: CallId, *, sent_on: bool) -> None:
        """The caller is in the line again. `sent_on`: nobody took them where they were sent; else
        they come from a menu, where what they were told to was not read, and is forgotten."""
        course = self._courses.get(call)
        if course is None:
            return
        if sent_on:
            course.sent, course.told = False, None
        self._look_at[call] = None

    def _look_at_lines(self, at: int) -> None:
        turned, self._turned = self._turned, {}
        for line in turned:
            if self._workers.get(line, 0):
                self._deserted.pop(line, None)
            elif line not in self._deserted:
                self._deserted[line] = at
                self._look_at.update((call.call, None) for call in self._line.in_line(line))

    # -------------------------------------------------------------------------------- one caller

    def _look(self, call: WaitingCall, course: _Course, at: int) -> Outcome:
        arrived, course.arrived = course.arrived, False
        if course.told is not None and not call.offers:
            # Lost on the way, or something long is being said to them: told twice is no harm.
            yield from self._tell(call, course.told, at)
        if call.offers or course.sent:
            return
        moments = []
        for rule in self._queues[call.queue].overflow:
            if rule in course.done or not self._leads_anywhere(rule, call):
                continue
            due = self._due(rule, call, arrived=arrived)
            if due is not None and due <= at:
                course.done.add(rule)
                yield from self._send(call, course, rule, at)
                return
            if due is not None:
                moments.append(due)
        self._timers.set(call.call, min(moments, default=None))

    def _due(self, rule: Overflow, call: WaitingCall, *, arrived: bool) -> int | None:
        """When `rule` applies, as things are."""
        match rule.when:
            case "wait":
                return call.queued_at + rule.after_us
            case "length":
                return call.queued_at if arrived and self._ahead(call) >= rule.length else None
            case "closed":
                closed_at = self._closed_since(call.queue)
                since = None if closed_at is None else max(closed_at, call.queued_at)
                return None if since is None else since + rule.after_us
            case "no-seats":
                since = self._deserted.get(call.line)
                return None if since is None else max(since, call.queued_at) + rule.after_us

    def _ahead(self, call: WaitingCall) -> int:
        return self._line.length(call.line) - 1

    def _leads_anywhere(self, rule: Overflow, call: WaitingCall) -> bool:
        if rule.to != "queue":
            return True
        target = QueueId(rule.target)
        return target in self._queues and target not in (call.queue, *call.been_in)

    def _send(self, call: WaitingCall, course: _Course, rule: Overflow, at: int) -> Outcome:
        yield WaitOverflowed(
            at=at,
            call=call.call,
            queue=call.queue,
            cause=rule.when,
            to=rule.to,
            target=rule.target,
            waited_us=max(0, at - call.queued_at),
        )
        if rule.to == "queue":
            course.arrived = True
            self._waiters.move(call, QueueId(rule.target), at)
            self._look_at[call.call] = None
        else:
            # In the line until they have gone: a seat that becomes free now may still have them.
            course.sent, course.told = True, rule
            yield from self._tell(call, rule, at)

    def _tell(self, call: WaitingCall, rule: Overflow, at: int) -> Outcome:
        self._timers.set(call.call, at + TOLD_AGAIN_US)
        channel = ChannelId(call.call)
        yield SendWaiting(channel=channel, call=call.call, to=rule.to, target=rule.target)


def _may_be_sent(call: WaitingCall) -> bool:
    """Rules are for callers who called us."""
    return call.kind == "call" and not call.callback and not call.called_back
