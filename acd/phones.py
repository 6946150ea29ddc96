"""What the seats' phones are doing. A seat may have several devices and uses one of them.

Asterisk says when a phone is in use and when it is idle again. The second comes late: a leg is
taken down first, which is one to two milliseconds after the phone has hung up. A phone that was
idle when it was rung, and has had no other leg since, is idle as soon as it has hung up itself; a
caller who waits need not wait for Asterisk to say so too.

When the other side has hung up, the phone has not heard of it yet: then Asterisk's word counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from acd.seats import Seat
from cti.facts import ChannelCreated, DeviceChanged, DeviceState, SnapshotTaken
from cti.ids import SeatId, seat_of_offer

_IDLE: Final = DeviceState.IDLE
_IN_USE: Final = DeviceState.IN_USE


class Phones:
    """Keeps `Seat.device`."""

    def __init__(self) -> None:
        self._seats: dict[str, list[Seat]] = {}
        self._states: dict[str, DeviceState] = {}
        self._only_ours: set[SeatId] = set()
        self._listed = False
        """Asterisk has said which phones it knows: any other cannot be rung."""

    def configure(self, seats: Iterable[Seat]) -> None:
        """These are the seats from now on."""
        self._seats = {}
        for seat in seats:
            for device in dict.fromkeys((seat.record.device, *seat.record.devices)):
                self._seats.setdefault(device, []).append(seat)
            self.chosen(seat)

    def chosen(self, seat: Seat) -> None:
        """The seat may use another device than before."""
        state = self._state_of(seat)
        if seat.device is not state:
            seat.device = state
            self._only_ours.discard(seat.id)
            seat.touched()

    def changed(self, fact: DeviceChanged) -> Iterator[Seat]:
        """Asterisk's word on one phone; the seats that use it. That nothing is known but that it
        can be reached is news of a lost phone only."""
        known = self._states.get(fact.device, DeviceState.UNREACHABLE)
        if fact.state is DeviceState.UNKNOWN and known is not DeviceState.UNREACHABLE:
            return
        self._states[fact.device] = fact.state
        for seat in self._seats.get(fact.device, ()):
            if seat.dial == fact.device:
                seat.device = fact.state
                seat.touched()
                yield seat

    def snapshot_taken(self, fact: SnapshotTaken) -> None:
        """Asterisk's word on all of them; which legs made it so is not asked."""
        self._states = dict(fact.devices)
        self._listed = bool(self._states)
        for seats in self._seats.values():
            for seat in seats:
                seat.device = self._state_of(seat)
                seat.touched()
        self._only_ours.clear()

    def _state_of(self, seat: Seat) -> DeviceState:
        unheard_of = DeviceState.UNREACHABLE if self._listed else DeviceState.UNKNOWN
        return self._states.get(seat.dial, unheard_of)

    def offered(self, seat: Seat) -> None:
        """The seat is about to be rung."""
        if seat.device is _IDLE:
            self._only_ours.add(seat.id)
        else:
            self._only_ours.discard(seat.id)

    def leg_created(self, fact: ChannelCreated) -> None:
        """Channels are named after their device (`PJSIP/1001-0000002c`)."""
        for seat in self._seats.get(fact.name.rpartition("-")[0], ()):
            if seat_of_offer(fact.channel) != seat.id:
                self._only_ours.discard(seat.id)

    def hung_up(self, seat: Seat) -> None:
        """The phone has ended our call."""
        if seat.id in self._only_ours and seat.device is _IN_USE:
            self._states[seat.dial] = seat.device = _IDLE
            seat.touched()
