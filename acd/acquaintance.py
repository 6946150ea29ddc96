"""Which seat a caller talked with last, by the caller's number. Pure.

A caller who comes back is best put to the person who knows the matter (first-contact
responsibility). Only numbers that a caller can be known by count, and of those the latest.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from cti.facts import CallEnded, CallQueued, EngineStarted, OfferAnswered
from cti.ids import CallId, SeatId

MOST: Final = 100_000
_SHORTEST: Final = 7
"""Shorter ones are extensions and services, not subscribers (ITU-T E.164)."""


class Acquaintance:
    def __init__(self) -> None:
        self._last: OrderedDict[str, tuple[SeatId, int]] = OrderedDict()
        self._number_of: dict[CallId, str] = {}

    def engine_started(self, fact: EngineStarted) -> None:
        for known in fact.last_seats:
            self._note(known.number, known.seat, known.at)

    def queued(self, fact: CallQueued) -> None:
        number = fact.caller_number
        if len(number) >= _SHORTEST and number.removeprefix("+").isdigit():
            self._number_of[fact.call] = number

    def answered(self, fact: OfferAnswered) -> None:
        number = self._number_of.get(fact.call)
        if number:
            self._note(number, fact.seat, fact.at)

    def ended(self, fact: CallEnded) -> None:
        self._number_of.pop(fact.call, None)

    def last_seat(self, number: str, since: int) -> SeatId | None:
        """Who talked with the caller at `number` last, not before `since` (microseconds)."""
        seat, at = self._last.get(number, (None, 0))
        return seat if at >= since else None

    def _note(self, number: str, seat: SeatId, at: int) -> None:
        self._last[number] = seat, at
        self._last.move_to_end(number)
        if len(self._last) > MOST:
            self._last.popitem(last=False)
