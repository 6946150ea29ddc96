"""The calls and seats' legs that are alive: what every part of the tracker looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cti.calls.call import Call, SeatLeg
from cti.effects import Effect
from cti.facts import Fact, OpenCall
from cti.ids import CallId, ChannelId, SeatId

Outcome = Iterator[Fact | Effect]


@dataclass(slots=True)
class Book:
    """`seat_of_device` maps a device's dial string to its seat."""

    seat_of_device: dict[str, SeatId]
    calls: dict[CallId, Call] = field(default_factory=dict)
    legs: dict[ChannelId, SeatLeg] = field(default_factory=dict)
    open_before: tuple[OpenCall, ...] = ()
    """Calls that an earlier life of the daemon knew; looked for in the first snapshot."""

    def seat_at(self, channel_name: str) -> SeatId | None:
        """The seat whose phone a channel belongs to: `PJSIP/1001-0000002c`."""
        return self.seat_of_device.get(channel_name.rpartition("-")[0])

    def leg_of(self, call: Call) -> SeatLeg | None:
        """The leg that talks with `call`, or the first that rings for it."""
        return self.legs.get(ChannelId(call.leg))

    def rung_for(self, call: Call) -> list[SeatLeg]:
        """The legs that ring for `call`."""
        legs = (self.legs.get(ChannelId(offer)) for offer in (call.leg, *call.also_rung))
        return [leg for leg in legs if leg is not None and leg.pending]
