"""Keeps one entry that the database refuses from holding up all that come after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from cti.runtime.ports import Ledger, LedgerEntry
from cti.store.errors import StoreError, StoreRefused
from cti.store.journal import Journal

_log = structlog.get_logger(__name__)


class Sieve:
    """Appends batches; halves a refused one until the entry that is to blame stands alone, and
    puts that one aside into a journal of its own for a person to look at."""

    def __init__(self, ledger: Ledger, aside: Journal) -> None:
        self._ledger = ledger
        self._aside = aside
        self.written = 0
        self.refused = 0

    async def append(self, batch: Sequence[LedgerEntry]) -> None:
        """Raises StoreError when the database is away; the same batch may then come again."""
        try:
            await self._ledger.append(batch)
        except StoreRefused as error:
            await self._halve(batch, error)
        except (StoreError, TimeoutError, OSError):
            raise
        except Exception as error:
            # A fact that our own code stumbles over must not end the ledger for all others.
            await self._halve(batch, error)
        else:
            self.written += len(batch)

    async def _halve(self, batch: Sequence[LedgerEntry], error: Exception) -> None:
        if len(batch) == 1:
            await self._put_aside(batch[0], error)
        else:
            middle = len(batch) // 2
            await self.append(batch[:middle])
            await self.append(batch[middle:])

    async def _put_aside(self, entry: LedgerEntry, error: Exception) -> None:
        self.refused += 1
        _log.error("ledger refuses a fact", fact=repr(entry), error=repr(error))
        with suppress(OSError):
            await asyncio.to_thread(self._aside.append, [entry])
