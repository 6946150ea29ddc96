"""What people wrote, in the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import insert, select

from cti.contact_desk import ContactSummary, KeptText, TextsAway
from cti.ids import ContactId, SeatId
from cti.store import contact_rows
from cti.store.codec import clean_text
from cti.store.database import Database
from cti.store.errors import StoreError
from cti.store.tables import ContactTextRow as Row


class StoredContacts:
    """Implements `cti.contact_desk.ContactRecords`. All methods raise TextsAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, contact: ContactId, text: KeptText) -> KeptText:
        try:
            async with self._database.writing() as connection:
                wanted = select(Row.__table__).where(Row.contact == contact)
                known = (await connection.execute(wanted)).first()
                if known is not None:
                    return _text(known._mapping)
                await connection.execute(insert(Row), [_row(contact, text)])
                return text
        except StoreError as error:
            raise TextsAway(str(error)) from error

    async def texts(self, contacts: Collection[ContactId]) -> dict[ContactId, KeptText]:
        try:
            async with self._database.reading() as connection:
                wanted = select(Row.__table__).where(Row.contact.in_(list(contacts)))
                found = await connection.execute(wanted)
                return {ContactId(row.contact): _text(row._mapping) for row in found}
        except StoreError as error:
            raise TextsAway(str(error)) from error

    async def newest(self, limit: int, seat: SeatId | None) -> list[ContactSummary]:
        try:
            async with self._database.reading() as connection:
                return await contact_rows.newest(connection, limit, seat)
        except StoreError as error:
            raise TextsAway(str(error)) from error

    async def one(self, contact: ContactId) -> ContactSummary | None:
        try:
            async with self._database.reading() as connection:
                return await contact_rows.one(connection, contact)
        except StoreError as error:
            raise TextsAway(str(error)) from error


def _row(contact: ContactId, text: KeptText) -> dict[str, Any]:
    return {
        "contact": contact,
        "kept_us": text.kept_us,
        "name": clean_text(text.name),
        "subject": clean_text(text.subject),
        "text": clean_text(text.text),
        "reference": clean_text(text.reference),
    }


def _text(row: Any) -> KeptText:
    return KeptText(
        kept_us=row["kept_us"],
        name=row["name"],
        subject=row["subject"],
        text=row["text"],
        reference=row["reference"],
    )
