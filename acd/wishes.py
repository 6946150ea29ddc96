"""What seats ask for, and what becomes of a seat when its work is over. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from acd.estimate import ServiceTimes
from acd.phones import Phones
from acd.seats import Seat, Wish
from cti.facts import (
    CommandRefused,
    DeviceState,
    Fact,
    QueueRecord,
    SeatCommand,
    SeatState,
    SeatStateChanged,
)
from cti.ids import QueueId, SeatId

_READY: Final = SeatState.READY
_WRAP_UP: Final = SeatState.WRAP_UP
_LOST: Final = DeviceState.UNREACHABLE


class SeatWishes:
    """Part of the dispatcher: changes `seats`, and tells `times` how long each call took them."""

    def __init__(
        self,
        seats: Mapping[SeatId, Seat],
        queues: Mapping[QueueId, QueueRecord],
        times: ServiceTimes,
        phones: Phones,
    ) -> None:
        self._seats = seats
        self._queues = queues
        self._times = times
        self._phones = phones

    def handle(self, fact: SeatCommand) -> Iterator[Fact]:
        """Do what is asked for, now or after the call, or say why not."""
        seat = self._seats.get(fact.seat)
        if seat is None:
            yield CommandRefused(at=fact.at, seat=fact.seat, wish=fact.wish, why="no such seat")
            return
        match fact.wish:
            case "sign-on" if seat.state is SeatState.SIGNED_OFF:
                yield from self._sign_on(seat, fact)
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
                yield self.free(seat, fact.at)
            case "ready":
                seat.wish = None
            case "extend":
                yield from self._extend(seat, fact)

    def release(self, seat: Seat, at: int) -> SeatStateChanged:
        """Grant what the seat asked for meanwhile, else make it ready."""
        self._has_served(seat, at)
        wish, seat.wish = seat.wish, None
        if wish is None:
            return self.free(seat, at)
        return seat.go(wish.state, at, reason=wish.reason)

    def free(self, seat: Seat, at: int) -> SeatStateChanged:
        """Ready, when its phone can be reached, and no offer to it is on the way still."""
        if seat.before is not None:
            (offer, call), seat.before = seat.before, None
            changed = seat.go(SeatState.RESERVED, at, call=call)
            seat.offer = offer
            return changed
        if seat.device is _LOST:
            return seat.go(SeatState.UNREACHABLE, at)
        return seat.go(_READY, at)

    def follow_phone(self, seat: Seat, at: int) -> Iterator[SeatStateChanged]:
        """A seat whose phone is lost is not ready, and one whose phone is back is."""
        lost = seat.device is DeviceState.UNREACHABLE
        if seat.state is (SeatState.READY if lost else SeatState.UNREACHABLE):
            yield self.free(seat, at)

    def _sign_on(self, seat: Seat, fact: SeatCommand) -> Iterator[Fact]:
        known = (seat.record.device, *seat.record.devices)
        if fact.device and fact.device not in known:
            yield _refused(fact, f"has no device {fact.device}; it has {', '.join(known)}")
            return
        seat.at_device = fact.device
        self._phones.chosen(seat)
        yield self.free(seat, fact.at)

    def _extend(self, seat: Seat, fact: SeatCommand) -> Iterator[Fact]:
        queue = self._queues.get(seat.served)
        if seat.state is not SeatState.WRAP_UP or seat.until is None:
            yield _refused(fact, "is not in a wrap-up that ends by itself")
        elif queue is None or not queue.wrapup_extension_us:
            yield _refused(fact, "serves a queue that gives no longer wrap-up")
        elif seat.extended:
            yield _refused(fact, "has made this wrap-up longer already")
        else:
            seat.extended = True
            seat.until += queue.wrapup_extension_us
            seat.touched()
            yield seat.remark(fact.at, "extended")

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
            wrapped_up_us = at - seat.since if seat.state is _WRAP_UP else 0
            self._times.took(seat.served, seat.served_us + max(0, wrapped_up_us))
            seat.served = QueueId("")


def _refused(fact: SeatCommand, why: str) -> CommandRefused:
    return CommandRefused(at=fact.at, seat=fact.seat, wish=fact.wish, why=f"seat {fact.seat} {why}")
