"""The KPIs of a simulated day, and its course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from acd.simulator.fates import Fate
from cti.facts import SeatStateChanged
from cti.ids import SeatId

AWAY: Final = frozenset({"signed-off", "paused", "unreachable"})
"""States in which a seat takes no calls, by name: what else there is, is being there."""
IDLE: Final = "ready"


@dataclass(frozen=True, slots=True)
class Figures:
    """Times are seconds, shares 0 to 1. Waits run from the end of the prompt."""

    offered: int
    """Callers who asked for a person and joined the line."""
    answered: int
    abandoned: int
    elsewhere: int
    """Left a message or booked a callback instead."""
    unserved: int
    """Still in the line when the day was over."""
    in_time: int
    """Answered within the service level's time."""
    waited: int
    """Had to wait at all in the line."""
    asa_s: float
    """Mean wait of the answered."""
    mean_wait_s: float
    """Mean wait of all who left the line, the abandoned included."""
    longest_wait_s: float
    occupancy: float
    """Time with a call, ringing and wrap-up included, over time signed on and not paused."""
    seat_hours: float
    """All seats' time signed on and not paused, hours."""

    @property
    def answer_rate(self) -> float:
        """answered / offered."""
        return self.answered / self.offered if self.offered else 0.0

    @property
    def service_level(self) -> float:
        """answered in time / offered."""
        return self.in_time / self.offered if self.offered else 0.0

    @property
    def p_wait(self) -> float:
        return self.waited / self.offered if self.offered else 0.0

    @property
    def p_abandon(self) -> float:
        return self.abandoned / self.offered if self.offered else 0.0


def figures(
    fates: Iterable[Fate], changes: Iterable[SeatStateChanged], until: int, within_us: int
) -> Figures:
    """Of these contacts and seats; `until` is when the run was over, `within_us` the time in which
    the service level wants an answer."""
    chosen = list(fates)
    served = [fate for fate in chosen if fate.answered_at is not None]
    gone = [fate for fate in chosen if fate.gone_at is not None]
    waits = [_wait(fate) for fate in served]
    all_waits = waits + [_wait(fate) for fate in gone]
    still = [until - fate.contact.at + fate.contact.lead_us for fate in chosen if fate.waiting]
    there, busy = seat_time(changes, until)
    return Figures(
        offered=len(chosen),
        answered=len(served),
        abandoned=sum(fate.abandoned for fate in gone),
        elsewhere=sum(fate.elsewhere for fate in gone),
        unserved=len(still),
        in_time=sum(wait <= within_us for wait in waits),
        waited=sum(fate.line_us != 0 for fate in chosen),
        asa_s=_mean(waits),
        mean_wait_s=_mean(all_waits),
        longest_wait_s=max([*all_waits, *still], default=0) / 1e6,
        occupancy=busy / there if there else 0.0,
        seat_hours=there / 3.6e9,
    )


def _wait(fate: Fate) -> int:
    wait = fate.wait_us
    return 0 if wait is None else wait


def _mean(waits: list[int]) -> float:
    return sum(waits) / len(waits) / 1e6 if waits else 0.0


class Spell(NamedTuple):
    """One seat in one state, from `begin` to `end` (microseconds)."""

    seat: SeatId
    state: str
    begin: int
    end: int


def spells(changes: Iterable[SeatStateChanged], until: int) -> Iterator[Spell]:
    """What the seats did, as stretches of time; states that go on end at `until`."""
    since: dict[SeatId, SeatStateChanged] = {}
    for change in changes:
        before = since.get(change.seat)
        if before is not None:
            yield Spell(change.seat, str(before.new), before.at, change.at)
        since[change.seat] = change
    for last in since.values():
        yield Spell(last.seat, str(last.new), last.at, max(last.at, until))


def seat_time(changes: Iterable[SeatStateChanged], until: int) -> tuple[int, int]:
    """All seats' time there (signed on and not paused), and with a call; microseconds."""
    there = busy = 0
    for spell in spells(changes, until):
        if spell.state not in AWAY:
            there += spell.end - spell.begin
            busy += spell.end - spell.begin if spell.state != IDLE else 0
    return there, busy


@dataclass(frozen=True, slots=True)
class Course:
    """A day in equal parts: means over each, exact by area. `begin`, `step`: microseconds."""

    begin: int
    step: int
    waiting: tuple[float, ...]
    there: tuple[float, ...]
    busy: tuple[float, ...]


def course(
    fates: Iterable[Fate], changes: Iterable[SeatStateChanged], *, begin: int, end: int, step: int
) -> Course:
    """How many callers waited and how many seats were there and busy, in parts of `step`."""
    parts = max(1, -(-(end - begin) // step))
    waiting, there, busy = (_Area(begin, step, parts) for _ in range(3))
    for fate in fates:
        line = fate.line_us
        joined = fate.contact.at
        waiting.add(joined, end if line is None else joined + line)
    for spell in spells(changes, end):
        if spell.state not in AWAY:
            there.add(spell.begin, spell.end)
            if spell.state != IDLE:
                busy.add(spell.begin, spell.end)
    return Course(begin, step, waiting.means(), there.means(), busy.means())


class _Area:
    """The area under a count that is one higher within each stretch added."""

    def __init__(self, begin: int, step: int, parts: int) -> None:
        self._begin, self._step, self._parts = begin, step, parts
        self._part: dict[int, int] = defaultdict(int)
        self._whole: dict[int, int] = defaultdict(int)

    def add(self, begin: int, end: int) -> None:
        low = max(begin, self._begin) - self._begin
        high = min(end, self._begin + self._step * self._parts) - self._begin
        if high <= low:
            return
        first, last = low // self._step, high // self._step
        if first == last:
            self._part[first] += high - low
            return
        self._part[first] += (first + 1) * self._step - low
        self._part[last] += high - last * self._step
        self._whole[first + 1] += 1
        self._whole[last] -= 1

    def means(self) -> tuple[float, ...]:
        whole = accumulate(self._whole[part] for part in range(self._parts))
        return tuple(full + self._part[part] / self._step for part, full in enumerate(whole))
