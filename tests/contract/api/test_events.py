"""Live facts over a real WebSocket: snapshot, order, masking."""

from __future__ import annotations

import asyncio

from cti import facts
from cti.api.event_messages import MESSAGES
from cti.ids import CallId, OfferId, SeatId
from tests.acceptance.api_client import ApiClient
from tests.contract.api.conftest import PASSWORD, Client, call_view, validate
from tests.contract.api.sockets import MODELS, PATH, WANG, protocols, queued
from tests.fakes.engine import FakeEngine


async def test_a_snapshot_comes_first_then_facts_numbered_without_a_gap(
    client: Client, engine: FakeEngine
) -> None:
    async with ApiClient(client.base) as api:
        await api.log_in("lead", PASSWORD)
        engine.calls[CallId("jt1-1.1")] = call_view(1)
        async with api.facts() as stream:
            await api.sign_on("1001")
            changed = await stream.wait_for("SeatStateChanged", seat="1001", deadline=5)
            engine.publish(queued("jt1-2.1"))
            await stream.wait_for("CallQueued", deadline=5, call="jt1-2.1")

    assert [call["call"] for call in stream.snapshot["calls"]] == ["jt1-1.1"]
    assert stream.snapshot["seats"][0]["state"] == "signed-off"
    assert (changed["new"], changed["at"]) == ("ready", engine.now_us)
    assert [message["seq"] for message in stream.messages] == list(range(len(stream.messages)))
    assert any(message["type"] == "queues" for message in stream.messages)
    for message in stream.messages:
        validate({"$ref": f"#/components/schemas/{MODELS[message['type']]}"}, message)
    assert set(MODELS.values()) < {model.__name__ for model in MESSAGES}


async def test_no_fact_is_lost_between_snapshot_and_stream(
    client: Client, engine: FakeEngine
) -> None:
    async def write() -> None:
        for number in range(300):
            engine.calls[CallId(f"jt1-{number}.1")] = call_view(number)
            engine.publish(queued(f"jt1-{number}.1"))
            await asyncio.sleep(0)

    async with ApiClient(client.base) as api:
        await api.log_in("lead", PASSWORD)
        writing = asyncio.create_task(write())
        async with api.facts() as stream:
            await stream.wait_for("CallQueued", deadline=5, call="jt1-299.1")
        await writing

    known = {call["call"] for call in stream.snapshot["calls"]}
    told = {one["data"]["call"] for one in stream.messages if one["type"] == "fact"}
    assert known | told == {f"jt1-{number}.1" for number in range(300)}
    assert not known & told


async def test_a_seat_is_told_of_its_own_call_from_the_ring_to_the_end_and_of_no_other(
    client: Client, engine: FakeEngine
) -> None:
    mine, other, offer = CallId("jt1-1.1"), CallId("jt1-2.1"), OfferId("offer.1001.1")
    async with ApiClient(client.base) as api:
        await api.log_in("wangfang", PASSWORD)
        async with api.facts() as stream:
            engine.publish(queued(other))
            engine.publish(queued(mine))
            engine.publish(facts.OfferRang(at=2, call=mine, seat=WANG, offer=offer))
            engine.publish(facts.TalkStarted(at=3, call=other, seat=SeatId("1002"), offer=offer))
            for call in (other, mine):
                engine.publish(
                    facts.CallEnded(
                        at=4, call=call, outcome="answered", ended_by="seat", cause=16, total_us=1
                    )
                )
            await stream.wait_for("CallEnded", deadline=5)

    told = [(one["kind"], one["data"]["call"]) for one in stream.messages if one["type"] == "fact"]
    assert told == [("OfferRang", mine), ("CallEnded", mine)]


async def test_an_auditor_gets_masked_numbers(client: Client, engine: FakeEngine) -> None:
    async with ApiClient(client.base) as api:
        await api.log_in("auditor", PASSWORD)
        engine.calls[CallId("jt1-1.1")] = call_view(1)
        async with api.facts() as stream:
            engine.publish(queued("jt1-2.1"))
            fact = await stream.wait_for("CallQueued", deadline=5)

    assert fact["caller_number"] == "138****1111"
    assert stream.snapshot["calls"][0]["caller_number"] == "138****1111"


async def test_a_new_picture_of_the_engine_is_a_new_snapshot(
    client: Client, engine: FakeEngine
) -> None:
    async with client.session.ws_connect(
        client.base + PATH, protocols=protocols(client, "lead")
    ) as socket:
        await socket.receive_json()
        engine.calls[CallId("jt1-9.1")] = call_view(9)
        engine.publish(facts.SnapshotTaken(at=1))
        again = await socket.receive_json(timeout=5)

    assert (again["type"], again["seq"]) == ("snapshot", 1)
    assert [call["call"] for call in again["calls"]] == ["jt1-9.1"]
