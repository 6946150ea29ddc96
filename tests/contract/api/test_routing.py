"""Routing changed over HTTP while it runs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.overlay import Overlaid, Overlay, Setting
from config.site import Site, load_site
from cti.changes import ChangesInMemory, ChangesNotKept, Edit
from cti.facts import PlanSwitched, Report, RoutingChanged
from cti.overlays import RoutingNow
from cti.plans import PlanBoard
from cti.runtime.clock import HostClock
from tests.contract.api.conftest import SITE, Answer, Client

ROUTING = "/api/v1/routing"
QUEUE, SEAT = f"{ROUTING}/queues/repairs", f"{ROUTING}/seats/1001"


async def patch(client: Client, path: str, **body: Any) -> Answer:
    return await client.send("PATCH", path, "lead", json=body)


async def test_changed_seat_counts_at_once_and_the_answer_says_where_from(
    client: Client, told: list[Report]
) -> None:
    answer = await patch(client, SEAT, queues=["bills"], skills={"gas": 3}, reason="ill colleague")
    assert answer.status == 200
    assert answer.json["values"]["queues"] == ["bills"]
    source = answer.json["sources"]["queues"]
    assert (source["source"], source["by"], source["reason"], source["file"]) == (
        "change",
        "lead",
        "ill colleague",
        ["repairs"],
    )
    (changed,) = told
    assert isinstance(changed, RoutingChanged)
    assert (changed.by, changed.why) == (
        "lead",
        "seats.1001.queues, seats.1001.skills; ill colleague",
    )
    assert (changed.seats[0].queues, changed.seats[0].level_of("gas")) == (("bills",), 3)


async def test_the_same_again_is_no_news_to_the_cores(client: Client, told: list[Report]) -> None:
    await patch(client, QUEUE, strategy="ring-all")
    await patch(client, QUEUE, strategy="ring-all")
    assert len(told) == 1


async def test_merge_set_and_cleared(client: Client, routing: RoutingNow) -> None:
    await patch(client, QUEUE, merged_into="bills")
    assert routing.site.queues["repairs"].merged_into == "bills"
    circle = await patch(client, f"{ROUTING}/queues/bills", merged_into="repairs")
    assert circle.status == 409
    assert circle.json["errors"][0]["pointer"] == "#/merged_into"
    await patch(client, QUEUE, merged_into=None)
    assert routing.site.queues["repairs"].merged_into is None


async def test_removed_change_gives_the_file_its_word_back(
    client: Client, routing: RoutingNow
) -> None:
    await patch(client, QUEUE, strategy="ring-all", wrapup_seconds=60)
    one = await client.send("DELETE", f"{QUEUE}?key=strategy", "lead")
    assert (one.status, list(one.json["sources"])) == (200, ["wrapup_seconds"])
    assert (await client.send("DELETE", QUEUE, "lead")).json["sources"] == {}
    assert (await client.send("DELETE", QUEUE, "lead")).status == 404
    assert routing.site == routing.file_site


async def test_changes_count_over_plans(client: Client, routing: RoutingNow) -> None:
    await patch(client, QUEUE, wrapup_seconds=60)
    switched = await client.post(
        "/api/v1/plans/rush", "lead", json={"on": True, "reason": "many calls"}
    )
    assert switched.json["hidden"] == ["queues.repairs.wrapup_seconds"]
    shown = (await client.get(ROUTING, "auditor")).json
    assert shown["queues"]["repairs"]["values"]["wrapup_seconds"] == 60
    assert shown["queues"]["repairs"]["sources"]["merged_into"]["plan"] == "rush"
    assert [(one["place"], one["plan"]) for one in shown["not_counting"]] == [
        ("queues.repairs.wrapup_seconds", "rush")
    ]
    assert shown["plans_on"] == ["rush"]
    assert shown["seats"]["1002"]["sources"]["queues"]["plan"] == "rush"


async def test_many_at_once_are_all_or_nothing(
    client: Client, told: list[Report], routing: RoutingNow
) -> None:
    good = {"queues": {"repairs": {"target": {"seconds": 30}}}, "choice": "due"}
    bad = await patch(client, ROUTING, **good, seats={"1009": {"queues": ["bills"]}})
    assert (bad.status, told) == (404, [])
    assert (await patch(client, ROUTING, **good)).status == 200
    assert (routing.site.routing.choice, len(told)) == ("due", 1)
    assert (await client.send("DELETE", ROUTING, "lead")).json["routing"]["sources"] == {}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (SEAT, {"queues": []}, 400),
        (SEAT, {"queues": ["water"]}, 409),
        (SEAT, {"roles": {"bills": "b"}}, 409),
        (SEAT, {"skills": {"gas": 0}}, 400),
        (SEAT, {"skills": {"gas": 99}}, 400),
        (SEAT, {"skills": {"Gas!": 1}}, 400),
        (SEAT, {"capacity": {"fax": 1}}, 400),
        (SEAT, {"device": "PJSIP/1002"}, 400),
        (SEAT, {"queues": None}, 400),
        (SEAT, {}, 400),
        (SEAT, {"reason": "nothing"}, 400),
        (SEAT, {"queues": ["bills"], "until_us": 1}, 409),
        (SEAT, {"queues": ["bills"], "until_us": -1}, 400),
        (QUEUE, {"wrapup_seconds": -1}, 400),
        (QUEUE, {"strategy": "loudest"}, 400),
        (QUEUE, {"merged_into": "repairs"}, 409),
        (QUEUE, {"merged_into": "water"}, 409),
        (QUEUE, {"target": {"seconds": -1}}, 400),
        (QUEUE, {"overflow": [{"when": "no-seats", "to": {"queue": "water"}}]}, 409),
        (QUEUE, {"overflow": [{"when": "closed", "to": {"flow": "mian"}}]}, 409),
        (f"{ROUTING}/queues/water", {"strategy": "ring-all"}, 404),
        (f"{ROUTING}/seats/1009", {"queues": ["bills"]}, 404),
    ],
)
async def test_what_the_site_file_may_not_say_a_change_may_not(
    client: Client, told: list[Report], path: str, body: Any, status: int
) -> None:
    assert (await client.send("PATCH", path, "lead", json=body)).status == status
    assert told == []


async def test_broken_json_is_refused(client: Client) -> None:
    answer = await client.send(
        "PATCH",
        SEAT,
        "lead",
        data=b'{"queues": [',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 400


async def test_change_ends_when_its_time_is_over(
    client: Client, routing: RoutingNow, told: list[Report]
) -> None:
    soon = time.time_ns() // 1000 + 200_000
    await patch(client, QUEUE, strategy="ring-all", until_us=soon)
    await routing.look()
    assert routing.site.queues["repairs"].strategy == "ring-all"
    while time.time_ns() // 1000 < soon:
        await routing.look()
    await routing.look()
    assert routing.site == routing.file_site
    assert isinstance(told[-1], RoutingChanged)
    assert told[-1].by == "time is over"


class Away(ChangesInMemory):
    away = True

    async def load(self) -> Any:
        if self.away:
            raise ChangesNotKept("the database is away")
        return await super().load()


async def test_with_the_database_away_nothing_changes_and_it_is_read_later(
    tmp_path: Path, told: list[Report]
) -> None:
    async def tell(report: Report) -> None:
        told.append(report)

    (tmp_path / "site.yaml").write_text(
        "name: {en: A}\nhotlines: [{number: '1', flow: main}]\n".replace("'1'", "'12345'")
        + "queues: {repairs: {name: {en: B}}}\nplans: {night: {name: {en: N}, choice: due}}\n",
        "utf-8",
    )
    site, store = load_site(tmp_path / "site.yaml"), Away()

    def begin() -> RoutingNow:
        board = PlanBoard(tmp_path / "plans.json")
        return RoutingNow(site, board, store, HostClock(), tell=tell, took=lambda site: None)

    first = begin()
    await first.start()
    await first.switch("night", on=True, by="lead")
    assert first.site.routing.choice == "due", "a plan needs no database"
    await first.switch("night", on=False, by="lead")
    edit = Edit("queues", "repairs", {"strategy": "ring-all"})
    with pytest.raises(ChangesNotKept):
        await first.change([edit], by="lead")
    store.away = False
    await first.look()
    await first.change([edit], by="lead")
    store.away = True
    second = begin()
    await second.start()
    assert second.site == second.file_site
    store.away = False
    await second.look()
    assert second.site.queues["repairs"].strategy == "ring-all"


def saved(tmp_path: Path, old: str, new: str) -> Site:
    """The site file after an edit."""
    file = tmp_path / "site.yaml"
    assert old in SITE
    file.write_text(SITE.replace(old, new), "utf-8")
    return load_site(file)


async def test_what_the_file_says_later_does_not_win_silently(
    client: Client, routing: RoutingNow, tmp_path: Path
) -> None:
    await patch(client, SEAT, queues=["bills"])
    site = saved(tmp_path, "PJSIP/1001, queues: [repairs]", "PJSIP/1001, queues: [repairs, bills]")
    await routing.file_changed(site)
    assert routing.site.seats["1001"].queues == ["bills"]
    shown = (await client.get(ROUTING, "lead")).json["seats"]["1001"]["sources"]["queues"]
    assert (shown["file"], shown["file_says_otherwise_since"]) == (["repairs", "bills"], True)
    (warning,) = routing.warnings()
    assert "the site file says otherwise since; the change by lead counts" in warning
    await client.send("DELETE", SEAT, "lead")
    assert routing.site.seats["1001"].queues == ["repairs", "bills"]
    assert routing.warnings() == ()


async def test_change_that_no_longer_fits_the_file_is_left_out_and_told(
    client: Client, routing: RoutingNow, tmp_path: Path
) -> None:
    await patch(client, f"{ROUTING}/queues/bills", merged_into="repairs")
    site = saved(tmp_path, "name: {zh-CN: 报修, en: Repairs}", "name: {en: R}, merged_into: bills")
    await routing.file_changed(site)
    assert routing.site.queues["repairs"].merged_into == "bills"
    assert routing.site.queues["bills"].merged_into is None
    (left_out,) = (await client.get(ROUTING, "lead")).json["not_counting"]
    assert left_out["place"] == "queues.bills.merged_into"
    assert "circle" in left_out["why"]
    assert "queues.bills.merged_into does not fit" in routing.warnings()[0]
    await routing.file_changed(saved(tmp_path, "Repairs", "Repair"))
    assert routing.site.queues["bills"].merged_into == "repairs", "it fits again"


async def test_plan_taken_out_of_the_file_while_it_is_on_is_off_and_told(
    client: Client, routing: RoutingNow, tmp_path: Path, told: list[Report]
) -> None:
    await client.post("/api/v1/plans/rush", "lead", json={"on": True, "reason": "many calls"})
    told.clear()
    await routing.file_changed(saved(tmp_path, "  rush:\n", "  night:\n"))
    switched, changed = told
    assert isinstance(switched, PlanSwitched)
    assert (switched.plan, switched.on, switched.by) == ("rush", False, "site file")
    assert isinstance(changed, RoutingChanged)
    assert routing.site.queues["repairs"].merged_into is None


async def test_seat_that_is_being_taken_out_of_the_file_is_shown_until_it_is_gone(
    client: Client, routing: RoutingNow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, begun, go = Overlay().over, threading.Event(), threading.Event()

    def slow(site: Site, settings: Iterable[Setting]) -> Overlaid:
        begun.set()
        go.wait()
        return over(site, settings)

    monkeypatch.setattr(routing, "_overlay", SimpleNamespace(over=slow))
    gone = '  "1002": {name: 李强, device: PJSIP/1002, queues: [bills]}\n'
    change = asyncio.create_task(routing.file_changed(saved(tmp_path, gone, "")))
    await asyncio.to_thread(begun.wait)
    try:
        shown = await client.get(ROUTING, "lead")
    finally:
        go.set()
    await change
    assert (shown.status, list(shown.json["seats"])) == (200, ["1001", "1002"])
    assert list((await client.get(ROUTING, "lead")).json["seats"]) == ["1001"]
