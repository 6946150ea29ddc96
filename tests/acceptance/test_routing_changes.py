"""The site file is changed while callers wait, on a real Asterisk with real phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bench.phones.audio import Tone
from cti.people import first_password
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
