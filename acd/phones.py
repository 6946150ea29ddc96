"""What the seats' phones are doing.

Asterisk says when a phone is in use and when it is idle again. The second comes late: a leg is
taken down first, which is one to two milliseconds after the phone has hung up. A phone that was
idle when it was rung, and has had no other leg since, is idle as soon as it has hung up itself; a
caller who waits need not wait for Asterisk to say so too.

When the other side has hung up, the phone has not heard of it yet: then Asterisk's word counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from acd.seats import Seat
from cti.facts import ChannelCreated, DeviceChanged, DeviceState, SnapshotTaken
from cti.ids import SeatId, seat_of_offer


class Phones:
    """Keeps `Seat.device` of `seats`."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        self._seats: Final[dict[str, list[Seat]]] = {}
        for seat in seats:
            self._seats.setdefault(seat.record.device, []).append(seat)
        self._only_ours: set[SeatId] = set()

    def changed(self, fact: DeviceChanged) -> None:
        """Asterisk's word on one phone."""
        for seat in self._seats.get(fact.device, ()):
            seat.device = fact.state

    def snapshot_taken(self, fact: SnapshotTaken) -> None:
        """Asterisk's word on all of them; which legs made it so is not asked."""
        devices = dict(fact.devices)
        for device, seats in self._seats.items():
            for seat in seats:
                seat.device = devices.get(device, DeviceState.UNKNOWN)
        self._only_ours.clear()

    def offered(self, seat: Seat) -> None:
        """The seat is about to be rung."""
        if seat.device is DeviceState.IDLE:
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
        if seat.id in self._only_ours and seat.device is DeviceState.IN_USE:
            seat.device = DeviceState.IDLE
