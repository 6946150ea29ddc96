"""`cti replay`: do the cores decide today what the ledger says they decided then?

The ledger holds each report and, right behind it, what the cores concluded from it. So each life of
the daemon (a run, begun by EngineStarted) is played again to fresh cores, report by report, and
the conclusions are compared. A difference is a change of the program, a change of the site file, or
something in a decision that does not come from reports.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from config.settings import Settings
from config.site import Site
from cti.brain import Brain, Core
from cti.facts import AnomalySeen, EngineStarted, Fact, Report
from cti.runtime.ports import LedgerEntry
from cti.store.codec import UnknownFact, clean
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger

FOREVER_US: Final = 2**62
EARLIER_US: Final = 24 * 3600 * 1_000_000
"""A decision may carry an earlier time than its run's start: that of a call found again."""


@dataclass(frozen=True, slots=True)
class Difference:
    """At the entry `seq` of `run`. `then` or `now` is None where there was no decision more."""

    run: str
    seq: int
    report: Report
    then: Fact | None
    now: Fact | None

    def __str__(self) -> str:
        return (
            f"run {self.run}, entry {self.seq}: not the same decision\n"
            f"  report  {self.report}\n"
            f"  then    {self.then or 'nothing more'}\n"
            f"  now     {self.now or 'nothing more'}"
        )


@dataclass(slots=True)
class Replayed:
    """What was compared. `cut_short`: runs whose entries have a hole, or are of a kind that this
    program does not know, by name with the reason; they were compared up to there."""

    runs: int = 0
    reports: int = 0
    decisions: int = 0
    difference: Difference | None = None
    cut_short: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Run:
    """One life of the daemon, played again. `expected`: decisions of `report` still to come."""

    name: str
    brain: Brain
    seq: int = 0
    report: Report | None = None
    expected: list[Fact] = field(default_factory=list)

    def hear(self, report: Report) -> Difference | None:
        """The next report; the one before must be answered completely."""
        unsaid = self._difference(None, self.expected[0]) if self.expected else None
        self.report = report
        try:
            facts = self.brain.step(report).facts[1:]
        except Exception as error:
            # What the loop concludes then, see cti/runtime/loop.py.
            detail = f"{type(error).__name__}: {error}"
            facts = (AnomalySeen(at=report.at, about=type(report).__name__, detail=detail),)
        self.expected = [clean(fact) for fact in facts]
        return unsaid

    def compare(self, decision: Fact) -> Difference | None:
        now = self.expected.pop(0) if self.expected else None
        return None if now == decision else self._difference(decision, now)

    def _difference(self, then: Fact | None, now: Fact | None) -> Difference:
        assert self.report is not None
        return Difference(self.name, self.seq, self.report, then, now)


async def replay(
    entries: AsyncIterator[LedgerEntry],
    make_cores: Callable[[], Sequence[Core]],
    *,
    from_us: int,
    to_us: int,
) -> Replayed:
    """Play the runs that began from `from_us` to before `to_us` (microseconds since the epoch),
    and stop at the first difference.

    `entries` in the ledger's order, from EARLIER_US before `from_us`. The last report of a run
    that was killed, or still goes on, may lack decisions: they were not written down yet.
    """
    result = Replayed()
    runs: dict[str, _Run] = {}
    async for entry in entries:
        fact = entry.fact
        if isinstance(fact, EngineStarted) and entry.seq == 1 and from_us <= fact.at < to_us:
            runs[entry.run] = _Run(entry.run, Brain(make_cores()))
            result.runs += 1
        run = runs.get(entry.run)
        if run is None or entry.run in result.cut_short:
            continue
        if entry.seq != run.seq + 1 or isinstance(fact, UnknownFact):
            unknown = isinstance(fact, UnknownFact)
            why = "is of a kind unknown here" if unknown else f"follows entry {run.seq}"
            result.cut_short[entry.run] = f"entry {entry.seq} {why}"
            continue
        run.seq = entry.seq
        if isinstance(fact, Report):
            result.reports += 1
            result.difference = run.hear(fact)
        else:
            result.decisions += 1
            result.difference = run.compare(fact)
        if result.difference is not None:
            break
    return result


async def replay_ledger(settings: Settings, site: Site, *, from_us: int, to_us: int) -> Replayed:
    """`replay` on the site's ledger, beside a running daemon or without one. Raises StoreError."""
    from cti.cores import cores_for  # noqa: PLC0415 - all rooms; the rest of this file needs none

    database = Database(database_url(settings.database.url, settings.state_dir))
    try:
        await database.check()
        entries = SqlLedger(database).facts_between(max(0, from_us - EARLIER_US), FOREVER_US)
        return await replay(entries, lambda: cores_for(site), from_us=from_us, to_us=to_us)
    finally:
        await database.close()
