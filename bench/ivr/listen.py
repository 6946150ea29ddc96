"""What was heard, made into figures: which prompt each packet belongs to, what a key led to, and
how even the sound was. Pure.

Every clip of every prompt is a tone of its own pitch, so a packet is known by what is in it and
not by when it came: the first packet of the next prompt cannot be taken for a late one of the
prompt before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from bench.ivr.rtp import PCMA, RATE, TICK, Heard
from bench.phones.audio import decoded

MENUS: Final = 3
"""Menus in a circle: three, so that a key taken twice is not taken for one not taken at all."""
CLIPS: Final = 3
"""Clips in each menu's prompt: sounds that are played one after the other must join up, too."""
PITCHES: Final = tuple(400 + 200 * number for number in range(MENUS * CLIPS))
"""Hz. In one packet of 20 ms tones 200 Hz apart are 30 dB apart."""
NEXT: Final = "1"
"""The key that leads from each menu to the next one."""
SHARE: Final = 0.5
"""Part of a packet's power that must be one tone."""
NOTHING: Final = -1
GAP_MS: Final = 40.0
"""A gap above this can be heard: one packet of 20 ms has come too late to be played."""
_SOUNDING_NS: Final = 40_000_000
"""A prompt whose last packet is younger than this is being played."""
_SHORTEST: Final = 24
"""Samples that can be told apart; the last packet of a clip is as short as what is left."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


def clips_heard(payloads: Sequence[bytes]) -> list[int]:
    """The clip in each packet: menu number * CLIPS + number in its prompt, or NOTHING."""
    labels = [NOTHING] * len(payloads)
    by_length: dict[int, list[int]] = {}
    for place, payload in enumerate(payloads):
        by_length.setdefault(len(payload), []).append(place)
    for length, places in by_length.items():
        if length < _SHORTEST:
            continue
        sound = decoded(b"".join(payloads[place] for place in places), PCMA)
        assert sound is not None
        shares = _shares(sound.astype(np.float64).reshape(-1, length))
        best = shares.argmax(axis=1)
        sure = shares[np.arange(len(places)), best] >= (SHARE if length == TICK else 0.3)
        for place, clip, known in zip(places, best, sure, strict=True):
            if known:
                labels[place] = int(clip)
    return labels


def _shares(frames: Floats) -> Floats:
    """Part of each frame's power at each pitch; shape (frames, pitches)."""
    length = frames.shape[1]
    window = np.hanning(length + 2)[1:-1]
    angle = 2 * np.pi * np.outer(np.arange(length) / RATE, PITCHES)
    tones = window[:, None] * np.exp(1j * angle) * (2 / window.sum())
    amplitude = np.abs(frames @ tones)
    power = (frames**2) @ (window / window.sum())
    shares: Floats = np.divide(
        amplitude**2 / 2, power[:, None], out=np.zeros_like(amplitude), where=power[:, None] > 0
    )
    return shares


@dataclass(frozen=True, slots=True)
class Key:
    """A key: when its first packet and its first end packet left, nanoseconds."""

    down_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Answer:
    """From a key to the first packet of the next prompt. Microseconds; `end_us` counts from the
    packet that tells Asterisk the key's end, `down_us` from the key's first packet."""

    end_us: int
    down_us: int
    barge_in: bool
    """The prompt was being played when the key ended; else there was silence."""


@dataclass(slots=True)
class Measured:
    """What one or more calls were like."""

    answers: list[Answer] = field(default_factory=list)
    unanswered: int = 0
    """Keys after which the next prompt did not come before the key after."""
    gaps_us: list[int] = field(default_factory=list)
    """Between packets that follow each other within one prompt."""
    joins_us: list[int] = field(default_factory=list)
    """Those of them that lie between two clips of the prompt."""
    packets: int = 0
    unknown: int = 0
    """Packets with nothing of ours in them."""
    missing: int = 0
    """Sequence numbers that never came."""

    def add(self, other: Measured) -> None:
        self.answers += other.answers
        self.gaps_us += other.gaps_us
        self.joins_us += other.joins_us
        self.unanswered += other.unanswered
        self.packets += other.packets
        self.unknown += other.unknown
        self.missing += other.missing


def measured(packets: Sequence[Heard], keys: Sequence[Key]) -> Measured:
    """One call's figures. `keys` in their order; what is heard after the last one counts too."""
    labels = clips_heard([packet.payload for packet in packets])
    found = Measured(packets=len(packets), unknown=labels.count(NOTHING), missing=_missing(packets))
    _answers(packets, labels, keys, found)
    _gaps(packets, labels, keys, found)
    return found


def _answers(
    packets: Sequence[Heard], labels: Sequence[int], keys: Sequence[Key], found: Measured
) -> None:
    at = 0
    before, before_ns = NOTHING, 0
    for number, key in enumerate(keys):
        until = keys[number + 1].down_ns if number + 1 < len(keys) else 1 << 63
        while at < len(packets) and packets[at].at_ns < key.down_ns:
            if labels[at] != NOTHING:
                before, before_ns = labels[at] // CLIPS, packets[at].at_ns
            at += 1
        if before == NOTHING:
            found.unanswered += 1
            continue
        wanted = (before + 1) % MENUS
        place = at
        sounding_ns = before_ns
        while place < len(packets) and packets[place].at_ns < until:
            if labels[place] != NOTHING and labels[place] // CLIPS == wanted:
                break
            if packets[place].at_ns <= key.end_ns:
                sounding_ns = packets[place].at_ns
            place += 1
        else:
            found.unanswered += 1
            continue
        came_ns = packets[place].at_ns
        found.answers.append(
            Answer(
                end_us=(came_ns - key.end_ns) // 1000,
                down_us=(came_ns - key.down_ns) // 1000,
                barge_in=key.end_ns - sounding_ns < _SOUNDING_NS,
            )
        )


def _gaps(
    packets: Sequence[Heard], labels: Sequence[int], keys: Iterable[Key], found: Measured
) -> None:
    """Between a key's end and the next prompt there is no prompt to have a gap; everything else
    between two packets of one prompt counts, the joins of its clips included. A packet with
    nothing in it (the last few samples of a clip) belongs to the clip before."""
    ends = [key.end_ns for key in keys]
    number = 0
    clip = NOTHING
    for place, (packet, label) in enumerate(zip(packets, labels, strict=True)):
        before, clip = clip, clip if label == NOTHING else label
        if before == NOTHING or clip // CLIPS != before // CLIPS:
            continue
        last = packets[place - 1]
        while number < len(ends) and ends[number] < last.at_ns:
            number += 1
        if number < len(ends) and ends[number] <= packet.at_ns:
            continue
        gap_us = (packet.at_ns - last.at_ns) // 1000
        found.gaps_us.append(gap_us)
        if clip != before:
            found.joins_us.append(gap_us)


def _missing(packets: Sequence[Heard]) -> int:
    """Sequence numbers left out, and never late ones taken for lost (RFC 3550, A.3)."""
    by_source: dict[int, list[int]] = {}
    for packet in packets:
        seen = by_source.setdefault(packet.ssrc, [])
        last = seen[-1] if seen else packet.seq
        seen.append(last + (packet.seq - last + 0x8000) % 0x10000 - 0x8000)
    return sum(max(seen) - min(seen) + 1 - len(set(seen)) for seen in by_source.values())
