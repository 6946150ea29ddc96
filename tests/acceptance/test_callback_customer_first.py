"""A callback that rings the customer first: reached, busy, silent, seat lost, and the daemon killed
at each step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.incoming import IncomingCall
from bench.phones.phone import Manual, RejectWith
from bench.phones.udp import now_us
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import OUTSIDE_HZ, SEAT_HZ, Hotline, hotline, talking
from tests.acceptance.test_waiting_room import (
    BOOKED_HZ,
    BUSY_HZ,
    CLIPS,
    FLOW,
    TO_CUSTOMER_HZ,
    book,
    hears,
    logged_in,
    one_busy_seat,
    waiting,
)

CUSTOMER = "13800000002"


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, "utf-8")
    async with hotline(
        tmp_path,
        root_dir=asterisk_root,
        flows=flows,
        prompts=CLIPS,
        parts={"callbacks": {"hours": "00:00-24:00", "ring_seconds": 20}},
        callback_first="customer",
        callback_retry_minutes=0.05,
        callback_attempts=2,
        ring_seconds=20,
    ) as running:
        yield running


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    client = await logged_in(line)
    yield client
    await client.__aexit__()


async def states(api: ApiClient) -> list[str]:
    return [one["state"] for one in (await api.request("GET", "/callbacks"))["callbacks"]]


async def test_customer_answers_first_and_the_kept_seat_is_rung_at_once(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        behind, behind_id = await waiting(line, facts, "13800000003")
        await served.hang_up()
        customer = await outside.next_ring(deadline=5)
        offered = await facts.wait_for("CallbackOffered", callback=callback, deadline=5)
        assert (offered["first"], offered["number"]) == ("customer", CUSTOMER)
        assert (await api.seat("1001"))["state"] == "reserved"
        assert await states(api) == ["dialling"]
        assert len(seat.calls) == 1, "the talk before"
        await asyncio.sleep(1)
        await customer.answer()
        reached = await facts.wait_for("CallbackReached", callback=callback, deadline=5)
        call = reached["customer"]
        rung = await facts.wait_for("SeatOffered", call=call, deadline=5)
        assert (rung["seat"], rung["why"]["kept"]) == ("1001", True)
        places = {queue["queue"]: queue["waiting_calls"] for queue in await api.queues()}
        assert places["service"] == [call, behind_id], "at the head"
        assert await states(api) == ["reached"]
        ring = await seat.next_ring(deadline=5)
        await customer.heard.wait_for_tone(TO_CUSTOMER_HZ, deadline=5)
        await ring.answer()
        await ring.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        await customer.heard.wait_for_tone(SEAT_HZ, deadline=5)
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert closed["why"] == "called-back"
        answered = await facts.wait_for("OfferAnswered", call=call, deadline=5)
        # By Asterisk's clock, from the customer's answer: their time of booking is long ago.
        assert abs(answered["wait_us"] - (answered["at"] - reached["at"])) < 50_000
        assert answered["at"] - reached["since"] > answered["wait_us"] + 1_000_000
        await asyncio.sleep(1)
        await customer.hang_up()
        await ring.ended(deadline=5)
        stored = await facts.wait_for("RecordingStored", offer=rung["offer"], deadline=10)
        assert stored["duration_us"] >= 900_000
        ring = await seat.next_ring(deadline=5)
        await ring.answer()
        await talking(behind, ring)
        await behind.hang_up()
    why = await api.request("GET", f"/calls/{call}/why")
    assert "预留" in why["offers"][0]["text"], why


@pytest.mark.parametrize(
    ("code", "reason"), [(486, "customer-busy"), (404, "customer-unreachable")]
)
async def test_customer_not_reached_is_rung_again_and_the_seat_stays_ready(
    line: Hotline, api: ApiClient, code: int, reason: str
) -> None:
    outside = await line.outside(RejectWith(code))
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        await served.hang_up()
        put_off = await facts.wait_for("CallbackPutOff", callback=callback, deadline=10)
        assert put_off["until"] - put_off["at"] == 3_000_000
        assert (await api.seat("1001"))["state"] == "ready"
        await outside.next_ring(deadline=1)
        outside.answer = Manual()
        customer = await outside.next_ring(deadline=10)
        failed = await facts.wait_for("CallbackFailed", callback=callback, deadline=5)
        assert (failed["reason"], failed["dialled"]) == (reason, True)
        # Who answers and is gone before the seat has answered has been rung in vain, too.
        await customer.answer()
        ring = await seat.next_ring(deadline=5)
        await customer.hang_up()
        await ring.ended(deadline=5)
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert closed["why"] == "given-up"
        assert len(outside.calls) == 2
        assert (await api.seat("1001"))["state"] == "ready"


async def test_customer_who_does_not_answer_keeps_the_seat_no_longer_than_they_are_rung(
    tmp_path: Path, asterisk_root: Path
) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, "utf-8")
    async with hotline(
        tmp_path,
        root_dir=asterisk_root,
        flows=flows,
        prompts=CLIPS,
        parts={"callbacks": {"hours": "00:00-24:00", "ring_seconds": 5}},
        callback_first="customer",
    ) as line:
        api = await logged_in(line)
        outside = await line.outside()
        async with api.facts() as facts:
            seat, served = await one_busy_seat(line, api, facts)
            callback = await book(line, facts)
            behind, _ = await waiting(line, facts, "13800000003")
            await served.hang_up()
            await outside.next_ring(deadline=5)
            failed = await facts.wait_for("CallbackFailed", callback=callback, deadline=10)
            assert failed["reason"] == "customer-no-answer"
            ring = await seat.next_ring(deadline=5)
            await ring.answer()
            await talking(behind, ring)
            await behind.hang_up()
        await api.__aexit__()


async def test_seat_lost_while_the_customer_rings_another_one_takes_them(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        behind, behind_id = await waiting(line, facts, "13800000003")
        await served.hang_up()
        customer = await outside.next_ring(deadline=5)
        await seat.unregister()
        await customer.answer()
        reached = await facts.wait_for("CallbackReached", callback=callback, deadline=5)
        assert (await api.seat("1001"))["state"] == "unreachable"
        other = await line.seat("1002")
        other.microphone = seat.microphone
        await api.sign_on("1002")
        ring = await other.next_ring(deadline=5)
        offered = await facts.wait_for("SeatOffered", seat="1002", deadline=5)
        assert offered["call"] == reached["customer"], "before who stands behind"
        await ring.answer()
        await customer.heard.wait_for_tone(SEAT_HZ, deadline=5)
        await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        await customer.hang_up()
        ring = await other.next_ring(deadline=5)
        await ring.answer()
        await talking(behind, ring)
        assert behind_id
        await behind.hang_up()
    assert len(outside.calls) == 1


async def test_daemon_killed_while_the_customer_rings_then_while_the_seat_does_then_in_the_talk(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        await served.hang_up()
        customer = await outside.next_ring(deadline=5)
        await facts.wait_for("CallbackOffered", callback=callback, deadline=5)
    line.kill_daemon()
    await line.start_daemon()
    api = await logged_in(line)
    async with api.facts() as facts:
        assert await states(api) == ["dialling"]
        assert (await api.seat("1001"))["state"] == "reserved"
        await customer.answer()
        reached = await facts.wait_for("CallbackReached", callback=callback, deadline=5)
        ring = await seat.next_ring(deadline=5)
    line.kill_daemon()
    await line.start_daemon()
    await api.__aexit__()
    api = await logged_in(line)
    async with api.facts() as facts:
        assert await states(api) == ["reached"]
        await ring.answer()
        await ring.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert closed["why"] == "called-back"
        answered = await facts.wait_for("OfferAnswered", call=reached["customer"], deadline=5)
        assert abs(answered["wait_us"] - (answered["at"] - reached["at"])) < 100_000
    line.kill_daemon()
    await line.start_daemon()
    await api.__aexit__()
    api = await logged_in(line)
    async with api.facts() as facts:
        assert await states(api) == []
        assert (await api.seat("1001"))["state"] == "talking"
        await customer.hang_up()
        await ring.ended(deadline=5)
        await facts.wait_for("RecordingStored", deadline=10)
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
    await api.__aexit__()
    assert len(outside.calls) == 1
    assert len(seat.calls) == 2, "the talk before, and this one"


async def test_customer_who_answers_while_the_daemon_is_dead_waits_and_is_served(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        await served.hang_up()
        customer = await outside.next_ring(deadline=5)
        await facts.wait_for("CallbackOffered", callback=callback, deadline=5)
    line.kill_daemon()
    await customer.answer()
    await customer.heard.wait_for_tone(TO_CUSTOMER_HZ, deadline=5)
    await line.start_daemon()
    # By the daemon, or by Asterisk's own queue when the daemon took too long.
    ring = await seat.next_ring(deadline=15)
    await ring.answer()
    await ring.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
    again = await logged_in(line)
    async with again.facts() as facts:
        await customer.hang_up()
        await ring.ended(deadline=5)
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=8)
        assert await states(again) == []
    await again.__aexit__()
    await asyncio.sleep(4)
    assert len(outside.calls) == 1, "not rung again"


async def test_caller_whose_number_comes_with_the_country_code_is_dialled_as_at_home(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        _, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, call_id = await waiting(line, facts, "+8613800000002")
        await hears(call, BUSY_HZ, since=start)
        pressed = await call.press("1")
        await hears(call, BOOKED_HZ, since=pressed)
        booked = await facts.wait_for("CallbackBooked", call=call_id, deadline=5)
        assert booked["number"] == CUSTOMER
        await facts.wait_for("CallEnded", call=call_id, deadline=5)
        await served.hang_up()
        customer = await outside.next_ring(deadline=5)
        assert isinstance(customer, IncomingCall)
        assert customer.invite.uri.startswith(f"sip:{CUSTOMER}@")
        assert "sip:12345@" in (customer.invite.get_header("from") or "")
        await customer.reject(486)
        await facts.wait_for("CallbackPutOff", callback=booked["callback"], deadline=5)
