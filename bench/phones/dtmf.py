"""Digits as RFC 4733 events: what a key press sends in each 20 ms, and how one is heard.

aiortp sends all packets of a digit in one burst, marks the wrong one and leaves the time stamp to
the caller; Asterisk takes two digits of one time stamp for a repeated packet.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from aiortp.dtmf import DTMF_EVENTS, DtmfEvent

_TICK_MS: Final = 20
_STEP: Final = 160
_VOLUME: Final = 10
"""-10 dBm0, the level of a usual telephone."""
_ENDS: Final = 3
"""The end is sent three times (RFC 4733 section 2.5.1.4)."""


class KeyTick(NamedTuple):
    """What goes out in one tick instead of sound. `first` opens the event: marker, new time."""

    payload: bytes
    copies: int
    first: bool


def key_ticks(digits: str, tone_ms: int, gap_ms: int) -> list[KeyTick | None]:
    """Tick by tick; None is a tick of ordinary sound. Raises ValueError for no digit."""
    ticks: list[KeyTick | None] = []
    length = max(2, -(-tone_ms // _TICK_MS))
    for digit in digits:
        code = DTMF_EVENTS.get(digit.upper())
        if code is None:
            raise ValueError(f"{digit!r} is not a key")
        for step in range(1, length + 1):
            end = step == length
            event = DtmfEvent(code, end=end, volume=_VOLUME, duration=step * _STEP)
            ticks.append(KeyTick(event.serialize(), _ENDS if end else 1, first=step == 1))
        ticks.extend([None] * max(1, -(-gap_ms // _TICK_MS)))
    return ticks


class KeyReader:
    """Collects heard digits: one for each event, however many packets it has."""

    def __init__(self) -> None:
        self.digits = ""
        self._last: tuple[int, int] | None = None

    def feed(self, payload: bytes, timestamp: int, ssrc: int) -> None:
        if len(payload) < 4 or self._last == (timestamp, ssrc):
            return
        event = DtmfEvent.parse(payload)
        if event.end:
            self._last = timestamp, ssrc
            self.digits += event.digit
