"""Seats, queues, calls, status: the ordinary day."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from cti import facts
from cti.api import seats
from cti.api.errors import RecordsAway
from cti.api.port import Role
from cti.facts import SeatState
from cti.ids import CallId, OfferId, QueueId, SeatId
from tests.contract.api.conftest import Client, call_view, past_call
from tests.fakes.engine import START_US, FakeEngine, FakeHistory

WANG = SeatId("1001")


def put(history: FakeHistory, *numbers: int, seat: str | None = "1001") -> None:
    for number in numbers:
        call = past_call(number, seat=seat)
        history.calls[call.call] = call


def names(answer: Any) -> list[str]:
    return [call["call"] for call in answer.json["calls"]]


async def test_a_seat_signs_on_pauses_with_a_reason_and_comes_back(client: Client) -> None:
    path = "/api/v1/seats/1001"
    states = []
    for wish, body in (
        ("sign-on", None),
        ("pause", {"reason": "午休"}),
        ("ready", {}),
        ("sign-off", None),
    ):
        answer = await client.post(f"{path}/{wish}", "seat", json=body)
        states.append((answer.status, answer.json["state"], answer.json["reason"]))

    assert states == [
        (200, "ready", ""),
        (200, "paused", "午休"),
        (200, "ready", ""),
        (200, "signed-off", ""),
    ]


async def test_a_wish_that_does_not_fit_is_409_with_the_reason_for_people(client: Client) -> None:
    answer = await client.post("/api/v1/seats/1001/ready", "seat")

    assert (answer.status, answer.problem) == (409, "command-refused")
    assert answer.json["detail"] == "seat 1001 is not signed on"


async def test_during_a_call_a_pause_is_kept_until_after_it(
    client: Client, engine: FakeEngine
) -> None:
    await client.post("/api/v1/seats/1001/sign-on", "seat")
    engine.move(WANG, SeatState.TALKING, call=CallId("jt1-1.1"))

    asked = await client.post("/api/v1/seats/1001/pause", "seat", json={"reason": "茶歇"})
    engine.move(WANG, SeatState.WRAP_UP)
    after = await client.get("/api/v1/seats/1001", "seat")

    assert (asked.status, asked.json["state"]) == (200, "talking")
    assert (after.json["state"], after.json["reason"]) == ("paused", "茶歇")


async def test_a_seat_signs_on_with_the_device_that_it_names(client: Client) -> None:
    bad = await client.post("/api/v1/seats/1001/sign-on", "seat", json={"device": "1001"})
    answer = await client.post(
        "/api/v1/seats/1001/sign-on", "seat", json={"device": "PJSIP/1001-home"}
    )
    assert (bad.status, bad.problem) == (400, "not-valid")
    assert (answer.status, answer.json["device"]) == (200, "PJSIP/1001-home")


async def test_an_engine_that_does_not_answer_is_503(
    client: Client, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*args: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "seat_command", never)
    monkeypatch.setattr(seats, "COMMAND_SECONDS", 0.01)

    assert (await client.post("/api/v1/seats/1001/ready", "seat")).problem == "engine-slow"


async def test_an_unknown_seat_is_404_for_a_lead(client: Client) -> None:
    for answer in (
        await client.get("/api/v1/seats/9999", "lead"),
        await client.post("/api/v1/seats/9999/ready", "lead"),
    ):
        assert (answer.status, answer.problem) == (404, "unknown-seat")


async def test_a_seat_sees_figures_of_queues_but_not_who_waits(
    client: Client, engine: FakeEngine
) -> None:
    queue = QueueId("repairs")
    engine.queue_views[queue] = replace(
        engine.queue_views[queue],
        waiting=1,
        longest_wait_us=3_000_000,
        estimated_wait_us=95_000_000,
        waiting_calls=(CallId("jt1-1.1"),),
    )

    seat = (await client.get("/api/v1/queues", "seat")).json["queues"][0]
    lead = (await client.get("/api/v1/queues", "lead")).json["queues"][0]

    assert (seat["waiting"], seat["waiting_calls"]) == (1, None)
    assert seat["estimated_wait_us"] == 95_000_000
    assert lead["waiting_calls"] == ["jt1-1.1"]


async def test_calls_alive_and_over_come_newest_first_page_by_page_without_gap_or_double(
    client: Client, engine: FakeEngine, history: FakeHistory
) -> None:
    put(history, *range(1, 21))
    for number in (5, 19, 30):
        view = call_view(number, seat="1001")
        engine.calls[view.call] = view

    found, cursor = [], ""
    while True:
        page = await client.get(f"/api/v1/calls?limit=4{cursor}", "lead")
        found += names(page)
        if page.json["next"] is None:
            break
        cursor = f"&cursor={page.json['next']}"
        # Newcomers and calls that end must not disturb who is reading on.
        put(history, 100 + len(found))
        engine.calls.pop(CallId("jt1-30.1"), None)

    assert found == [f"jt1-{number}.1" for number in (30, *range(20, 0, -1))]


async def test_filters_narrow_the_list(
    client: Client, engine: FakeEngine, history: FakeHistory
) -> None:
    put(history, 1, 2)
    put(history, 3, seat=None)
    alive = call_view(4)
    engine.calls[alive.call] = alive

    async def found(query: str) -> list[str]:
        return names(await client.get(f"/api/v1/calls?{query}", "lead"))

    assert await found("outcome=abandoned") == ["jt1-3.1"]
    assert await found("seat=1001") == ["jt1-2.1", "jt1-1.1"]
    assert await found("state=live") == ["jt1-4.1"]
    assert await found("state=past&queue=repairs") == ["jt1-3.1", "jt1-2.1", "jt1-1.1"]
    assert await found("queue=bills") == []
    assert await found(f"from={START_US + 2}&to={START_US + 4}") == ["jt1-3.1", "jt1-2.1"]
    assert len(await found("number=13800001111")) == 4
    assert await found("number=1380000") == []


async def test_a_seat_finds_its_own_calls_only_whatever_it_asks_for(
    client: Client, engine: FakeEngine, history: FakeHistory
) -> None:
    put(history, 1)
    put(history, 2, seat="1002")
    engine.calls[CallId("jt1-3.1")] = call_view(3, seat="1001")
    engine.calls[CallId("jt1-4.1")] = call_view(4)

    assert names(await client.get("/api/v1/calls", "seat")) == ["jt1-3.1", "jt1-1.1"]
    assert names(await client.get("/api/v1/calls?seat=1002", "seat")) == []
    assert (await client.get("/api/v1/calls/jt1-2.1", "seat")).status == 404
    assert (await client.get("/api/v1/calls/jt1-4.1", "seat")).status == 404
    own = await client.get("/api/v1/calls/jt1-3.1", "seat")
    assert own.json["call"]["caller_number"] == "13800001111"


async def test_the_time_line_tells_the_call_without_what_is_private(
    client: Client, history: FakeHistory
) -> None:
    put(history, 1, seat="1002")
    call = CallId("jt1-1.1")
    history.facts[call] = [
        facts.CallArrived(
            at=1, call=call, hotline="12345", caller_number="13800001111", caller_name="王小明"
        ),
        facts.FlowMarked(at=2, channel=call, mark="pin", data=(("pin", "4711"),)),  # type: ignore[arg-type]
        facts.OfferAnswered(
            at=3,
            call=call,
            seat=WANG,
            offer=OfferId("o"),
            queue=QueueId("repairs"),
            wait_us=5,
            recording="secret.raw",
        ),
    ]

    lead = await client.get("/api/v1/calls/jt1-1.1", "lead")
    auditor = await client.get("/api/v1/calls/jt1-1.1", "auditor")
    seat = await client.get("/api/v1/calls/jt1-1.1", "seat")

    assert [fact["kind"] for fact in lead.json["timeline"]] == ["CallArrived", "OfferAnswered"]
    assert b"4711" not in lead.body
    assert b"secret.raw" not in lead.body
    assert auditor.json["call"]["number_masked"] is True
    assert b"13800001111" not in auditor.body
    assert "小明".encode() not in auditor.body
    assert seat.status == 200, "1001 answered this call before 1002 had it"


async def test_the_time_line_speaks_the_language_asked_for_with_masked_numbers(
    client: Client, history: FakeHistory
) -> None:
    put(history, 1)
    call = CallId("jt1-1.1")
    history.facts[call] = [
        facts.CallArrived(
            at=1, call=call, hotline="12345", caller_number="13800001111", caller_name=""
        )
    ]

    async def text(role: Role, query: str = "") -> str:
        answer = await client.get(f"/api/v1/calls/{call}{query}", role)
        return str(answer.json["timeline"][0]["text"])

    assert await text("lead") == "zh-CN: CallArrived 13800001111"
    assert await text("auditor", "?language=en") == "en: CallArrived 138****1111"
    assert (await client.get(f"/api/v1/calls/{call}?language=fr", "lead")).status == 400


async def test_why_tells_each_offer_with_its_reasons_to_leads_and_not_to_seats(
    client: Client, history: FakeHistory
) -> None:
    put(history, 1)
    call = CallId("jt1-1.1")
    offer = facts.SeatOffered(
        at=7,
        call=call,
        seat=WANG,
        offer=OfferId("offer.1001.7"),
        queue=QueueId("repairs"),
        device="PJSIP/1001",
        ring_us=1,
        rule="longest-idle",
        ranking=(facts.SeatRank(seat=WANG, idle_us=41_200_000, level=3),),
        waiting=5,
        why=facts.Choice(rule="place", fitted=3, peers=3, needs=(facts.Skill("gas", 3),), ahead=2),
    )
    later = replace(offer, at=9, why=None)
    history.facts[call] = [later, offer]

    lead = await client.get(f"/api/v1/calls/{call}/why?language=en", "lead")
    (first, second) = lead.json["offers"]
    assert (first["at_us"], first["seat"], first["text"]) == (7, "1001", "en: SeatOffered ")
    assert (first["choice"]["ahead"], first["choice"]["needs"]) == (
        2,
        [{"name": "gas", "level": 3}],
    )
    assert first["ranking"][0]["idle_us"] == 41_200_000
    assert second["choice"] is None
    assert (await client.get(f"/api/v1/calls/{call}/why", "seat")).status == 403
    assert (await client.get("/api/v1/calls/nobody/why", "lead")).status == 404


async def test_without_its_database_the_list_is_503_and_live_calls_still_come(
    client: Client, engine: FakeEngine, history: FakeHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*args: Any, **kw: Any) -> None:
        raise RecordsAway

    monkeypatch.setattr(history, "past_calls", away)
    monkeypatch.setattr(history, "facts_of", away)
    engine.calls[CallId("jt1-3.1")] = call_view(3)

    whole = await client.get("/api/v1/calls", "lead")
    live = await client.get("/api/v1/calls?state=live", "lead")
    one = await client.get("/api/v1/calls/jt1-3.1", "lead")

    assert (whole.status, whole.problem) == (503, "records-away")
    assert names(live) == ["jt1-3.1"]
    assert one.status == 503


async def test_not_ready_names_what_is_missing_and_a_journal_is_enough(
    client: Client, engine: FakeEngine
) -> None:
    assert (await client.get("/readyz")).status == 200
    engine.state = replace(engine.state, database="journal")
    assert (await client.get("/readyz")).status == 200

    engine.state = replace(engine.state, ami_link="down", database="down")
    answer = await client.get("/readyz")

    assert (answer.status, answer.problem) == (503, "not-ready")
    assert len(answer.json["missing"]) == 2
    assert (await client.get("/healthz")).status == 200


async def test_metrics_are_served_as_prometheus_text(client: Client) -> None:
    answer = await client.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b'cti_build_info{version="1.2.3"} 1.0' in answer.body
