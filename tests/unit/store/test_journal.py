"""The journal on the disk: what is in it after everything that can happen to a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti.runtime.ports import LedgerEntry
from cti.store.errors import JournalBusy
from cti.store.journal import Journal, pack
from tests.unit.store.ticks import ticks


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "state" / "ledger.journal")
    journal.open()
    yield journal
    journal.close()


def reopened(journal: Journal, bound: int = 1 << 20) -> Journal:
    journal.close()
    again = Journal(journal.file, bound=bound)
    again.open()
    return again


def all_of(journal: Journal) -> list[LedgerEntry]:
    return list(journal.peek(1 << 30).entries)


def test_entries_come_out_as_they_went_in_also_after_reopening(journal: Journal) -> None:
    entries = ticks(1000)
    assert journal.append(entries[:400]) == 400
    assert journal.append(entries[400:]) == 600
    assert all_of(journal) == entries
    again = reopened(journal)
    assert all_of(again) == entries
    assert again.waiting == 1000
    again.close()


def test_dropping_moves_on_and_the_last_drop_empties_the_file(journal: Journal) -> None:
    entries = ticks(10)
    journal.append(entries)
    journal.drop(journal.peek(4))
    journal.append(ticks(2, first=11))
    assert all_of(journal) == [*entries[4:], *ticks(2, first=11)]
    assert journal.size == journal.file.stat().st_size > 0
    journal.drop(journal.peek(100))
    assert journal.waiting == journal.size == journal.file.stat().st_size == 0
    journal.append(entries)
    assert all_of(journal) == entries


def test_chunk_dropped_twice_takes_nothing_more_away(journal: Journal) -> None:
    journal.append(ticks(10))
    chunk = journal.peek(10)
    journal.drop(chunk)
    journal.append(ticks(10, first=11))
    journal.drop(chunk)
    assert all_of(journal) == ticks(10, first=11)


def test_half_drained_journal_is_whole_again_after_a_kill(journal: Journal) -> None:
    journal.append(ticks(10))
    journal.drop(journal.peek(4))
    again = reopened(journal)
    assert all_of(again) == ticks(10)
    again.close()


def test_tail_cut_at_every_byte_leaves_the_whole_records_before_it(tmp_path: Path) -> None:
    entries = ticks(4)
    records = [pack(entry) for entry in entries]
    whole = b"".join(records)
    ends = [len(b"".join(records[:count])) for count in range(len(records) + 1)]
    for length in range(len(whole) + 1):
        file = tmp_path / "cut" / f"{length}.journal"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(whole[:length])
        journal = Journal(file)
        journal.open()
        kept = sum(1 for end in ends[1:] if end <= length)
        assert all_of(journal) == entries[:kept], length
        more = ticks(1, run="after")
        journal.append(more)
        assert all_of(journal) == [*entries[:kept], *more], length
        journal.close()
        aside = file.with_name(f"{file.name}.cut")
        assert (aside.read_bytes() if aside.exists() else b"") == whole[ends[kept] : length]


def test_any_changed_byte_is_recognised(tmp_path: Path) -> None:
    entries = ticks(3)
    records = [pack(entry) for entry in entries]
    whole = b"".join(records)
    for place in range(len(records[0]), len(records[0]) + len(records[1])):
        file = tmp_path / "ledger.journal"
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        journal = Journal(file)
        journal.open()
        assert all_of(journal) == entries[:1], place
        journal.close()


def test_damage_while_open_gives_what_is_readable_and_then_goes_on(journal: Journal) -> None:
    journal.append(ticks(3))
    first = len(pack(ticks(1)[0]))
    with journal.file.open("r+b") as file:
        file.seek(first + 20)
        file.write(b"\xff\xff")
    journal.drop(journal.peek(3))
    assert all_of(journal) == []
    assert journal.waiting == 0
    journal.append(ticks(2, run="after"))
    assert all_of(journal) == ticks(2, run="after")


def test_bound_keeps_the_oldest_and_tells_how_many_fitted(tmp_path: Path) -> None:
    entries = ticks(9)
    sizes = [len(pack(entry)) for entry in entries]
    journal = Journal(tmp_path / "ledger.journal", bound=sum(sizes[:5]) + 1)
    journal.open()
    assert journal.append(entries[:3]) == 3
    assert journal.append(entries[3:]) == 2
    assert journal.append(entries[5:]) == 0
    assert all_of(journal) == entries[:5]
    assert journal.size <= journal.bound
    journal.close()


def test_second_process_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalBusy) as refused:
        Journal(journal.file).open()
    assert str(journal.file) in str(refused.value)


def test_failed_write_leaves_no_half_batch(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(ticks(2))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            journal.append(ticks(2, first=3))
    assert all_of(journal) == ticks(2)
    assert journal.file.stat().st_size == journal.size
    journal.append(ticks(2, first=3))
    assert all_of(journal) == ticks(4)


def test_file_is_for_the_daemon_only(journal: Journal) -> None:
    assert journal.file.stat().st_mode & 0o777 == 0o600
