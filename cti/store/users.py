"""Who may use the API, in the database. Hashing passwords is the API's business."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from cti.ids import SeatId
from cti.store.codec import clean_text
from cti.store.database import Database
from cti.store.errors import StoreError, StoreRefused
from cti.store.tables import UserRow


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`role` as in `config.site.Role`; `created_us` in microseconds since the epoch."""

    name: str
    role: str
    seat: SeatId | None
    password_hash: str
    created_us: int
    disabled: bool = False


class UserUnknown(StoreError):
    """Fields: `name`."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        super().__init__(url, f"there is no user {name!r}")


class UserExists(StoreError):
    """Fields: `name`."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        super().__init__(url, f"there is a user {name!r} already")


class UserStore:
    """All methods raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> User | None:
        """The user, also when disabled; None when there is none."""
        if clean_text(name) != name:
            return None
        async with self._database.reading() as connection:
            wanted = select(UserRow.__table__).where(UserRow.name == name)
            row = (await connection.execute(wanted)).one_or_none()
            return None if row is None else _user(row)

    async def all(self) -> list[User]:
        """Every user by name."""
        async with self._database.reading() as connection:
            wanted = select(UserRow.__table__).order_by(UserRow.name)
            return [_user(row) for row in await connection.execute(wanted)]

    async def add(self, user: User) -> None:
        """Raises UserExists."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(UserRow).values(**asdict(user)))
        except StoreRefused as error:
            if await self.get(user.name) is not None:
                raise UserExists(self._database.url, user.name) from error
            raise

    async def change(
        self,
        name: str,
        *,
        role: str | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> None:
        """Change what is given. Raises UserUnknown."""
        given = {"role": role, "password_hash": password_hash, "disabled": disabled}
        await self._change(name, {key: value for key, value in given.items() if value is not None})

    async def sit(self, name: str, seat: SeatId | None) -> None:
        """Give the user a seat, or take it away. Raises UserUnknown."""
        await self._change(name, {"seat": seat})

    async def _change(self, name: str, values: dict[str, Any]) -> None:
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(UserRow).where(UserRow.name == name).values(**(values or {"name": name}))
            )
            if changed.rowcount == 0:
                raise UserUnknown(self._database.url, name)


def _user(row: Row[Any]) -> User:
    return User(**row._mapping)
