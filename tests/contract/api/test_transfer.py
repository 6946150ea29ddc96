"""A seat gives its caller away: who may, what is refused and how it is said."""

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


@pytest.fixture
def talk(engine: FakeEngine) -> CallView:
    """The call that seat 1001 talks in."""
    view = replace(call_view(7), phase=CallPhase.TALKING, seat=SeatId("1001"))
    engine.calls[view.call] = view
    return view


@pytest.mark.parametrize("role", ["seat", "lead", "admin"])
@pytest.mark.parametrize(
    "body",
    [{"queue": "bills"}, {"seat": "1002"}, {"outside": "water-police"}, {"flow": "visit"}],
)
async def test_the_caller_of_a_talk_is_given_away(
    client: Client, engine: FakeEngine, talk: CallView, role: Role, body: dict[str, str]
) -> None:
    answer = await client.post(f"/api/v1/calls/{talk.call}/transfer", role, json=body)
    assert answer.status == 200
    assert answer.json["phase"] == "waiting"
    assert engine.transfers == [(talk.call, *next(iter(body.items())))]


async def test_the_caller_of_another_seat_is_unknown_to_a_seat(
    client: Client, engine: FakeEngine, talk: CallView
) -> None:
    engine.calls[talk.call] = replace(talk, seat=SeatId("1002"))
    path = f"/api/v1/calls/{talk.call}/transfer"
    answer = await client.post(path, "seat", json={"queue": "bills"})
    assert (answer.status, answer.problem) == (404, "not-found")
    assert not engine.transfers


async def test_a_target_that_the_site_does_not_have_is_404(client: Client, talk: CallView) -> None:
    path = f"/api/v1/calls/{talk.call}/transfer"
    answer = await client.post(path, "seat", json={"outside": "nowhere"})
    assert (answer.status, answer.problem) == (404, "unknown-target")


async def test_a_caller_who_does_not_talk_is_409_with_the_reason(
    client: Client, engine: FakeEngine, talk: CallView
) -> None:
    engine.calls[talk.call] = replace(talk, phase=CallPhase.AFTER)
    path = f"/api/v1/calls/{talk.call}/transfer"
    answer = await client.post(path, "seat", json={"queue": "bills"})
    assert (answer.status, answer.problem) == (409, "command-refused")
    assert "does not talk" in answer.json["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"queue": None},
        {"queue": "bills", "seat": "1002"},
        {"number": "13800001111"},
        {"outside": "13800001111@evil"},
        {"queue": "x\r\nAction: y"},
        {"seat": 1002},
        {"seat": "1" * 33},
        {"queue": "bills", "more": 1},
    ],
)
async def test_a_body_that_names_no_target_is_400(
    client: Client, engine: FakeEngine, talk: CallView, body: dict[str, Any]
) -> None:
    answer = await client.post(f"/api/v1/calls/{talk.call}/transfer", "seat", json=body)
    assert (answer.status, answer.problem) == (400, "not-valid")
    assert not engine.transfers


async def test_an_engine_that_does_not_answer_is_503(
    client: Client, engine: FakeEngine, talk: CallView, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*args: Any, **more: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "transfer", never)
    monkeypatch.setattr(calls, "COMMAND_SECONDS", 0.02)
    path = f"/api/v1/calls/{talk.call}/transfer"
    answer = await client.post(path, "seat", json={"queue": "bills"})
    assert (answer.status, answer.problem) == (503, "engine-slow")
