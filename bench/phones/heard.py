"""What one call's ear got: packets with their arrival times, and questions about them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from itertools import pairwise
from struct import Struct
from typing import Final, NamedTuple

import numpy as np

from bench.phones.audio import RATE, Samples, decoded
from bench.phones.dtmf import KeyReader
from bench.phones.errors import NotInTime, NotRemembered
from bench.phones.tones import SOUND_DB, sound_level, strongest_tone, tone_level, tone_present
from bench.phones.udp import now_us

MEMORY: Final = 6000
"""Packets remembered: two minutes."""
_HEADER: Final = Struct("!BBHII")
_RTCP: Final = range(192, 224)
_FRESH_US: Final = 100_000
"""Packets further apart than this are not one sound."""
_REBASE: Final = RATE
"""A time stamp a second away from where the clock says is a new beginning, not a gap."""


class Packet(NamedTuple):
    """`arrival_us`: wall clock, microseconds, taken by the kernel where it can."""

    arrival_us: int
    seq: int
    timestamp: int
    payload: bytes
    marker: bool
    payload_type: int
    ssrc: int


def parse_packet(data: bytes, arrival_us: int) -> Packet | None:
    """An RTP packet (RFC 3550 section 5.1); None for RTCP and anything else."""
    if len(data) < 12 or data[0] >> 6 != 2 or data[1] in _RTCP:
        return None
    flags, kind, seq, timestamp, ssrc = _HEADER.unpack_from(data)
    start = 12 + 4 * (flags & 0x0F)
    if flags & 0x10:  # header extension
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if flags & 0x20 else 0)
    return Packet(arrival_us, seq, timestamp, data[start:end], bool(kind & 0x80), kind & 0x7F, ssrc)


Present = Callable[[list[Samples]], Iterable[bool]]


class _Run:
    """Waits until something was present in packets of `need` samples without a break."""

    def __init__(self, need: int) -> None:
        self.found: int | None = None
        self._need = need
        self._length = 0
        self._start = self._last = 0

    def feed(self, packet: Packet, samples: int, present: bool) -> None:
        if not present or packet.arrival_us - self._last > _FRESH_US:
            self.found, self._length = None, 0
        self._last = packet.arrival_us
        if present:
            if self._length == 0:
                self._start = packet.arrival_us
            self._length += samples
            if self._length >= self._need:
                self.found = self._start


class Heard:
    """The ear. Times are wall clock in microseconds, `deadline` is seconds from now.

    `digits`: keys that the other end pressed (RFC 4733).
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._ring: deque[Packet] = deque(maxlen=memory)
        self._keys = KeyReader()
        self._watchers: list[Callable[[Packet], None]] = []
        self._forgotten = False

    def add(self, packet: Packet) -> None:
        self._forgotten = self._forgotten or len(self._ring) == self._ring.maxlen
        self._ring.append(packet)
        if packet.payload_type >= 96:
            self._keys.feed(packet.payload, packet.timestamp, packet.ssrc)
        for watcher in tuple(self._watchers):
            watcher(packet)

    @property
    def packets(self) -> tuple[Packet, ...]:
        """All that are remembered, in the order of arrival."""
        return tuple(self._ring)

    @property
    def digits(self) -> str:
        return self._keys.digits

    def pcm(self, last_ms: int | None = None) -> Samples:
        """Mono, 8 kHz, each packet where its time stamp puts it, zero where none came."""
        placed = _placed(self._recent(last_ms))
        if not placed:
            return np.zeros(0, np.int16)
        out = np.zeros(max(at + len(samples) for at, samples in placed), np.int16)
        for at, samples in placed:
            out[at : at + len(samples)] = samples
        return out if last_ms is None else out[-last_ms * RATE // 1000 :]

    def tone_level(self, hz: float, last_ms: int = 200) -> float:
        """Level of a tone in what was heard last, dB relative to a full-scale sine."""
        return tone_level(self.pcm(last_ms), hz)

    def sound_level(self, last_ms: int = 200) -> float:
        """Level of everything that was heard last, dB relative to a full-scale sine."""
        return sound_level(self.pcm(last_ms))

    def longest_gap_ms(self, since: int | None = None, until: int | None = None) -> float:
        """Longest time without a packet between two moments (default: first and last packet).

        The edges count: no packet at all in between is one gap. Raises NotRemembered.
        """
        arrivals = [packet.arrival_us for packet in self._ring]
        if since is not None:
            if self._forgotten and arrivals and since < arrivals[0]:
                raise NotRemembered(since, arrivals[0])
            before = [at for at in arrivals if at < since][-1:]
            # From the packet before `since`, but only the part of that gap after it.
            arrivals = (before or [since]) + [at for at in arrivals if at >= since]
        if until is not None:
            arrivals = [at for at in arrivals if at <= until] + [until]
        low = since if since is not None else (arrivals[0] if arrivals else 0)
        gaps = [b - max(a, low) for a, b in pairwise(arrivals)]
        return max(gaps, default=0) / 1000

    async def wait_for_tone(
        self, hz: float, *, min_ms: int = 100, deadline: float, since: int | None = None
    ) -> int:
        """When the first packet of the tone arrived, once it has lasted for `min_ms`.

        A tone that sounds already counts, from its true beginning; with `since` also one that has
        ended again. Raises NotInTime.
        """

        def present(frames: list[Samples]) -> Iterable[bool]:
            if len({len(frame) for frame in frames}) == 1:
                return [bool(yes) for yes in tone_present(np.stack(frames), hz)]
            return [bool(tone_present(frame[np.newaxis], hz)[0]) for frame in frames]

        return await self._wait(present, min_ms, deadline, since, f"a tone of {hz:g} Hz")

    async def wait_for_sound(
        self, deadline: float, *, min_ms: int = 40, since: int | None = None
    ) -> int:
        """When the first packet that is not silence arrived. Otherwise as `wait_for_tone`."""

        def present(frames: list[Samples]) -> Iterable[bool]:
            return [sound_level(frame) > SOUND_DB for frame in frames]

        return await self._wait(present, min_ms, deadline, since, "a sound")

    async def _wait(
        self, present: Present, min_ms: int, deadline: float, since: int | None, what: str
    ) -> int:
        run = _Run(min_ms * RATE // 1000)
        past = [p for p in self._ring if since is None or p.arrival_us >= since]
        sounds = [(p, s) for p in past if (s := decoded(p.payload, p.payload_type)) is not None]
        sounds = [(p, s) for p, s in sounds if len(s)]
        if sounds:
            for (packet, samples), yes in zip(sounds, present([s for _, s in sounds]), strict=True):
                run.feed(packet, len(samples), yes)
                if since is not None and run.found is not None:
                    return run.found
            if run.found is not None and now_us() - past[-1].arrival_us < _FRESH_US:
                return run.found
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def watch(packet: Packet) -> None:
            samples = decoded(packet.payload, packet.payload_type)
            if samples is None or len(samples) == 0 or found.done():
                return
            run.feed(packet, len(samples), next(iter(present([samples]))))
            if run.found is not None:
                found.set_result(run.found)

        self._watchers.append(watch)
        try:
            async with asyncio.timeout(deadline):
                return await found
        except TimeoutError:
            raise NotInTime(f"{what} ({self._impression()})", deadline) from None
        finally:
            self._watchers.remove(watch)

    def _impression(self) -> str:
        if not self._ring:
            return "heard: no packet at all"
        ago = (now_us() - self._ring[-1].arrival_us) / 1e6
        hz, level = strongest_tone(self.pcm(400))
        return f"heard: last packet {ago:.2f} s ago, strongest {hz:.0f} Hz at {level:.0f} dB"

    def _recent(self, last_ms: int | None) -> list[Packet]:
        if last_ms is None:
            return list(self._ring)
        # Twice the packets: reordering and small packets must not make it too short.
        count = max(4, last_ms // 10)
        return list(self._ring)[-count:]


def _placed(packets: Iterable[Packet]) -> list[tuple[int, Samples]]:
    """Position in samples of each packet; a new source goes on where the clock says."""
    placed: list[tuple[int, Samples]] = []
    last: Packet | None = None
    at = 0
    for packet in packets:
        samples = decoded(packet.payload, packet.payload_type)
        if samples is None:
            continue
        if last is not None:
            by_clock = at + (packet.arrival_us - last.arrival_us) * RATE // 1_000_000
            step = (packet.timestamp - last.timestamp + 0x80000000) % 0x100000000 - 0x80000000
            new = packet.ssrc != last.ssrc or abs(at + step - by_clock) > _REBASE
            at = by_clock if new else at + step
        last = packet
        if at >= 0:
            placed.append((at, samples))
    return placed
