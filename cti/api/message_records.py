"""The store as the API's `MessagePort`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final, Literal

from cti.api.errors import NotNoted
from cti.api.message_port import MessageFilter, MessageKey, MessageView
from cti.api.records import away
from cti.errors import JietongError
from cti.store.voice_messages import VoiceMessage, VoiceMessageStore
from recording.voice_mail import FOLDER

NOTE_S: Final = 5.0


class StoredMessages:
    """`note` writes down who plays what, and returns when that is safe; `now_us` is the time in
    microseconds since the epoch."""

    def __init__(
        self,
        store: VoiceMessageStore,
        store_dir: Path,
        note: Callable[[MessageView, str], Awaitable[None]],
        now_us: Callable[[], int],
    ) -> None:
        self._store = store
        self._folder = store_dir / FOLDER
        self._store_dir = store_dir
        self._note = note
        self._now_us = now_us

    async def page(
        self, wanted: MessageFilter, *, before: MessageKey | None, limit: int
    ) -> Sequence[MessageView]:
        place = (before.left_at_us, before.id) if before else None
        with away():
            found = await self._store.page(
                box=wanted.box, state=wanted.state, before=place, limit=limit
            )
        return [_view(one) for one in found]

    async def get(self, message: int) -> MessageView | None:
        with away():
            found = await self._store.get(message)
        return None if found is None else _view(found)

    async def move(
        self, message: int, state: Literal["heard", "done"], by: str
    ) -> MessageView | None:
        with away():
            found = await self._store.move(message, state, by, self._now_us())
        return None if found is None else _view(found)

    async def sound(self, message: MessageView) -> Path | None:
        return await asyncio.to_thread(self._sound, message.file)

    def _sound(self, file: str) -> Path | None:
        # Whatever the table says, nothing outside the folder of messages is sent.
        path = self._store_dir / file
        inside = path.resolve().is_relative_to(self._folder.resolve())
        return path if inside and path.is_file() and not path.is_symlink() else None

    async def note_play(self, message: MessageView, by: str) -> None:
        try:
            async with asyncio.timeout(NOTE_S):
                await self._note(message, by)
        except (JietongError, TimeoutError) as error:
            raise NotNoted from error


def _view(message: VoiceMessage) -> MessageView:
    return MessageView(**asdict(message))
