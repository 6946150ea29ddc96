"""Live facts to many readers, none of which can slow the writer.

Each reader has a bounded buffer. When it is full the reader has lost facts for good, so its buffer
is thrown away and it is told once (`SubscriberLagging`); it then starts again from a snapshot.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from cti.api.errors import SubscriberLagging
from cti.facts import Fact

DEFAULT_LIMIT = 2000
"""At 100 facts a second, which is about 10 calls a second, 20 seconds of a reader's silence."""


class _Subscription:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Fact] = deque()
        self._lagging = False
        self._wake = asyncio.Event()

    def put(self, fact: Fact) -> None:
        if self._lagging:
            return
        if len(self._waiting) >= self._limit:
            self._lagging = True
            self._waiting.clear()
        else:
            self._waiting.append(fact)
        self._wake.set()

    def __aiter__(self) -> AsyncIterator[Fact]:
        return self

    async def __anext__(self) -> Fact:
        """Raises SubscriberLagging."""
        while not self._waiting:
            if self._lagging:
                raise SubscriberLagging(self._limit)
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft()


class Fanout:
    """`publish` and `subscribe` belong to one event loop; `limit` counts facts per reader."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._subscriptions: set[_Subscription] = set()

    @property
    def readers(self) -> int:
        return len(self._subscriptions)

    def publish(self, fact: Fact) -> None:
        for subscription in self._subscriptions:
            subscription.put(fact)

    @contextmanager
    def subscribe(self) -> Iterator[AsyncIterator[Fact]]:
        subscription = _Subscription(self._limit)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
