"""Days that nobody has had: so many calls over a typical day, and the seats they need. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acd.erlang import Load, Target, seats_needed
from acd.simulator.arrivals import TYPICAL_DAY, spread
from acd.simulator.chance import Chance, exponential_us, lognormal_us
from acd.simulator.day import Contact, Move
from cti.ids import QueueId, SeatId

DAY_US: Final = 86_400_000_000
HALF_HOUR_US: Final = 1_800_000_000
TALKS_VARY: Final = 0.9
"""Coefficient of variation of talks and wrap-ups; Brown et al. (2005) find about 1."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Callers of one kind. `weight`: their share of all calls, against the others' weights."""

    queue: QueueId
    weight: float
    talk_s: float
    wrapup_s: float
    skills: tuple[str, ...] = ()
    priority: int = 5


@dataclass(frozen=True, slots=True)
class Manner:
    """What all callers and seats have in common. Mean times in seconds."""

    patience_s: float = 150.0
    ring_s: float = 3.0


def invented_contacts(
    chance: Chance, count: int, streams: Sequence[Stream], midnight: int, manner: Manner
) -> Iterator[Contact]:
    """`count` contacts within the day that begins at `midnight` (microseconds since the epoch).

    Talks and wrap-ups are log-normal, patience and ringing exponential.
    """
    total = sum(stream.weight for stream in streams)
    for at in spread(chance, count, TYPICAL_DAY, midnight, midnight + DAY_US):
        left = chance.random() * total
        chosen = streams[-1]
        for stream in streams:
            left -= stream.weight
            if left < 0:
                chosen = stream
                break
        yield Contact(
            at=at,
            queue=chosen.queue,
            talk_us=lognormal_us(chance, chosen.talk_s, TALKS_VARY),
            wrapup_us=(lognormal_us(chance, chosen.wrapup_s, TALKS_VARY) if chosen.wrapup_s else 0),
            patience_us=exponential_us(chance, manner.patience_s),
            ring_us=exponential_us(chance, manner.ring_s),
            skills=chosen.skills,
            priority=chosen.priority,
        )


def seats_by_half_hour(
    contacts: Sequence[Contact], midnight: int, target: Target, patience_s: float
) -> list[int]:
    """How many seats each half hour of these contacts needs, as if all seats could serve all of
    them (Erlang A); none in a half hour without calls. Ringing counts as work."""
    halves: list[list[float]] = [[] for _ in range(DAY_US // HALF_HOUR_US)]
    for contact in contacts:
        half = (contact.at - midnight) // HALF_HOUR_US
        if 0 <= half < len(halves):
            work_us = contact.talk_us + (contact.wrapup_us or 0) + contact.ring_us
            halves[half].append(work_us / 1e6)
    needed = []
    for works in halves:
        if not works:
            needed.append(0)
            continue
        load = Load(len(works) * 2, max(1.0, sum(works) / len(works)), patience_s)
        needed.append(seats_needed(load, target))
    return needed


def stacked(seats: Sequence[SeatId], by_half_hour: Sequence[int], midnight: int) -> list[Move]:
    """A roster: the first n seats are there in a half hour that needs n, so each has one or two
    shifts that follow the day. Whoever is there at midnight signs on then; whoever is there at the
    end stays for those who still wait."""
    moves = []
    for place, seat in enumerate(seats):
        there = False
        for half, needed in enumerate(by_half_hour):
            if (place < needed) != there:
                there = not there
                at = midnight + half * HALF_HOUR_US
                moves.append(Move(at, seat, "sign-on" if there else "sign-off"))
    return moves
