"""What one call sends: sound in packets of 20 ms, digits in between."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from struct import Struct
from typing import Final

from bench.phones.audio import FRAME, Audio, packets_of
from bench.phones.dtmf import KeyTick
from bench.phones.sdp import PAYLOAD_TYPES, RemoteMedia
from bench.phones.udp import Address, now_us

_HEADER: Final = Struct("!BBHII")
_MARKER: Final = 0x80


class Microphone:
    """A member of the pacer. Silent until it is told where the other end hears."""

    def __init__(self, send: Callable[[bytes, Address], None], audio: Audio) -> None:
        self._send = send
        self._audio = audio
        self._remote: RemoteMedia | None = None
        self._packets: tuple[bytes, ...] = ()
        self._next = 0
        self._payload_type = 0
        first = os.urandom(10)  # RFC 3550 section 5.1: all three start at random
        self._seq = int.from_bytes(first[:2])
        self._time = int.from_bytes(first[2:6])
        self._ssrc = int.from_bytes(first[6:])
        self._talk_starts = True
        self._keys: deque[KeyTick | asyncio.Future[int] | None] = deque()
        self._key_time = 0
        self._key_sent_us = 0

    def aim(self, remote: RemoteMedia) -> None:
        """Send there from now on, in their codec."""
        self._remote = remote
        self._payload_type = PAYLOAD_TYPES[remote.codec]
        self.carry(self._audio)

    def carry(self, audio: Audio) -> None:
        """Change the sound; it starts at its beginning with the next packet."""
        self._audio = audio
        self._next = 0
        if self._remote is not None:
            self._packets = packets_of(audio, self._remote.codec)

    def press(self, ticks: list[KeyTick | None]) -> asyncio.Future[int]:
        """Queue digits; the result is when the last digit's end was sent (wall clock, us)."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._keys.extend(ticks)
        self._keys.append(done)
        return done

    def stop(self) -> None:
        """Give up queued digits."""
        for item in self._keys:
            if isinstance(item, asyncio.Future) and not item.done():
                item.cancel()
        self._keys.clear()

    def tick(self) -> None:
        remote = self._remote
        key = self._next_key()
        if remote is None or not remote.listens:
            self._talk_starts = True
        elif key is not None and remote.event is not None:
            if key.first:
                self._key_time = self._time
            for copy in range(key.copies):
                first = key.first and copy == 0
                self._packet(remote, remote.event, key.payload, self._key_time, marker=first)
            self._key_sent_us = now_us()
        else:
            payload = self._packets[self._next]
            self._packet(remote, self._payload_type, payload, self._time, marker=self._talk_starts)
            self._talk_starts = False
        self._next = (self._next + 1) % max(1, len(self._packets))
        self._time = (self._time + FRAME) & 0xFFFFFFFF

    def skip(self, ticks: int) -> None:
        self._time = (self._time + ticks * FRAME) & 0xFFFFFFFF
        self._talk_starts = True

    def _next_key(self) -> KeyTick | None:
        while self._keys:
            item = self._keys.popleft()
            if not isinstance(item, asyncio.Future):
                return item
            if not item.done():
                item.set_result(self._key_sent_us)
        return None

    def _packet(
        self, remote: RemoteMedia, payload_type: int, payload: bytes, time: int, *, marker: bool
    ) -> None:
        kind = payload_type | _MARKER if marker else payload_type
        header = _HEADER.pack(0x80, kind, self._seq, time, self._ssrc)
        self._send(header + payload, remote.address)
        self._seq = (self._seq + 1) & 0xFFFF
