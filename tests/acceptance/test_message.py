"""Callers leave messages; people hear them, and it is written down who did."""

from __future__ import annotations

import asyncio
import hashlib
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from bench.phones.audio import Tone
from bench.phones.phone import PhoneCall
from tests.acceptance.api_client import ApiClient, Json
from tests.acceptance.branches import logged_in
from tests.acceptance.hotline import CALLER_HZ, Hotline, hotline

AFTER_TONE_HZ: Final = 620
CONFIRM_HZ: Final = 1120
SENT_HZ: Final = 1220
EMPTY_HZ: Final = 1320
BEEP_HZ: Final = 1520
PROMPTS: Final = {
    "message/after-tone": (AFTER_TONE_HZ, 2400),
    "message/confirm": (CONFIRM_HZ, 8000),
    "message/sent": (SENT_HZ, 4000),
    "message/empty": (EMPTY_HZ, 4000),
    "beep": (BEEP_HZ, 2400),
}
FLOW: Final = """
languages: [zh-CN, en]
start: message
steps:
  message:
    do: message
    box: complaints
    max_seconds: 20
    silence_seconds: 2
    next: goodbye
    otherwise: goodbye
  goodbye: {do: hangup, say: goodbye}
"""


class Desk:
    def __init__(self, line: Hotline, api: ApiClient) -> None:
        self.line, self.api = line, api

    async def recording(self, speaks: bool = True) -> PhoneCall:
        """A caller whose message is being recorded."""
        audio: Any = Tone(CALLER_HZ) if speaks else None
        phone = await self.line.caller()
        call = await (phone.call("12345", audio=audio) if speaks else phone.call("12345"))
        await call.answered(deadline=5)
        await call.heard.wait_for_tone(BEEP_HZ, deadline=8)
        await asyncio.sleep(0.3)  # the beep's own length
        return call

    async def messages(self, count: int) -> list[Json]:
        """The list once it has `count` messages."""
        async with asyncio.timeout(8):
            while True:
                found = await self.api.request("GET", "/messages")
                if len(found["messages"]) >= count:
                    assert len(found["messages"]) == count
                    return list(found["messages"])
                await asyncio.sleep(0.05)

    async def sound(self, message: Json) -> bytes:
        url = f"{self.line.api_url}/api/v1/messages/{message['message']}/audio"
        headers = {"Authorization": f"Bearer {self.api.token}"}
        async with self.api.session.get(url, headers=headers) as answer:
            assert answer.status == 200
            return await answer.read()

    def spooled(self) -> list[Path]:
        return list(self.line.settings.path(self.line.settings.recording.spool_dir).glob("msg--*"))


@pytest.fixture
async def desk(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Desk]:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, "utf-8")
    parts = {"hotlines": [{"number": "12345", "flow": "main", "language": "zh-CN"}]}
    async with hotline(
        tmp_path, root_dir=asterisk_root, flows=flows, prompts=PROMPTS, parts=parts
    ) as line:
        api = await logged_in(line, "lead")
        one = Desk(line, api)
        yield one
        await one.api.__aexit__()


def share_of(hz: int, content: bytes) -> float:
    """How much of the sound is the tone of `hz`."""
    with wave.open(io.BytesIO(content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float)
    power = np.abs(np.fft.rfft(pcm)) ** 2
    pitch = np.fft.rfftfreq(len(pcm), 1 / 8000)
    return float(power[np.abs(pitch - hz) < 30].sum() / power.sum())


async def test_sent_message_is_in_the_list_and_is_what_the_caller_said(desk: Desk) -> None:
    async with desk.api.facts() as facts:
        call = await desk.recording()
        await asyncio.sleep(2)
        await call.press("#")
        await call.heard.wait_for_tone(CONFIRM_HZ, deadline=5)
        await call.press("1")
        left = await facts.wait_for("MessageLeft", deadline=5)
        await call.heard.wait_for_tone(SENT_HZ, deadline=5)
        await call.ended(deadline=8)
        ended = await facts.wait_for("CallEnded", deadline=5)
    assert left["box"] == "complaints"
    (message,) = await desk.messages(1)
    assert (message["box"], message["state"]) == ("complaints", "new")
    assert message["caller_number"] == "13800001111"
    assert message["call"] == left["call"] == ended["call"]
    assert 1_500_000 < message["duration_us"] < 2_800_000

    content = await desk.sound(message)

    assert len(content) == message["size_bytes"]
    assert hashlib.sha256(content).hexdigest() == message["sha256"]
    assert share_of(CALLER_HZ, content) > 0.9
    played = [
        text for text in await desk.api.timeline(left["call"], language="en") if "lead" in text
    ]
    assert played == [f"lead played message {message['message']}"]
    heard = await desk.api.request("POST", f"/messages/{message['message']}/heard")
    assert (heard["state"], heard["handled_by"]) == ("heard", "lead")
    assert desk.spooled() == []


async def test_caller_who_hangs_up_in_the_middle_has_left_what_was_said(desk: Desk) -> None:
    call = await desk.recording()
    await asyncio.sleep(1.5)
    await call.hang_up()

    (message,) = await desk.messages(1)

    assert message["duration_us"] > 1_000_000
    assert share_of(CALLER_HZ, await desk.sound(message)) > 0.9


async def test_caller_who_says_nothing_leaves_nothing(desk: Desk) -> None:
    async with desk.api.facts() as facts:
        call = await desk.recording(speaks=False)
        await call.hang_up()
        await facts.wait_for("CallEnded", deadline=5)
    async with asyncio.timeout(5):
        while desk.spooled():  # noqa: ASYNC110 - a folder tells nobody
            await asyncio.sleep(0.05)
    assert await desk.messages(0) == []


async def test_cancelled_message_is_gone_and_the_one_said_again_is_kept(desk: Desk) -> None:
    async with desk.api.facts() as facts:
        call = await desk.recording()
        await asyncio.sleep(1)
        await call.press("#")
        await call.heard.wait_for_tone(CONFIRM_HZ, deadline=5)
        await call.press("2")
        await call.heard.wait_for_tone(BEEP_HZ, deadline=8)
        await asyncio.sleep(2)
        await call.press("#")
        await call.heard.wait_for_tone(CONFIRM_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("MessageLeft", deadline=5)
        await call.hang_up()
        await facts.wait_for("CallEnded", deadline=5)
    (message,) = await desk.messages(1)
    assert message["duration_us"] > 1_500_000
    assert desk.spooled() == []


async def test_daemon_that_dies_while_somebody_speaks_loses_nothing(desk: Desk) -> None:
    call = await desk.recording()
    await asyncio.sleep(1)
    desk.line.kill_daemon()
    await asyncio.sleep(0.5)
    await call.hang_up()
    await desk.line.start_daemon()
    await desk.api.__aexit__()
    desk.api = await logged_in(desk.line, "lead")

    (message,) = await desk.messages(1)

    assert message["duration_us"] > 800_000
    assert share_of(CALLER_HZ, await desk.sound(message)) > 0.9
    assert message["caller_number"] == "13800001111"
    assert desk.spooled() == []
