"""From Asterisk's raw two-channel file to a WAV that is kept.

`MixMonitor` with option D writes headerless interleaved 16-bit samples at 8 kHz: what it read from
the monitored channel first, then what it wrote to it. There is no length to repair after a crash,
and the two sides are never mixed. The seat's leg is monitored, so the seat comes first in the raw
file; in the WAV the caller is on the left (channel 0) and the seat on the right (channel 1).
"""

from __future__ import annotations

import hashlib
import os
import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recording.errors import SegmentUnusable

SAMPLE_RATE_HZ: Final = 8000
FRAME_BYTES: Final = 4
"""Two channels of 16 bits."""
_CHUNK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """`file` is relative to the store folder; `sha256` is of the whole WAV file."""

    file: str
    duration_us: int
    size_bytes: int
    sha256: str


def store_segment(raw: Path, store_dir: Path, relative: Path) -> StoredSegment:
    """Write `raw` as `store_dir/relative`, read it back, and only then delete `raw`.

    Blocking: call it in a thread. Doing it twice is harmless. Raises SegmentUnusable.
    """
    target = store_dir / relative
    try:
        size = raw.stat().st_size // FRAME_BYTES * FRAME_BYTES
        if size == 0:
            raise SegmentUnusable(raw.name, "is empty: no audio was written")
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(".part")
        digest = _write_wav(raw, size, fresh)
        if _digest_of(fresh) != digest:
            fresh.unlink(missing_ok=True)
            raise SegmentUnusable(raw.name, "the copy reads back differently: check the disk")
        fresh.replace(target)
        raw.unlink()
    except OSError as error:
        raise SegmentUnusable(raw.name, error.strerror or str(error)) from error
    frames = size // FRAME_BYTES
    return StoredSegment(
        file=relative.as_posix(),
        duration_us=frames * 1_000_000 // SAMPLE_RATE_HZ,
        size_bytes=target.stat().st_size,
        sha256=digest,
    )


def _write_wav(raw: Path, size: int, target: Path) -> str:
    """Copy with the sides swapped; returns the SHA-256 of what should now be in `target`."""
    with raw.open("rb") as source, target.open("wb") as out:
        with wave.open(out, "wb") as wav:
            wav.setnchannels(2)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE_HZ)
            wav.setnframes(size // FRAME_BYTES)
            left = size
            while left > 0:
                chunk = source.read(min(_CHUNK_BYTES, left))
                if not chunk:
                    raise SegmentUnusable(raw.name, "became shorter while it was read")
                left -= len(chunk)
                wav.writeframesraw(_swapped(chunk))
        out.flush()
        os.fsync(out.fileno())
    return _digest_of(target)


def _swapped(chunk: bytes) -> bytes:
    samples = array("h")
    samples.frombytes(chunk[: len(chunk) // FRAME_BYTES * FRAME_BYTES])
    if sys.byteorder == "big":
        samples.byteswap()
    turned = array("h", bytes(len(samples) * 2))
    turned[0::2], turned[1::2] = samples[1::2], samples[0::2]
    if sys.byteorder == "big":
        turned.byteswap()
    return turned.tobytes()


def _digest_of(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
