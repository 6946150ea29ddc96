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

    def leg_of(self, call: Call) -> SeatLeg | None:
        """The leg that rings or talks for `call`."""
        return self.legs.get(ChannelId(call.leg))
