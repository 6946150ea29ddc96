"""Who calls: the customers that the service desk knows, and how they are looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from service_desk.numbers import normal_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """`account` names a customer; `numbers` as `normal_number` writes them. `kind` is the site's
    own word (a key account, a school); `language` is `zh-CN`, `en` or empty."""

    account: str
    name: str
    language: str = ""
    kind: str = ""
    area: str = ""
    notes: str = ""
    numbers: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """What a flow may take out, by JSON pointer."""
        return {
            "account": self.account,
            "name": self.name,
            "language": self.language,
            "class": self.kind,
            "area": self.area,
            "notes": self.notes,
            "numbers": list(self.numbers),
        }


class Customers(Protocol):
    """Both may raise a JietongError when the customers cannot be read now."""

    async def by_number(self, number: str) -> Customer | None:
        """The customer with this number, written as `normal_number` does."""
        ...

    async def by_account(self, account: str) -> Customer | None: ...


class MemoryCustomers:
    """`Customers` in memory."""

    def __init__(self, customers: Iterable[Customer] = ()) -> None:
        self._by_account = {one.account: one for one in customers}
        self._by_number = {
            normal_number(number): one
            for one in self._by_account.values()
            for number in one.numbers
        }

    async def by_number(self, number: str) -> Customer | None:
        return self._by_number.get(number)

    async def by_account(self, account: str) -> Customer | None:
        return self._by_account.get(account)
