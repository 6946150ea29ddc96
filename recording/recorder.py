"""Takes finished segments out of the spool into the store, beside live calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from cti.effects import StoreRecording, SweepSpool
from cti.facts import RecordingMissed, RecordingStored, Report
from cti.ids import CallId, OfferId, parse_recording_file
from cti.runtime.clock import Clock
from recording.errors import SegmentUnusable
from recording.segment import store_segment

log = structlog.get_logger(__name__)

WORKERS: Final = 2
"""Segments stored at once: disk work must never disturb live calls."""
SETTLE_S: Final = 0.1
"""MixMonitor's thread closes its file just after the channel's Hangup event: a file counts as
complete once its size has not changed for this long."""
PATIENCE_S: Final = 10.0
EMPTY_PATIENCE_S: Final = 1.0
"""A file that is there and stays empty: the talk was over before the first sound."""
STOP_S: Final = 5.0


class Recorder:
    """Names and folders come from ids of our own; a name that is not one of ours is left alone."""

    def __init__(
        self, spool_dir: Path, store_dir: Path, post: Callable[[Report], None], clock: Clock
    ) -> None:
        self._spool_dir = spool_dir
        self._store_dir = store_dir
        self._post = post
        self._clock = clock
        self._slots = asyncio.Semaphore(WORKERS)
        self._running: dict[str, asyncio.Task[None]] = {}

    def store(self, effect: StoreRecording) -> None:
        """Store one segment; the outcome comes back as a report."""
        self._start(effect.file, effect.call, effect.offer)

    def sweep(self, effect: SweepSpool) -> None:
        """Store what no living leg is writing."""
        living = set(effect.living)
        for file in sorted(self._spool_dir.glob("*.raw")):
            whose = parse_recording_file(file.name)
            if file.name not in living and whose is not None and not file.is_symlink():
                self._start(file.name, *whose)

    async def stop(self) -> None:
        """Finish what can be finished soon; the rest stays in the spool for the next start."""
        running = list(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _start(self, name: str, call: CallId, offer: OfferId) -> None:
        if name in self._running:
            return
        task = asyncio.create_task(self._work(name, call, offer), name=f"recording-{name}")
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))

    async def _work(self, name: str, call: CallId, offer: OfferId) -> None:
        raw = self._spool_dir / name
        day = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).strftime("%Y/%m/%d")
        relative = Path(day) / f"{name.removesuffix('.raw')}.wav"
        try:
            await _settled(raw)
            async with self._slots:
                stored = await asyncio.to_thread(store_segment, raw, self._store_dir, relative)
        except SegmentUnusable as error:
            log.warning("recording missed", call=call, file=name, why=error.why)
            self._post(
                RecordingMissed(
                    at=self._clock.now_us(), call=call, offer=offer, file=name, reason=error.why
                )
            )
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


async def _settled(file: Path) -> None:
    """Return once `file` has stopped growing. Raises SegmentUnusable when it is not there."""
    now = asyncio.get_running_loop().time
    begun = now()
    last = -1
    while True:
        size = await asyncio.to_thread(_size_of, file)
        if size > 0 and size == last:
            return
        if now() - begun > (EMPTY_PATIENCE_S if size == 0 else PATIENCE_S):
            if size < 0:
                raise SegmentUnusable(file.name, "Asterisk wrote no such file")
            return
        last = size
        await asyncio.sleep(SETTLE_S)


def _size_of(file: Path) -> int:
    """Bytes, or -1 when there is no such file."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return -1
