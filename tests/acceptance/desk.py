"""A desk for tests that place many calls on one hotline: one seat signed on, one caller's phone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Phone, PhoneCall
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, FactStream
from tests.acceptance.hotline import CALLER_HZ, Hotline, hotline

SEAT: Final = "1001"
_SAFE_FILE: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[A-Za-z0-9.-]+\.wav")


@dataclass
class Desk:
    line: Hotline
    api: ApiClient
    seat: Phone
    caller: Phone

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Watch]:
        """What happens from here on. At the end the seat is ready again and nothing was amiss."""
        async with self.api.facts() as facts:
            watch = Watch(self, facts)
            yield watch
            await watch.seat_is_ready()
            await watch.nothing_was_amiss()


@dataclass
class Watch:
    desk: Desk
    facts: FactStream

    async def dial(self, number: str = "12345", **how: Any) -> PhoneCall:
        return await self.desk.caller.call(number, audio=Tone(CALLER_HZ), **how)

    async def in_menu(self, **how: Any) -> PhoneCall:
        call = await self.dial(**how)
        await call.answered(deadline=5)
        return call

    async def queued(self, **how: Any) -> PhoneCall:
        call = await self.in_menu(**how)
        await call.press("0")
        return call

    async def served(self, **how: Any) -> PhoneCall:
        """A whole call, answered by the seat, ended by the caller and kept; the seat's side."""
        await self.seat_is_ready()
        self.desk.seat.answer = AnswerAfter(0)
        call = await self.queued(**how)
        ring = await self.desk.seat.next_ring(deadline=5)
        talk = await self.fact("TalkStarted", call=self.arrived()[-1])
        await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
        await call.hang_up()
        await ring.ended(deadline=5)
        await self.ended(talk["call"], "answered", offers=1)
        stored = await self.fact("RecordingStored", call=talk["call"])
        assert _SAFE_FILE.fullmatch(stored["file"]), stored
        return ring

    async def fact(self, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.facts.wait_for(kind, deadline=6, **fields)

    async def ended(self, call: str, *outcomes: str, offers: int, by: str = "caller") -> None:
        """The call ended once, with one of `outcomes`, after so many offers."""
        end = await self.fact("CallEnded", call=call)
        assert end["outcome"] in outcomes
        assert end["ended_by"] == by
        await self.seat_is_ready()
        kinds = [told["kind"] for told in self._told() if told["data"].get("call") == call]
        assert kinds.count("CallEnded") == 1
        assert kinds.count("SeatOffered") == offers

    async def seat_is_ready(self) -> None:
        """Wait for it: wishes and reports are on their way."""
        async with asyncio.timeout(5):
            while (await self.desk.api.seat(SEAT))["state"] != "ready":
                pass

    async def nothing_was_amiss(self) -> None:
        """The link to Asterisk is the first one still, and no report surprised the daemon."""
        line = self.desk.line
        async with self.desk.api.session.get(f"{line.api_url}/metrics") as answer:
            assert "cti_ami_link_up 1.0" in await answer.text()
        log = await asyncio.to_thread(line.log_file.read_text, "utf-8", "replace")
        assert log.count("AMI link is up") == 1, log
        assert not [told for told in self._told() if told["kind"] == "AnomalySeen"]

    def arrived(self) -> list[str]:
        return [told["data"]["call"] for told in self._told() if told["kind"] == "CallArrived"]

    def _told(self) -> list[dict[str, Any]]:
        return [message for message in self.facts.messages if message["type"] == "fact"]


@asynccontextmanager
async def a_desk(folder: Path, root: Path) -> AsyncIterator[Desk]:
    async with (
        hotline(folder, root_dir=root, wrapup_seconds=0, ring_seconds=15) as line,
        ApiClient(line.api_url) as api,
    ):
        await api.log_in("admin", first_password(line.secrets, "admin"))
        seat = await line.seat(SEAT, AnswerAfter(0))
        await api.sign_on(SEAT)
        yield Desk(line, api, seat, await line.caller())
