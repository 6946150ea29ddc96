"""Callbacks that are still to be made: who sees them, with which numbers, and who cancels."""

from __future__ import annotations

import pytest

from cti.api.port import CallbackView, Role
from cti.ids import CallbackId, CallId, QueueId
from tests.contract.api.conftest import Client
from tests.fakes.engine import START_US, FakeEngine

PATH = "/api/v1/callbacks"


@pytest.fixture
def booked(engine: FakeEngine) -> CallbackView:
    view = CallbackView(
        callback=CallbackId("back.jt1-1.7"),
        call=CallId("jt1-1.7"),
        queue=QueueId("repairs"),
        number="13800001111",
        state="resting",
        since_us=START_US,
        booked_us=START_US + 5,
        attempts=1,
        not_before_us=START_US + 600_000_000,
    )
    engine.open_callbacks[view.callback] = view
    return view


@pytest.mark.parametrize(
    ("role", "number"),
    [
        ("seat", "138****1111"),
        ("lead", "13800001111"),
        ("admin", "13800001111"),
        ("auditor", "138****1111"),
    ],
)
async def test_open_callbacks_are_listed_with_the_number_as_the_role_may_see_it(
    client: Client, booked: CallbackView, role: Role, number: str
) -> None:
    answer = await client.get(PATH, role)
    (shown,) = answer.json["callbacks"]
    assert (shown["number"], shown["number_masked"]) == (number, number != "13800001111")
    assert (shown["callback"], shown["state"]) == (booked.callback, "resting")
    assert (shown["attempts"], shown["not_before_us"]) == (1, START_US + 600_000_000)


async def test_a_lead_cancels_a_callback_and_it_is_gone(
    client: Client, booked: CallbackView
) -> None:
    answer = await client.post(f"{PATH}/{booked.callback}/cancel", "lead")
    assert (answer.status, answer.json["callback"]) == (200, booked.callback)
    assert (await client.get(PATH, "lead")).json["callbacks"] == []
    answer = await client.post(f"{PATH}/{booked.callback}/cancel", "lead")
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("role", ["seat", "auditor"])
async def test_others_may_not_cancel(
    client: Client, engine: FakeEngine, booked: CallbackView, role: Role
) -> None:
    answer = await client.post(f"{PATH}/{booked.callback}/cancel", role)
    assert answer.status == 403
    assert booked.callback in engine.open_callbacks
