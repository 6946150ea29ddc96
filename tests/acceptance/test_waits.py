"""The three clocks of a wait against what the caller did and heard, over 20 calls.

The prompt is a tone of 1000 Hz, the menu before it and the hold music behind it are tones of other
pitches, so every sample that the caller received tells by its wave form which of them it is of. The
caller's phone keeps each RTP packet with the time at which the kernel received it.

Where a prompt ends in the packets, as measured: Asterisk sends a frame of 160 samples each 20 ms
and, 20 ms after the last full one, a short packet with the rest. That rest is 22 samples less than
the file's: Asterisk's reader of WAV files counts the 44 bytes of the header as sound, so of 6,920
samples 6,898 are played, 43 packets of 160 and one of 18. Hence "last packet plus 20 ms" would be
17.75 ms too late here, and the end is looked for in the samples themselves.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from bench.phones.audio import RATE, Tone, decoded
from bench.phones.heard import Packet
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, Json
from tests.acceptance.hotline import CALLER_HZ, HOLD_MUSIC_HZ, PROMPTS, Hotline, hotline

CALLS: Final = 20
AT_ONCE: Final = 4
PROMPT_END_WITHIN_US: Final = 10_000
KEY_WITHIN_US: Final = 30_000
MUSIC_WITHIN_US: Final = 200_000
PITCH_HZ, PROMPT_SAMPLES = PROMPTS["transferring"]
UNPLAYED_SAMPLES: Final = 22
"""44 bytes of header, 2 bytes a sample; see above."""
MISFIT: Final = 1200
"""How far a sample of the tone may lie from what the two before it foretell: G.711 rounds each of
the three by up to 256 at this level (amplitude 10,000), which makes 900."""


@dataclass(frozen=True)
class Heard:
    """The prompt as it came. Times are microseconds since the epoch, by the kernel's clock."""

    samples: int
    ended_us: int
    music_us: int


def prompt_in(packets: tuple[Packet, ...]) -> Heard:
    """Where the tone begins and ends, to the sample.

    Of a steady tone each sample follows from the two before it: x[n] = 2 cos(w) x[n-1] - x[n-2].
    A sample of another pitch misses that by up to half the amplitude. The prompt is the longest run
    of samples that fit; its last sample sounds for 1/8000 s from its place in its packet, and a
    packet is played from its arrival on.
    """
    parts = [(packet, decoded(packet.payload, packet.payload_type)) for packet in packets]
    sound = [(packet, part) for packet, part in parts if part is not None and len(part)]
    wave = np.concatenate([part for _, part in sound]).astype(np.int64)
    foretold = 2 * math.cos(2 * math.pi * PITCH_HZ / RATE) * wave[1:-1] - wave[:-2]
    # Silence would fit any pitch.
    fits = (np.abs(wave[2:] - foretold) < MISFIT) & (np.abs(wave[2:]) + np.abs(wave[1:-1]) > MISFIT)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], fits.astype(np.int8), [0]])))
    begins, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - begins))
    # fits[n] is about wave[n + 2]; the first two samples of the run have nothing before them.
    first, last = int(begins[longest]), int(ends[longest]) + 1
    place = np.cumsum([0, *(len(part) for _, part in sound)])
    within = int(np.searchsorted(place, last, side="right")) - 1
    packet = sound[within][0]
    ended = packet.arrival_us + (last - int(place[within]) + 1) * 1_000_000 // RATE
    return Heard(last - first + 1, ended, sound[within + 1][0].arrival_us)


@dataclass(frozen=True)
class Measured:
    """One call: what the daemon recorded, what the caller did and heard."""

    queued: Json
    key_us: int
    heard: Heard

    @property
    def prompt_end_off_us(self) -> int:
        return int(self.queued["prompt_ended_at"]) - self.heard.ended_us

    @property
    def key_off_us(self) -> int:
        return int(self.queued["asked_at"]) - self.key_us


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path, root_dir=asterisk_root) as running:
        yield running


async def one_call(line: Hotline, api: ApiClient, number: str) -> Measured:
    """A caller presses 0 in the greeting, hears the prompt to its end and the music begin."""
    phone = await line.caller(number)
    async with api.facts() as facts:
        dialled = await phone.call("12345", audio=Tone(CALLER_HZ))
        await dialled.answered(deadline=5)
        await dialled.heard.wait_for_sound(deadline=5)
        key_us = await dialled.press("0")
        queued = await facts.wait_for("CallQueued", caller_number=number, deadline=15)
        asked = await facts.wait_for("PersonAsked", call=queued["call"], deadline=5)
        ended = await facts.wait_for("PromptEnded", call=queued["call"], deadline=5)
        await dialled.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
    await dialled.hang_up()
    # The clocks of the queued call are those of its milestones, in their order.
    assert queued["arrived_at"] < asked["at"] == queued["asked_at"]
    assert queued["asked_at"] < ended["at"] == queued["prompt_ended_at"] <= queued["at"]
    return Measured(queued, key_us, prompt_in(dialled.heard.packets))


def milliseconds(values: list[int]) -> list[float]:
    return [round(value / 1000, 2) for value in values]


async def test_recorded_prompt_end_is_within_10_ms_of_the_end_of_its_sound_over_20_calls(
    line: Hotline,
) -> None:
    calls: list[Measured] = []
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        for first in range(0, CALLS, AT_ONCE):
            numbers = [f"139000000{n:02d}" for n in range(first, first + AT_ONCE)]
            calls += await asyncio.gather(*(one_call(line, api, number) for number in numbers))
    ends = [call.prompt_end_off_us for call in calls]
    keys = [call.key_off_us for call in calls]
    music = [call.heard.music_us - call.heard.ended_us for call in calls]
    print("recorded prompt end - end of its sound, ms:", milliseconds(ends))
    print("recorded choice - end of the key as sent, ms:", milliseconds(keys))
    print("hold music - end of the prompt's sound, ms:", milliseconds(music))
    assert len(calls) == CALLS
    for call in calls:
        # The whole prompt came; a border may lie a sample or two into what looks like it.
        assert abs(call.heard.samples - (PROMPT_SAMPLES - UNPLAYED_SAMPLES)) <= 4, call.heard
    assert max(abs(off) for off in ends) <= PROMPT_END_WITHIN_US
    assert max(abs(off) for off in keys) <= KEY_WITHIN_US
    assert max(music) <= MUSIC_WITHIN_US
