"""What is known of a seat where groups of callers are concerned. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from acd.groups import Group
from acd.needs import Fit, Tier
from acd.seats import Seat
from acd.strategies import KEYS
from cti.facts import ContactKind, QueueRecord
from cti.ids import QueueId


@dataclass(slots=True)
class Posture:
    """A seat as the groups last saw it. `position`: its place in the site file."""

    seat: Seat
    position: int
    queues: frozenset[QueueId]
    """The lines that it serves."""
    kinds: tuple[ContactKind, ...]
    groups: list[tuple[Group, Fit]] = field(default_factory=list)
    free_for: tuple[ContactKind, ...] = ()
    works: bool = False
    signed_on: bool = False

    def join(self, group: Group, fit: Fit, queue: QueueRecord) -> None:
        """Be one of the seats that `group` knows."""
        group.fits[self.seat.id] = fit
        self.groups.append((group, fit))
        self._count(group, fit, works=self.works, signed_on=self.signed_on)
        if group.demand.kind in self.free_for:
            group.seat_is_free(self.seat, fit, KEYS[queue.strategy](self.seat, fit, self.position))

    def count_anew(self) -> list[Group]:
        """Tell the groups whether the seat is there; those where that may let others be asked."""
        works, signed_on = self.seat.works, self.seat.signed_on
        if (works, signed_on) == (self.works, self.signed_on):
            return []
        opened = []
        for group, fit in self.groups:
            before = group.working, group.skilled
            self._count(group, fit, works=self.works, signed_on=self.signed_on, by=-1)
            self._count(group, fit, works=works, signed_on=signed_on)
            if (before[0] and not group.working) or (before[1] and not group.skilled):
                opened.append(group)
        self.works, self.signed_on = works, signed_on
        return opened

    @staticmethod
    def _count(group: Group, fit: Fit, *, works: bool, signed_on: bool, by: int = 1) -> None:
        if works and fit.tier < Tier.LEAD:
            group.working += by
        if signed_on and fit.tier < Tier.UNSKILLED:
            group.skilled += by
