"""The spool folder: files that Asterisk writes and that nobody else should.

A file in it is opened only when it is a plain file of its own: a link could make the daemon read
what Asterisk may not, and a pipe would hold it for ever.

Whether Asterisk still writes a file is asked of the kernel where it tells: a read lease is refused
while anybody has the file open for writing (fcntl(2), F_SETLEASE; only to the file's owner or with
CAP_LEASE). The size alone tells little: Asterisk hands a file's bytes on in blocks of 32 KiB
(`write_buffer` in its main/file.c), which is one second of two channels.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cti.ids import parse_recording_file
from recording.errors import SegmentUnusable

FLUSH_S: Final = 32_768 / 32_000
"""How long Asterisk may keep sound to itself while it records."""


@dataclass(frozen=True, slots=True)
class Look:
    """A spool file at one moment. `written`: whether somebody has it open for writing; None when
    the system does not say."""

    size: int
    changed_ns: int
    written: bool | None


@contextmanager
def open_raw(file: Path) -> Iterator[BinaryIO]:
    """`file` for reading, when it is a plain file. Raises SegmentUnusable, OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        number = os.open(file, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SegmentUnusable(file.name, "is a link, not a file of its own") from error
        raise
    with os.fdopen(number, "rb") as opened:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise SegmentUnusable(file.name, "is not a plain file")
        yield opened


def look(file: Path) -> Look | None:
    """`file` as it is now, None when there is none. Raises SegmentUnusable, OSError."""
    try:
        with open_raw(file) as opened:
            known = os.fstat(opened.fileno())
            return Look(known.st_size, known.st_mtime_ns, _is_written(opened.fileno()))
    except FileNotFoundError:
        return None


def _is_written(number: int) -> bool | None:
    try:
        # Who opens the file for writing in this instant makes the kernel signal us: by default
        # with SIGIO, which ends a process; SIGURG is ignored.
        fcntl.fcntl(number, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    return False


def is_ours(name: str) -> bool:
    """Whether `name` can be a file of the spool folder that tells its call and leg."""
    return parse_recording_file(name) is not None and Path(name).name == name and "\0" not in name


def found_in(folder: Path) -> list[str]:
    """Names of the recordings in the spool, in order; empty when it cannot be read."""
    return sorted(file.name for file in folder.glob("*.raw") if is_ours(file.name))
