"""Changes of routing, in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select

from cti.changes import ChangesNotKept, KeptChange
from cti.store.database import Database
from cti.store.errors import StoreError
from cti.store.tables import RoutingChangeRow as Row

_AT_ONCE = 100
"""SQLite takes 999 values in one statement."""


class StoredChanges:
    """Implements `cti.changes.ChangeStore`. All methods raise ChangesNotKept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Sequence[KeptChange]:
        try:
            async with self._database.reading() as connection:
                rows = await connection.execute(select(Row.__table__).order_by(Row.place))
                return [_kept(row._mapping) for row in rows]
        except StoreError as error:
            raise ChangesNotKept(str(error)) from error

    async def keep(self, put: Iterable[KeptChange], drop: Iterable[tuple[str, str, str]]) -> None:
        put = list(put)
        gone = [*drop, *((one.part, one.name, one.key) for one in put)]
        try:
            async with self._database.writing() as connection:
                for some in _chunks(gone):
                    wanted = or_(
                        *(and_(Row.part == p, Row.name == n, Row.key == k) for p, n, k in some)
                    )
                    await connection.execute(delete(Row).where(wanted))
                last = (await connection.execute(select(func.max(Row.place)))).scalar() or 0
                if put:
                    rows = [_row(one, last + 1 + place) for place, one in enumerate(put)]
                    await connection.execute(insert(Row), rows)
        except StoreError as error:
            raise ChangesNotKept(str(error)) from error


def _chunks(places: Sequence[tuple[str, str, str]]) -> Iterable[Sequence[tuple[str, str, str]]]:
    return (places[first : first + _AT_ONCE] for first in range(0, len(places), _AT_ONCE))


def _row(one: KeptChange, place: int) -> dict[str, Any]:
    return {
        "part": one.part,
        "name": one.name,
        "key": one.key,
        "value": one.value,
        "beneath": one.beneath,
        "by_whom": one.by,
        "why": one.why,
        "at_us": one.at_us,
        "until_us": one.until_us,
        "place": place,
    }


def _kept(row: Any) -> KeptChange:
    return KeptChange(
        part=row["part"],
        name=row["name"],
        key=row["key"],
        value=row["value"],
        beneath=row["beneath"],
        by=row["by_whom"],
        why=row["why"],
        at_us=row["at_us"],
        until_us=row["until_us"],
    )
