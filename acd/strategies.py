"""In which order fitting seats are asked. A strategy knows seats and order, not telephony."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

from acd.seats import Seat


class Strategy(Protocol):
    name: ClassVar[str]

    def rank(self, seats: Iterable[Seat]) -> list[Seat]:
        """`seats`, best first; equal seats by id, so that a replay decides the same."""
        ...


class LongestIdle:
    """The seat that has been ready for longest."""

    name: ClassVar[str] = "longest-idle"

    def rank(self, seats: Iterable[Seat]) -> list[Seat]:
        return sorted(seats, key=lambda seat: (seat.idle_since, seat.id))
