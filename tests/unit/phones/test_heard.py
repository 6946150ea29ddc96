"""The ear: placing packets, gaps, tones and their moments. Time is made up, nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from bench.phones.audio import Silence, Tone, packets_of
from bench.phones.errors import NotInTime, NotRemembered
from bench.phones.heard import Heard, Packet, parse_packet
from bench.phones.udp import now_us

QUIET = packets_of(Silence(), "PCMA")[0]
TICK = 20_000


def packet(n: int, payload: bytes = QUIET, *, at: int | None = None, **changes: Any) -> Packet:
    """The n-th packet of a stream that began at 0 (wall clock, us)."""
    values: dict[str, Any] = {"seq": n & 0xFFFF, "timestamp": n * 160, "payload_type": 8}
    values = {"ssrc": 1} | values | changes
    return Packet(n * TICK if at is None else at, payload=payload, marker=False, **values)


def fill(heard: Heard, payloads: Iterable[bytes], start_us: int = 0, first: int = 0) -> None:
    for n, payload in enumerate(payloads, first):
        heard.add(packet(n, payload, at=start_us + (n - first) * TICK))


def tone(hz: int, count: int) -> list[bytes]:
    packets = packets_of(Tone(hz), "PCMA")
    return [packets[n % len(packets)] for n in range(count)]


# ------------------------------------------------------------------------------------- packets


def test_a_packet_is_taken_apart_with_extension_padding_and_contributors() -> None:
    plain = bytes.fromhex("80880007000000a000000001") + b"sound"
    read = parse_packet(plain, 5)
    assert read == Packet(5, 7, 160, b"sound", marker=True, payload_type=8, ssrc=1)
    extended = bytes.fromhex("b1080007000000a00000000100000002beef000100000000") + b"hi\x00\x02"
    read = parse_packet(extended, 5)
    assert read is not None
    assert read.payload == b"hi"


@pytest.mark.parametrize("data", ["", "80c8000600000001" + "00" * 20, "00" * 20, "8008"])
def test_control_packets_and_noise_are_no_sound(data: str) -> None:
    assert parse_packet(bytes.fromhex(data), 0) is None


# ----------------------------------------------------------------------------------------- pcm


def test_packets_lie_where_their_time_stamps_put_them() -> None:
    heard = Heard()
    loud = packets_of(Tone(1000), "PCMA")[0]
    for n in (0, 2, 1, 4):  # one late, one lost
        heard.add(packet(n, loud))
    pcm = heard.pcm()
    assert len(pcm) == 5 * 160
    assert pcm[: 3 * 160].any()
    assert not pcm[3 * 160 : 4 * 160].any()
    assert len(heard.pcm(last_ms=40)) == 320


def test_time_stamps_go_round_at_32_bits() -> None:
    heard = Heard()
    heard.add(packet(0, timestamp=0xFFFFFFFF - 159))
    heard.add(packet(1, timestamp=0))
    assert len(heard.pcm()) == 320


@pytest.mark.parametrize("changes", [{"ssrc": 2}, {"timestamp": 4_000_000_000}])
def test_a_new_source_goes_on_where_the_clock_says(changes: dict[str, Any]) -> None:
    heard = Heard()
    heard.add(packet(0))
    heard.add(packet(50, **changes))
    assert len(heard.pcm()) == 51 * 160


# ---------------------------------------------------------------------------------------- gaps


def test_the_longest_gap_counts_its_edges() -> None:
    heard = Heard()
    for n in (0, 1, 2, 7, 8):
        heard.add(packet(n))
    assert heard.longest_gap_ms() == 100
    assert heard.longest_gap_ms(since=7 * TICK) == 20
    assert heard.longest_gap_ms(since=5 * TICK) == 40, "the part of the gap after `since`"
    assert heard.longest_gap_ms(since=7 * TICK, until=12 * TICK) == 80
    assert heard.longest_gap_ms(since=20 * TICK, until=30 * TICK) == 200
    assert Heard().longest_gap_ms() == 0
    assert Heard().longest_gap_ms(since=0, until=TICK) == 20


def test_gaps_that_are_forgotten_are_not_called_none() -> None:
    heard = Heard(memory=10)
    fill(heard, [QUIET] * 11)
    with pytest.raises(NotRemembered):
        heard.longest_gap_ms(since=0)
    assert heard.longest_gap_ms(since=1 * TICK) == 20


# --------------------------------------------------------------------------------------- tones


async def test_a_tone_that_sounds_already_is_dated_to_its_beginning() -> None:
    heard = Heard()
    start = now_us() - 60 * TICK
    fill(heard, [QUIET] * 10 + tone(700, 50), start)
    assert await heard.wait_for_tone(700, deadline=1) == start + 10 * TICK


async def test_a_tone_that_is_over_counts_only_since_a_moment() -> None:
    heard = Heard()
    start = now_us() - 60 * TICK
    fill(heard, tone(700, 50) + [QUIET] * 10, start)
    assert await heard.wait_for_tone(700, deadline=1, since=start) == start
    with pytest.raises(NotInTime, match="a tone of 700 Hz"):
        await heard.wait_for_tone(700, deadline=0.01)


async def test_a_stream_that_has_stopped_is_not_heard_any_more() -> None:
    heard = Heard()
    fill(heard, tone(700, 50), now_us() - 500 * TICK)
    with pytest.raises(NotInTime, match=r"last packet 9\.0\d s ago, strongest 700 Hz"):
        await heard.wait_for_tone(700, deadline=0.01)


async def test_a_tone_to_come_is_dated_to_its_first_packet() -> None:
    heard = Heard()
    waiting = asyncio.create_task(heard.wait_for_tone(700, min_ms=100, deadline=1))
    await asyncio.sleep(0)
    start = now_us()
    fill(heard, [QUIET] * 3 + tone(700, 4) + [QUIET] + tone(700, 5), start)
    assert await waiting == start + 8 * TICK, "four packets are no 100 ms"


async def test_sound_is_anything_that_is_not_silence() -> None:
    heard = Heard()
    start = now_us() - 20 * TICK
    noise = np.random.default_rng(1).integers(0, 256, 160).astype(np.uint8).tobytes()
    fill(heard, [QUIET] * 10 + [noise] * 10, start)
    assert await heard.wait_for_sound(deadline=1) == start + 10 * TICK
    with pytest.raises(NotInTime, match="no packet at all"):
        await Heard().wait_for_sound(deadline=0.01)


async def test_packets_of_another_length_are_heard_too() -> None:
    heard = Heard()
    sound = b"".join(tone(700, 50))
    cuts = [sound[i : i + 240] for i in range(0, 2400, 240)] + [sound[2400:2480]] * 3
    start = now_us() - 13 * TICK
    for n, payload in enumerate(cuts):
        heard.add(packet(n, payload, at=start + n * TICK))
    assert await heard.wait_for_tone(700, deadline=1) == start
