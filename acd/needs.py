"""What a caller asks of a seat, and how a seat meets it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Final

from cti.facts import (
    HIGHEST_LEVEL,
    LOWEST_LEVEL,
    ContactKind,
    QueueRecord,
    Role,
    SeatRecord,
    Skill,
)
from cti.ids import QueueId, SeatId


class Tier(IntEnum):
    """Who is asked before whom, whatever the queue's strategy."""

    OWN = 0
    STAND_IN = 1
    LEAD = 2
    """Only while nobody of the tiers above is there: signed on, not paused, reachable."""


_TIER: Final[dict[Role, Tier]] = {"a": Tier.OWN, "b": Tier.STAND_IN, "lead": Tier.LEAD}


@dataclass(frozen=True, slots=True)
class Demand:
    """Callers with equal demands differ only in who came first. `only`: they wait for this seat."""

    queue: QueueId
    needs: tuple[Skill, ...] = ()
    language: str = ""
    kind: ContactKind = "call"
    only: SeatId = SeatId("")
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """A demand is looked up many times for each that is made."""
        asked = (self.queue, self.needs, self.language, self.kind, self.only)
        object.__setattr__(self, "_hash", hash(asked))

    def __hash__(self) -> int:
        return self._hash

    @property
    def asks(self) -> bool:
        """For more than a seat of the queue."""
        return bool(self.needs or self.language) and not self.only

    def plain(self) -> Demand:
        """Asks for nothing but a seat of the queue."""
        return demand_of(self.queue, kind=self.kind)


@lru_cache(maxsize=8_192)
def demand_of(
    queue: QueueId,
    needs: tuple[Skill, ...] = (),
    language: str = "",
    kind: ContactKind = "call",
    only: SeatId = SeatId(""),
) -> Demand:
    """The demand with these fields. A hotline has dozens of them and asks for them often."""
    return Demand(queue, needs, language, kind, only)


@dataclass(frozen=True, slots=True)
class Fit:
    """`level`: the sum of the seat's levels in the skills asked for."""

    tier: Tier
    role: Role
    level: int


def fit(seat: SeatRecord, queues: Set[QueueId], demand: Demand) -> Fit | None:
    """How `seat`, which serves `queues`, meets `demand`; None when it does not at all."""
    if demand.queue not in queues or (demand.only and demand.only != seat.id):
        return None
    if demand.kind != "call" and not any(one.kind == demand.kind for one in seat.capacity):
        return None
    role = seat.role_in(demand.queue)
    if demand.only:
        return Fit(Tier.OWN, role, 0)
    if demand.language and seat.languages and demand.language not in seat.languages:
        return None
    level = 0
    for need in demand.needs:
        has = seat.level_of(need.name)
        if has < need.level:
            return None
        level += has
    return Fit(_TIER[role], role, level)


def parse_needs(skills: Iterable[str]) -> tuple[Skill, ...]:
    """Skills as menus write them; see `_parse`."""
    skills = tuple(skills)
    return _parse(skills) if skills else ()


@lru_cache(maxsize=4_096)
def _parse(skills: tuple[str, ...]) -> tuple[Skill, ...]:
    """Skills as menus write them, `name` or `name:level`, in the order of their names. What cannot
    be read as a level asks for the lowest, one too high for the highest: strangers' values do not
    get here, and no caller shall be lost to a slip."""
    needs: dict[str, int] = {}
    for text in skills:
        name, _, level = text.partition(":")
        if name:
            number = int(level) if level.isascii() and level.isdigit() and len(level) < 4 else 1
            wanted = min(max(number, LOWEST_LEVEL), HIGHEST_LEVEL)
            needs[name] = max(wanted, needs.get(name, 0))
    return tuple(Skill(name, level) for name, level in sorted(needs.items()))


def lowered(needs: tuple[Skill, ...], queue: QueueRecord, waited_us: int) -> tuple[Skill, ...]:
    """What is left of `needs` for one who has waited so long."""
    if not needs or not queue.widening:
        return needs
    levels = max((step.levels for step in queue.widening if step.after_us <= waited_us), default=0)
    if not levels:
        return needs
    less = (Skill(need.name, need.level - levels) for need in needs)
    return tuple(need for need in less if need.level >= LOWEST_LEVEL)
