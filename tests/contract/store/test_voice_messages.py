"""Spoken messages in the database, on SQLite and PostgreSQL, and as the API reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cti.api.errors import NotNoted
from cti.api.message_port import MessageFilter, MessageKey, MessageView
from cti.api.message_records import StoredMessages
from cti.ids import CallId
from cti.store.database import Database
from cti.store.errors import StoreUnavailable
from cti.store.voice_messages import FreshMessage, VoiceMessageStore

FRESH = FreshMessage(
    call=CallId("jt1-1.1"),
    box="main",
    caller_number="13800001111",
    customer=None,
    left_at_us=1_795_000_000_000_000,
    duration_us=2_000_000,
    file="messages/2026/11/a.wav",
    size_bytes=44,
    sha256="00",
)


async def test_file_is_entered_once(database: Database) -> None:
    store = VoiceMessageStore(database)
    assert await store.add(FRESH)
    assert not await store.add(replace(FRESH, box="other"))
    found = await store.by_file(FRESH.file)
    assert found is not None
    assert (found.box, found.state, found.handled_by) == ("main", "new", None)
    assert await store.get(found.id) == found
    assert await store.get(found.id + 1) is None


async def test_newest_come_first_and_pages_follow(database: Database) -> None:
    store = VoiceMessageStore(database)
    for number in range(5):
        # Two of each time: the id decides between them.
        at = FRESH.left_at_us + number // 2
        await store.add(replace(FRESH, file=f"{number}", left_at_us=at, box="ab"[number % 2]))

    first = await store.page(limit=3)
    last = first[-1]
    rest = await store.page(limit=3, before=(last.left_at_us, last.id))

    assert [one.file for one in (*first, *rest)] == ["4", "3", "2", "1", "0"]
    assert [one.file for one in await store.page(limit=9, box="b")] == ["3", "1"]
    assert await store.page(limit=9, state="done") == []


async def test_done_stays_done(database: Database) -> None:
    store = VoiceMessageStore(database)
    await store.add(FRESH)
    number = (await store.page(limit=1))[0].id

    heard = await store.move(number, "heard", "wangfang", 5)
    done = await store.move(number, "done", "lead", 6)
    again = await store.move(number, "heard", "admin", 7)

    assert heard is not None
    assert (heard.state, heard.handled_by, heard.handled_at_us) == ("heard", "wangfang", 5)
    assert done == again
    assert done is not None
    assert (done.state, done.handled_by, done.handled_at_us) == ("done", "lead", 6)
    assert await store.move(number + 1, "done", "lead", 8) is None


async def test_api_reads_them_and_sends_no_file_from_elsewhere(
    database: Database, tmp_path: Path
) -> None:
    async def note(message: MessageView, by: str) -> None:
        raise StoreUnavailable("sqlite://", f"{message.id} {by}")

    store = VoiceMessageStore(database)
    records = StoredMessages(store, tmp_path, note, lambda: 9)
    files = {
        "messages/2026/11/a.wav": True,
        "secrets.json": False,
        "messages/../secrets.json": False,
        "messages/link.wav": False,
        "messages/none.wav": False,
    }
    (tmp_path / "messages/2026/11").mkdir(parents=True)
    (tmp_path / "messages/2026/11/a.wav").touch()
    (tmp_path / "secrets.json").touch()
    (tmp_path / "messages/link.wav").symlink_to(tmp_path / "messages/2026/11/a.wav")
    for file, sent in files.items():
        await store.add(replace(FRESH, file=file))
        view = (await records.page(MessageFilter(), before=None, limit=1))[0]
        assert (await records.sound(view) is not None) == sent, file

    first = await records.page(MessageFilter(box="main", state="new"), before=None, limit=1)
    key = MessageKey(first[0].left_at_us, first[0].id)
    assert len(await records.page(MessageFilter(), before=key, limit=9)) == len(files) - 1
    moved = await records.move(first[0].id, "done", "lead")
    assert moved is not None
    assert moved.handled_at_us == 9
    assert await records.get(first[0].id) == moved
    with pytest.raises(NotNoted):
        await records.note_play(moved, "lead")
