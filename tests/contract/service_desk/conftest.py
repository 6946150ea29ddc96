"""The three look-up services that the one suite runs on, and a server to misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest
from aiohttp import web

from cti.store.customers import CustomerStore
from cti.store.database import Database
from service_desk.customers import Customer, MemoryCustomers
from service_desk.desk import DeskService
from service_desk.http import HttpClient, HttpPlace, HttpService
from service_desk.lookups import LookupService
from service_desk.memory import MemoryService
from service_desk.samples.billing import serving

ZHANG: Final = Customer(
    account="10000001",
    name="张三",
    language="zh-CN",
    area="chengbei",
    numbers=("+8613800001111", "+861062345678"),
)
LI: Final = Customer(account="10000002", name="Li, Si", language="en", kind="key")
DOCUMENTS: Final[dict[str, Any]] = {
    "/customers/by-account/10000001": ZHANG.document(),
    "/customers/by-account/10000002": LI.document(),
    "/customers/by-number/13800001111": ZHANG.document(),
}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """A server whose every request is answered by `answer`; its address."""
    made = web.Application()
    made.router.add_route("*", "/{rest:.*}", answer)
    async with serving(made) as url:
        yield url


async def _documents(request: web.Request) -> web.StreamResponse:
    document = DOCUMENTS.get(unquote(request.rel_url.raw_path).removeprefix("/api"))
    if document is None:
        return web.json_response({"error": "Not Found"}, status=404)
    return web.json_response(document)


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture(params=["memory", "desk-memory", "desk-sql", "http"])
async def service(
    request: pytest.FixtureRequest, tmp_path: Path, http: HttpClient
) -> AsyncIterator[LookupService]:
    match request.param:
        case "memory":
            yield MemoryService(DOCUMENTS)
        case "desk-memory":
            yield DeskService(MemoryCustomers((ZHANG, LI)))
        case "desk-sql":
            database = Database(f"sqlite+aiosqlite:///{tmp_path / 'jietong.db'}")
            store = CustomerStore(database)
            await store.take_in((ZHANG, LI))
            yield DeskService(store)
            await database.close()
        case _:
            async with answering(_documents) as url:
                yield HttpService(http, HttpPlace(url=url))
