"""Small ledger entries."""

from __future__ import annotations

from cti.facts import SeatState, SeatStateChanged
from cti.ids import SeatId
from cti.runtime.ports import LedgerEntry

NOON = 1_781_236_800_000_000


def tick(number: int, run: str = "run-a") -> LedgerEntry:
    """The `number`-th entry of `run`."""
    fact = SeatStateChanged(
        at=NOON + number * 1000,
        seat=SeatId("1001"),
        old=SeatState.READY,
        new=SeatState.PAUSED,
        reason=f"茶 {number}",
    )
    return LedgerEntry(run, number, fact, None, SeatId("1001"))


def ticks(count: int, run: str = "run-a", first: int = 1) -> list[LedgerEntry]:
    return [tick(number, run) for number in range(first, first + count)]
