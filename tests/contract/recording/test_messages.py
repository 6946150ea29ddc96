"""Spoken messages from the spool to the list, and what can go wrong between."""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cti.facts import CallEnded, MessageLeft, Resynced
from cti.ids import CallId
from cti.store.errors import StoreUnavailable
from recording.errors import SegmentUnusable
from recording.messages import MessageKeeper, MessagePatience
from recording.voice_mail import MessageName, StoredMessage, read_name, store_message

CALL = CallId("jt1-1790000000.7")
NAME = f"msg--{CALL}--main--1.wav"
LEFT_S = 1_795_000_000
SOUND = bytes(range(256)) * 64
"""1.024 s."""


def wav(sound: bytes = SOUND, *, told: int | None = None, rate: int = 8000) -> bytes:
    """As Asterisk's format_wav writes it. `told`: the length in its header."""
    size = len(sound) if told is None else told
    return (
        struct.pack("<4sL4s4sLHHLLHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate,
                    rate * 2, 2, 16)
        + struct.pack("<4sL", b"data", size) + sound
    )  # fmt: skip


class _Dead(BaseException):
    """kill -9: nothing runs after it."""


class List:
    """A `MessageList` that may be away."""

    def __init__(self) -> None:
        self.entered: dict[str, tuple[MessageName, StoredMessage]] = {}
        self.away = False
        self.tried = 0
        self.insisted = asyncio.Event()

    async def enter(self, name: MessageName, stored: StoredMessage) -> None:
        self.tried += 1
        if self.tried == 3:
            self.insisted.set()
        if self.away:
            raise StoreUnavailable("sqlite://", "away")
        self.entered.setdefault(stored.file, (name, stored))


class House:
    def __init__(self, folder: Path) -> None:
        self.spool, self.store = folder / "spool", folder / "store"
        self.spool.mkdir()
        self.list = List()
        self.alive: set[CallId] = set()
        self.keeper = self.started()

    def started(self) -> MessageKeeper:
        """The daemon's next life."""
        patience = MessagePatience(poll_s=0.01, quiet_s=0.1, written_s=0.5, retry_s=0.02)
        self.keeper = MessageKeeper(
            self.spool, self.store, self.list, lambda: self.alive, patience=patience
        )
        return self.keeper

    def record(self, name: str = NAME, content: bytes | None = None) -> Path:
        file = self.spool / name
        file.write_bytes(wav() if content is None else content)
        os.utime(file, (LEFT_S, LEFT_S))
        return file

    def sent(self, name: str = NAME) -> None:
        left = MessageLeft(at=1, call=CALL, box="main", file=name, duration_us=1)
        self.keeper.observe(left)

    def ended(self, call: CallId = CALL) -> None:
        self.keeper.observe(
            CallEnded(at=1, call=call, outcome="message", ended_by="caller", cause=16, total_us=1)
        )

    async def settled(self) -> None:
        async with asyncio.timeout(5):
            while tasks := [*self.keeper._sweeps, *self.keeper._running.values()]:
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.sleep(0)

    def files(self) -> list[str]:
        return sorted(str(f.relative_to(self.store)) for f in self.store.rglob("*") if f.is_file())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.keeper.stop()


async def test_sent_message_is_entered_with_its_hash_and_its_time(house: House) -> None:
    house.record()
    house.sent()
    await house.settled()

    file = f"messages/2026/11/msg--{CALL}--main--1-{LEFT_S}000000.wav"
    assert house.files() == [file]
    content = (house.store / file).read_bytes()
    (name, stored) = house.list.entered[file]
    assert (name.call, name.box) == (CALL, "main")
    assert stored == StoredMessage(
        file=file,
        left_at_us=LEFT_S * 1_000_000,
        duration_us=1_024_000,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    with wave.open(str(house.store / file)) as sound:
        assert sound.readframes(99_999) == SOUND
    assert list(house.spool.iterdir()) == []


async def test_caller_who_hangs_up_has_left_it_and_others_calls_are_let_be(house: House) -> None:
    other = f"msg--{CALL[:-1]}8--main--1.wav"
    house.record()
    house.record(other)
    house.ended()
    await house.settled()

    assert len(house.list.entered) == 1
    assert [file.name for file in house.spool.iterdir()] == [other]


async def test_same_name_in_a_later_session_of_the_call_is_another_message(house: House) -> None:
    house.record()
    house.sent()
    await house.settled()
    again = house.record(content=wav(SOUND * 2))
    os.utime(again, (LEFT_S + 60, LEFT_S + 60))
    house.sent()
    await house.settled()

    assert len(house.list.entered) == len(house.files()) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        wav(b"")[:20],
        wav(b""),
        wav(SOUND[:7998]),
        wav(b"\x08\x00\xf8\xff" * 8000),  # the two zeros of a-law
    ],
)
async def test_empty_recording_is_no_entry(house: House, content: bytes) -> None:
    house.record(content=content)
    house.sent()
    await house.settled()

    assert house.list.entered == {}
    assert list(house.spool.iterdir()) == []


async def test_header_of_an_asterisk_that_died_is_put_right(house: House) -> None:
    house.record(content=wav(SOUND + b"\x01", told=0))
    house.sent()
    await house.settled()

    with wave.open(str(house.store / house.files()[0])) as sound:
        assert sound.readframes(99_999) == SOUND


@pytest.mark.parametrize(
    "content", [b"<html>" * 100, wav(rate=16_000), b"RIFF1234WAVE" + b"\xff" * 100]
)
async def test_what_is_no_message_stays_and_is_told(
    house: House, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    house.record(content=content)
    house.ended()
    await house.settled()

    assert house.list.entered == {}
    assert "cannot be entered" in capsys.readouterr().out
    assert len(list(house.spool.iterdir())) == 1


async def test_link_in_the_spool_is_not_followed(house: House, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(wav())
    (house.spool / NAME).symlink_to(tmp_path / "secret")
    house.sent()
    await house.settled()

    assert house.list.entered == {}
    assert (tmp_path / "secret").exists()


async def test_database_away_keeps_the_file_until_it_is_back(house: House) -> None:
    house.list.away = True
    house.record()
    house.sent()
    async with asyncio.timeout(5):
        await house.list.insisted.wait()
    assert len(list(house.spool.iterdir())) == 1

    house.list.away = False
    await house.settled()

    assert len(house.list.entered) == 1
    assert list(house.spool.iterdir()) == []


async def test_death_at_any_stage_enters_it_once_at_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the way dies once, after it was done; the next life does the rest."""
    import recording.messages as room

    def dying(step: str) -> None:
        real: Any = getattr(room, step)

        def dies(*given: Any) -> Any:
            real(*given)
            raise _Dead

        monkeypatch.setattr(room, step, dies)

    house.record()
    for step in ("take", "store_message"):
        dying(step)
        house.keeper.observe(Resynced(at=1))
        await house.settled()
        monkeypatch.undo()
        house.started()
    # The row is there, the spool file is there still.
    spooled = next(house.spool.iterdir())
    kept = spooled.read_bytes()
    house.keeper.observe(Resynced(at=1))
    await house.settled()
    spooled.write_bytes(kept)
    os.utime(spooled, (LEFT_S, LEFT_S))
    (house.store / house.files()[0]).with_suffix(".part").write_bytes(b"half")
    house.started().observe(Resynced(at=1))
    await house.settled()

    assert len(house.list.entered) == 1
    assert [file for file in house.files() if file.endswith(".wav")] == list(house.list.entered)
    assert list(house.spool.iterdir()) == []


async def test_message_of_a_living_call_waits_for_its_caller(house: House) -> None:
    house.record()
    house.alive = {CALL}
    house.keeper.observe(Resynced(at=1))
    await house.settled()
    assert house.list.entered == {}

    house.alive = set()
    house.keeper.observe(Resynced(at=2))
    await house.settled()
    assert len(house.list.entered) == 1


async def test_file_that_is_still_written_is_waited_for(house: House) -> None:
    file = house.record()
    with file.open("ab") as writer:
        house.sent()
        await asyncio.sleep(0.1)
        writer.write(SOUND)
        writer.flush()
        assert house.list.entered == {}
    await house.settled()

    (_, stored) = next(iter(house.list.entered.values()))
    assert stored.duration_us == 2_048_000


@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("msg--jt1-1790000000.7--main--1.wav", "main"),
        ("msg--a--b-1790000000.7--my--box--12.wav", "my--box"),
        ("msg--1790000000.7--main--1-1795000000000000.wav", "main"),
        ("msg--x--main--1.wav", None),
        ("msg--1.7--../x--1.wav", None),
        ("msg--1.7--main--1.wav\x00", None),
        ("1.7--offer.1001.1.raw", None),
        ("msg--1.7--main--1.WAV", None),
    ],
)
def test_name_tells_call_and_box(name: str, box: str | None) -> None:
    found = read_name(name)
    assert (found and found.box) == box


def test_disk_that_is_full_leaves_nothing_half_done(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(wav())
    blocked = tmp_path / "store"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(Exception, match=r"Not a directory|File exists"):
        store_message(file, blocked)
    assert file.exists()


def test_file_of_hours_is_refused(tmp_path: Path) -> None:
    file = tmp_path / NAME
    with file.open("wb") as out:
        out.truncate(300 * 1024 * 1024)
    with pytest.raises(SegmentUnusable, match="longer"):
        store_message(file, tmp_path)
