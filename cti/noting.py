"""Deeds that may be done only once they stand in the ledger: who hears a message or a talk."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from cti.api.errors import NotNoted
from cti.store.writer import LedgerWriter

T = TypeVar("T")


async def noted(writer: LedgerWriter, asked: Awaitable[T]) -> T:
    """What `asked` gives, once all that it made the loop conclude is in the ledger or its journal.

    Raises NotNoted when neither has taken everything.
    """
    lost = writer.stats().lost
    found = await asked
    await writer.flush()
    if writer.stats().lost != lost:
        raise NotNoted
    return found
