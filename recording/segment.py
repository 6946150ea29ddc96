"""From Asterisk's raw two-channel file to a WAV that is kept.

`MixMonitor` with option D writes headerless interleaved 16-bit samples at 8 kHz: what it read from
the monitored channel first, then what it wrote to it. There is no length to repair after a crash,
and the two sides are never mixed. The seat's leg is monitored, so the seat comes first in the raw
file; in the WAV the caller is on the left (channel 0) and the seat on the right (channel 1).

A recording lies in the folder of the day on which its last sound was written, by UTC and not by
the site's own midnight: a folder means the same wherever and whenever it is made or read.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from recording.errors import SegmentUnusable, StoreFailed, StoreInterrupted
from recording.spool import open_raw

SAMPLE_RATE_HZ: Final = 8000
FRAME_BYTES: Final = 4
"""Two channels of 16 bits."""
HEADER_BYTES: Final = 44
MAX_SOUND_BYTES: Final = (2**32 - HEADER_BYTES) // FRAME_BYTES * FRAME_BYTES
"""A WAV file's lengths have 32 bits: 37 hours."""
_CHUNK_BYTES: Final = 256 * 1024

Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """`file` is relative to the store folder; `sha256` is of the whole WAV file."""

    file: str
    duration_us: int
    size_bytes: int
    sha256: str


def store_segment(raw: Path, store_dir: Path, stopping: Stopping = lambda: False) -> StoredSegment:
    """Write `raw`'s sound below `store_dir` and read it back from the disk.

    `raw` stays. Doing it twice is harmless: the same sound is kept once, and another recording of
    the same name is never written over. Blocking: call it in a thread; it gives up soon after
    `stopping` says so. Raises SegmentUnusable, StoreFailed, StoreInterrupted.
    """
    try:
        with open_raw(raw) as source:
            return _store(raw.name, source, store_dir, stopping)
    except FileNotFoundError as error:
        if error.filename in (raw, str(raw)):
            raise SegmentUnusable(raw.name, "there is no such file") from error
        raise StoreFailed(raw.name, str(error)) from error
    except OSError as error:
        raise StoreFailed(raw.name, error.strerror or str(error)) from error


def _store(name: str, source: BinaryIO, store_dir: Path, stopping: Stopping) -> StoredSegment:
    known = os.fstat(source.fileno())
    size = known.st_size // FRAME_BYTES * FRAME_BYTES  # a crash may leave half a sample
    if size == 0:
        raise SegmentUnusable(name, "is empty: no audio was written")
    if size > MAX_SOUND_BYTES:
        raise SegmentUnusable(name, "is longer than a WAV file can be (37 hours)")
    day = datetime.fromtimestamp(known.st_mtime, UTC).strftime("%Y/%m/%d")
    folder = store_dir / day
    folder.mkdir(parents=True, exist_ok=True)
    stem = name.removesuffix(".raw")
    fresh = folder / f"{stem}.part"
    try:
        digest = _write_wav(name, source, size, fresh, stopping)
        if os.fstat(source.fileno()).st_size != known.st_size:
            raise StoreFailed(name, "was still being written")
        if _digest_of(fresh, name, stopping) != digest:
            raise StoreFailed(name, "the copy reads back differently: check the disk")
        target = _place(fresh, folder, stem, digest, stopping)
    finally:
        fresh.unlink(missing_ok=True)
    return StoredSegment(
        file=target.relative_to(store_dir).as_posix(),
        duration_us=size // FRAME_BYTES * 1_000_000 // SAMPLE_RATE_HZ,
        size_bytes=HEADER_BYTES + size,
        sha256=digest,
    )


def _place(fresh: Path, folder: Path, stem: str, digest: str, stopping: Stopping) -> Path:
    """Give the finished file its name, or find that it is there already."""
    target, again = folder / f"{stem}.wav", 1
    while target.exists():
        if _digest_of(target, target.name, stopping) == digest:
            return target
        again += 1
        target = folder / f"{stem}-{again}.wav"
    fresh.rename(target)
    # The name must outlive a power cut too, for the raw file is deleted next.
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return target


def _write_wav(name: str, source: BinaryIO, size: int, fresh: Path, stopping: Stopping) -> str:
    """Copy with the sides swapped; returns the SHA-256 of the bytes handed to the disk."""
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as out:
        sound = (_swapped(chunk) for chunk in _chunks(name, source, size, stopping))
        for block in itertools.chain((_header(size),), sound):
            out.write(block)
            digest.update(block)
        out.flush()
        os.fsync(out.fileno())
        # What is read back shall come from the disk, not from memory.
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return digest.hexdigest()


def _header(size: int) -> bytes:
    """The header of a WAV file with `size` bytes of sound (RIFF, WAVE_FORMAT_PCM)."""
    rate, frame = SAMPLE_RATE_HZ, FRAME_BYTES
    form = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, rate, rate * frame, frame, 16)
    return struct.pack("<4sL4s4sLHHLLHH4sL", *form, b"data", size)


def _chunks(name: str, source: BinaryIO, size: int, stopping: Stopping) -> Iterator[bytes]:
    """`size` bytes of `source`, in pieces of whole frames."""
    left = size
    while left > 0:
        if stopping():
            raise StoreInterrupted(name, "the daemon stops")
        wanted = min(_CHUNK_BYTES, left)
        chunk = source.read(wanted)
        if len(chunk) < wanted:
            raise StoreFailed(name, "became shorter while it was read")
        left -= wanted
        yield chunk


def _swapped(chunk: bytes) -> bytes:
    samples = array("h", chunk)
    if sys.byteorder == "big":
        samples.byteswap()
    turned = array("h", bytes(len(chunk)))
    turned[0::2], turned[1::2] = samples[1::2], samples[0::2]
    if sys.byteorder == "big":
        turned.byteswap()
    return turned.tobytes()


def _digest_of(file: Path, name: str, stopping: Stopping) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        for chunk in _chunks(name, source, os.fstat(source.fileno()).st_size, stopping):
            digest.update(chunk)
    return digest.hexdigest()
