"""What seats ask for, and what becomes of a seat when its work is over. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from acd.estimate import ServiceTimes
from acd.seats import Seat, Wish
from cti.facts import CommandRefused, Fact, SeatCommand, SeatState, SeatStateChanged
from cti.ids import QueueId, SeatId


class SeatWishes:
    """Part of the dispatcher: changes `seats`, and tells `times` how long each call took them."""

    def __init__(self, seats: Mapping[SeatId, Seat], times: ServiceTimes) -> None:
        self._seats = seats
        self._times = times

    def handle(self, fact: SeatCommand) -> Iterator[Fact]:
        """Do what is asked for, now or after the call, or say why not."""
        seat = self._seats.get(fact.seat)
        if seat is None:
            yield CommandRefused(at=fact.at, seat=fact.seat, wish=fact.wish, why="no such seat")
            return
        match fact.wish:
            case "sign-on" if seat.state is SeatState.SIGNED_OFF:
                yield seat.go(SeatState.READY, fact.at)
            case "sign-on" if seat.wish and seat.wish.state is SeatState.SIGNED_OFF:
                seat.wish = None
            case "sign-on":
                yield _refused(fact, "is signed on already")
            case _ if seat.state is SeatState.SIGNED_OFF:
                yield _refused(fact, "is not signed on")
            case "sign-off":
                yield from self._grant(seat, Wish(SeatState.SIGNED_OFF, fact.reason), fact)
            case "pause" if not fact.reason:
                yield _refused(fact, "needs a reason to pause")
            case "pause":
                yield from self._grant(seat, Wish(SeatState.PAUSED, fact.reason), fact)
            case "ready" if seat.state in (SeatState.PAUSED, SeatState.WRAP_UP):
                seat.wish = None
                self._has_served(seat, fact.at)
                yield seat.go(SeatState.READY, fact.at)
            case "ready":
                seat.wish = None

    def release(self, seat: Seat, at: int) -> SeatStateChanged:
        """Grant what the seat asked for meanwhile, else make it ready."""
        self._has_served(seat, at)
        wish, seat.wish = seat.wish, None
        if wish is None:
            return seat.go(SeatState.READY, at)
        return seat.go(wish.state, at, reason=wish.reason)

    def _grant(self, seat: Seat, wish: Wish, fact: SeatCommand) -> Iterator[Fact]:
        if seat.busy:
            seat.wish = wish
        else:
            seat.wish = None
            self._has_served(seat, fact.at)
            yield seat.go(wish.state, fact.at, reason=wish.reason)

    def _has_served(self, seat: Seat, at: int) -> None:
        """The seat's last talk and its wrap-up are over: so long did they take."""
        if seat.served:
            wrapped_up_us = at - seat.since if seat.state is SeatState.WRAP_UP else 0
            self._times.took(seat.served, seat.served_us + max(0, wrapped_up_us))
            seat.served = QueueId("")


def _refused(fact: SeatCommand, why: str) -> CommandRefused:
    return CommandRefused(at=fact.at, seat=fact.seat, wish=fact.wish, why=f"seat {fact.seat} {why}")
