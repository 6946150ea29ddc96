"""A raw two-channel file becomes a WAV that is checked before it counts."""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import tracemalloc
import wave
from pathlib import Path

import pytest

from recording.errors import SegmentUnusable, StoreFailed, StoreInterrupted
from recording.segment import MAX_SOUND_BYTES, StoredSegment, store_segment

NAME = "jt1-1.1--offer.1001.5.raw"
NOON_S = 1_790_164_800
"""2026-09-23 12:00 UTC."""
SEAT, CALLER = 1111, -2222


def raw_file(folder: Path, frames: int = 8000, *, extra: bytes = b"") -> Path:
    """One second by default, as MixMonitor writes it: the seat's sample, then the caller's."""
    folder.mkdir(exist_ok=True)
    raw = folder / NAME
    raw.write_bytes(struct.pack("<hh", SEAT, CALLER) * frames + extra)
    os.utime(raw, (NOON_S, NOON_S))
    return raw


def stored(tmp_path: Path, raw: Path) -> tuple[StoredSegment, Path]:
    segment = store_segment(raw, tmp_path / "store")
    return segment, tmp_path / "store" / segment.file


def left_over(tmp_path: Path) -> list[Path]:
    return [file for file in (tmp_path / "store").rglob("*") if file.is_file()]


def test_wav_has_the_caller_left_and_the_seat_right_and_a_true_header(tmp_path: Path) -> None:
    segment, file = stored(tmp_path, raw_file(tmp_path / "spool"))
    with wave.open(str(file)) as wav:
        assert wav.getparams()[:4] == (2, 2, 8000, 8000)
        assert struct.unpack("<hh", wav.readframes(1)) == (CALLER, SEAT)
    content = file.read_bytes()
    assert struct.unpack_from("<L", content, 4)[0] == len(content) - 8
    assert segment.size_bytes == len(content) == 44 + 32_000
    assert segment.sha256 == hashlib.sha256(content).hexdigest()
    assert segment.duration_us == 1_000_000


def test_folder_is_the_utc_day_of_the_last_sound_and_only_the_owner_may_read(
    tmp_path: Path,
) -> None:
    segment, file = stored(tmp_path, raw_file(tmp_path / "spool"))
    assert segment.file == f"2026/09/23/{NAME.removesuffix('.raw')}.wav"
    assert file.stat().st_mode & 0o777 == 0o600


def test_half_a_frame_at_the_end_is_left_out(tmp_path: Path) -> None:
    segment, file = stored(tmp_path, raw_file(tmp_path / "spool", 3, extra=b"\x01\x02\x03"))
    assert segment.size_bytes == 44 + 12
    with wave.open(str(file)) as wav:
        assert wav.getnframes() == 3


@pytest.mark.parametrize("content", [b"", b"\0\0\0"])
def test_file_without_a_whole_frame_is_unusable(tmp_path: Path, content: bytes) -> None:
    raw = raw_file(tmp_path / "spool")
    raw.write_bytes(content)
    with pytest.raises(SegmentUnusable, match="empty"):
        store_segment(raw, tmp_path / "store")
    assert raw.exists()


def test_missing_file_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(SegmentUnusable, match="no such file"):
        store_segment(tmp_path / NAME, tmp_path / "store")


def test_file_longer_than_a_wav_can_be_is_refused_before_a_byte_is_copied(tmp_path: Path) -> None:
    raw = raw_file(tmp_path / "spool")
    os.truncate(raw, MAX_SOUND_BYTES + 4)  # sparse
    with pytest.raises(SegmentUnusable, match="37 hours"):
        store_segment(raw, tmp_path / "store")
    assert left_over(tmp_path) == []


def test_link_in_the_spool_is_not_followed(tmp_path: Path) -> None:
    secret = raw_file(tmp_path / "elsewhere")
    link = tmp_path / NAME
    link.symlink_to(secret)
    with pytest.raises(SegmentUnusable, match="link"):
        store_segment(link, tmp_path / "store")
    assert left_over(tmp_path) == []


def test_pipe_in_the_spool_does_not_hold_the_daemon(tmp_path: Path) -> None:
    pipe = tmp_path / NAME
    os.mkfifo(pipe)
    with pytest.raises(SegmentUnusable, match="plain file"):
        store_segment(pipe, tmp_path / "store")


def test_same_sound_again_is_kept_once(tmp_path: Path) -> None:
    raw = raw_file(tmp_path / "spool")
    assert stored(tmp_path, raw) == stored(tmp_path, raw)
    assert len(left_over(tmp_path)) == 1


def test_another_recording_of_the_same_name_is_not_written_over(tmp_path: Path) -> None:
    _, first = stored(tmp_path, raw_file(tmp_path / "spool", 10))
    before = first.read_bytes()
    _, second = stored(tmp_path, raw_file(tmp_path / "spool", 20))
    assert first.read_bytes() == before
    assert second.name == first.name.replace(".wav", "-2.wav")
    assert stored(tmp_path, raw_file(tmp_path / "spool", 20))[1] == second


def test_disk_that_fills_up_leaves_no_half_file_and_the_raw_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = raw_file(tmp_path / "spool")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("recording.segment.os.fsync", full)
    with pytest.raises(StoreFailed, match="No space left"):
        store_segment(raw, tmp_path / "store")
    assert left_over(tmp_path) == []
    assert raw.exists()


def test_store_that_is_no_folder_may_be_one_later(tmp_path: Path) -> None:
    raw = raw_file(tmp_path / "spool")
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreFailed):
        store_segment(raw, tmp_path / "store")
    assert raw.exists()


def test_copy_that_reads_back_differently_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = raw_file(tmp_path / "spool")

    def bad_disk(number: int, *_: int) -> None:
        os.pwrite(number, b"\xff", 1000)

    monkeypatch.setattr("recording.segment.os.posix_fadvise", bad_disk)
    with pytest.raises(StoreFailed, match="reads back differently"):
        store_segment(raw, tmp_path / "store")
    assert left_over(tmp_path) == []


def test_file_that_grows_while_it_is_copied_is_not_taken_for_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = raw_file(tmp_path / "spool")

    def more_comes(number: int) -> None:
        with raw.open("ab") as file:
            file.write(b"\0" * 400)

    monkeypatch.setattr("recording.segment.os.fsync", more_comes)
    with pytest.raises(StoreFailed, match="being written"):
        store_segment(raw, tmp_path / "store")
    assert left_over(tmp_path) == []


def test_stop_in_the_middle_of_a_long_file_leaves_nothing_half(tmp_path: Path) -> None:
    raw = raw_file(tmp_path / "spool", 200_000)
    asked = iter([False, False, True])
    with pytest.raises(StoreInterrupted):
        store_segment(raw, tmp_path / "store", lambda: next(asked))
    assert left_over(tmp_path) == []
    assert raw.exists()


def test_an_hour_takes_no_more_memory_than_a_few_blocks(tmp_path: Path) -> None:
    raw = raw_file(tmp_path / "spool")
    os.truncate(raw, 3600 * 32_000)
    tracemalloc.start()
    try:
        segment, _ = stored(tmp_path, raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert segment.duration_us == 3_600_000_000
    assert peak < 4_000_000
