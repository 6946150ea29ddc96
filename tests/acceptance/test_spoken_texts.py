"""A text that somebody writes into a flow is heard by the next caller, on a real Asterisk.

The speech engine is a program that speaks each text as a tone of the pitch that the text names, so
a phone can tell by ear which text it hears.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from bench.phones.audio import Tone
from bench.phones.errors import NotInTime
from bench.phones.phone import PhoneCall
from ivr_flows.speech.text import key_of
from tests.acceptance.hotline import CALLER_HZ, Hotline, hotline, write_tone

HELLO_HZ: Final = 1460
MENU_HZ: Final = 1820
CHANGED_HZ: Final = 2180
VALUE_HZ: Final = 2300
HOLD_HZ: Final = 620
ENGINE: Final = """
import math, re, struct, sys, wave
text = sys.stdin.read()
if "broken" in text: sys.exit("no voice today")
hz = int(re.findall(r"[0-9]{3,4}", text)[-1])
with wave.open(sys.argv[1], "wb") as wav:
    wav.setnchannels(1); wav.setsampwidth(2); wav.setframerate(16000)
    samples = [int(9000 * math.sin(2 * math.pi * hz * i / 16000)) for i in range(12800)]
    wav.writeframes(struct.pack(f"<{len(samples)}h", *samples))
"""
FLOW: Final = """
languages: [zh-CN, en]
start: hello
steps:
  hello:
    do: play
    say: {{zh-CN: "您好 {hello}", en: "Hello {hello}"}}
    next: value
  value:
    do: play
    say: {{zh-CN: "{{hotline:text}}", en: "{{hotline:text}}"}}
    next: menu
  menu:
    do: menu
    say: {{zh-CN: "请按键 {menu}", en: "Press a key {menu}"}}
    keys: {{"0": people}}
    otherwise: people
  people:
    do: queue
    queue: repairs
"""


def write_flow(folder: Path, *, hello: str = str(HELLO_HZ), menu: str = str(MENU_HZ)) -> None:
    (folder / "flows").mkdir(exist_ok=True)
    file = folder / "flows" / "main.yaml"
    file.write_text(FLOW.format(hello=hello, menu=menu), "utf-8")


@pytest.fixture
async def line(
    tmp_path: Path, asterisk_root: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Hotline]:
    """A hotline whose number is also a pitch, so that a value of the call can be heard."""
    engine = tmp_path / "engine.py"
    engine.write_text(ENGINE)
    monkeypatch.setenv("CTI_SPEECH__ENGINE", "command")
    monkeypatch.setenv("CTI_SPEECH__COMMAND", json.dumps([sys.executable, str(engine), "{out}"]))
    monkeypatch.setenv("CTI_SPEECH__PATIENCE_SECONDS", "10")
    write_flow(tmp_path)
    number = {"number": str(VALUE_HZ), "flow": "main"}
    async with hotline(
        tmp_path,
        root_dir=asterisk_root,
        flows=tmp_path / "flows",
        prompts={"please-hold": (HOLD_HZ, 4000)},
        parts={"hotlines": [number]},
    ) as running:
        yield running


async def dial(line: Hotline, number: str) -> PhoneCall:
    phone = await line.caller(number)
    call = await phone.call(str(VALUE_HZ), audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    return call


async def test_texts_and_values_are_heard_by_the_first_caller(line: Hotline) -> None:
    call = await dial(line, "13800001111")
    for hz in (HELLO_HZ, VALUE_HZ, MENU_HZ):
        await call.heard.wait_for_tone(hz, deadline=10)


async def heard_by_a_later_caller(line: Hotline, hz: int) -> PhoneCall:
    """The first call in which the tone is heard; changed flows are taken in within seconds."""
    for attempt in range(10):
        call = await dial(line, f"1380000{attempt:04}")
        try:
            await call.heard.wait_for_tone(hz, deadline=4)
        except NotInTime:
            await call.hang_up()
        else:
            return call
    raise AssertionError(f"{hz} Hz is never heard:\n{line.log_tail()}")


async def test_changed_text_is_heard_by_a_later_caller(line: Hotline, tmp_path: Path) -> None:
    write_flow(tmp_path, hello=str(CHANGED_HZ))
    await heard_by_a_later_caller(line, CHANGED_HZ)


async def test_engine_that_dies_silences_no_call(line: Hotline, tmp_path: Path) -> None:
    """The last resort speaks, or the caller is asked to hold, and the flow goes on."""
    write_flow(tmp_path, hello="broken", menu=str(CHANGED_HZ))
    call = await heard_by_a_later_caller(line, CHANGED_HZ)
    first = await call.heard.wait_for_sound(deadline=1, since=0)
    then = await call.heard.wait_for_tone(VALUE_HZ, deadline=1, since=0)
    assert then - first > 300_000
    assert "the speech engine command failed: exit code 1 no voice today" in line.log_tail()


async def test_kept_sounds_are_heard_without_any_engine(
    tmp_path: Path, asterisk_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cti prompts build` on one machine, and the hotline runs on another."""
    write_flow(tmp_path)
    for hz, text in ((HELLO_HZ, f"您好 {HELLO_HZ}"), (MENU_HZ, f"请按键 {MENU_HZ}")):
        write_tone(tmp_path / "spoken/zh-CN" / f"{key_of(text, 'zh-CN')}.wav", hz, 6400)
    monkeypatch.setenv("CTI_SPEECH__ENGINE", "none")
    async with hotline(
        tmp_path,
        root_dir=asterisk_root,
        flows=tmp_path / "flows",
        prompts={"please-hold": (HOLD_HZ, 4000)},
        parts={"hotlines": [{"number": str(VALUE_HZ), "flow": "main"}]},
    ) as line:
        call = await dial(line, "13800001111")
        for hz in (HELLO_HZ, HOLD_HZ, MENU_HZ):
            await call.heard.wait_for_tone(hz, deadline=5)
        assert 'cti_prompts_replaced_total{by="neutral"} 1.0' in await scraped(line)


async def scraped(line: Hotline) -> str:
    """What Prometheus gets."""
    async with aiohttp.ClientSession() as session, session.get(f"{line.api_url}/metrics") as got:
        return await got.text()
