"""The open callbacks, and what happens to one: into the line, out of it, put off, closed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from acd.callback_book import CallbackState, Entry, place_of
from acd.callback_rules import MOST_OPEN, CallbackRules
from acd.waiters import Waiters
from cti.facts import CallbackClosed, CallbackFailure, CallbackPutOff, Fact, QueueRecord
from cti.ids import CallbackId, OfferId, QueueId


class CallbackBook:
    """`restored`: those from an earlier life of the daemon that no snapshot has told of yet."""

    def __init__(
        self, waiters: Waiters, queues: Mapping[QueueId, QueueRecord], rules: CallbackRules
    ) -> None:
        self._waiters = waiters
        self._queues = queues
        self._rules = rules
        self.entries: dict[CallbackId, Entry] = {}
        self.restored: set[CallbackId] = set()

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= MOST_OPEN

    def let_go(self, entry: Entry, at: int) -> None:
        """The caller is not in the line themselves any more."""
        self.restored.discard(entry.open.callback)
        entry.open = replace(
            entry.open, not_before=self._rules.next_open(max(at, entry.open.not_before))
        )
        if entry.open.not_before > at:
            self._waiters.leave(place_of(entry.open.callback))
            entry.state = CallbackState.RESTING
        else:
            self.make_due(entry, at)

    def make_due(self, entry: Entry, at: int, offers: tuple[OfferId, ...] = ()) -> None:
        entry.state, opened = CallbackState.DUE, entry.open
        entry.until = self._rules.closes_at(at)
        self._waiters.enter(
            place_of(opened.callback),
            opened.queue,
            at,
            priority=opened.priority,
            queued_at=opened.since,
            skills=opened.skills,
            callback=opened.callback,
            offers=offers,
        )

    def goes_to(self, callback: CallbackId, state: CallbackState) -> None:
        if callback in self.entries:
            self.entries[callback].state = state

    def put_off(self, entry: Entry, at: int, reason: CallbackFailure) -> Fact:
        """One attempt more in vain."""
        self._waiters.leave(place_of(entry.open.callback))
        # A queue may have been removed meanwhile.
        queue = self._queues.get(entry.open.queue) or next(iter(self._queues.values()))
        attempts = entry.open.attempts + 1
        if attempts >= queue.callback_attempts:
            return self.close(entry, at, "given-up")
        until = self._rules.again_at(queue, reason, attempts, at)
        entry.open = replace(entry.open, attempts=attempts, not_before=until)
        entry.state = CallbackState.RESTING
        opened = entry.open
        return CallbackPutOff(
            at=at, callback=opened.callback, call=opened.call, attempts=attempts, until=until
        )

    def close(self, entry: Entry, at: int, why: Any, by: str = "") -> CallbackClosed:
        opened = entry.open
        del self.entries[opened.callback]
        self._waiters.leave(place_of(opened.callback))
        return CallbackClosed(at=at, callback=opened.callback, call=opened.call, why=why, by=by)
