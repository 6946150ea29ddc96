"""A seat sends its caller to a flow: who may, what is refused and how it is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from cti.api import calls
from cti.api.port import CallView, Role
from cti.facts import CallPhase
from cti.ids import SeatId
from tests.contract.api.conftest import Client, call_view
from tests.fakes.engine import FakeEngine

BODY = {"flow": "identify"}


@pytest.fixture
def talk(engine: FakeEngine) -> CallView:
    """The call that seat 1001 talks in."""
    view = replace(call_view(7), phase=CallPhase.TALKING, seat=SeatId("1001"))
    engine.calls[view.call] = view
    return view


@pytest.mark.parametrize("role", ["seat", "lead", "admin"])
async def test_the_caller_of_a_talk_is_sent_to_the_flow(
    client: Client, talk: CallView, role: Role
) -> None:
    answer = await client.post(f"/api/v1/calls/{talk.call}/flow", role, json=BODY)

    assert answer.status == 200
    assert (answer.json["phase"], answer.json["flow"]) == ("in-flow", "identify")
    shown = await client.get(f"/api/v1/calls/{talk.call}", role)
    assert shown.json["call"]["flow"] == "identify"


async def test_the_caller_of_another_seat_is_unknown_to_a_seat(
    client: Client, engine: FakeEngine, talk: CallView
) -> None:
    engine.calls[talk.call] = replace(talk, seat=SeatId("1002"))
    answer = await client.post(f"/api/v1/calls/{talk.call}/flow", "seat", json=BODY)
    assert (answer.status, answer.problem) == (404, "not-found")
    assert engine.calls[talk.call].phase is CallPhase.TALKING


@pytest.mark.parametrize("role", ["seat", "lead"])
async def test_a_call_that_is_over_is_404(client: Client, role: Role) -> None:
    answer = await client.post("/api/v1/calls/jt1-1.1/flow", role, json=BODY)
    assert (answer.status, answer.problem) == (404, "not-found")


async def test_a_flow_that_the_site_does_not_have_is_404(client: Client, talk: CallView) -> None:
    path = f"/api/v1/calls/{talk.call}/flow"
    answer = await client.post(path, "seat", json={"flow": "nowhere"})
    assert (answer.status, answer.problem) == (404, "unknown-flow")


async def test_a_caller_who_does_not_talk_is_409_with_the_reason(
    client: Client, engine: FakeEngine, talk: CallView
) -> None:
    engine.calls[talk.call] = replace(talk, phase=CallPhase.AFTER)
    answer = await client.post(f"/api/v1/calls/{talk.call}/flow", "seat", json=BODY)
    assert (answer.status, answer.problem) == (409, "command-refused")
    assert "does not talk" in answer.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"flow": ""},
        {"flow": "a b"},
        {"flow": "../x"},
        {"flow": 1},
        {"flow": "x\r\nAction: y"},
        {"flow": "identify", "more": 1},
        {"flow": "x" * 33},
    ],
)
async def test_a_body_that_names_no_flow_is_400(
    client: Client, talk: CallView, body: dict[str, Any]
) -> None:
    answer = await client.post(f"/api/v1/calls/{talk.call}/flow", "seat", json=body)
    assert (answer.status, answer.problem) == (400, "not-valid")


async def test_an_engine_that_does_not_answer_is_503(
    client: Client, engine: FakeEngine, talk: CallView, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*args: Any, **more: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "send_to_flow", never)
    monkeypatch.setattr(calls, "COMMAND_SECONDS", 0.02)
    answer = await client.post(f"/api/v1/calls/{talk.call}/flow", "seat", json=BODY)
    assert (answer.status, answer.problem) == (503, "engine-slow")
