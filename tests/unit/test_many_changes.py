"""Thousands of changes of routing at once, and some that nobody can read any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from config.change import SeatChange, said
from config.site import Site
from cti.changes import ChangeRefused, ChangesInMemory, ChangesNotKept, Edit, KeptChange
from cti.facts import Report, RoutingChanged
from cti.overlays import RoutingNow
from cti.plans import PlanBoard

SEATS = 3_000


class Clock:
    def now_us(self) -> int:
        return 5


def a_site() -> Site:
    return Site.model_validate(
        {
            "name": {"en": "Hotline"},
            "hotlines": [{"number": "12345", "flow": "main"}],
            "queues": {"repairs": {"name": {"en": "R"}}, "bills": {"name": {"en": "B"}}},
            "seats": {
                f"s{number}": {"name": "N", "device": f"PJSIP/{number}", "queues": ["repairs"]}
                for number in range(SEATS)
            },
        }
    )


def queues(number: int, *names: str) -> Edit:
    change = SeatChange(**{"queues": list(names)})
    return Edit("seats", f"s{number}", dict(said(change)))


async def test_changes_that_come_together_are_told_together_and_one_that_does_not_fit_alone_fails(
    tmp_path: Path,
) -> None:
    told: list[Report] = []

    async def tell(report: Report) -> None:
        told.append(report)

    site, board, store = a_site(), PlanBoard(tmp_path / "plans.json"), ChangesInMemory()
    now = RoutingNow(site, board, store, Clock(), tell=tell, took=lambda site: None)
    await now.start()
    await asyncio.gather(
        *(now.change([queues(number, "bills")], by="lead") for number in range(SEATS))
    )
    assert all(seat.queues == ["bills"] for seat in now.site.seats.values())
    assert len(told) < 10, "not one after another"
    facts = [fact for fact in told if isinstance(fact, RoutingChanged)]
    assert sum(len(fact.seats) for fact in facts) == SEATS, "each seat is told once"
    assert "and" in facts[-1].why
    assert len(facts[-1].why) < 300

    answers = await asyncio.gather(
        *(
            now.change([queues(number, "bills" if number else "nowhere")], by="lead")
            for number in range(20)
        ),
        return_exceptions=True,
    )
    assert isinstance(answers[0], ChangeRefused)
    assert answers[1:] == [None] * 19
    assert len(store.rows) == SEATS
    await now.remove("", "", by="lead")
    assert now.site == site
    assert store.rows == {}


class Slow(ChangesInMemory):
    """Keeps nothing before it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def keep(self, put: Iterable[KeptChange], drop: Iterable[tuple[str, str, str]]) -> None:
        self.asked.set()
        await self.go_on.wait()
        await super().keep(put, drop)


async def test_whoever_decides_for_all_is_cancelled_and_the_others_are_told(tmp_path: Path) -> None:
    async def tell(report: Report) -> None:
        raise AssertionError(f"nothing has changed: {report}")

    store, board = Slow(), PlanBoard(tmp_path / "plans.json")
    now = RoutingNow(a_site(), board, store, Clock(), tell=tell, took=lambda site: None)
    await now.start()
    first = asyncio.create_task(now.change([queues(1, "bills")], by="li"))
    await store.asked.wait()
    store.asked.clear()
    rest = [asyncio.create_task(now.change([queues(n, "bills")], by="wang")) for n in (2, 3)]
    await asyncio.sleep(0)
    first.cancel()
    await store.asked.wait()  # the second decides for itself and the third
    rest[0].cancel()
    answers = await asyncio.gather(first, *rest, return_exceptions=True)
    assert [type(one) for one in answers] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
        ChangesNotKept,
    ]
    assert now.site.seats["s3"].queues == ["repairs"]


async def test_what_cannot_be_read_any_more_is_told_and_can_be_removed(tmp_path: Path) -> None:
    async def tell(report: Report) -> None:
        raise AssertionError(f"nothing has changed: {report}")

    store = ChangesInMemory()
    for key, value in (("fax", "1"), ("strategy", '"loudest"'), ("ring_seconds", "{")):
        row = KeptChange(
            part="queues",
            name="repairs",
            key=key,
            value=value,
            beneath="null",
            by="lead",
            why="",
            at_us=1,
            until_us=0,
        )
        await store.keep([row], ())
    board = PlanBoard(tmp_path / "plans.json")
    now = RoutingNow(a_site(), board, store, Clock(), tell=tell, took=lambda site: None)
    await now.start()
    assert [one.setting.key for one in now.misfits] == ["fax", "strategy", "ring_seconds"]
    assert len(now.warnings()) == 3
    await now.remove("queues", "repairs", by="lead")
    assert store.rows == {}
    assert now.warnings() == ()
