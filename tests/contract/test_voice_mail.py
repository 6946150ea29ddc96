"""What is known of a message's call when it is entered, and that a play is noted or refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import cti.voice_mail
from config.settings import load_settings
from cti.api.errors import NotNoted
from cti.api.message_port import MessageFilter
from cti.facts import CallArrived, CustomerKnown, Fact, MessagePlayed
from cti.ids import CallId
from cti.runtime.ports import LedgerEntry
from cti.store.database import Database
from cti.store.memory import MemoryLedger
from cti.store.voice_messages import VoiceMessageStore
from cti.voice_mail import LedgerMessages, VoiceMail
from recording.voice_mail import StoredMessage, read_name

CALL = CallId("jt1-1790000000.7")
NAME = read_name(f"msg--{CALL}--main--1-17.wav")
STORED = StoredMessage("messages/2026/11/x.wav", 5, 1_000_000, 44, "00")
FACTS: tuple[Fact, ...] = (
    CallArrived(at=1, call=CALL, hotline="12345", caller_number="1380000" * 20, caller_name=""),
    CustomerKnown(at=2, call=CALL, customer="li-si", verified=False),
    CustomerKnown(at=3, call=CALL, customer="zhang-san", verified=True),
)


async def ledger(facts: Sequence[Fact]) -> MemoryLedger:
    made = MemoryLedger()
    await made.append(
        [LedgerEntry(run="r", seq=place, fact=fact, call=CALL) for place, fact in enumerate(facts)]
    )
    return made


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'jietong.db'}")
    yield made
    await made.close()


async def nothing_waits() -> None: ...


async def test_entry_has_the_callers_number_and_the_customer_known_last(database: Database) -> None:
    assert NAME is not None
    store = VoiceMessageStore(database)
    messages = LedgerMessages(store, await ledger(FACTS), nothing_waits)

    await messages.enter(NAME, STORED)
    await messages.enter(NAME, STORED)

    (found,) = await store.page(limit=9)
    assert (found.call, found.box, found.customer) == (CALL, "main", "zhang-san")
    assert found.caller_number == ("1380000" * 20)[:64]


async def test_message_of_a_call_that_nobody_knows_is_entered_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its facts are in a journal that the database does not take."""

    async def for_ever() -> None:
        await asyncio.Event().wait()

    assert NAME is not None
    monkeypatch.setattr(cti.voice_mail, "DRAIN_S", 0.01)
    store = VoiceMessageStore(database)
    await LedgerMessages(store, await ledger(()), for_ever).enter(NAME, STORED)

    (found,) = await store.page(limit=9)
    assert (found.caller_number, found.customer) == ("", None)


class Writer:
    """The ledger's writer: `losing` takes facts and loses them."""

    def __init__(self) -> None:
        self.taken: list[Fact] = []
        self.losing = False
        self.lost = 0

    async def ask(self, report: Fact) -> None:
        if self.losing:
            self.lost += 1
        else:
            self.taken.append(report)

    async def flush(self) -> None: ...

    async def drained(self) -> None: ...

    def stats(self) -> Any:
        return SimpleNamespace(lost=self.lost)


async def test_play_is_in_the_ledger_or_refused(database: Database, tmp_path: Path) -> None:
    assert NAME is not None
    writer = Writer()
    mail = VoiceMail(
        load_settings(state_dir=str(tmp_path)),
        database=database,
        ledger=await ledger(FACTS),
        writer=cast(Any, writer),
        loop=cast(Any, writer),
        clock=cast(Any, SimpleNamespace(now_us=lambda: 7)),
        alive=tuple,
    )
    await LedgerMessages(VoiceMessageStore(database), await ledger(FACTS), nothing_waits).enter(
        NAME, STORED
    )
    (view,) = await mail.records.page(MessageFilter(), before=None, limit=9)

    await mail.records.note_play(view, "lead")
    assert writer.taken == [MessagePlayed(at=7, call=CALL, message=view.id, by="lead")]

    writer.losing = True
    with pytest.raises(NotNoted):
        await mail.records.note_play(view, "lead")
    await mail.stop()
