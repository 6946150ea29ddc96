"""The recorder on real files: what is stored, what is told, and what is deleted when."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti.effects import StoreRecording, SweepSpool
from cti.facts import RecordingMissed, RecordingStored, Report
from cti.ids import CallId, OfferId, SeatId, recording_file
from recording import recorder as module
from recording.errors import StoreInterrupted
from recording.recorder import Patience, Recorder
from recording.segment import store_segment
from recording.spool import FLUSH_S, look

PATIENCE_S = 5.0
"""Only a broken test waits this long."""
QUICK = Patience(poll_s=0.001, missing_s=0.0, quiet_s=0.0, retry_s=0.001, stop_s=0.0)
CALL, OFFER = CallId("jt1-1.1"), OfferId("offer.1001.5")
NAME = recording_file(CALL, OFFER)


class FixedClock:
    def now_us(self) -> int:
        return 7


class Desk:
    """A recorder with its folders; reports wait in line, facts are safe when the test says so."""

    def __init__(self, folder: Path, patience: Patience = QUICK) -> None:
        self.spool, self.store = folder / "spool", folder / "store"
        self.spool.mkdir()
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.safe = asyncio.Event()
        self.safe.set()
        self.recorder = self.new(patience)

    def new(self, patience: Patience = QUICK) -> Recorder:
        return Recorder(
            self.spool,
            self.store,
            self.reports.put_nowait,
            FixedClock(),
            safe=self._safe,
            patience=patience,
        )

    async def _safe(self) -> None:
        await self.safe.wait()

    def raw(self, name: str = NAME, content: bytes = b"\1\0\2\0" * 800) -> Path:
        file = self.spool / name
        file.write_bytes(content)
        return file

    def ask(self, file: str = NAME) -> None:
        self.recorder.store(StoreRecording(call=CALL, offer=OFFER, seat=SeatId("1001"), file=file))

    async def report(self) -> Report:
        async with asyncio.timeout(PATIENCE_S):
            return await self.reports.get()

    async def stored(self) -> RecordingStored:
        report = await self.report()
        assert isinstance(report, RecordingStored), report
        return report

    async def missed(self) -> RecordingMissed:
        report = await self.report()
        assert isinstance(report, RecordingMissed), report
        return report

    async def idle(self) -> None:
        """Every task of the recorder has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while tasks := [task for task in asyncio.all_tasks() if "recording" in task.get_name()]:
                await asyncio.wait(tasks)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def lease_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asterisk runs as another user: the system does not say who writes."""

    def refused(*_: int) -> int:
        raise PermissionError

    monkeypatch.setattr(fcntl, "fcntl", refused)


def on_copy(monkeypatch: pytest.MonkeyPatch, before: Callable[[], None]) -> None:
    def spied(*arguments: Any) -> Any:
        before()
        return store_segment(*arguments)

    monkeypatch.setattr(module, "store_segment", spied)


async def test_finished_segment_is_stored_told_and_taken_out_of_the_spool(desk: Desk) -> None:
    raw = desk.raw()
    desk.ask()
    told = await desk.stored()
    await desk.idle()
    assert (told.call, told.offer, told.duration_us) == (CALL, OFFER, 100_000)
    assert (desk.store / told.file).stat().st_size == told.size_bytes
    assert not raw.exists()


async def test_raw_file_stays_until_the_fact_is_safe(desk: Desk) -> None:
    desk.safe.clear()
    raw = desk.raw()
    desk.ask()
    await desk.stored()
    await desk.recorder.stop()  # killed before the ledger had it
    assert raw.exists()

    desk.safe.set()
    desk.recorder = desk.new()
    desk.recorder.sweep(SweepSpool(living=()))
    await desk.stored()
    await desk.idle()
    assert not raw.exists()
    assert len(list(desk.store.rglob("*.wav"))) == 1


async def test_file_that_asterisk_still_writes_is_waited_for(desk: Desk) -> None:
    file = desk.raw(content=b"")
    with file.open("wb", buffering=0) as written:
        written.write(b"\0" * 400)
        desk.ask()
        for _ in range(3):
            desk.ask()  # asked twice: stored once
            await asyncio.sleep(0)
        written.write(b"\0" * 400)
    assert (await desk.stored()).size_bytes == 44 + 800
    await desk.idle()
    assert desk.reports.empty()


async def test_sweep_leaves_alone_what_is_living_written_or_not_ours(desk: Desk) -> None:
    living, strange = desk.raw("a--living.raw"), desk.raw("strange.raw")
    link = desk.spool / "a--link.raw"
    link.symlink_to(strange)
    with desk.raw("a--written.raw").open("ab"):
        left = desk.raw("a--left.raw")
        desk.recorder.sweep(SweepSpool(living=(living.name,)))
        await desk.idle()
    told = {await desk.report(), await desk.report()}
    assert desk.reports.empty()
    assert {type(one).__name__: one.file for one in told if hasattr(one, "file")} == {
        "RecordingStored": next(
            file.relative_to(desk.store).as_posix() for file in desk.store.rglob("*.wav")
        ),
        "RecordingMissed": link.name,
    }
    assert strange.exists()
    assert (desk.spool / "a--written.raw").exists()
    assert not left.exists()


async def test_sweep_that_meets_a_leg_just_ending_does_not_lose_it(desk: Desk) -> None:
    with desk.raw().open("ab"):
        desk.recorder.sweep(SweepSpool(living=()))
        desk.ask()
    await desk.stored()
    await desk.idle()
    assert desk.reports.empty()


async def test_without_the_systems_word_a_growing_file_is_waited_for_and_never_swept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease_is_refused(monkeypatch)
    desk.recorder = desk.new(Patience(poll_s=0.0, missing_s=0.0, quiet_s=0.05, stop_s=0.0))
    file = desk.raw()
    looks = 0
    real = look

    def growing(raw: Path) -> Any:
        nonlocal looks
        looks += 1
        if looks in (2, 4):
            with raw.open("ab") as more:
                more.write(b"\0" * 400)
        return real(raw)

    monkeypatch.setattr(module, "look", growing)
    desk.recorder.sweep(SweepSpool(living=()))
    await desk.idle()
    assert desk.reports.empty()
    assert file.exists()
    desk.ask()
    assert (await desk.stored()).size_bytes == 44 + 3200 + 800


async def test_talk_too_short_for_a_sound_is_told_as_missed(desk: Desk) -> None:
    desk.ask()
    assert (await desk.missed()).reason == "Asterisk wrote no such file"


async def test_file_still_expected_at_the_stop_is_told_as_missed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Patience(poll_s=0.001, missing_s=600.0, stop_s=PATIENCE_S))
    desk.ask()
    await desk.recorder.stop()
    assert (await desk.missed()).reason == "Asterisk wrote no such file"


async def test_empty_file_is_told_once_and_cleared_away(desk: Desk) -> None:
    raw = desk.raw(content=b"")
    desk.ask()
    assert "empty" in (await desk.missed()).reason
    await desk.idle()
    assert not raw.exists()
    desk.recorder.sweep(SweepSpool(living=()))
    await desk.idle()
    assert desk.reports.empty()


@pytest.mark.parametrize("name", ["../a--b.raw", "/etc/a--b.raw", "x.raw", "a--b.raw\0", ""])
async def test_name_that_is_not_a_recordings_touches_no_file(desk: Desk, name: str) -> None:
    outside = desk.spool.parent / "a--b.raw"
    outside.write_bytes(b"\0" * 400)
    desk.ask(name)
    assert (await desk.missed()).reason == "is not the name of a recording"
    await desk.idle()
    assert outside.exists()


async def test_disk_that_takes_nothing_is_told_once_and_tried_until_it_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.store.write_text("in the way")
    tries = 0

    def again() -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            desk.store.unlink()

    on_copy(monkeypatch, again)
    desk.raw()
    desk.ask()
    await desk.missed()
    await desk.stored()
    await desk.idle()
    assert tries == 3
    assert desk.reports.empty()


async def test_bug_of_ours_loses_no_recording(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def first_time() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ValueError("ours")

    on_copy(monkeypatch, first_time)
    desk.raw()
    desk.ask()
    assert (await desk.missed()).reason == "ValueError('ours')"
    await desk.stored()


async def test_stop_does_not_wait_for_a_long_copy_or_for_a_disk_that_is_full(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, given_up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def for_hours(raw: Path, store: Path, stopping: Callable[[], bool]) -> Any:
        loop.call_soon_threadsafe(begun.set)
        while not stopping():
            pass
        loop.call_soon_threadsafe(given_up.set)
        raise StoreInterrupted(raw.name, "the daemon stops")

    monkeypatch.setattr(module, "store_segment", for_hours)
    raw = desk.raw()
    desk.ask()
    await begun.wait()
    async with asyncio.timeout(PATIENCE_S):
        await desk.recorder.stop()
        await given_up.wait()
    assert raw.exists()
    assert desk.reports.empty()


async def test_thousands_left_over_are_stored_with_few_at_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        desk.raw(f"jt1-1.{number}--offer.1001.{number}.raw", b"\0" * 8)
    at_work = most = 0
    real = asyncio.to_thread

    async def counted(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        try:
            return await real(work, *arguments, **named)
        finally:
            at_work -= 1

    monkeypatch.setattr(asyncio, "to_thread", counted)
    desk.safe.clear()
    desk.recorder.sweep(SweepSpool(living=()))
    for _ in range(300):
        await desk.stored()
    assert most <= module.SWEPT_AT_ONCE + module.WORKERS
    desk.safe.set()
    await desk.idle()
    assert list(desk.spool.iterdir()) == []


async def test_spool_that_is_gone_is_no_reason_to_fall(desk: Desk) -> None:
    shutil.rmtree(desk.spool)
    desk.recorder.sweep(SweepSpool(living=()))
    await desk.idle()
    assert desk.reports.empty()


def test_patience_covers_what_asterisk_keeps_to_itself() -> None:
    assert Patience().quiet_s > FLUSH_S * 2
