"""Queues' rules send waiting callers to numbers outside, to menus and to message boxes, on a real
Asterisk with real phones; who finds nobody there stands where they stood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from bench.phones.audio import Tone
from bench.phones.phone import Manual, RejectWith
from tests.acceptance.api_client import FactStream, Json
from tests.acceptance.branches import (
    GOODBYE_HZ,
    VISIT_HZ,
    Branches,
    logged_in,
    what_it_takes,
)
from tests.acceptance.hotline import HOLD_MUSIC_HZ, OUTSIDE_HZ, SEAT_HZ, hotline, talking

AFTER_TONE_HZ: Final = 620
MESSAGE: Final = {
    "message/after-tone": (AFTER_TONE_HZ, 2400),
    "message/confirm": (1120, 4000),
    "message/sent": (1220, 4000),
    "beep": (1520, 2400),
}
SEATS: Final = {"1001": {"name": "王芳", "device": "PJSIP/1001", "queues": ["service", "bills"]}}


@asynccontextmanager
async def desk(folder: Path, root: Path, *rules: Json, **queue: Any) -> AsyncIterator[Branches]:
    """The queue `service` has `rules`, and one seat that is not signed on."""
    takes = what_it_takes(folder)
    service = {"name": {"zh-CN": "人工"}, "overflow": list(rules), **queue}
    takes["parts"] |= {
        "queues": {
            "service": service,
            "bills": {"name": {"zh-CN": "账单"}},
            "repairs": {"name": {"zh-CN": "报修"}},
        },
        "hours": {"never": {"weekly": {"mon": "closed"}}},
        "seats": SEATS,
        "users": {"admin": {"role": "admin"}, "lead": {"role": "lead"}},
    }
    takes["prompts"] = {**takes["prompts"], **MESSAGE}
    async with hotline(folder, root_dir=root, **takes) as line:
        here = Branches(line, await logged_in(line), await line.seat("1001", Manual()))
        here.seat.microphone = Tone(SEAT_HZ)
        try:
            yield here
        finally:
            await here.api.__aexit__()


def rule(when: str, **to: str) -> Json:
    return {"when": when, "to": to}


async def waits(here: Branches, facts: FactStream) -> tuple[Any, Json]:
    call = await here.dial()
    await call.press("0")
    return call, await facts.wait_for("CallQueued", queue="service", deadline=8)


async def test_nobody_is_there_and_a_number_outside_takes_the_call(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with desk(tmp_path, asterisk_root, rule("no-seats", outside="water-police")) as here:
        outside = await here.line.outside(Manual())
        async with here.api.facts() as facts:
            call, queued = await waits(here, facts)
            ring = await outside.next_ring(deadline=8)
            await ring.answer()
            await call.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
            await ring.hang_up()
            ended = await facts.wait_for("CallEnded", deadline=5)
        assert (ended["outcome"], ended["ended_by"]) == ("outside", "outside")
        said = await here.api.timeline(queued["call"], language="en")
        assert any("to the outside water-police" in text for text in said), said


async def test_outside_is_busy_and_the_caller_stands_where_they_stood(
    tmp_path: Path, asterisk_root: Path
) -> None:
    busy = rule("no-seats", outside="water-police")
    async with desk(tmp_path, asterisk_root, busy) as here:
        await here.line.outside(RejectWith(486))
        async with here.api.facts() as facts:
            call, first = await waits(here, facts)
            tried = await facts.wait_for("OutsideDialled", deadline=8)
            assert tried["detail"] == "busy"
            again = await facts.wait_for("CallQueued", deadline=5)
            assert again["queued_at"] == first["queued_at"]
            await facts.wait_for("WaitResumed", deadline=5)
            await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
            await here.api.sign_on("1001")
            ring = await here.seat.next_ring(deadline=5)
            await ring.answer()
            answered = await facts.wait_for("OfferAnswered", deadline=5)
            assert answered["wait_us"] > tried["at"] - first["at"]
            await talking(call, ring)
            await call.hang_up()


async def test_closed_queue_asks_for_a_message(tmp_path: Path, asterisk_root: Path) -> None:
    closed = rule("closed", message="repairs")
    async with desk(tmp_path, asterisk_root, closed, open="never") as here:
        queues = {one["queue"]: one["open"] for one in await here.api.queues()}
        assert queues == {"service": False, "bills": True, "repairs": True}
        async with here.api.facts() as facts:
            call, queued = await waits(here, facts)
            await call.heard.wait_for_tone(AFTER_TONE_HZ, deadline=8)
            await facts.wait_for("WaitSentOn", to="message", target="repairs", deadline=5)
            await call.heard.wait_for_tone(1520, deadline=5)
            await asyncio.sleep(2)  # says something
            await call.press("#")
            await call.heard.wait_for_tone(1120, deadline=5)
            await call.press("1")
            left = await facts.wait_for("MessageLeft", deadline=8)
            await call.heard.wait_for_tone(GOODBYE_HZ, deadline=8)
            ended = await facts.wait_for("CallEnded", deadline=8)
        assert (left["box"], left["call"]) == ("repairs", queued["call"])
        assert ended["outcome"] == "message"


async def test_lead_closes_the_queue_and_who_waits_is_sent_on(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with desk(tmp_path, asterisk_root, rule("closed", flow="visit")) as here:
        async with here.api.facts() as facts:
            call, _ = await waits(here, facts)
            await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
            door = await here.api.request("POST", "/queues/service/close")
            assert (door["open"], door["by"]) == (False, "admin")
            sent = await facts.wait_for("WaitSentOn", deadline=5)
            assert (sent["to"], sent["target"]) == ("flow", "visit")
            await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
            await call.hang_up()
        await here.restart()
        door = await here.api.request("GET", "/queues/service/door")
        assert (door["open"], door["said"]) == (False, "closed")


async def test_menu_may_lead_back_to_the_place_in_line(tmp_path: Path, asterisk_root: Path) -> None:
    async with desk(tmp_path, asterisk_root, rule("no-seats", flow="visit")) as here:
        async with here.api.facts() as facts:
            call, queued = await waits(here, facts)
            await call.heard.wait_for_tone(VISIT_HZ, deadline=8)
            await call.press("1")
            await facts.wait_for("WaitResumed", deadline=5)
            await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
            await here.api.sign_on("1001")
            ring = await here.seat.next_ring(deadline=5)
            await ring.answer()
            answered = await facts.wait_for("OfferAnswered", deadline=5)
            assert answered["wait_us"] > 0
            await talking(call, ring)
            await call.hang_up()
        assert answered["call"] == queued["call"]


async def test_who_is_in_the_menu_may_still_be_taken_by_a_seat(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with desk(tmp_path, asterisk_root, rule("no-seats", flow="visit")) as here:
        async with here.api.facts() as facts:
            call, _ = await waits(here, facts)
            await call.heard.wait_for_tone(VISIT_HZ, deadline=8)
            await here.api.sign_on("1001")
            ring = await here.seat.next_ring(deadline=5)
            await ring.answer()
            await talking(call, ring)
            await ring.hang_up()
            ended = await facts.wait_for("CallEnded", deadline=8)
        assert ended["outcome"] == "answered"


async def test_menu_that_says_goodbye_has_turned_the_caller_away(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with desk(tmp_path, asterisk_root, rule("no-seats", flow="visit")) as here:
        async with here.api.facts() as facts:
            call, queued = await waits(here, facts)
            await call.heard.wait_for_tone(VISIT_HZ, deadline=8)
            await call.press("3")
            waited = await facts.wait_for("WaitEnded", deadline=8)
            ended = await facts.wait_for("CallEnded", deadline=8)
        assert (waited["call"], waited["outcome"]) == (queued["call"], "turned-away")
        assert (ended["outcome"], ended["ended_by"]) == ("turned-away", "flow")


async def test_daemon_dies_while_the_caller_is_in_the_menu(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with desk(tmp_path, asterisk_root, rule("no-seats", flow="visit")) as here:
        async with here.api.facts() as facts:
            call, queued = await waits(here, facts)
            await call.heard.wait_for_tone(VISIT_HZ, deadline=8)
        await here.restart()
        live = await here.live(queued["call"])
        assert (live["phase"], live["queue"]) == ("waiting", "service")
        await here.api.sign_on("1001")
        ring = await here.seat.next_ring(deadline=8)
        await ring.answer()
        await talking(call, ring)
        await call.hang_up()
