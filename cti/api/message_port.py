"""What the API needs to show and play spoken messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from cti.api.errors import NotNoted
from cti.ids import CallId

MessageState = Literal["new", "heard", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """Times are microseconds, `left_at_us` and `handled_at_us` since the epoch. `handled_by`: who
    moved it to the state that it has."""

    id: int
    call: CallId
    box: str
    caller_number: str
    customer: str | None
    left_at_us: int
    duration_us: int
    size_bytes: int
    sha256: str
    state: MessageState
    handled_by: str | None
    handled_at_us: int | None
    file: str
    """Below the folder of recordings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """None means any."""

    box: str | None = None
    state: MessageState | None = None


@dataclass(frozen=True, slots=True, order=True)
class MessageKey:
    """A message's place in the list, which runs from the newest to the oldest."""

    left_at_us: int
    id: int


class MessagePort(Protocol):
    """Spoken messages. Every method may raise `cti.api.errors.RecordsAway`."""

    async def page(
        self, wanted: MessageFilter, *, before: MessageKey | None, limit: int
    ) -> Sequence[MessageView]:
        """At most `limit` messages with a key below `before`, in falling order of the key."""
        ...

    async def get(self, message: int) -> MessageView | None: ...

    async def move(
        self, message: int, state: Literal["heard", "done"], by: str
    ) -> MessageView | None:
        """Change the state; what is done stays done. None when there is no such message."""
        ...

    async def sound(self, message: MessageView) -> Path | None:
        """Its WAV file; None when it is gone."""
        ...

    async def note_play(self, message: MessageView, by: str) -> None:
        """Write down that `by` gets to hear it. Returns when that is safe; raises
        `cti.api.errors.NotNoted` when it cannot be."""
        ...


class NoMessages:
    """The `MessagePort` of a house that takes none."""

    async def page(
        self, wanted: MessageFilter, *, before: MessageKey | None, limit: int
    ) -> Sequence[MessageView]:
        del wanted, before, limit
        return ()

    async def get(self, message: int) -> MessageView | None:
        del message
        return None

    async def move(
        self, message: int, state: Literal["heard", "done"], by: str
    ) -> MessageView | None:
        del message, state, by
        return None

    async def sound(self, message: MessageView) -> Path | None:
        del message
        return None

    async def note_play(self, message: MessageView, by: str) -> None:
        raise NotNoted
