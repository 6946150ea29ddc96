"""Texts beside calls: a seat that talks is not offered one, unless it may be; and nothing is lost
when the daemon is killed. Real Asterisk, real phones, real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import Manual
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, FactStream, Json
from tests.acceptance.branches import logged_in
from tests.acceptance.hotline import SEAT_HZ, Hotline, call_in, hotline, talking


@asynccontextmanager
async def desk(
    folder: Path, root: Path, **seat: Any
) -> AsyncIterator[tuple[Hotline, ApiClient, Any]]:
    """One seat, which takes two texts at once and is signed on."""
    own = {"name": "王芳", "device": "PJSIP/1001", "queues": ["service"], "capacity": {"text": 2}}
    parts = {
        "seats": {"1001": own | seat},
        "users": {"wangfang": {"role": "seat", "seat": "1001"}, "admin": {"role": "admin"}},
    }
    async with hotline(folder, root_dir=root, parts=parts) as line:
        phone = await line.seat("1001", Manual())
        phone.microphone = Tone(SEAT_HZ)
        async with ApiClient(line.api_url) as api:
            await api.log_in("admin", first_password(line.secrets, "admin"))
            await api.sign_on("1001")
            yield line, api, phone


async def text(api: ApiClient, words: str = "停水了") -> Json:
    body = {"kind": "text", "queue": "service", "sender": "13800002222", "text": words}
    return await api.request("POST", "/contacts", body)


async def talk(line: Hotline, phone: Any, facts: FactStream) -> tuple[Any, Any]:
    call = await call_in(line)
    ring = await phone.next_ring(deadline=8)
    await ring.answer()
    await facts.wait_for("TalkStarted", deadline=5)
    await talking(call, ring)
    return call, ring


async def test_seat_in_a_talk_is_offered_the_text_after_it(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with (
        desk(tmp_path, asterisk_root) as (line, api, phone),
        api.facts() as facts,
    ):
        call, _ = await talk(line, phone, facts)
        came = await text(api)
        assert (came["state"], came["seat"]) == ("waiting", None)
        await call.hang_up()
        left = await facts.wait_for("SeatLeft", deadline=5)
        offered = await facts.wait_for("ContactOffered", contact=came["contact"], deadline=5)
        assert offered["at"] >= left["at"]
        seat = await logged_in(line, "wangfang")
        mine = await seat.request("POST", f"/contacts/{came['contact']}/accept")
        assert (mine["state"], mine["text"]) == ("in-hand", "停水了")
        # A text in hand keeps nobody from calls.
        _, ring = await talk(line, phone, facts)
        await ring.hang_up()
        done = await seat.request("POST", f"/contacts/{came['contact']}/close")
        assert (done["state"], done["outcome"]) == ("ended", "closed")
        await seat.__aexit__()


async def test_seat_that_may_be_is_offered_texts_in_a_talk(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with (
        desk(tmp_path, asterisk_root, texts_in_call=True) as (line, api, phone),
        api.facts() as facts,
    ):
        call, ring = await talk(line, phone, facts)
        came = await text(api)
        assert (came["state"], came["seat"]) == ("offered", "1001")
        await talking(call, ring)
        await call.hang_up()


async def test_seat_with_a_text_before_it_is_rung_when_it_has_decided(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with (
        desk(tmp_path, asterisk_root) as (line, api, phone),
        api.facts() as facts,
    ):
        came = await text(api)
        assert came["state"] == "offered"
        call = await call_in(line)
        await facts.wait_for("CallQueued", deadline=8)
        assert (await api.queues())[-1]["waiting"] == 1
        await api.request("POST", f"/contacts/{came['contact']}/accept")
        ring = await phone.next_ring(deadline=5)
        await ring.answer()
        await talking(call, ring)
        await call.hang_up()


@pytest.mark.parametrize("stage", ["waiting", "offered", "in-hand"])
async def test_daemon_is_killed_and_the_text_is_where_it_was(
    tmp_path: Path, asterisk_root: Path, stage: str
) -> None:
    async with desk(tmp_path, asterisk_root) as (line, api, _phone):
        if stage == "waiting":
            await api.pause("1001", "午休")
        came = await text(api)
        if stage == "in-hand":
            await api.request("POST", f"/contacts/{came['contact']}/accept")
        line.kill_daemon()
        await line.start_daemon()
        client = await logged_in(line)
        found = await client.request("GET", f"/contacts/{came['contact']}")
        # An offer is void: it is made anew.
        assert (found["state"], found["text"]) == (stage, "停水了")
        assert found["came_us"] == came["came_us"]
        listed = await client.request("GET", "/contacts")
        assert [one["contact"] for one in listed["contacts"]] == [came["contact"]]
        await client.__aexit__()
