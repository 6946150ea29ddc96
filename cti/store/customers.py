"""The service desk's customers, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.store.codec import clean_text
from cti.store.database import Database
from cti.store.tables import CustomerNumberRow, CustomerRow
from service_desk.customers import Customer

_AT_ONCE: Final = 400
"""Values in one IN (...): SQLite takes some 32,000, an older one 999."""
_FIELDS: Final = ("account", "name", "language", "kind", "area", "notes")


@dataclass(frozen=True, slots=True)
class NumberTaken:
    """`number` of the customer `account` belongs to `owner` already."""

    account: str
    number: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What taking in a list would do, by account. Nothing is done while `taken` is not empty."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    taken: tuple[NumberTaken, ...] = ()


class CustomerStore:
    """`service_desk.customers.Customers`. All methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_number(self, number: str) -> Customer | None:
        wanted = select(CustomerNumberRow.customer).where(CustomerNumberRow.number == number)
        return await self._one(number, CustomerRow.id == wanted.scalar_subquery())

    async def by_account(self, account: str) -> Customer | None:
        return await self._one(account, CustomerRow.account == account)

    async def page(self, *, after: str = "", limit: int) -> list[Customer]:
        """At most `limit` customers behind the account `after`, by account."""
        async with self._database.reading() as connection:
            wanted = (
                select(CustomerRow.account)
                .where(CustomerRow.account > after)
                .order_by(CustomerRow.account)
                .limit(limit)
            )
            accounts = list((await connection.execute(wanted)).scalars())
            known = await _known(connection, accounts)
        return [known[account][1] for account in accounts]

    async def compare(self, customers: Sequence[Customer]) -> Comparison:
        """What `take_in` would do now."""
        async with self._database.reading() as connection:
            return (await _compared(connection, customers))[0]

    async def take_in(self, customers: Sequence[Customer]) -> Comparison:
        """Make the customers of these accounts what the list says, all or none; others stay. Doing
        it twice changes nothing more."""
        async with self._database.writing() as connection:
            compared, known = await _compared(connection, customers)
            if compared.taken:
                return compared
            touched = {*compared.new, *compared.changed}
            fresh = [one for one in customers if one.account in touched]
            # Numbers first go from all, then to all: two customers may swap theirs.
            gone = [known[one.account][0] for one in fresh if one.account in known]
            for some in _pieces(gone):
                await connection.execute(
                    delete(CustomerNumberRow).where(CustomerNumberRow.customer.in_(some))
                )
            for one in fresh:
                await _write(connection, one, known[one.account][0] if one.account in known else 0)
            return compared

    async def _one(self, text: str, condition: Any) -> Customer | None:
        if clean_text(text) != text:
            return None
        async with self._database.reading() as connection:
            row = (await connection.execute(select(CustomerRow.__table__).where(condition))).first()
            if row is None:
                return None
            numbers = await _numbers(connection, [row.id])
        return replace(_customer(row), numbers=tuple(numbers.get(row.id, ())))


async def _write(connection: AsyncConnection, one: Customer, row_id: int) -> None:
    values = {name: value for name, value in asdict(one).items() if name in _FIELDS}
    if row_id:
        await connection.execute(
            update(CustomerRow).where(CustomerRow.id == row_id).values(**values)
        )
    else:
        await connection.execute(insert(CustomerRow).values(**values))
        wanted = select(CustomerRow.id).where(CustomerRow.account == one.account)
        row_id = (await connection.execute(wanted)).scalar_one()
    if one.numbers:
        rows = [{"number": number, "customer": row_id} for number in one.numbers]
        await connection.execute(insert(CustomerNumberRow), rows)


async def _compared(
    connection: AsyncConnection, customers: Sequence[Customer]
) -> tuple[Comparison, dict[str, tuple[int, Customer]]]:
    known = await _known(connection, [one.account for one in customers])
    new, changed, same = [], [], []
    for one in customers:
        if one.account not in known:
            new.append(one.account)
        elif _plain(known[one.account][1]) == _plain(one):
            same.append(one.account)
        else:
            changed.append(one.account)
    listed = {one.account for one in customers}
    owners = await _owners(connection, [number for one in customers for number in one.numbers])
    taken = tuple(
        NumberTaken(one.account, number, owners[number])
        for one in customers
        for number in one.numbers
        if number in owners and owners[number] not in listed
    )
    return (
        Comparison(new=tuple(new), changed=tuple(changed), same=tuple(same), taken=taken),
        known,
    )


def _plain(one: Customer) -> Customer:
    return replace(one, numbers=tuple(sorted(one.numbers)))


async def _known(
    connection: AsyncConnection, accounts: Sequence[str]
) -> dict[str, tuple[int, Customer]]:
    """The row id and the customer of each account that is there."""
    rows: list[Row[Any]] = []
    for some in _pieces(accounts):
        wanted = select(CustomerRow.__table__).where(CustomerRow.account.in_(some))
        rows += (await connection.execute(wanted)).all()
    numbers = await _numbers(connection, [row.id for row in rows])
    return {
        row.account: (row.id, replace(_customer(row), numbers=tuple(numbers.get(row.id, ()))))
        for row in rows
    }


async def _numbers(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for some in _pieces(ids):
        wanted = (
            select(CustomerNumberRow.__table__)
            .where(CustomerNumberRow.customer.in_(some))
            .order_by(CustomerNumberRow.number)
        )
        for row in await connection.execute(wanted):
            found.setdefault(row.customer, []).append(row.number)
    return found


async def _owners(connection: AsyncConnection, numbers: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _pieces(numbers):
        wanted = (
            select(CustomerNumberRow.number, CustomerRow.account)
            .join(CustomerRow, CustomerRow.id == CustomerNumberRow.customer)
            .where(CustomerNumberRow.number.in_(some))
        )
        found |= {row.number: row.account for row in await connection.execute(wanted)}
    return found


def _pieces(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]


def _customer(row: Any) -> Customer:
    return Customer(**{name: getattr(row, name) for name in _FIELDS})
