"""One call as a list of lines to read. Pure: entries of the ledger in, lines out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from cti.facts import CallArrived, CallQueued, CallRecovered
from cti.runtime.ports import LedgerEntry
from cti.store.narrator import Narrator, raw
from cti.store.speech import HOME_ZONE, Language, Names


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """`at_us`: microseconds since the epoch. `offset_us`: microseconds since the call arrived."""

    at_us: int
    offset_us: int
    what: str
    kind: str
    raw: bool = False
    """A report of Asterisk's as it stands, not a sentence."""


def timeline(
    entries: Sequence[LedgerEntry],
    *,
    language: Language = "zh-CN",
    names: Names | None = None,
    zone: tzinfo = HOME_ZONE,
    detail: bool = False,
) -> list[TimelineLine]:
    """The lines of one call by time; facts of one moment stay in the order of the ledger.

    `detail` adds Asterisk's raw reports.
    """
    say = Narrator(names, zone)
    arrived = arrival(entries)
    lines: list[TimelineLine] = []
    for entry in sorted(entries, key=lambda entry: entry.fact.at):
        fact = entry.fact
        sentence = say(fact, language)
        if sentence or detail:
            lines.append(
                TimelineLine(
                    at_us=fact.at,
                    offset_us=fact.at - arrived,
                    what=sentence or raw(fact),
                    kind=type(fact).__name__,
                    raw=not sentence,
                )
            )
    return lines


def arrival(entries: Sequence[LedgerEntry]) -> int:
    """When the call arrived, microseconds since the epoch; its first fact when nothing tells."""
    for entry in entries:
        match entry.fact:
            case CallArrived(at=at):
                return at
            case CallQueued(arrived_at=at) | CallRecovered(arrived_at=at) if at:
                return at
    return min((entry.fact.at for entry in entries), default=0)
