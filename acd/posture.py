"""What is known of a seat where groups of callers are concerned. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from acd.groups import Group
from acd.needs import Fit, Tier
from acd.seats import Seat
from acd.strategies import KEYS
from cti.facts import ContactKind, QueueRecord
from cti.ids import QueueId

_LEAD: Final = Tier.LEAD


@dataclass(slots=True)
class Posture:
    """A seat as the groups last saw it. `position`: its place in the site file."""

    seat: Seat
    position: int
    queues: frozenset[QueueId]
    """The lines that it serves."""
    kinds: tuple[ContactKind, ...]
    groups: list[tuple[Group, Fit]] = field(default_factory=list)
    own: list[Group] = field(default_factory=list)
    """Groups that it is always asked for; for the others only as a lead."""
    as_lead: list[Group] = field(default_factory=list)
    free_for: tuple[ContactKind, ...] = ()
    works: bool = False
    signed_on: bool = False

    def join(self, group: Group, fit: Fit, queue: QueueRecord) -> None:
        """Be one of the seats that `group` knows."""
        group.fits[self.seat.id] = fit
        self.groups.append((group, fit))
        (self.as_lead if fit.tier is Tier.LEAD else self.own).append(group)
        self._count(group, fit, works=self.works, signed_on=self.signed_on)
        if group.kind in self.free_for:
            group.seat_is_free(self.seat, fit, KEYS[queue.strategy](self.seat, fit, self.position))

    def now_free_for(self) -> tuple[ContactKind, ...]:
        """Which kinds of contact the seat can take now."""
        seat = self.seat
        if len(self.kinds) == 1:
            return self.kinds if seat.can_take_a_call else ()
        return tuple(kind for kind in self.kinds if seat.can_take(kind))

    def groups_with_callers(self) -> list[Group]:
        """Those from which the seat may take somebody now."""
        groups = [group for group in self.own if group.count]
        if self.as_lead:
            groups += [group for group in self.as_lead if group.count and not group.working]
        if len(self.kinds) == 1:
            return groups
        kinds = self.now_free_for()
        return [group for group in groups if group.kind in kinds]

    def forget(self, kept: Container[Group]) -> None:
        """Groups that are no more."""
        self.groups = [pair for pair in self.groups if pair[0] in kept]
        self.own = [group for group in self.own if group in kept]
        self.as_lead = [group for group in self.as_lead if group in kept]

    def count_anew(self) -> list[Group]:
        """Tell the groups whether the seat is there; those where that may let others be asked, or
        sends callers elsewhere: the first has come, or the last has gone."""
        works, signed_on = self.seat.works, self.seat.signed_on
        if works is self.works and signed_on is self.signed_on:
            return []
        turned = []
        for group, fit in self.groups:
            before = bool(group.working), bool(group.signed_on)
            self._count(group, fit, works=self.works, signed_on=self.signed_on, by=-1)
            self._count(group, fit, works=works, signed_on=signed_on)
            if before != (bool(group.working), bool(group.signed_on)):
                turned.append(group)
        self.works, self.signed_on = works, signed_on
        return turned

    @staticmethod
    def _count(group: Group, fit: Fit, *, works: bool, signed_on: bool, by: int = 1) -> None:
        if works and fit.tier < _LEAD:
            group.working += by
        if signed_on:
            group.signed_on += by
