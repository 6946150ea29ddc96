"""Takes finished segments out of the spool into the store, beside live calls.

A raw file is deleted only after its recording has been read back *and* the fact that tells of it
is safe: whatever dies in between, the next start finds the raw file and does it again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from cti.effects import StoreRecording, SweepSpool
from cti.facts import RecordingMissed, RecordingStored, Report
from cti.ids import CallId, OfferId, parse_recording_file
from cti.runtime.clock import Clock
from recording.errors import RecordingError, SegmentUnusable, StoreFailed, StoreInterrupted
from recording.segment import FRAME_BYTES, StoredSegment, store_segment
from recording.spool import FLUSH_S, Look, found_in, is_ours, look

log = structlog.get_logger(__name__)

WORKERS: Final = 2
"""Segments stored at once: disk work must never disturb live calls."""
SWEPT_AT_ONCE: Final = 16
"""Left-over files looked at at once: an outage may leave thousands."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds."""

    poll_s: float = 0.1
    missing_s: float = 10.0
    """MixMonitor makes its file with the first sound; a talk of some milliseconds has none."""
    quiet_s: float = 2.5 * FLUSH_S
    """Where the system does not tell whether a file is still written: unchanged for this long."""
    retry_s: float = 30.0
    """Between attempts while the disk takes nothing."""
    stop_s: float = 5.0


class Recorder:
    """Names and folders come from ids of our own; a name that is not one of ours is left alone.

    `safe` returns when every report posted before is in the ledger or its journal.
    """

    def __init__(
        self,
        spool_dir: Path,
        store_dir: Path,
        post: Callable[[Report], None],
        clock: Clock,
        *,
        safe: Callable[[], Awaitable[None]],
        patience: Patience = Patience(),
    ) -> None:
        self._spool_dir = spool_dir
        self._store_dir = store_dir
        self._post = post
        self._clock = clock
        self._safe = safe
        self._patience = patience
        self._slots = asyncio.Semaphore(WORKERS)
        self._sweeping = asyncio.Semaphore(SWEPT_AT_ONCE)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._sweeps: set[asyncio.Task[None]] = set()
        self._asked_for: set[str] = set()
        self._stopping = asyncio.Event()
        self._halt = threading.Event()

    def store(self, effect: StoreRecording) -> None:
        """Store one segment; the outcome comes back as a report."""
        if not is_ours(effect.file):
            self._missed(effect.file, effect.call, effect.offer, "is not the name of a recording")
            return
        self._asked_for.add(effect.file)
        self._start(effect.file, effect.call, effect.offer)

    def sweep(self, effect: SweepSpool) -> None:
        """Store what no living leg is writing."""
        task = asyncio.create_task(self._sweep(frozenset(effect.living)), name="recording-sweep")
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)

    async def stop(self) -> None:
        """Finish what can be finished soon; the rest stays in the spool for the next start."""
        self._stopping.set()
        for sweep in self._sweeps:
            sweep.cancel()
        running = list(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=self._patience.stop_s)
            self._halt.set()  # a copy under way gives up between two blocks
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._halt.set()

    async def _sweep(self, living: frozenset[str]) -> None:
        try:
            names = await asyncio.to_thread(found_in, self._spool_dir)
        except OSError as error:
            log.warning("spool not read", folder=str(self._spool_dir), error=str(error))
            return
        for name in names:
            whose = parse_recording_file(name)
            if name not in living and whose is not None:
                self._start(name, *whose)

    def _start(self, name: str, call: CallId, offer: OfferId) -> None:
        if name in self._running or self._stopping.is_set():
            return
        task = asyncio.create_task(self._work(name, call, offer), name=f"recording-{name}")
        self._running[name] = task

        def ended(_: asyncio.Task[None]) -> None:
            self._running.pop(name, None)
            self._asked_for.discard(name)

        task.add_done_callback(ended)

    async def _work(self, name: str, call: CallId, offer: OfferId) -> None:
        """Until it is stored, or can never be, or the daemon stops."""
        told = False
        while True:
            try:
                stored = await self._try(name)
            except StoreInterrupted:
                return
            except SegmentUnusable as error:
                self._missed(name, call, offer, error.why)
                await self._discard_if_empty(name)
                return
            except Exception as error:
                # Trouble with the disk, or a bug of ours: told once, tried until it works.
                why = error.why if isinstance(error, RecordingError) else repr(error)
                if not told:
                    self._missed(name, call, offer, why)
                told = True
            else:
                break
            if await self._stops_within(self._patience.retry_s):
                return
        if stored is None:
            return
        self._post(
            RecordingStored(
                at=self._clock.now_us(),
                call=call,
                offer=offer,
                file=stored.file,
                duration_us=stored.duration_us,
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
            )
        )
        await self._discard(name)

    async def _try(self, name: str) -> StoredSegment | None:
        """None when a swept file turns out to be in use: its leg's end will bring it again."""
        raw = self._spool_dir / name
        if name in self._asked_for:
            await self._complete(raw)
        else:
            async with self._sweeping:
                if not await self._complete(raw):
                    return None
        async with self._slots:
            return await asyncio.to_thread(store_segment, raw, self._store_dir, self._halt.is_set)

    async def _complete(self, raw: Path) -> bool:
        """Wait until Asterisk has done with `raw`; False for one that nobody asked for and that
        is being written. Raises SegmentUnusable, StoreFailed."""
        now = asyncio.get_running_loop().time
        begun = quiet_since = now()
        before: Look | None = None
        while True:
            try:
                seen = await asyncio.to_thread(look, raw)
            except OSError as error:
                raise StoreFailed(raw.name, error.strerror or str(error)) from error
            if seen is not None and seen.written is False:
                return True
            if seen is None and (
                self._stopping.is_set() or now() - begun >= self._patience.missing_s
            ):
                raise SegmentUnusable(raw.name, "Asterisk wrote no such file")
            changed = before is not None and seen != before
            if seen is not None and (seen.written or changed):
                if raw.name not in self._asked_for:
                    return False
                quiet_since = now()
            elif seen is not None and now() - quiet_since >= self._patience.quiet_s:
                return True
            before = seen
            await asyncio.sleep(self._patience.poll_s)

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    def _missed(self, name: str, call: CallId, offer: OfferId, why: str) -> None:
        log.warning("recording missed", call=call, file=name, why=why)
        at = self._clock.now_us()
        self._post(RecordingMissed(at=at, call=call, offer=offer, file=name, reason=why))

    async def _discard_if_empty(self, name: str) -> None:
        """An empty file has told what it had to tell; left there it would tell it again."""
        try:
            seen = await asyncio.to_thread(look, self._spool_dir / name)
        except (OSError, RecordingError):
            return
        if seen is not None and seen.size < FRAME_BYTES and not seen.written:
            await self._discard(name)

    async def _discard(self, name: str) -> None:
        await self._safe()
        try:
            await asyncio.to_thread((self._spool_dir / name).unlink, missing_ok=True)
        except OSError as error:
            log.warning("stored recording stays in the spool", file=name, error=str(error))
