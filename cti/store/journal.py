"""Entries on the local disk while the database is away.

One file, only ever appended to, emptied when everything in it is in the database. A record is

    length (4 bytes, big endian) | CRC-32 of the payload (4 bytes) | payload (JSON)

so a record that was being written when the power went is recognised: everything from the first
record that is short or does not match its CRC is cut off at the next opening and set aside in
`<name>.cut`. A batch is on the disk (fsync) when `append` returns.

The file has a bound. At the bound the oldest entries stay and the newest are turned away. The
other way round would be worse: what is already safe would be destroyed, and every call in the
file would lose its beginning, whereas a prefix without holes can be replayed and counted. What is
lost is one stretch of time with a known first and last second, loud while it lasts, and visible
for ever as missing numbers of the run.

Methods block (fsync): call them in a thread. A lock makes calls from several threads safe.
"""

from __future__ import annotations

import fcntl
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

import msgspec
import structlog

from cti.ids import CallId, SeatId
from cti.runtime.ports import LedgerEntry
from cti.store.codec import clean_entry, decode, kind_of
from cti.store.errors import JournalBusy

DEFAULT_BOUND: Final = 256 * 1024 * 1024
"""Bytes. A fact takes some 300: about 900,000 facts, or hours of a large city's hotline."""

_HEAD: Final = Struct(">II")
_READ_AHEAD: Final = 64 * 1024
_LONGEST: Final = 16 * 1024 * 1024
"""A record that claims to be longer is damage, not data."""

_log = structlog.get_logger(__name__)


class _Record(msgspec.Struct, array_like=True, frozen=True):
    run: str
    seq: int
    call: str | None
    seat: str | None
    kind: str
    at_us: int
    body: str


_decoder: Final = msgspec.json.Decoder(_Record)


def pack(entry: LedgerEntry) -> bytes:
    """One entry as a record."""
    cleaned, body = clean_entry(entry)
    payload = msgspec.json.encode(
        _Record(
            cleaned.run,
            cleaned.seq,
            cleaned.call,
            cleaned.seat,
            kind_of(cleaned.fact),
            cleaned.fact.at,
            body,
        )
    )
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def _unpack(payload: bytes) -> LedgerEntry:
    record = _decoder.decode(payload)
    return LedgerEntry(
        record.run,
        record.seq,
        decode(record.kind, record.at_us, record.body),
        CallId(record.call) if record.call else None,
        SeatId(record.seat) if record.seat else None,
    )


class Chunk(NamedTuple):
    """Entries from the front: the first is the `number`-th ever taken, `end` the place behind."""

    number: int
    entries: tuple[LedgerEntry, ...]
    end: int


class Journal:
    """Entries waiting for the database, oldest first. `open` before anything else."""

    def __init__(self, file: Path, *, bound: int = DEFAULT_BOUND) -> None:
        self.file = file
        self.bound = bound
        self._lock = threading.Lock()
        self._handle: FileIO | None = None
        self._size = 0
        self._read_to = 0
        self._taken = 0
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Entries not taken out yet."""
        return self._waiting

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return self._size

    def open(self) -> None:
        """Take the file over and cut off a damaged tail.

        Raises JournalBusy when another process holds it, OSError when it cannot be used.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = not self.file.exists()
        handle = FileIO(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.close()
            raise JournalBusy(self.file) from error
        self._handle = handle
        if new:
            _sync_folder(self.file.parent)
        self._read_to = 0
        self._waiting = 0
        self._size = 0
        for end, _entry in self._records(0):
            self._size = end
            self._waiting += 1
        self._cut_tail()

    def close(self) -> None:
        """Let the file go; what waits in it stays for the next opening."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def append(self, entries: Sequence[LedgerEntry]) -> int:
        """Write entries and fsync; returns how many fitted below the bound, counted from the
        first. Raises OSError when the disk refuses; then none is stored."""
        with self._lock:
            handle = self._opened()
            packed: list[bytes] = []
            size = self._size
            done = 0
            for entry in entries:
                record = _try_pack(entry)
                if size + len(record) > self.bound:
                    break
                done += 1
                if record:
                    packed.append(record)
                    size += len(record)
            if packed:
                self._write(handle, b"".join(packed))
                self._size = size
                self._waiting += len(packed)
            return done

    def peek(self, count: int) -> Chunk:
        """The oldest entries, at most `count`, without taking them out."""
        with self._lock:
            found: list[LedgerEntry] = []
            end = self._read_to
            for end, entry in self._records(self._read_to):  # noqa: B007 - used below
                found.append(entry)
                if len(found) == count:
                    break
            if not found and self._waiting:
                _log.error("journal damaged", file=str(self.file), unreadable=self._waiting)
                self._size, self._waiting = self._read_to, 0
                self._cut_tail()
            return Chunk(self._taken, tuple(found), end)

    def drop(self, chunk: Chunk) -> None:
        """`chunk`, from the last `peek`, is in the database. Empties the file when nothing is
        left; a crash before that replays the file, which stores nothing twice."""
        with self._lock:
            if chunk.number != self._taken:
                return
            self._taken += len(chunk.entries)
            self._waiting -= len(chunk.entries)
            self._read_to = chunk.end
            if self._waiting == 0:
                handle = self._opened()
                handle.truncate(0)
                os.fsync(handle.fileno())
                self._size = self._read_to = 0

    # -------------------------------------------------------------------------------- the file

    def _opened(self) -> FileIO:
        if self._handle is None:
            raise ValueError(f"journal {self.file} is not open")
        return self._handle

    def _write(self, handle: FileIO, data: bytes) -> None:
        try:
            handle.seek(self._size)
            view = memoryview(data)
            while view:
                view = view[handle.write(view) or 0 :]
            os.fsync(handle.fileno())
        except OSError:
            # Half a batch may be on the disk: take it back, so that a kill now leaves no half
            # record. When even that fails, the next write starts at the same place.
            with suppress(OSError):
                handle.truncate(self._size)
            raise

    def _records(self, start: int) -> Iterator[tuple[int, LedgerEntry]]:
        """Whole records from `start`, each with the place behind it."""
        reader = _Reader(self._opened().fileno(), start)
        place = start
        while True:
            head = reader.take(_HEAD.size)
            if head is None:
                return
            length, crc = _HEAD.unpack(head)
            payload = reader.take(length) if 0 < length <= _LONGEST else None
            if payload is None or zlib.crc32(payload) != crc:
                return
            try:
                entry = _unpack(payload)
            except msgspec.MsgspecError:
                return
            place += _HEAD.size + length
            yield place, entry

    def _cut_tail(self) -> None:
        handle = self._opened()
        handle.seek(self._size)
        tail = handle.read()
        if tail:
            cut = self.file.with_name(f"{self.file.name}.cut")
            cut.write_bytes(tail)
            _log.warning("journal tail cut", file=str(self.file), bytes=len(tail), kept=str(cut))
            handle.truncate(self._size)
            os.fsync(handle.fileno())


class _Reader:
    """Reads ahead by file descriptor, so that the file's own position stays with the writer."""

    def __init__(self, descriptor: int, place: int) -> None:
        self._descriptor = descriptor
        self._place = place
        self._ahead = b""
        self._used = 0

    def take(self, count: int) -> bytes | None:
        """The next `count` bytes; None when the file ends before."""
        while len(self._ahead) - self._used < count:
            more = os.pread(self._descriptor, max(count, _READ_AHEAD), self._place)
            if not more:
                return None
            self._place += len(more)
            self._ahead = self._ahead[self._used :] + more
            self._used = 0
        self._used += count
        return self._ahead[self._used - count : self._used]


def _try_pack(entry: LedgerEntry) -> bytes:
    """Empty when the fact cannot be written as JSON at all (a number beyond 64 bits): our own
    bug, which must not keep all later facts from the disk."""
    try:
        return pack(entry)
    except (OverflowError, TypeError, ValueError) as error:
        _log.error("fact cannot be written", fact=repr(entry), error=str(error))
        return b""


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
