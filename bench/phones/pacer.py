"""One timer for all microphones of an event loop: a tick each 20 ms of the monotonic clock."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol
from weakref import WeakKeyDictionary

TICK_S: Final = 0.02
BEHIND_TICKS: Final = 10
"""A loop held up for longer does not send the rest in a burst, as a real phone would not."""


class Paced(Protocol):
    def tick(self) -> None:
        """Send the packet of this 20 ms."""

    def skip(self, ticks: int) -> None:
        """Time went by without packets."""


class Pacer:
    """Calls every member once a tick. The n-th tick is at start + n x 20 ms: no drift."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._members: dict[Paced, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._start = 0.0
        self._ticks = 0

    def add(self, member: Paced) -> None:
        """The first packet goes out with the next tick; at once when nobody else is sending."""
        self._members[member] = None
        if self._timer is None:
            self._start, self._ticks = self._loop.time(), 0
            self._timer = self._arm()

    def remove(self, member: Paced) -> None:
        self._members.pop(member, None)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> asyncio.TimerHandle:
        return self._loop.call_at(self._start + self._ticks * TICK_S, self._tick)

    def _tick(self) -> None:
        due = int((self._loop.time() - self._start) / TICK_S + 1e-6) + 1 - self._ticks
        if due > BEHIND_TICKS:
            for member in list(self._members):
                member.skip(due - 1)
            self._ticks += due - 1
            due = 1
        for _ in range(max(due, 1)):
            self._ticks += 1
            for member in list(self._members):
                if member in self._members:
                    member.tick()
        self._timer = self._arm() if self._members else None


_pacers: WeakKeyDictionary[asyncio.AbstractEventLoop, Pacer] = WeakKeyDictionary()


def pacer() -> Pacer:
    """The running loop's pacer."""
    loop = asyncio.get_running_loop()
    found = _pacers.get(loop)
    if found is None:
        found = _pacers[loop] = Pacer(loop)
    return found
