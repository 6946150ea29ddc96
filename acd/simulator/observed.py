"""A day that has been: who came, how long they waited and talked, and when the seats were there.
What a ledger cannot know is drawn from what the same day shows of others:

- how long a caller who gave up would have talked: from the talks and wrap-ups of the same queue;
- how long a caller who was answered would have waited: from the callers' patience by Kaplan and
  Meier, given that it was longer than the wait they had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from acd.simulator.chance import Chance, one_of
from acd.simulator.day import Contact, DayRefused, Move
from acd.simulator.fates import Fate
from acd.simulator.patience import Patience
from cti.facts import SeatStateChanged
from cti.ids import CallId, QueueId

T = TypeVar("T")

ENOUGH: Final = 30
"""Callers who gave up in one queue, from which on its patience is told from that of the others."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One caller of a day that has been. Durations are microseconds, None where nothing tells."""

    contact: Contact
    """With what was seen in place of what is not known: talk 0, patience the wait there was."""
    wait_us: int
    """In the line, up to the answer, to giving up, or to the end of what is known."""
    answered: bool
    gave_up: bool
    handled: bool = False
    """Talk and wrap-up are known."""
    worked_us: int = 0
    """Talk and wrap-up together."""


@dataclass(frozen=True, slots=True)
class ObservedDay:
    """`moves` begin at `begin` with whoever was there then; `changes` likewise. `end`: of the day,
    or of what is known of it."""

    begin: int
    end: int
    callers: tuple[Observed, ...]
    moves: tuple[Move, ...]
    changes: tuple[SeatStateChanged, ...]

    def fates(self) -> list[Fate]:
        """What became of the callers in truth, to be figured like a simulated day."""
        fates = []
        for place, caller in enumerate(self.callers, 1):
            fate = Fate(caller.contact, CallId(f"{place:07d}"))
            if caller.answered:
                fate.answered_at = caller.contact.at + caller.wait_us
            elif caller.gave_up or caller.contact.elsewhere:
                fate.gone_at = caller.contact.at + caller.wait_us
            fates.append(fate)
        return fates


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many figures of a completed day were drawn, not seen. `patience_s`: the estimated mean,
    None when nobody gave up."""

    talks: int
    patiences: int
    patience_s: float | None


def patience_of(callers: Iterable[Observed]) -> Patience:
    """Of these callers; one who left with something in hand counts as not having given up."""
    return Patience.of((caller.wait_us, caller.gave_up) for caller in callers)


def completed(callers: Sequence[Observed], chance: Chance) -> tuple[list[Contact], Drawn]:
    """Contacts with nothing unknown. Raises DayRefused when no talk of the day is known."""
    talks = [caller.contact for caller in callers if caller.handled]
    if not talks:
        raise DayRefused("the day", "ledger", "has no talk from beginning to end; take another day")
    talks_of = _by_queue(talks, lambda contact: contact.queue)
    everybody = patience_of(callers)
    patience = {
        queue: found if sum(one.gave_up for one in some) >= ENOUGH else everybody
        for queue, some in _by_queue(callers, lambda caller: caller.contact.queue).items()
        for found in (patience_of(some),)
    }
    contacts, drawn_talks, drawn_patience = [], 0, 0
    for caller in callers:
        contact = caller.contact
        if not caller.handled:
            like = one_of(chance, talks_of.get(contact.queue) or talks)
            contact = replace(
                contact, talk_us=like.talk_us, wrapup_us=like.wrapup_us, ring_us=like.ring_us
            )
            drawn_talks += 1
        if not (caller.gave_up or contact.elsewhere):
            patience_us = patience[contact.queue].draw(chance, caller.wait_us)
            contact = replace(contact, patience_us=patience_us)
            drawn_patience += 1
        contacts.append(contact)
    return contacts, Drawn(drawn_talks, drawn_patience, everybody.mean_s)


def _by_queue(items: Iterable[T], queue: Callable[[T], QueueId]) -> Mapping[QueueId, list[T]]:
    found: dict[QueueId, list[T]] = {}
    for item in items:
        found.setdefault(queue(item), []).append(item)
    return found
