"""Spoken messages in memory, with their sound in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from cti.api.errors import NotNoted
from cti.api.message_port import MessageFilter, MessageKey, MessageView
from cti.ids import CallId

LEFT_US = 1_795_000_000_000_000
SOUND = b"RIFF" + bytes(range(256)) * 4


class FakeMessages:
    """A `MessagePort` with the message 1. `notes`: who has heard what; `deaf`: nothing can be
    written down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.messages: dict[int, MessageView] = {}
        self.notes: list[tuple[int, str]] = []
        self.deaf = False
        self.add(1)

    def add(self, number: int, box: str = "main") -> MessageView:
        file = f"message-{number}.wav"
        (self.folder / file).write_bytes(SOUND)
        view = MessageView(
            id=number,
            call=CallId(f"jt1-{number}.1"),
            box=box,
            caller_number="13800001111",
            customer=None,
            left_at_us=LEFT_US + number // 2,
            duration_us=1_000_000,
            size_bytes=len(SOUND),
            sha256="0" * 64,
            state="new",
            handled_by=None,
            handled_at_us=None,
            file=file,
        )
        self.messages[number] = view
        return view

    async def page(
        self, wanted: MessageFilter, *, before: MessageKey | None, limit: int
    ) -> Sequence[MessageView]:
        def key(one: MessageView) -> MessageKey:
            return MessageKey(one.left_at_us, one.id)

        found = [
            one
            for one in self.messages.values()
            if wanted.box in (None, one.box)
            and wanted.state in (None, one.state)
            and (before is None or key(one) < before)
        ]
        return sorted(found, key=key, reverse=True)[:limit]

    async def get(self, message: int) -> MessageView | None:
        return self.messages.get(message)

    async def move(
        self, message: int, state: Literal["heard", "done"], by: str
    ) -> MessageView | None:
        view = self.messages.get(message)
        if view is not None and view.state not in (state, "done"):
            view = replace(view, state=state, handled_by=by, handled_at_us=LEFT_US + 7)
            self.messages[message] = view
        return view

    async def sound(self, message: MessageView) -> Path | None:
        file = self.folder / message.file
        return file if file.is_file() else None

    async def note_play(self, message: MessageView, by: str) -> None:
        if self.deaf:
            raise NotNoted
        self.notes.append((message.id, by))
