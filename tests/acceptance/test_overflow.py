"""Who has waited too long goes to another queue, on a real Asterisk with real phones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import SEAT_HZ, Hotline, call_in, hotline, talking

QUEUES = {
    "service": {
        "name": {"zh-CN": "人工", "en": "Service"},
        "overflow": [{"when": "wait", "after_seconds": 4, "to": {"queue": "bills"}}],
    },
    "repairs": {"name": {"zh-CN": "报修", "en": "Repairs"}},
    "bills": {"name": {"zh-CN": "账单", "en": "Bills"}},
}
SEATS = {"1001": {"name": "王芳", "device": "PJSIP/1001", "queues": ["bills"]}}


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    parts = {"queues": QUEUES, "seats": SEATS, "users": {"admin": {"role": "admin"}}}
    async with hotline(tmp_path, root_dir=asterisk_root, parts=parts) as running:
        yield running


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    async with ApiClient(line.api_url) as client:
        await client.log_in("admin", first_password(line.secrets, "admin"))
        yield client


async def test_after_the_wait_another_queues_seat_has_the_caller(
    line: Hotline, api: ApiClient
) -> None:
    phone = await line.seat("1001")
    await api.sign_on("1001")
    async with api.facts() as facts:
        caller = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)
        assert queued["queue"] == "service"
        moved = await facts.wait_for("WaitOverflowed", deadline=8)
        assert (moved["cause"], moved["target"]) == ("wait", "bills")
        assert 4_000_000 <= moved["waited_us"] < 6_000_000
        ring = await phone.next_ring(deadline=5)
        assert caller.heard.longest_gap_ms(since=queued["at"], until=moved["at"]) < 200
        ring.send(Tone(SEAT_HZ))
        await ring.answer()
        answered = await facts.wait_for("OfferAnswered", deadline=5)
    assert answered["queue"] == "bills"
    assert answered["wait_us"] > 4_000_000, "the time waited in the first queue counts"
    await talking(caller, ring)
    await caller.hang_up()
