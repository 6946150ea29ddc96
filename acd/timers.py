"""Moments at which something is due, one for each key. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
_SLACK = 64
"""Entries that are not true any more are let be up to this many and as many again as are true."""


class Timers(Generic[K]):
    """Setting, clearing and finding the next cost no more than the logarithm of their number."""

    def __init__(self) -> None:
        self._at: dict[K, int] = {}
        self._heap: list[tuple[int, int, K]] = []
        self._count = 0

    def set(self, key: K, at: int | None) -> None:
        """`key` is due at `at`, microseconds since the epoch, and at no other time; None: never."""
        if at is None:
            self._at.pop(key, None)
            return
        if self._at.get(key) == at:
            return
        self._at[key] = at
        self._count += 1  # so that keys are never compared, and equal moments keep their order
        heappush(self._heap, (at, self._count, key))
        if len(self._heap) > 2 * len(self._at) + _SLACK:
            self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def next(self) -> int | None:
        """When the earliest one is due."""
        while self._heap:
            at, _, key = self._heap[0]
            if self._at.get(key) == at:
                return at
            heappop(self._heap)
        return None

    def due(self, at: int) -> Iterator[K]:
        """Those that are due by `at`, the earliest first; each is cleared as it is given out."""
        while (earliest := self.next()) is not None and earliest <= at:
            key = heappop(self._heap)[2]
            del self._at[key]
            yield key

    def __len__(self) -> int:
        return len(self._at)
