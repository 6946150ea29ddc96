"""RFC 4733: what a key sends and how it is read."""

from __future__ import annotations

import pytest
from aiortp.dtmf import DtmfEvent

from bench.phones.dtmf import KeyReader, key_ticks


def test_a_key_lasts_its_time_and_ends_three_times() -> None:
    ticks = key_ticks("5", tone_ms=100, gap_ms=60)
    assert len(ticks) == 5 + 3
    assert ticks[5:] == [None] * 3
    tones = [tick for tick in ticks if tick is not None]
    events = [DtmfEvent.parse(tick.payload) for tick in tones]
    assert [event.duration for event in events] == [160, 320, 480, 640, 800]
    assert [event.end for event in events] == [False] * 4 + [True]
    assert [tick.copies for tick in tones] == [1, 1, 1, 1, 3]
    assert [tick.first for tick in tones] == [True] + [False] * 4


def test_every_key_has_its_code() -> None:
    ticks = [tick for tick in key_ticks("0123456789*#abcD", 40, 20) if tick and tick.first]
    assert [tick.payload[0] for tick in ticks] == list(range(16))


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="'x' is not a key"):
        key_ticks("12x", 100, 60)


def test_repeated_packets_are_one_key_and_a_new_time_stamp_the_next() -> None:
    reader = KeyReader()
    end = DtmfEvent(5, end=True, volume=10, duration=800).serialize()
    begin = DtmfEvent(5, end=False, volume=10, duration=160).serialize()
    for time in (1000, 1000, 9000):
        reader.feed(begin, time, 1)
        for _ in range(3):
            reader.feed(end, time, 1)
    reader.feed(b"\x00", 20000, 1)
    assert reader.digits == "55"
