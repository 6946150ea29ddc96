"""A row of the route table, with the problems that any operation of its kind may answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from pydantic import BaseModel

from cti.api.access import ACCESS, Door
from cti.api.binding import Answer, Ask, Operation
from cti.api.schemas import NoBody, NoQuery

V1: Final = "/api/v1"
_ALWAYS: Final = frozenset({400, 421, 500})


def operation(  # noqa: PLR0917 - a row of the table reads best without keywords
    name: str,
    method: Literal["GET", "POST", "PATCH", "DELETE"],
    path: str,
    summary: str,
    handler: Callable[[Ask[Any, Any]], Awaitable[Answer]],
    answer: type[BaseModel] | str,
    *problems: int,
    query: type[BaseModel] = NoQuery,
    body: type[BaseModel] = NoBody,
    own_token: bool = False,
) -> Operation:
    access = ACCESS[name]
    expected = _ALWAYS | {413, 415} | set(problems)
    if access is Door.LOOPBACK:
        expected |= {403}
    elif access is not Door.OPEN:
        expected |= {401, 403}
    return Operation(
        name=name,
        method=method,
        path=path,
        summary=summary,
        handler=handler,
        query=query,
        body=body,
        answer=answer,
        problems=frozenset(expected),
        own_token=own_token,
        in_parts=416 in problems,
    )
