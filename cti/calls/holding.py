"""What a seat does beside its talk: the caller on hold, and meanwhile somebody else on its phone.

The seat's phone puts its caller on hold (Asterisk plays them music) and may make or take a second
call. Such a call is nobody's: it is not queued, not recorded, and known here by its channel only.
That a caller is on hold is kept on the seat's leg, for a daemon that comes after this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from cti.calls.book import Book, Outcome
from cti.calls.call import SeatLeg
from cti.effects import KeepOnChannel
from cti.facts import (
    ChannelAnswered,
    ChannelCreated,
    ChannelHeld,
    ChannelHungUp,
    SeatConsulted,
    SeatHeld,
    SnapshotTaken,
)
from cti.ids import ChannelId, SeatId, seat_of_callback, seat_of_monitor, seat_of_offer


@dataclass(slots=True)
class _Other:
    """A channel of a seat's phone that is no leg of ours."""

    seat: SeatId
    up: bool = False


class Holding:
    """Of the legs in `book`."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._others: dict[ChannelId, _Other] = {}
        self._held: dict[SeatId, SeatLeg] = {}

    def held(self, fact: ChannelHeld) -> Outcome:
        leg = self._book.legs.get(fact.channel)
        if leg is None or not leg.connected or leg.left or leg.held == fact.on:
            return
        kept = (("CTI_HELD", "1" if fact.on else ""),)
        yield KeepOnChannel(channel=leg.channel, variables=kept)
        if fact.on:
            yield from self.begin(leg, fact.at)
            return
        if leg.consulting:
            yield _consulted(leg, fact.at, on=False)
        self._held.pop(leg.seat, None)
        leg.held = False
        yield SeatHeld(at=fact.at, call=leg.call, seat=leg.seat, offer=leg.offer, on=False)

    def begin(self, leg: SeatLeg, at: int) -> Outcome:
        """The caller of `leg` is on hold from now on, or was found so."""
        leg.held = True
        self._held[leg.seat] = leg
        yield SeatHeld(at=at, call=leg.call, seat=leg.seat, offer=leg.offer, on=True)
        yield from self._look(leg.seat, at)

    def created(self, fact: ChannelCreated) -> None:
        seat = self._book.seat_at(fact.name)
        if seat is not None and not _is_ours(fact.channel):
            self._others[fact.channel] = _Other(seat)

    def answered(self, fact: ChannelAnswered) -> Outcome:
        other = self._others.get(fact.channel)
        if other is not None and not other.up:
            other.up = True
            yield from self._look(other.seat, fact.at)

    def hung_up(self, fact: ChannelHungUp) -> Outcome:
        other = self._others.pop(fact.channel, None)
        if other is not None:
            yield from self._look(other.seat, fact.at)

    def take_in(self, fact: SnapshotTaken) -> Outcome:
        """The phones' other channels in a snapshot."""
        self._others = {}
        for seen in fact.channels:
            seat = self._book.seat_at(seen.name)
            if seat is not None and not _is_ours(seen.channel):
                self._others[seen.channel] = _Other(seat, seen.up)
        for seat in list(self._held):
            yield from self._look(seat, fact.at)

    def _look(self, seat: SeatId, at: int) -> Outcome:
        """Whether the seat, its caller on hold, talks with somebody else."""
        leg = self._held.get(seat)
        if leg is None:
            return
        if leg.left:
            del self._held[seat]
            return
        others = self._others.items()
        talks = any(one.seat == seat and one.up and ch != leg.channel for ch, one in others)
        if talks != leg.consulting:
            yield _consulted(leg, at, on=talks)


def _consulted(leg: SeatLeg, at: int, *, on: bool) -> SeatConsulted:
    leg.consulting = on
    return SeatConsulted(at=at, call=leg.call, seat=leg.seat, offer=leg.offer, on=on)


def _is_ours(channel: ChannelId) -> bool:
    owners = (seat_of_offer, seat_of_callback, seat_of_monitor)
    return any(owner(channel) is not None for owner in owners)
