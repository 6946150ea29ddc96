"""Changes of routing that end by themselves: in time, whatever else happens just then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from config.site import Site
from cti.changes import ChangesInMemory, ChangesNotKept, Edit, KeptChange
from cti.facts import Report
from cti.overlays import RoutingNow
from cti.plans import PlanBoard

RING_ALL = Edit("queues", "repairs", {"strategy": "ring-all"})
FIXED = Edit("queues", "repairs", {"strategy": "fixed-order"})


class Clock:
    now = 5

    def now_us(self) -> int:
        return self.now


class Store(ChangesInMemory):
    """`away`: nothing can be written. `slow`: what is written waits for it; `begun`: it does."""

    away = False
    slow: asyncio.Event | None = None

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def keep(self, put: Iterable[KeptChange], drop: Iterable[tuple[str, str, str]]) -> None:
        if self.away:
            raise ChangesNotKept("the database is away")
        if self.slow is not None:
            self.begun.set()
            await self.slow.wait()
        await super().keep(put, drop)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def strategies() -> list[str]:
    """Of the queue, as they came to hold."""
    return []


@pytest.fixture
async def routing(tmp_path: Path, clock: Clock, store: Store, strategies: list[str]) -> RoutingNow:
    return await begun(tmp_path, clock, store, strategies)


async def begun(tmp_path: Path, clock: Clock, store: Store, strategies: list[str]) -> RoutingNow:
    async def tell(report: Report) -> None:
        del report

    site = Site.model_validate(
        {
            "name": {"en": "Hotline"},
            "hotlines": [{"number": "12345", "flow": "main"}],
            "queues": {"repairs": {"name": {"en": "R"}}},
            "seats": {"1": {"name": "N", "device": "PJSIP/1", "queues": ["repairs"]}},
        }
    )
    routing = RoutingNow(
        site,
        PlanBoard(tmp_path / "plans.json"),
        store,
        clock,
        tell=tell,
        took=lambda site: strategies.append(site.queues["repairs"].strategy),
    )
    await routing.start()
    return routing


async def test_one_that_is_said_anew_as_it_ends_stays(
    routing: RoutingNow, clock: Clock, store: Store
) -> None:
    await routing.change([RING_ALL], by="lead", until_us=10)
    store.slow = asyncio.Event()
    anew = asyncio.create_task(routing.change([FIXED], by="lead", until_us=1_000))
    await store.begun.wait()
    clock.now = 10
    look = asyncio.create_task(routing.look())
    await asyncio.sleep(0)
    store.slow.set()
    await asyncio.gather(anew, look)
    assert routing.site.queues["repairs"].strategy == "fixed-order"
    assert [row.until_us for row in store.rows.values()] == [1_000]


async def test_one_ends_in_time_with_the_database_away_and_is_forgotten_there_later(
    routing: RoutingNow, clock: Clock, store: Store
) -> None:
    await routing.change([RING_ALL], by="lead", until_us=10)
    clock.now, store.away = 10, True
    await routing.look()
    assert routing.site == routing.file_site
    assert store.rows
    store.away = False
    await routing.look()
    assert store.rows == {}


async def test_one_that_ended_while_no_daemon_lived_never_counts_again(
    tmp_path: Path, routing: RoutingNow, clock: Clock, store: Store, strategies: list[str]
) -> None:
    await routing.change([RING_ALL], by="lead", until_us=10)
    assert strategies[-1] == "ring-all"
    clock.now = 10
    later: list[str] = []
    second = await begun(tmp_path, clock, store, later)
    await second.look()
    assert "ring-all" not in later
    assert store.rows == {}


async def test_one_that_is_made_again_before_the_database_forgot_the_old_one_is_kept(
    routing: RoutingNow, clock: Clock, store: Store
) -> None:
    await routing.change([RING_ALL], by="lead", until_us=10)
    clock.now, store.away = 10, True
    await routing.look()
    store.away = False
    await routing.change([FIXED], by="lead")
    await routing.look()
    kept: Sequence[KeptChange] = list(store.rows.values())
    assert [row.value for row in kept] == ['"fixed-order"']
