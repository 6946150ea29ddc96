"""Who changed which announcement when, as the ledger tells it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select, tuple_

from cti.facts import NoticeSwitched
from cti.store.codec import decode
from cti.store.database import Database
from cti.store.tables import LedgerRow

_AT_ONCE: Final = 500


async def notice_changes(
    database: Database, *, notice: str = "", limit: int = 50
) -> list[NoticeSwitched]:
    """The last `limit` changes (of `notice`, when it is named), newest first. Raises
    StoreUnavailable, DatabaseOlder."""
    found: list[NoticeSwitched] = []
    place: tuple[int, int] | None = None
    while True:
        wanted = (
            select(LedgerRow.id, LedgerRow.at_us, LedgerRow.body)
            .where(LedgerRow.kind == NoticeSwitched.__name__)
            .order_by(LedgerRow.at_us.desc(), LedgerRow.id.desc())
            .limit(_AT_ONCE)
        )
        if place is not None:
            wanted = wanted.where(tuple_(LedgerRow.at_us, LedgerRow.id) < place)
        async with database.reading() as connection:
            rows = (await connection.execute(wanted)).all()
        for row in rows:
            fact = decode(NoticeSwitched.__name__, row.at_us, row.body)
            if isinstance(fact, NoticeSwitched) and notice in ("", fact.notice):
                found.append(fact)
                if len(found) == limit:
                    return found
        if len(rows) < _AT_ONCE:
            return found
        place = (rows[-1].at_us, rows[-1].id)
