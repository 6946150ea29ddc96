"""Spoken messages, in the database. Their sound is in the recordings' store folder."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import Row, insert, select, tuple_, update

from cti.ids import CallId
from cti.store.database import Database
from cti.store.errors import StoreRefused
from cti.store.tables import VoiceMessageRow

State = Literal["new", "heard", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshMessage:
    """A message as it comes in. `file` is below the recordings' store folder; times are
    microseconds, `left_at_us` since the epoch."""

    call: CallId
    box: str
    caller_number: str
    customer: str | None
    left_at_us: int
    duration_us: int
    file: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMessage(FreshMessage):
    """A message in the list. `handled_by`: who moved it to the state that it has."""

    id: int
    state: State = "new"
    handled_by: str | None = None
    handled_at_us: int | None = None


class VoiceMessageStore:
    """All methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, message: FreshMessage) -> bool:
        """Enter it; False when its file is entered already."""
        try:
            async with self._database.writing() as connection:
                wanted = select(VoiceMessageRow.id).where(VoiceMessageRow.file == message.file)
                if (await connection.execute(wanted)).first() is not None:
                    return False
                values = asdict(message) | {"state": "new"}
                await connection.execute(insert(VoiceMessageRow).values(**values))
        except StoreRefused:
            if await self.by_file(message.file) is not None:
                return False
            raise
        return True

    async def get(self, message: int) -> VoiceMessage | None:
        return await self._one(VoiceMessageRow.id == message)

    async def by_file(self, file: str) -> VoiceMessage | None:
        return await self._one(VoiceMessageRow.file == file)

    async def page(
        self,
        *,
        box: str | None = None,
        state: State | None = None,
        before: tuple[int, int] | None = None,
        limit: int,
    ) -> list[VoiceMessage]:
        """At most `limit` messages, newest first, behind `before` (its `left_at_us` and `id`)."""
        wanted = select(VoiceMessageRow.__table__)
        if box is not None:
            wanted = wanted.where(VoiceMessageRow.box == box)
        if state is not None:
            wanted = wanted.where(VoiceMessageRow.state == state)
        if before is not None:
            place = tuple_(VoiceMessageRow.left_at_us, VoiceMessageRow.id)
            wanted = wanted.where(place < before)
        wanted = wanted.order_by(
            VoiceMessageRow.left_at_us.desc(), VoiceMessageRow.id.desc()
        ).limit(limit)
        async with self._database.reading() as connection:
            return [_message(row) for row in await connection.execute(wanted)]

    async def move(self, message: int, state: State, by: str, at_us: int) -> VoiceMessage | None:
        """Change the state; None when there is no such message. What is done stays done: hearing it
        again changes nothing."""
        async with self._database.writing() as connection:
            change = update(VoiceMessageRow).where(VoiceMessageRow.id == message)
            change = change.where(VoiceMessageRow.state != state)
            if state == "heard":
                change = change.where(VoiceMessageRow.state == "new")
            await connection.execute(change.values(state=state, handled_by=by, handled_at_us=at_us))
        return await self.get(message)

    async def _one(self, condition: Any) -> VoiceMessage | None:
        wanted = select(VoiceMessageRow.__table__).where(condition)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return None if row is None else _message(row)


def _message(row: Row[Any]) -> VoiceMessage:
    return VoiceMessage(**row._mapping)
