"""What the ledger writer tells about itself, and its patience with a database that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

RETRY_S: Final = (0.5, 1.0, 2.0, 5.0)
"""Pauses between attempts while the database is away. Five seconds at most, because the ledger
is what the wallboard and the reports show after an outage."""


class WriterState(StrEnum):
    """Where facts go now; each step down is louder.

    DATABASE <----> JOURNAL <----> MEMORY <----> LOSING
    """

    DATABASE = "database"
    JOURNAL = "journal"
    MEMORY = "memory"
    """The journal is full or its disk fails: a kill would lose what is queued."""
    LOSING = "losing"
    """The queue in memory is full too: the newest facts are lost, the older ones kept."""


@dataclass(frozen=True, slots=True)
class WriterStats:
    """For metrics. `queued`, `journalled`, `journal_bytes` are now; the others since the start."""

    state: WriterState
    queued: int
    journalled: int
    journal_bytes: int
    written: int
    lost: int
    refused: int
    """Entries that the database refuses for their content; kept in the second journal."""
    failures: int
    """Attempts at the database that failed."""
    kept_in_journal: int = 0
    """Entries that went through the journal."""


class Patience:
    """When to try the database again. `now` gives seconds of a clock that never goes back."""

    def __init__(self, pauses_s: Sequence[float], now: Callable[[], float]) -> None:
        self._pauses_s = tuple(pauses_s)
        self._now = now
        self._next = 0.0
        self.in_a_row = 0
        self.failures = 0

    @property
    def wait_s(self) -> float:
        """Seconds until the next attempt is due, 0 when it is."""
        return max(0.0, self._next - self._now())

    def succeeded(self) -> None:
        self.in_a_row = 0
        self._next = 0.0

    def failed(self) -> float:
        """Notes a failure; returns the pause until the next attempt, seconds."""
        pause = self._pauses_s[min(self.in_a_row, len(self._pauses_s) - 1)]
        self._next = self._now() + pause
        self.in_a_row += 1
        self.failures += 1
        return pause
