"""An emergency plan is switched, and queues merge and split, while callers wait on a real Asterisk;
the daemon is killed in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, ApiFailed, FactStream, Json
from tests.acceptance.hotline import HOLD_MUSIC_HZ, SEAT_HZ, Hotline, call_in, hotline, talking
from tests.acceptance.test_replay import replayed

QUEUES = {
    "service": {"name": {"zh-CN": "人工", "en": "Service"}, "wrapup_seconds": 0},
    "repairs": {"name": {"zh-CN": "报修", "en": "Repairs"}, "wrapup_seconds": 0},
    "bills": {"name": {"zh-CN": "账单", "en": "Bills"}, "wrapup_seconds": 0},
}
SEATS = {
    "1001": {"name": "王芳", "device": "PJSIP/1001", "queues": ["bills"]},
    "1002": {"name": "李强", "device": "PJSIP/1002", "queues": ["bills"]},
}
"""Nobody serves the queues that callers ask for."""
PLANS = {"rush": {"name": {"zh-CN": "高峰", "en": "Rush"}, "all_seats": {"service": "a"}}}


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    parts = {
        "queues": QUEUES,
        "seats": SEATS,
        "plans": PLANS,
        "users": {"lead": {"role": "lead"}, "wangfang": {"role": "seat", "seat": "1001"}},
    }
    async with hotline(tmp_path, root_dir=asterisk_root, parts=parts) as running:
        yield running


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    async with ApiClient(line.api_url) as client:
        await client.log_in("lead", first_password(line.secrets, "lead"))
        yield client


async def queued(facts: FactStream) -> Json:
    return await facts.wait_for("CallQueued", deadline=8)


async def order(api: ApiClient, queue: str) -> list[str]:
    """Who waits there, first come first."""
    return next(list(one["waiting_calls"]) for one in await api.queues() if one["queue"] == queue)


async def test_plan_gives_seats_to_who_waits_longest_and_is_on_after_a_restart(
    line: Hotline, api: ApiClient
) -> None:
    phone = await line.seat("1001")
    async with api.facts() as facts:
        callers = [await call_in(line)]
        waits = [(await queued(facts))["call"]]
        callers.append(await call_in(line, number="13800002222"))
        waits.append((await queued(facts))["call"])
        await api.request("POST", "/plans/rush", {"on": True, "reason": "storm"})
        switched = await facts.wait_for("PlanSwitched", deadline=3)
    assert (switched["by"], switched["why"]) == ("lead", "storm")
    line.kill_daemon()
    await line.start_daemon()
    await api.log_in("lead", first_password(line.secrets, "lead"))
    assert [one["on"] for one in (await api.request("GET", "/plans"))["plans"]] == [True]
    assert await order(api, "service") == waits
    async with api.facts() as facts:
        await api.sign_on("1001")
        ring = await phone.next_ring(deadline=8)
        ring.send(Tone(SEAT_HZ))
        await ring.answer()
        answered = await facts.wait_for("OfferAnswered", deadline=5)
        assert (answered["call"], answered["seat"]) == (waits[0], "1001")
        await talking(callers[0], ring)
        await api.request("POST", "/plans/rush", {"on": False, "reason": "over"})
        await callers[0].hang_up()
        await facts.wait_for("SeatLeft", deadline=5, seat="1001")
        await facts.wait_for("SeatStateChanged", deadline=5, old="talking", new="ready")
    assert await order(api, "service") == waits[1:], "the plan is off: nobody serves it again"
    await callers[1].heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=500, deadline=5)
    await callers[1].hang_up()
    line.stop_daemon()
    code, told = await replayed(line)
    assert code == 0, told
    assert "same decisions" in told


async def test_merged_and_split_queues_keep_the_order_of_coming_through_a_restart(
    line: Hotline, api: ApiClient
) -> None:
    phone = await line.seat("1002")
    async with api.facts() as facts:
        first = await call_in(line)
        first_waits = await queued(facts)
        second = await call_in(line, number="13800002222", key="1")
        second_waits = await queued(facts)
    assert (first_waits["queue"], second_waits["queue"]) == ("service", "repairs")
    merged = {"merged_into": "bills", "reason": "night"}
    for queue in ("repairs", "service"):
        changed = await api.request("PATCH", f"/routing/queues/{queue}", merged)
        assert changed["sources"]["merged_into"]["by"] == "lead"
    line.kill_daemon()
    await line.start_daemon()
    await api.log_in("lead", first_password(line.secrets, "lead"))
    async with api.facts() as facts:
        await api.sign_on("1002")
        ring = await phone.next_ring(deadline=8)
        ring.send(Tone(SEAT_HZ))
        await ring.answer()
        answered = await facts.wait_for("OfferAnswered", deadline=5)
        assert answered["call"] == first_waits["call"], "who came first, of all merged queues"
        await talking(first, ring)
        await api.request("DELETE", "/routing")
        await first.hang_up()
        await facts.wait_for("SeatLeft", deadline=5, seat="1002")
        await facts.wait_for("SeatStateChanged", deadline=5, old="talking", new="ready")
        assert await order(api, "repairs") == [second_waits["call"]]
        await api.request("PATCH", "/routing/queues/repairs", merged)
        ring = await phone.next_ring(deadline=5)
        ring.send(Tone(SEAT_HZ))
        await ring.answer()
        answered = await facts.wait_for("OfferAnswered", deadline=5)
    assert answered["call"] == second_waits["call"]
    waited_us = answered["at"] - second_waits["at"]
    assert answered["wait_us"] >= waited_us, "all the time waited counts"
    await talking(second, ring)
    await second.hang_up()


async def test_seat_may_not_switch_and_nothing_changes(line: Hotline, api: ApiClient) -> None:
    async with ApiClient(line.api_url) as seat:
        await seat.log_in("wangfang", first_password(line.secrets, "wangfang"))
        for method, path, body in (
            ("POST", "/plans/rush", {"on": True, "reason": "mine"}),
            ("PATCH", "/routing/seats/1001", {"queues": ["service"]}),
            ("GET", "/routing", None),
        ):
            with pytest.raises(ApiFailed) as refused:
                await seat.request(method, path, body)
            assert refused.value.status == 403
    shown = await api.request("GET", "/routing")
    assert shown["plans_on"] == shown["not_counting"] == shown["warnings"] == []
    assert shown["seats"]["1001"] == {
        **shown["seats"]["1001"],
        "sources": {},
    }
