"""The end of the prompt, where the KPI's wait begins, against the sound that the caller received.

The prompt is a tone of known pitch and length, the hold music behind it is another one. The
caller's phone keeps each RTP packet with the time at which the kernel received it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from bench.phones.audio import RATE, decoded
from bench.phones.heard import Packet
from bench.phones.phone import PhoneCall
from bench.phones.tones import tone_present
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, Json
from tests.acceptance.hotline import PROMPTS, Hotline, call_in, hotline

CALLS: Final = 20
AT_ONCE: Final = 4
ALLOWED_US: Final = 10_000
PITCH_HZ, PROMPT_SAMPLES = PROMPTS["transferring"]


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path, root_dir=asterisk_root) as running:
        yield running


def carries_prompt(packet: Packet) -> bool:
    samples = decoded(packet.payload, packet.payload_type)
    return samples is not None and bool(tone_present(samples[None, :], PITCH_HZ)[0])


def end_of_sound_us(packets: tuple[Packet, ...]) -> tuple[int, int]:
    """When the last voice packet of the prompt has been played out, and how many samples of the
    prompt came in all. A packet is played from its arrival for as long as it has samples: 20 ms
    for a full one."""
    prompt = [packet for packet in packets if carries_prompt(packet)]
    assert prompt, "the prompt was not heard"
    last = prompt[-1]
    samples = sum(len(packet.payload) for packet in prompt)
    return last.arrival_us + len(last.payload) * 1_000_000 // RATE, samples


async def one_call(line: Hotline, api: ApiClient, number: str) -> tuple[Json, PhoneCall]:
    async with api.facts() as facts:
        call = await call_in(line, number=number)
        queued = await facts.wait_for("CallQueued", caller_number=number, deadline=15)
        asked = await facts.wait_for("PersonAsked", call=queued["call"], deadline=5)
        assert queued["arrived_at"] < asked["at"] == queued["asked_at"]
        assert queued["asked_at"] < queued["prompt_ended_at"] <= queued["at"]
    await call.hang_up()
    return queued, call


async def test_recorded_prompt_end_is_within_10_ms_of_the_end_of_its_sound_over_20_calls(
    line: Hotline,
) -> None:
    off_us: list[int] = []
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        for first in range(0, CALLS, AT_ONCE):
            numbers = [f"139000000{n:02d}" for n in range(first, first + AT_ONCE)]
            for queued, call in await asyncio.gather(
                *(one_call(line, api, number) for number in numbers)
            ):
                ended, samples = end_of_sound_us(call.heard.packets)
                off_us.append(queued["prompt_ended_at"] - ended)
                # The whole prompt came, and nothing else was taken for it.
                assert abs(samples - PROMPT_SAMPLES) <= 160
    print("recorded end - end of sound, ms:", [round(off / 1000, 2) for off in off_us])
    assert len(off_us) == CALLS
    assert max(abs(off) for off in off_us) <= ALLOWED_US
