"""One spoken message: from the file that Asterisk wrote to a file of the store.

Asterisk names the file as the menu session told it: `msg--CALL--BOX--N.wav`. The name alone tells
whose it is, so a file found after a crash is a message like any other. A session of the same call
may use the name again; so the first thing done with a finished file is that its time is written
behind the name (`msg--CALL--BOX--N-TIME.wav`): from there on it is like no other.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import sys
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from cti.ids import CallId
from recording.errors import SegmentUnusable, StoreFailed
from recording.spool import open_raw

FOLDER: Final = "messages"
"""Below the recordings' store folder."""
RATE_HZ: Final = 8000
BYTES_A_SAMPLE: Final = 2
LEAST_US: Final = 500_000
"""Less is the click of a receiver, not a message."""
SILENCE: Final = 32
"""Of 32,768 (-60 dBFS): a line on which nobody speaks and nothing hums."""
MOST_BYTES: Final = 200 * 1024 * 1024
"""More than three hours: no flow records for so long."""
_HEADER: Final = 44
_NAME: Final = re.compile(
    r"msg--(?P<call>[A-Za-z0-9_.-]{1,118}?\.[0-9]{1,10})--"
    r"(?P<box>[A-Za-z0-9][A-Za-z0-9-]{0,63})--[0-9]{1,4}(?P<taken>-[0-9]{1,20})?\.wav",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class MessageName:
    """What a spool file's name tells. A Uniqueid ends in a dot and digits, so its end is known even
    when it has dashes."""

    call: CallId
    box: str
    taken: bool
    """Asterisk has done with it, and the name is its own."""


def read_name(name: str) -> MessageName | None:
    """None when it is not the name of a message."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return MessageName(CallId(match["call"]), match["box"], match["taken"] is not None)


def take(spooled: Path) -> str:
    """Give a finished file a name of its own, and tell it. Raises OSError."""
    name = f"{spooled.stem}-{spooled.stat().st_mtime_ns // 1000}.wav"
    spooled.rename(spooled.with_name(name))
    return name


def found_in(spool: Path) -> list[str]:
    """Names of the messages in the spool, in order."""
    return sorted(file.name for file in spool.glob("msg--*.wav") if read_name(file.name))


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """`file` is relative to the store folder; `sha256` is of the whole WAV file."""

    file: str
    left_at_us: int
    duration_us: int
    size_bytes: int
    sha256: str


def store_message(spooled: Path, store_dir: Path) -> StoredMessage | None:
    """Copy the sound of `spooled` below `store_dir`, whole or not at all; None when nothing was
    said. `spooled` stays. Doing it twice is harmless: the name is that of the taken spool file, the
    month that of its last change. Blocking. Raises SegmentUnusable, StoreFailed, FileNotFoundError.
    """
    try:
        with open_raw(spooled) as source:
            return _store(spooled.name, source, store_dir)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreFailed(spooled.name, error.strerror or str(error)) from error


def _store(name: str, source: BinaryIO, store_dir: Path) -> StoredMessage | None:
    known = os.fstat(source.fileno())
    if known.st_size > MOST_BYTES:
        raise SegmentUnusable(name, "is longer than a message can be")
    sound = _sound(name, source.read(MOST_BYTES + 1))
    duration_us = len(sound) // BYTES_A_SAMPLE * 1_000_000 // RATE_HZ
    if duration_us < LEAST_US or _is_silent(sound):
        return None
    left_at_us = known.st_mtime_ns // 1000
    month = datetime.fromtimestamp(left_at_us / 1e6, UTC).strftime("%Y/%m")
    folder = store_dir / FOLDER / month
    folder.mkdir(parents=True, exist_ok=True)
    content = _header(len(sound)) + sound
    digest = hashlib.sha256(content).hexdigest()
    target = folder / name
    if not _is(target, digest):
        _write(target, content)
    return StoredMessage(
        file=target.relative_to(store_dir).as_posix(),
        left_at_us=left_at_us,
        duration_us=duration_us,
        size_bytes=len(content),
        sha256=digest,
    )


def _sound(name: str, content: bytes) -> bytes:
    """The samples. The lengths in the header count only as far as the file goes: Asterisk writes
    them when it closes the file, so one that died has left them at nothing."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        if len(content) < _HEADER:
            return b""  # opened, and nothing written yet
        raise SegmentUnusable(name, "is not a WAV file")
    place, form = 12, b""
    while place + 8 <= len(content):
        kind, length = struct.unpack_from("<4sL", content, place)
        place += 8
        if kind == b"fmt ":
            form = content[place : place + 16]
        if kind == b"data":
            break
        place += length + length % 2
    else:
        if len(content) > _HEADER:
            raise SegmentUnusable(name, "has no sound in it")
        return b""
    if form != struct.pack("<HHLLHH", 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16):
        raise SegmentUnusable(name, "is not 8 kHz, 16 bits, one channel")
    sound = content[place:]
    return sound[: len(sound) // BYTES_A_SAMPLE * BYTES_A_SAMPLE]


def _is_silent(sound: bytes) -> bool:
    samples = array("h", sound)
    if sys.byteorder == "big":
        samples.byteswap()
    return max(samples) <= SILENCE and min(samples) >= -SILENCE


def _header(size: int) -> bytes:
    """The header of a WAV file with `size` bytes of sound (RIFF, WAVE_FORMAT_PCM)."""
    form = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    return struct.pack("<4sL4s4sLHHLLHH4sL", *form, b"data", size)


def _is(target: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(target.read_bytes()).hexdigest() == digest
    except FileNotFoundError:
        return False


def _write(target: Path, content: bytes) -> None:
    fresh = target.with_suffix(".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(target)
    finally:
        fresh.unlink(missing_ok=True)
    # The name must outlive a power cut too, for the spool file is deleted next.
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
