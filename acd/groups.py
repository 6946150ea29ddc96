"""Those who wait with the same demand, and the free seats that meet it. Pure.

A hotline has thousands of callers and dozens of demands: callers with the same demand differ only
in who came first, so one heap of callers and one of free seats for each demand answer every
question of routing in logarithmic time. What is not true any more stays in a heap until it comes to
the top.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from acd.needs import Demand, Fit, Tier
from acd.seats import Seat
from acd.waiting import WaitingCall
from cti.ids import CallId, SeatId

FreeSeat = tuple[int, int, int, SeatId, int, Seat]
"""Tier, strategy's key, free since, id, the seat's edition, the seat."""
_SLACK = 64
_LEAD = Tier.LEAD


class Group:
    """`editions` tells which entry of a free seat is true."""

    __slots__ = (
        "_callers", "_editions", "_free", "count", "demand", "first", "first_at", "fits", "free",
        "free_in", "kind", "signed_on", "working",
    )  # fmt: skip

    def __init__(self, demand: Demand, editions: dict[SeatId, int]) -> None:
        self.demand = demand
        self.kind = demand.kind
        self.fits: dict[SeatId, Fit] = {}
        self.count = 0
        """Callers for whom a seat is sought."""
        self.free = 0
        """Seats that could be offered one, those that are not to be asked yet included."""
        self.free_in = [0] * len(Tier)
        """The same by tier."""
        self.working = 0
        """Seats of the first two tiers that are there: signed on, not paused, reachable."""
        self.signed_on = 0
        """Seats that are signed on, paused or not."""
        self.first: WaitingCall | None = None
        """Who came first."""
        self.first_at = 0
        """The first one's place."""
        self._callers: list[tuple[int, CallId, int, WaitingCall]] = []
        self._free: list[FreeSeat] = []
        self._editions = editions

    # -------------------------------------------------------------------------------- callers

    def stand(self, call: WaitingCall, ticket: int) -> None:
        call.ticket = ticket
        self.count += 1
        heappush(self._callers, (call.place_at, call.call, ticket, call))
        if self.first is None or (call.place_at, call.call) < (self.first_at, self.first.call):
            self.first, self.first_at = call, call.place_at

    def leave(self, call: WaitingCall) -> None:
        call.ticket = 0
        self.count -= 1
        if len(self._callers) > 2 * self.count + _SLACK:
            self._callers = [entry for entry in self._callers if entry[3].ticket == entry[2]]
            heapify(self._callers)
        if call is self.first:
            self._find_first()

    def _find_first(self) -> None:
        callers = self._callers
        while callers and callers[0][3].ticket != callers[0][2]:
            heappop(callers)
        self.first = callers[0][3] if callers else None
        self.first_at = callers[0][0] if callers else 0

    def callers(self) -> list[WaitingCall]:
        """All, in the order of service."""
        return [entry[3] for entry in sorted(self._callers) if entry[3].ticket == entry[2]]

    # ---------------------------------------------------------------------------------- seats

    def allows(self, tier: int) -> bool:
        return tier < _LEAD or not self.working

    def seat_is_free(self, seat: Seat, fit: Fit, key: int) -> None:
        self.free += 1
        self.free_in[fit.tier] += 1
        entry = (fit.tier, key, seat.idle_since, seat.id, self._editions[seat.id], seat)
        heappush(self._free, entry)
        if len(self._free) > 2 * self.free + _SLACK:
            self._free = [entry for entry in self._free if self._true(entry)]
            heapify(self._free)

    def best(self) -> Seat | None:
        """The seat to be asked first."""
        free = self._free
        while free:
            if self._true(free[0]):
                return free[0][5] if self.allows(free[0][0]) else None
            heappop(free)
        return None

    def ranked(self, most: int) -> list[Seat]:
        """The best `most` seats that may be asked, best first, without looking at all of them."""
        if self.best() is None:
            return []
        free = self._free
        found: list[Seat] = []
        border = [(free[0], 0)]
        while border and len(found) < most:
            entry, place = heappop(border)
            if self._true(entry):
                if not self.allows(entry[0]):
                    break
                found.append(entry[5])
            for below in (2 * place + 1, 2 * place + 2):
                if below < len(free):
                    heappush(border, (free[below], below))
        return found

    def _true(self, entry: FreeSeat) -> bool:
        return self._editions[entry[3]] == entry[4]
