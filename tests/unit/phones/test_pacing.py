"""The pacer and the microphone, on a clock of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from bench.phones.audio import Tone, packets_of
from bench.phones.dtmf import key_ticks
from bench.phones.heard import Heard, Packet, parse_packet
from bench.phones.microphone import Microphone
from bench.phones.pacer import TICK_S, Pacer
from bench.phones.sdp import RemoteMedia

THERE = RemoteMedia(("127.0.0.1", 9), "PCMA", 101, "sendrecv")


class Clock:
    """The part of an event loop that a pacer uses; time goes where the test puts it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timer: tuple[float, Callable[[], None]] | None = None

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> Clock:
        self.timer = when, callback
        return self

    def cancel(self) -> None:
        self.timer = None

    def run(self, until: float, late: float = 0.0) -> None:
        """Fire timers up to `until`, each `late` seconds after its time."""
        while self.timer is not None and self.timer[0] <= until:
            when, callback = self.timer
            self.timer = None
            self.now = max(self.now, when + late)
            callback()
        self.now = max(self.now, until)


class Counter:
    def __init__(self) -> None:
        self.ticks = self.skipped = 0

    def tick(self) -> None:
        self.ticks += 1

    def skip(self, ticks: int) -> None:
        self.skipped += ticks


def paced(clock: Clock) -> Pacer:
    return Pacer(cast("asyncio.AbstractEventLoop", clock))


def test_ticks_do_not_drift_when_every_timer_is_late() -> None:
    clock, member = Clock(), Counter()
    pacer = paced(clock)
    pacer.add(member)
    clock.run(until=100 + 3600 - TICK_S / 2, late=0.0013)
    assert (member.ticks, member.skipped) == (3600 * 50, 0)


def test_a_short_delay_is_caught_up_and_a_long_one_skipped() -> None:
    clock, member = Clock(), Counter()
    pacer = paced(clock)
    pacer.add(member)
    clock.run(until=100)
    clock.now += 5 * TICK_S
    clock.run(until=clock.now)
    assert (member.ticks, member.skipped) == (6, 0)
    clock.now += 100 * TICK_S
    clock.run(until=clock.now)
    assert (member.ticks, member.skipped) == (7, 99)


def test_a_pacer_without_members_sleeps() -> None:
    clock, first, second = Clock(), Counter(), Counter()
    pacer = paced(clock)
    pacer.add(first)
    pacer.add(second)
    clock.run(until=100.01)
    pacer.remove(first)
    clock.run(until=100.03)
    assert (first.ticks, second.ticks) == (1, 2)
    pacer.remove(second)
    assert clock.timer is None
    clock.now = 200.0
    pacer.add(first)
    clock.run(until=200.0)
    assert first.ticks == 2


class Line:
    """Keeps what a microphone sends."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def send(self, data: bytes, to: Any) -> None:
        packet = parse_packet(data, 0)
        assert packet is not None
        self.packets.append(packet)


def test_sound_goes_round_in_packets_in_order() -> None:
    line = Line()
    microphone = Microphone(line.send, Tone(1000))
    microphone.tick()
    assert not line.packets, "nobody to send to yet"
    microphone.aim(THERE)
    for _ in range(3):
        microphone.tick()
    assert [p.payload for p in line.packets] == list(packets_of(Tone(1000), "PCMA")) * 3
    assert [p.marker for p in line.packets] == [True, False, False]
    steps = [
        ((b.seq - a.seq) % 0x10000, (b.timestamp - a.timestamp) % 2**32)
        for a, b in zip(line.packets, line.packets[1:], strict=False)
    ]
    assert steps == [(1, 160), (1, 160)]


async def test_keys_take_the_place_of_sound_with_one_time_stamp_each() -> None:
    line, heard = Line(), Heard()
    microphone = Microphone(line.send, Tone(1000))
    microphone.aim(THERE)
    done = microphone.press(key_ticks("77", tone_ms=60, gap_ms=40))
    for _ in range(11):
        microphone.tick()
    assert done.done()
    for packet in line.packets:
        heard.add(packet)
    assert heard.digits == "77"
    keys = [p for p in line.packets if p.payload_type == 101]
    assert [p.marker for p in keys] == [True, False, False, False, False] * 2
    first, second = keys[0].timestamp, keys[5].timestamp
    assert {p.timestamp for p in keys[:5]} == {first}
    assert (second - first) % 2**32 == 5 * 160
    assert [b.seq - a.seq for a, b in zip(line.packets, line.packets[1:], strict=False)].count(
        1
    ) >= len(line.packets) - 2


def test_a_remote_end_on_hold_gets_nothing_and_time_goes_on() -> None:
    line = Line()
    microphone = Microphone(line.send, Tone(1000))
    microphone.aim(THERE)
    microphone.tick()
    microphone.aim(RemoteMedia(THERE.address, "PCMA", 101, "inactive"))
    microphone.tick()
    microphone.aim(THERE)
    microphone.tick()
    first, second = line.packets
    assert (second.timestamp - first.timestamp) % 2**32 == 320
    assert second.marker
