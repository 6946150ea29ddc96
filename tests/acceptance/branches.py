"""A hotline for tests of what lies around its menu: numbers outside, a flow after the call, and a
flow to which a seat sends its caller. Every sentence is a tone of its own pitch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.phones.audio import Tone
from bench.phones.phone import Manual, Phone, PhoneCall
from config.asterisk import AMI_SECRET
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, FactStream, Json
from tests.acceptance.hotline import CALLER_HZ, SEAT_HZ, Hotline, hotline, talking

WELCOME_HZ: Final = 820
VISIT_HZ: Final = 1000
SURVEY_HZ: Final = 1150
NOT_REACHED_HZ: Final = 900
GOODBYE_HZ: Final = 500
PROMPTS: Final = {
    "welcome": (WELCOME_HZ, 4000),
    "visit": (VISIT_HZ, 4000),
    "survey": (SURVEY_HZ, 4000),
    "not-reached": (NOT_REACHED_HZ, 2400),
    "put-through": (1480, 1600),
    "wrong-key": (900, 1600),
    "no-key": (900, 1600),
    "message/empty": (900, 1600),
    "beep": (1400, 800),
}
POLICE: Final = "0571110"
FLOWS: Final = {
    "main": """
languages: [zh-CN, en]
start: ask
steps:
  ask:
    do: menu
    say: welcome
    keys: {"0": person, "1": police}
    wrong_key: wrong-key
    no_key: no-key
    attempts: 3
    wait_seconds: 5
    otherwise: person
  person: {do: queue, queue: service, say: put-through}
  police: {do: transfer, to: water-police, say: put-through, failed: not-reached}
  not-reached: {do: play, say: not-reached, next: ask}
""",
    "visit": """
languages: [zh-CN, en]
start: ask
steps:
  ask:
    do: menu
    say: visit
    keys: {"1": known, "2": bills, "3": bye, "4": police, "5": repairs}
    wrong_key: wrong-key
    no_key: no-key
    attempts: 5
    wait_seconds: 5
    otherwise: back
  known: {do: set, values: {customer: "20240017"}, next: back}
  bills: {do: queue, queue: bills, say: put-through}
  repairs: {do: queue, queue: repairs, say: put-through}
  bye: {do: hangup, say: put-through}
  police: {do: transfer, to: water-police, say: put-through, failed: not-reached}
  not-reached: {do: play, say: not-reached, next: ask}
  back: {do: return}
""",
    "after": """
languages: [zh-CN, en]
start: question
steps:
  question:
    do: score
    survey: service
    say: survey
    wrong_key: wrong-key
    attempts: 2
    wait_seconds: 4
    next: comment
    otherwise: thanks
  comment:
    do: message
    box: comments
    say: not-reached
    max_seconds: 2
    confirm: false
    sent: put-through
    next: thanks
    otherwise: thanks
  thanks: {do: hangup, say: put-through}
""",
}


@dataclass
class Branches:
    """`seat` is the phone of 1001, signed on."""

    line: Hotline
    api: ApiClient
    seat: Phone

    async def dial(self, number: str = "13800001111") -> PhoneCall:
        """A caller who hears the welcome."""
        call = await (await self.line.caller(number)).call("12345", audio=Tone(CALLER_HZ))
        await call.answered(deadline=5)
        await call.heard.wait_for_tone(WELCOME_HZ, deadline=5)
        return call

    async def talk(
        self, facts: FactStream, number: str = "13800001111"
    ) -> tuple[PhoneCall, PhoneCall, Json]:
        """A caller and the seat talk: both ends, and the fact that told it."""
        call = await self.dial(number)
        await call.press("0")
        ring = await self.seat.next_ring(deadline=8)
        await ring.answer()
        told = await facts.wait_for("TalkStarted", deadline=5)
        await talking(call, ring)
        return call, ring, told

    async def send(self, call: str, flow: str = "visit") -> Json:
        return await self.api.request("POST", f"/calls/{call}/flow", {"flow": flow})

    async def live(self, call: str) -> Json:
        """The call as it is now, alive."""
        calls = await self.api.calls(state="live")
        return next(one for one in calls if one["call"] == call)

    async def limit(self, call: str, seconds: int) -> None:
        """Set the time limit of the caller's channel, as a menu does."""
        asterisk = self.line.settings.asterisk
        reader, writer = await asyncio.open_connection(asterisk.host, asterisk.ami_port)
        secret = asterisk.ami_secret or self.line.secrets.get(AMI_SECRET)
        for action in (
            f"Action: Login\r\nUsername: {asterisk.ami_username}\r\nSecret: {secret}\r\n",
            "Action: Setvar\r\nActionID: limit\r\n"
            f"Channel: {call}\r\nVariable: TIMEOUT(absolute)\r\nValue: {seconds}\r\n",
        ):
            writer.write(f"{action}\r\n".encode())
        async with asyncio.timeout(5):
            await reader.readuntil(b"Response: Success\r\nActionID: limit")
        writer.close()

    async def restart(self) -> None:
        """kill -9, and a new daemon with a new client."""
        self.line.kill_daemon()
        await self.line.start_daemon()
        await self.api.__aexit__()
        self.api = await logged_in(self.line)


async def logged_in(line: Hotline, user: str = "admin") -> ApiClient:
    client = ApiClient(line.api_url)
    await client.__aenter__()
    await client.log_in(user, first_password(line.secrets, user))
    return client


def what_it_takes(folder: Path, *, survey: bool = False) -> dict[str, Any]:
    """What `hotline` needs to be this one; the flows are written into `folder`."""
    flows = folder / "flows"
    flows.mkdir()
    for name, text in FLOWS.items():
        (flows / f"{name}.yaml").write_text(text, "utf-8")
    after = {"after_call": "after"} if survey else {}
    parts = {
        "hotlines": [{"number": "12345", "flow": "main", "language": "zh-CN", **after}],
        "outside": {
            "water-police": {"name": {"en": "Police"}, "number": POLICE, "ring_seconds": 12}
        },
    }
    return {"flows": flows, "prompts": PROMPTS, "parts": parts}


@asynccontextmanager
async def branches(folder: Path, root: Path, *, survey: bool = False) -> AsyncIterator[Branches]:
    async with hotline(folder, root_dir=root, **what_it_takes(folder, survey=survey)) as line:
        api = await logged_in(line)
        seat = await line.seat("1001", Manual())
        seat.microphone = Tone(SEAT_HZ)
        await api.sign_on("1001")
        here = Branches(line, api, seat)
        try:
            yield here
        finally:
            await here.api.__aexit__()
