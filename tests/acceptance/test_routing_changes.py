"""The site file is changed while callers wait, on a real Asterisk with real phones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from bench.phones.audio import Tone
from config.site import load_site
from cti.people import first_password
from cti.sandbox import Sandbox
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import HOLD_MUSIC_HZ, SEAT_HZ, Hotline, call_in, hotline, talking

SEATS = {
    "1001": {"name": "王芳", "device": "PJSIP/1001", "queues": ["bills"]},
    "1002": {"name": "李强", "device": "PJSIP/1002", "queues": ["bills"]},
}
"""Nobody serves the queue that the callers ask for."""


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    users = {"admin": {"role": "admin"}}
    async with hotline(
        tmp_path, root_dir=asterisk_root, parts={"seats": SEATS, "users": users}
    ) as running:
        yield running


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    async with ApiClient(line.api_url) as client:
        await client.log_in("admin", first_password(line.secrets, "admin"))
        yield client


def change_seat(line: Hotline, seat: str, **parts: object) -> None:
    site = yaml.safe_load(line.settings.site.read_text("utf-8"))
    site["seats"][seat] |= parts
    line.settings.site.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")


async def test_seat_that_is_given_a_queue_serves_who_waits_there_longest(
    line: Hotline, api: ApiClient
) -> None:
    phone = await line.seat("1001")
    await api.sign_on("1001")
    async with api.facts() as facts:
        first = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)
        second = await call_in(line, number="13800002222")
        await facts.wait_for("CallQueued", deadline=8)
        whole = line.settings.site.read_text("utf-8")
        line.settings.site.write_text(f"{whole}\nqueues: [", "utf-8")
        await first.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=5000, deadline=10)
        line.settings.site.write_text(whole, "utf-8")
        change_seat(line, "1001", queues=["bills", queued["queue"]])
        ring = await phone.next_ring(deadline=12)
        ring.send(Tone(SEAT_HZ))
        await ring.answer()
        answered = await facts.wait_for("OfferAnswered", deadline=5)
    assert (answered["call"], answered["seat"]) == (queued["call"], "1001")
    await talking(first, ring)
    assert "site file refused" in line.log_tail()
    await second.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=500, deadline=5)
    await first.hang_up()
    await second.hang_up()


async def test_seat_that_is_new_in_the_file_is_rung_once_asterisk_has_its_account(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        await line.seat("1001")
        await api.sign_on("1001")
        site = yaml.safe_load(line.settings.site.read_text("utf-8"))
        site["queues"]["gas"] = {"name": {"en": "Gas"}}
        site["seats"]["1009"] = {
            "name": "新人",
            "device": "PJSIP/1009",
            "queues": ["service", "gas"],
        }
        line.settings.site.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
        caller = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)
        account, queue = await warnings(line, 2)
        assert "no account for PJSIP/1009" in account
        assert "no queue of last resort gas" in queue
        await api.sign_on("1009")
        await facts.wait_for("SeatStateChanged", deadline=3, seat="1009", new="unreachable")
        now, name = load_site(line.settings.site), line.settings.prompts.dir_in_asterisk
        sandbox = Sandbox(line.settings, line.site, line.secrets, name.split("/")[2])
        assert await sandbox.reload(now)
        members = await sandbox.cli("queue show bills")
        assert "1001" in members, "who was signed on stays"
        line.site = now
        phone = await line.seat("1009")
        ring = await phone.next_ring(deadline=10)
        ring.send(Tone(SEAT_HZ))
        await ring.answer()
        answered = await facts.wait_for("OfferAnswered", deadline=5)
        assert (answered["call"], answered["seat"]) == (queued["call"], "1009")
        await talking(caller, ring)
        await warnings(line, 0)
    await caller.hang_up()


async def warnings(line: Hotline, count: int) -> list[str]:
    """Once there are so many."""
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{line.api_url}/readyz") as answer:
                found = list((await answer.json())["warnings"])
            if len(found) == count:
                return found
            await asyncio.sleep(0.1)
