"""A real day out of a ledger, for the simulator: the site's own database, or a copy of one in a
SQLite file. Read beside a running daemon, never changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from acd.simulator.observed import ObservedDay
from acd.simulator.reader import READS, DayReader
from cti.errors import JietongError
from cti.store.database import Database
from cti.store.ledger import SqlLedger
from cti.store.speech import moment

BEFORE_US: Final = 36 * 3_600_000_000
"""So much is read from before the day, to know which seats were there when it began."""
AFTER_US: Final = 4 * 3_600_000_000
"""And from after it, to know how its last talks ended."""
_DAY: Final = timedelta(days=1)


class NoSuchDay(JietongError):
    """Fields: `where`, `why`."""

    def __init__(self, where: str, why: str) -> None:
        self.where, self.why = where, why
        super().__init__(f"{where}: {why}")


def bounds_us(day: date, zone: tzinfo) -> tuple[int, int]:
    """Midnight to midnight in `zone`, microseconds since the epoch; a day may have 23 hours."""
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + _DAY, time(), zone)
    return int(begin.timestamp() * 1e6), int(end.timestamp() * 1e6)


def read_ledger_day(
    url: str, day: date | None, zone: tzinfo, tick: Callable[[int], None] | None = None
) -> tuple[date, ObservedDay]:
    """That day of the ledger at `url`; the one with its newest call when `day` is None. `tick` is
    told the number of facts read so far. Raises StoreError, NoSuchDay, DayRefused."""
    return asyncio.run(_read(url, day, zone, tick))


async def _read(
    url: str, day: date | None, zone: tzinfo, tick: Callable[[int], None] | None
) -> tuple[date, ObservedDay]:
    database = Database(url)
    try:
        if not database.exists:
            raise NoSuchDay(url, "there is no such ledger")
        await database.check()
        ledger = SqlLedger(database)
        if day is None:
            newest = await ledger.calls(limit=1)
            if not newest:
                raise NoSuchDay(url, "the ledger has no calls yet")
            day = moment(newest[0].arrived_us, zone).date()
        begin, end = bounds_us(day, zone)
        reader, count = DayReader(begin, end), 0
        kinds = [kind.__name__ for kind in READS]
        entries = ledger.facts_between(max(0, begin - BEFORE_US), end + AFTER_US, kinds)
        async for entry in entries:
            reader.take(entry.fact)
            count += 1
            if tick is not None and count % 1_000 == 0:
                tick(count)
        if not reader.has_callers:
            raise NoSuchDay(url, f"nobody asked for a person on {day}; choose a day with --date")
        return day, reader.day()
    finally:
        await database.close()
