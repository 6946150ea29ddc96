"""A lead listens, whispers, barges in, takes over and releases, heard by ear on a real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import Manual, Phone, PhoneCall
from bench.phones.tones import tone_present
from tests.acceptance.api_client import ApiClient, ApiFailed, FactStream, Json
from tests.acceptance.branches import Branches, logged_in, what_it_takes
from tests.acceptance.hotline import CALLER_HZ, SEAT_HZ, hotline, talking

LEAD_HZ: Final = 1900


@dataclass
class Desk:
    here: Branches
    lead: ApiClient
    phone: Phone

    async def monitor(self, call: str, mode: str = "listen") -> Json:
        answer: Json = await self.lead.request("POST", f"/calls/{call}/monitor", {"mode": mode})
        return answer

    async def listens(self, call: str, mode: str = "listen") -> tuple[Json, PhoneCall]:
        view = await self.monitor(call, mode)
        ring = await self.phone.next_ring(deadline=5)
        await ring.answer()
        return view, ring


@asynccontextmanager
async def desk(folder: Path, root: Path) -> AsyncIterator[Desk]:
    takes = what_it_takes(folder)
    takes["parts"] |= {
        "users": {
            "admin": {"role": "admin"},
            "lead": {"role": "lead", "seat": "1003"},
            "wang": {"role": "seat", "seat": "1001"},
        }
    }
    async with hotline(folder, root_dir=root, **takes) as line:
        here = Branches(line, await logged_in(line), await line.seat("1001", Manual()))
        here.seat.microphone = Tone(SEAT_HZ)
        await here.api.sign_on("1001")
        phone = await line.seat("1003", Manual())
        phone.microphone = Tone(LEAD_HZ)
        lead = await logged_in(line, "lead")
        try:
            yield Desk(here, lead, phone)
        finally:
            await lead.__aexit__()
            await here.api.__aexit__()


@pytest.fixture
async def at(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, asterisk_root) as one:
        yield one


def hears(call: PhoneCall, hz: float) -> bool:
    """Whether the tone was in the last half second."""
    pcm = call.heard.pcm(500)
    frames = pcm[: len(pcm) // 160 * 160].reshape(-1, 160)
    return bool(tone_present(frames, hz).mean() > 0.5)


async def ended(facts: FactStream, call: str) -> Any:
    return await facts.wait_for("MonitorEnded", call=call, deadline=8)


async def test_listen_whisper_barge_and_stop(at: Desk) -> None:
    async with at.here.api.facts() as facts:
        call, ring, told = await at.here.talk(facts)
        view, ear = await at.listens(told["call"])
        assert (view["seat"], view["by"], view["mode"]) == ("1001", "lead", "listen")
        await facts.wait_for("MonitorBegun", call=told["call"], deadline=5)
        await ear.heard.wait_for_tone(CALLER_HZ, deadline=5)
        await ear.heard.wait_for_tone(SEAT_HZ, deadline=5)
        assert not hears(ring, LEAD_HZ)
        assert not hears(call, LEAD_HZ)

        path = f"/monitors/{view['monitor']}"
        await at.lead.request("POST", f"{path}/mode", {"mode": "whisper"})
        await ring.heard.wait_for_tone(LEAD_HZ, deadline=5)
        await ear.heard.wait_for_tone(CALLER_HZ, deadline=5)
        assert not hears(call, LEAD_HZ)

        await at.lead.request("POST", f"{path}/mode", {"mode": "barge"})
        await call.heard.wait_for_tone(LEAD_HZ, deadline=5)
        await ring.heard.wait_for_tone(LEAD_HZ, deadline=5)
        listed = await at.lead.request("GET", "/monitors")
        assert [one["mode"] for one in listed["monitors"]] == ["barge"]

        await at.lead.request("POST", f"{path}/stop")
        await ear.ended(deadline=5)
        over = await ended(facts, told["call"])
        assert over["heard_us"] > 0
        await talking(call, ring)
        assert not hears(call, LEAD_HZ)
        await ring.hang_up()
        await facts.wait_for("CallEnded", call=told["call"], deadline=5)
    said = await at.here.api.timeline(told["call"], language="en")
    assert any("lead may monitor seat" in text and "talks to both" in text for text in said), said


async def test_the_talk_ends_and_the_phone_that_listens_is_free_again(at: Desk) -> None:
    async with at.here.api.facts() as facts:
        call, _, told = await at.here.talk(facts)
        _, ear = await at.listens(told["call"])
        await ear.heard.wait_for_tone(CALLER_HZ, deadline=5)
        await call.hang_up()
        await facts.wait_for("SeatLeft", call=told["call"], deadline=2)
        await ear.ended(deadline=8)
        await ended(facts, told["call"])


async def test_seats_do_not_listen_and_are_not_shown_that_somebody_does(at: Desk) -> None:
    wang = await logged_in(at.here.line, "wang")
    try:
        async with at.here.api.facts() as facts, wang.facts() as seen:
            call, _, told = await at.here.talk(facts)
            with pytest.raises(ApiFailed, match="403"):
                await wang.request("POST", f"/calls/{told['call']}/monitor", {"mode": "listen"})
            with pytest.raises(ApiFailed, match="no phone of yours"):
                await at.here.api.request("POST", f"/calls/{told['call']}/monitor", {})
            _, ear = await at.listens(told["call"])
            await ear.heard.wait_for_tone(SEAT_HZ, deadline=5)
            await ear.hang_up()
            await ended(facts, told["call"])
            await call.hang_up()
            await seen.wait_for("SeatLeft", call=told["call"], deadline=5)
            assert not [one for one in seen.messages if "Monitor" in one.get("kind", "")]
    finally:
        await wang.__aexit__()


async def test_the_daemon_dies_while_somebody_listens(at: Desk) -> None:
    async with at.here.api.facts() as facts:
        call, ring, told = await at.here.talk(facts)
        view, ear = await at.listens(told["call"])
        await ear.heard.wait_for_tone(CALLER_HZ, deadline=5)
    await at.here.restart()
    await ear.heard.wait_for_tone(CALLER_HZ, deadline=5)
    listed = await at.here.api.request("GET", "/monitors")
    assert [one["monitor"] for one in listed["monitors"]] == [view["monitor"]]
    async with at.here.api.facts() as facts:
        await at.here.api.request("POST", f"/monitors/{view['monitor']}/stop")
        await ear.ended(deadline=5)
        await ended(facts, told["call"])
        await talking(call, ring)
        await call.hang_up()


async def test_release_ends_the_seats_part_and_take_over_brings_the_caller(at: Desk) -> None:
    async with at.here.api.facts() as facts:
        call, ring, told = await at.here.talk(facts)
        await at.here.api.sign_on("1003")
        transfer = {"seat": "1003"}
        await at.lead.request("POST", f"/calls/{told['call']}/transfer", transfer)
        taken = await at.phone.next_ring(deadline=5)
        await taken.answer()
        await call.heard.wait_for_tone(LEAD_HZ, deadline=5)
        await ring.ended(deadline=3)
        released = await at.lead.request("POST", f"/calls/{told['call']}/release")
        assert released["phase"] in {"after", "ended"}
        await taken.ended(deadline=3)
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=8)
        assert end["outcome"] == "answered"
        with pytest.raises(ApiFailed, match="no such call"):
            await at.lead.request("POST", f"/calls/{told['call']}/release")
