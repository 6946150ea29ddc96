"""A day of the demo site, written into a ledger as the daemon would have."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from acd.simulator.chance import exponential_us
from acd.simulator.day import Contact, Day, Move
from acd.simulator.fates import Outcome
from acd.simulator.run import Run
from acd.simulator.watch import Watcher
from cti.facts import CallArrived, CallQueued, Fact
from cti.ids import QueueId, SeatId
from cti.runtime.ports import LedgerEntry
from cti.simulate_site import Staffed, find_site
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger

ZONE: Final = ZoneInfo("Asia/Shanghai")
MIDNIGHT: Final = 1_790_006_400_000_000
"""2026-09-22 00:00 in Shanghai."""
DATE: Final = "2026-09-22"
HOUR: Final = 3_600_000_000
SECOND: Final = 1_000_000
QUEUES: Final = ("repairs", "bills", "service")


class _Recorder(Watcher):
    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def heard(self, fact: Fact) -> None:
        if isinstance(fact, CallQueued):
            self.facts.append(
                CallArrived(
                    at=fact.arrived_at,
                    call=fact.call,
                    hotline="12345",
                    caller_number="",
                    caller_name="",
                )
            )
        self.facts.append(fact)


def contacts(seed: int = 3, calls: int = 240) -> list[Contact]:
    """From nine to five, more than three seats can do."""
    chance = Random(seed)
    found = []
    for _ in range(calls):
        found.append(
            Contact(
                at=MIDNIGHT + 9 * HOUR + int(chance.random() * 8 * HOUR),
                queue=QueueId(QUEUES[int(chance.random() * 3)]),
                talk_us=exponential_us(chance, 240),
                patience_us=exponential_us(chance, 150),
                wrapup_us=exponential_us(chance, 6),
                ring_us=2 * SECOND,
                lead_us=100_000,
                elsewhere=chance.random() < 0.05,
            )
        )
    return found


def moves() -> list[Move]:
    """1001 signed on the evening before, 1002 goes for lunch, 1003 leaves early."""
    one, two, three = SeatId("1001"), SeatId("1002"), SeatId("1003")
    return [
        Move(MIDNIGHT - 3 * HOUR, one, "sign-on"),
        Move(MIDNIGHT + 9 * HOUR, two, "sign-on"),
        Move(MIDNIGHT + 9 * HOUR + 7 * SECOND, three, "sign-on"),
        Move(MIDNIGHT + 12 * HOUR, two, "pause", "lunch"),
        Move(MIDNIGHT + 13 * HOUR, two, "ready"),
        Move(MIDNIGHT + 16 * HOUR, three, "sign-off"),
        Move(MIDNIGHT + 18 * HOUR, two, "sign-off"),
    ]


def play() -> tuple[Outcome, list[Fact]]:
    staffed = Staffed(find_site(Path("demo-water")), tuple(moves()))
    recorder = _Recorder()
    run = Run(staffed.dispatcher(), Day.of(contacts(), staffed.moves), watchers=[recorder])
    return run.run(), recorder.facts


def write_ledger(folder: Path, facts: list[Fact]) -> Path:
    """The ledger's file."""
    entries = [
        LedgerEntry("run", seq, fact, getattr(fact, "call", None), getattr(fact, "seat", None))
        for seq, fact in enumerate(facts, 1)
    ]

    async def write() -> None:
        database = Database(database_url("", folder))
        await SqlLedger(database).append(entries)
        await database.close()

    asyncio.run(write())
    return folder / "jietong.db"
