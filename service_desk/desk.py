"""The service desk's own customers as a look-up service.

    /customers/by-number/{number}      however the number is written
    /customers/by-account/{account}    as it stands in the list

Both answer {"account", "name", "language", "class", "area", "notes", "numbers"}.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import unquote

from cti.errors import JietongError
from service_desk.answers import picked
from service_desk.customers import Customer, Customers
from service_desk.errors import PathUnusable
from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupOutcome,
    LookupRequest,
)
from service_desk.numbers import normal_number

MOST_S: Final = 10.0


class DeskService:
    """`timeout_s` is for requests that say none, seconds."""

    def __init__(self, customers: Customers, *, timeout_s: float = 2.0) -> None:
        self._customers = customers
        self._timeout_s = timeout_s

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        if request.pin is not None:
            return LookupFailed("the service desk keeps no PINs")
        limit_s = min(request.timeout_s or self._timeout_s, MOST_S)
        try:
            async with asyncio.timeout(limit_s):
                customer = await self._customer(request.path)
        except TimeoutError:
            return LookupFailed(f"no answer within {limit_s:g} s")
        except PathUnusable as error:
            return LookupFailed(str(error))
        except JietongError:
            return LookupFailed("the customers cannot be read now")
        if customer is None:
            return LookupNotFound()
        return LookupFound(picked(customer.document(), request.wanted))

    async def _customer(self, path: str) -> Customer | None:
        match path.split("/"):
            case ["", "customers", "by-number", segment]:
                number = normal_number(unquote(segment))
                return None if number is None else await self._customers.by_number(number)
            case ["", "customers", "by-account", segment]:
                return await self._customers.by_account(unquote(segment))
        raise PathUnusable("it is neither /customers/by-number/... nor /customers/by-account/...")
