"""Spoken messages, put together: from the spool into the list, and out through the API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from config.settings import Settings
from cti.api.message_port import MessageView
from cti.api.message_records import StoredMessages
from cti.facts import CallArrived, CallRecovered, CustomerKnown, MessagePlayed
from cti.ids import CallId
from cti.noting import noted
from cti.runtime.clock import Clock
from cti.runtime.loop import EngineLoop
from cti.runtime.ports import Ledger
from cti.store.database import Database
from cti.store.projection import NUMBER_LENGTH
from cti.store.voice_messages import FreshMessage, VoiceMessageStore
from cti.store.writer import LedgerWriter
from recording.messages import MessageKeeper
from recording.voice_mail import MessageName, StoredMessage

DRAIN_S: Final = 10.0
"""How long facts that wait in the journal are waited for; a message is not kept back for ever."""


class VoiceMail:
    """`observe` is to be given every fact, in order; `records` is what the API reads; `stop` leaves
    what is not entered yet in the spool for the next start."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        ledger: Ledger,
        writer: LedgerWriter,
        loop: EngineLoop,
        clock: Clock,
        alive: Callable[[], Collection[CallId]],
    ) -> None:
        store = VoiceMessageStore(database)
        store_dir = settings.path(settings.recording.store_dir)
        keeper = MessageKeeper(
            settings.path(settings.recording.spool_dir),
            store_dir,
            LedgerMessages(store, ledger, writer.drained),
            alive,
        )
        self._writer = writer
        self._loop = loop
        self._clock = clock
        self.records = StoredMessages(store, store_dir, self._note_play, clock.now_us)
        self.observe = keeper.observe
        self.stop = keeper.stop

    async def _note_play(self, message: MessageView, by: str) -> None:
        """Returns when it is in the ledger or its journal. Raises NotNoted."""
        now = self._clock.now_us()
        played = MessagePlayed(at=now, call=message.call, message=message.id, by=by)
        await noted(self._writer, self._loop.ask(played))


class LedgerMessages:
    """A `recording.messages.MessageList`. `written` returns when all facts are in the database."""

    def __init__(
        self, store: VoiceMessageStore, ledger: Ledger, written: Callable[[], Awaitable[None]]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._written = written

    async def enter(self, name: MessageName, stored: StoredMessage) -> None:
        """Raises StoreError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._written()
        number, customer = "", None
        for entry in await self._ledger.facts_of(name.call):
            match entry.fact:
                case CallArrived() | CallRecovered() as found if found.caller_number:
                    number = found.caller_number
                case CustomerKnown() as found:
                    customer = found.customer
        await self._store.add(
            FreshMessage(
                call=name.call,
                box=name.box,
                caller_number=number[:NUMBER_LENGTH],
                customer=customer,
                left_at_us=stored.left_at_us,
                duration_us=stored.duration_us,
                file=stored.file,
                size_bytes=stored.size_bytes,
                sha256=stored.sha256,
            )
        )
