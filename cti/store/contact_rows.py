"""The table of contacts: written with the facts it is made of, read at a start and by the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.facts import Fact, OpenContact
from cti.ids import ContactId, SeatId
from cti.store.contact_projection import ContactSummary, fold_contact, is_of_contacts, open_contact
from cti.store.tables import ContactRow

_MANY: Final = 500
"""Keys in one IN (...)."""


async def folded(connection: AsyncConnection, facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """The rows that `facts` change, as they are after them."""
    told: list[Any] = [fact for fact in facts if is_of_contacts(fact)]
    touched = list(dict.fromkeys(ContactId(fact.contact) for fact in told))
    contacts: dict[ContactId, ContactSummary | None] = {}
    for start in range(0, len(touched), _MANY):
        some = touched[start : start + _MANY]
        known = select(ContactRow.__table__).where(ContactRow.contact.in_(some))
        for row in await connection.execute(known):
            contacts[ContactId(row.contact)] = _summary(row._mapping)
    for fact in told:
        contacts[fact.contact] = fold_contact(contacts.get(fact.contact), fact)
    return [_record(one) for one in contacts.values() if one is not None]


async def open_ones(connection: AsyncConnection) -> tuple[OpenContact, ...]:
    """Those that came, were taken in, and have not ended; the one that came first first."""
    wanted = _all().where(ContactRow.ended_us.is_(None), ContactRow.until_us > 0)
    found = await connection.execute(wanted.order_by(ContactRow.came_us, ContactRow.contact))
    return tuple(open_contact(_summary(row._mapping)) for row in found)


async def newest(
    connection: AsyncConnection, limit: int, seat: SeatId | None = None
) -> list[ContactSummary]:
    """`seat`: those that have ended and that it had last."""
    wanted = _all().order_by(ContactRow.came_us.desc(), ContactRow.contact.desc()).limit(limit)
    if seat is not None:
        wanted = wanted.where(ContactRow.seat == seat, ContactRow.ended_us.is_not(None))
    return [_summary(row._mapping) for row in await connection.execute(wanted)]


async def one(connection: AsyncConnection, contact: ContactId) -> ContactSummary | None:
    found = (await connection.execute(_all().where(ContactRow.contact == contact))).first()
    return None if found is None else _summary(found._mapping)


def _all() -> Select[Any]:
    return select(ContactRow.__table__)


def _record(contact: ContactSummary) -> dict[str, Any]:
    record = asdict(contact)
    record["by_whom"] = record.pop("by")
    return record


def _summary(row: Mapping[Any, Any]) -> ContactSummary:
    values = dict(row)
    values["by"] = values.pop("by_whom")
    return ContactSummary(**values)
