"""Emergency plans over HTTP and from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner, Result

from cti.api.server import ApiServer
from cti.cli import app
from cti.facts import PlanSwitched, Report, RoutingChanged
from cti.notices import NoticeBoard
from cti.overlays import RoutingNow
from ivr_flows.notices import Notice
from tests.contract.api.conftest import PASSWORD, SITE, Client
from tests.fakes.engine import FakeEngine

PLANS = "/api/v1/plans"
ON: dict[str, Any] = {"on": True, "reason": "typhoon"}
OFF: dict[str, Any] = {"on": False, "reason": "over"}


def reports(told: list[Report], kind: type[Report]) -> list[Any]:
    return [one for one in told if isinstance(one, kind)]


async def test_plan_switched_on_is_told_with_who_and_why_and_changes_routing(
    client: Client, told: list[Report]
) -> None:
    answer = await client.post(f"{PLANS}/rush", "lead", json=ON)
    assert answer.status == 200
    assert (answer.json["on"], answer.json["by"]) == (True, "lead")
    assert answer.json["changes"] == [
        "queues.repairs.merged_into",
        "queues.repairs.wrapup_seconds",
        "all_seats.repairs",
    ]
    switched, changed = told
    assert isinstance(switched, PlanSwitched)
    assert (switched.plan, switched.on, switched.by, switched.why) == (
        "rush",
        True,
        "lead",
        "typhoon",
    )
    assert isinstance(changed, RoutingChanged)
    assert changed.partial, "what has not changed is not told again"
    (repairs,), (seat,) = changed.queues, changed.seats
    assert (repairs.id, repairs.merged_into, repairs.wrapup_us) == ("repairs", "bills", 0)
    assert (seat.id, seat.queues) == ("1002", ("bills", "repairs"))
    assert seat.role_in(repairs.id) == "b"


async def test_switching_twice_is_one_switch_and_off_is_as_before(
    client: Client, told: list[Report], routing: RoutingNow
) -> None:
    before = routing.site
    for body in (ON, ON, OFF, OFF):
        assert (await client.post(f"{PLANS}/rush", "lead", json=body)).status == 200
    assert [one.on for one in reports(told, PlanSwitched)] == [True, False]
    assert routing.site == before


async def test_of_two_plans_the_one_later_in_the_file_counts(
    client: Client, routing: RoutingNow
) -> None:
    for plan in ("disaster", "rush"):
        await client.post(f"{PLANS}/{plan}", "lead", json=ON)
    assert routing.site.queues["repairs"].wrapup_seconds == 5
    listed = (await client.get(PLANS, "seat")).json["plans"]
    assert [one["plan"] for one in listed] == ["rush", "disaster"]
    assert listed[0]["hidden"] == ["queues.repairs.wrapup_seconds"]
    assert [one.id for one in routing.notices()] == ["storm"]


async def test_plan_that_would_lead_merges_in_a_circle_is_refused(
    client: Client, told: list[Report]
) -> None:
    await client.send(
        "PATCH", "/api/v1/routing/queues/bills", "lead", json={"merged_into": "repairs"}
    )
    told.clear()
    answer = await client.post(f"{PLANS}/rush", "lead", json=ON)
    assert (answer.status, answer.problem) == (409, "refused")
    assert "circle" in answer.json["detail"]
    assert told == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"on": True}, 400),
        ({"on": "yes", "reason": "x"}, 400),
        ({"on": True, "reason": ""}, 400),
        ({"on": True, "reason": "x" * 201}, 400),
        ({"on": True, "reason": "x", "more": 1}, 400),
    ],
)
async def test_bad_switches_are_refused(
    client: Client, told: list[Report], body: Any, status: int
) -> None:
    assert (await client.post(f"{PLANS}/rush", "lead", json=body)).status == status
    assert told == []


async def test_unknown_plan_is_not_found(client: Client) -> None:
    answer = await client.post(f"{PLANS}/flood", "lead", json=ON)
    assert answer.status == 404
    assert "rush, disaster" in answer.json["detail"]


async def test_readyz_and_metrics_tell_what_is_on_and_what_does_not_count(
    client: Client, engine: FakeEngine
) -> None:
    engine.state = replace(
        engine.state, plans_on=("rush", "disaster"), warnings=("x does not fit",)
    )
    ready = await client.get("/readyz")
    assert (ready.json["plans_on"], ready.json["warnings"]) == (
        ["rush", "disaster"],
        ["x does not fit"],
    )
    strange = await client.get("/readyz", headers={"X-Forwarded-For": "198.51.100.7"})
    assert strange.json["warnings"] == ["ask on the machine itself, or GET /api/v1/routing"]
    figures = (await client.get("/metrics")).body.decode()
    for line in (
        'cti_plan_on{plan="rush"} 1.0',
        'cti_plan_on{plan="disaster"} 1.0',
        "cti_routing_warnings 1.0",
    ):
        assert line in figures


Type = Callable[..., Awaitable[Result]]


@pytest.fixture
def typed(server: tuple[ApiServer, str], tmp_path: Path) -> Type:
    settings, site = tmp_path / "settings.yaml", tmp_path / "its-site.yaml"
    site.write_text(SITE, "utf-8")
    port = urlsplit(server[1]).port
    settings.write_text(
        f"site: {site}\nstate_dir: {tmp_path}\nhttp: {{host: 127.0.0.1, port: {port}}}\n", "utf-8"
    )

    async def run(*words: str) -> Result:
        # A thread of its own: the command has an event loop of its own.
        env = {"CTI_SETTINGS": str(settings), "CTI_PASSWORD": PASSWORD, "COLUMNS": "200"}
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, ["plans", *words], env=env))

    return run


async def test_plans_from_the_command_line(typed: Type, routing: RoutingNow) -> None:
    switched = await typed("on", "rush", "--why", "many calls")
    assert switched.exit_code == 0
    assert switched.stdout.strip().endswith("rush: on 已启动")
    assert routing.plans_on["rush"].why == "many calls"
    await typed("on", "disaster", "--why", "typhoon")
    listed = (await typed("list")).stdout
    for word in ("many calls", "queues.repairs.wrapup_seconds (does not count", "storm", "高峰"):
        assert word in listed
    assert "rush: off" in (await typed("off", "rush")).stdout
    assert list(routing.plans_on) == ["disaster"]
    assert (await typed("on", "rush")).exit_code != 0, "a reason is needed"


async def test_plan_that_leaves_the_file_while_its_texts_are_spoken_is_not_found(
    client: Client, routing: RoutingNow, board: NoticeBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def meanwhile(notice: Notice) -> int:
        del notice
        left = {name: plan for name, plan in routing.file_site.plans.items() if name == "rush"}
        await routing.file_changed(routing.file_site.model_copy(update={"plans": left}))
        return 0

    monkeypatch.setattr(board, "voices", meanwhile)
    answer = await client.post(f"{PLANS}/disaster", "lead", json=ON)
    assert (answer.status, list(routing.plans_on)) == (404, [])
