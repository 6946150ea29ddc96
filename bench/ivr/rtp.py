"""RTP packets of a caller: keys by RFC 4733 and now and then silence in A-law. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

RATE: Final = 8000
PCMA: Final = 8
EVENT: Final = 101
TICK_S: Final = 0.02
TICK: Final = 160
"""Samples in 20 ms."""
KEY_TICKS: Final = 6
"""A key is held for 120 ms. Asterisk draws keys shorter than 80 ms out to that length
(`dtmfminduration`), which would be added to what is measured."""
ENDS: Final = 3
"""The end of a key is sent three times (RFC 4733, 2.5.1.4); the first one counts."""
SILENCE: Final = b"\xd5" * TICK
_HEADER: Final = Struct("!BBHII")
_EVENT: Final = Struct("!BBH")
_VOLUME: Final = 10
_KEYS: Final = "0123456789*#"


class Stream:
    """Sequence numbers and time stamps of one caller's sound (RFC 3550, 5.1)."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._seq = ssrc & 0x7FFF
        self._base = ssrc >> 3

    def packet(self, kind: int, payload: bytes, at_s: float, *, marker: bool = False) -> bytes:
        """A packet of what is heard `at_s` seconds after the stream's beginning."""
        self._seq = (self._seq + 1) & 0xFFFF
        stamp = (self._base + round(at_s * RATE)) & 0xFFFFFFFF
        return _HEADER.pack(0x80, kind | marker << 7, self._seq, stamp, self._ssrc) + payload


class KeyTick(NamedTuple):
    """What goes out `after_s` seconds after the key went down."""

    after_s: float
    payload: bytes
    first: bool
    end: bool


def key_ticks(key: str) -> Iterator[KeyTick]:
    """The packets of one key. All carry the RTP time of its beginning. Raises ValueError."""
    code = _KEYS.index(key)
    for number in range(1, KEY_TICKS + 1):
        end = number == KEY_TICKS
        payload = _EVENT.pack(code, end << 7 | _VOLUME, number * TICK)
        for _ in range(ENDS if end else 1):
            yield KeyTick((number - 1) * TICK_S, payload, first=number == 1, end=end)


class Heard(NamedTuple):
    """One packet received. `at_ns`: wall clock of the kernel."""

    at_ns: int
    seq: int
    payload: bytes
    ssrc: int


def parse(data: bytes, at_ns: int) -> Heard | None:
    """A packet of A-law sound; None for anything else (RTCP, keys)."""
    if len(data) < 12 or data[0] >> 6 != 2 or data[1] & 0x7F != PCMA:
        return None
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:  # header extension
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    _, _, seq, _, ssrc = _HEADER.unpack_from(data)
    return Heard(at_ns, seq, data[start:], ssrc)
