"""A customer who is not reached is rung again by the cause; at night nobody is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.phones.phone import AnswerAfter, RejectWith
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import Hotline, hotline
from tests.acceptance.test_waiting_room import CLIPS, FLOW, book, logged_in, one_busy_seat

MINUTE_US = 60_000_000


@asynccontextmanager
async def a_line(
    tmp_path: Path, root: Path, callbacks: Mapping[str, str], **changes: Any
) -> AsyncIterator[tuple[Hotline, ApiClient]]:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, "utf-8")
    parts = {"callbacks": dict(callbacks)}
    async with hotline(
        tmp_path, root_dir=root, flows=flows, prompts=CLIPS, parts=parts, **changes
    ) as line:
        client = await logged_in(line)
        try:
            yield line, client
        finally:
            await client.__aexit__()


async def test_busy_customer_is_rung_again_soon_and_one_who_cannot_be_reached_much_later(
    tmp_path: Path, asterisk_root: Path
) -> None:
    retry = {"busy": [0.05], "unreachable": [30]}
    always = {"hours": "00:00-24:00"}
    async with (
        a_line(tmp_path, asterisk_root, always, callback_retry=retry) as (line, api),
        api.facts() as facts,
    ):
        outside = await line.outside(RejectWith(486))
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        seat.answer = AnswerAfter(0)
        await served.hang_up()
        busy = await facts.wait_for("CallbackPutOff", attempts=1, deadline=15)
        assert busy["until"] - busy["at"] == 3_000_000
        outside.answer = RejectWith(404)
        failed = await facts.wait_for("CallbackFailed", reason="customer-unreachable", deadline=20)
        assert failed["at"] >= busy["until"]
        lost = await facts.wait_for("CallbackPutOff", attempts=2, deadline=5)
        assert lost["until"] - lost["at"] == 30 * MINUTE_US
        (shown,) = (await api.request("GET", "/callbacks"))["callbacks"]
        assert (shown["callback"], shown["state"]) == (callback, "resting")
        assert len(outside.calls) == 2


async def test_nobody_is_rung_outside_the_hours(tmp_path: Path, asterisk_root: Path) -> None:
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    hours = "00:00-00:01" if 1 <= now.hour <= 22 else "12:00-12:01"
    async with (
        a_line(tmp_path, asterisk_root, {"hours": hours}) as (line, api),
        api.facts() as facts,
    ):
        outside = await line.outside(AnswerAfter(0))
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        await served.hang_up()
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
        (shown,) = (await api.request("GET", "/callbacks"))["callbacks"]
        assert (shown["callback"], shown["state"]) == (callback, "resting")
        opens = datetime.fromtimestamp(shown["not_before_us"] / 1e6, now.tzinfo)
        assert opens > now
        assert opens.strftime("%H:%M") == hours[:5]
        assert (await api.seat("1001"))["state"] == "ready"
        assert len(seat.calls) == 1, "the talk before"
        assert not outside.calls
