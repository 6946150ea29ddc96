"""A small billing system to try flows on: balance, usage, PIN, outages, orders.

    GET  /api/accounts/{account}       {"customer", "name", "area", "balance", "usage", "due"}
    POST /api/accounts/{account}/pin   {"pin": "1234"} -> {"verified": true}; 404: wrong
    GET  /api/areas/{area}/outages     [{"place", "from", "until", "reason"}, ...]
    GET  /api/orders/{number}          {"kind", "state", "state_text", "day"}

404: there is no such thing. 429: too many wrong PINs for this account; wait a minute. With a token
every request must bring it (`Authorization: Bearer`). `fault` makes it as bad as systems are.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, get_args

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from service_desk.samples.data import Account, SampleData

Fault = Literal["hang", "500", "garbage", "huge", "slow"]
FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)
PORT: Final = 9180
MOST_BODY: Final = 1024
WRONG_PINS: Final = 5
WRONG_PINS_S: Final = 60.0
_HUGE_BYTES: Final = 100 * 1024 * 1024
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(
    data: SampleData, *, fault: Fault | None = None, token: str = ""
) -> web.Application:
    """The system as an aiohttp application."""
    billing = _Billing(data)
    made = web.Application(
        client_max_size=MOST_BODY, middlewares=[_faults(fault), _tokens(token), _plain_errors]
    )
    made.add_routes(
        [
            web.get("/api/accounts/{account}", billing.account),
            web.post("/api/accounts/{account}/pin", billing.pin),
            web.get("/api/areas/{area}/outages", billing.outages),
            web.get("/api/orders/{number}", billing.order),
        ]
    )
    return made


@asynccontextmanager
async def serving(
    made: web.Application, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve `made`; the address of its API. Raises OSError when the port is taken."""
    runner = web.AppRunner(made, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}/api"
    finally:
        await runner.cleanup()


class _Billing:
    def __init__(self, data: SampleData) -> None:
        self._data = data
        self._hasher = PasswordHasher()
        self._wrong: dict[str, deque[float]] = {}

    async def account(self, request: web.Request) -> web.Response:
        account = self._account(request)
        return _json(
            {
                "customer": account.customer,
                "name": account.name,
                "area": account.area,
                # As text, so that no reader on the way makes a binary fraction of it.
                "balance": str(account.balance),
                "usage": str(account.usage),
                "due": account.due.isoformat(),
            }
        )

    async def pin(self, request: web.Request) -> web.Response:
        account = self._account(request)
        wrong = self._wrong.setdefault(account.customer, deque(maxlen=WRONG_PINS))
        now = asyncio.get_running_loop().time()
        if len(wrong) == WRONG_PINS and now - wrong[0] < WRONG_PINS_S:
            raise web.HTTPTooManyRequests(headers={"Retry-After": f"{WRONG_PINS_S:.0f}"})
        try:
            given = (await request.json())["pin"]
        except (ValueError, KeyError, TypeError):
            given = None
        if not isinstance(given, str):
            raise web.HTTPBadRequest
        if not await asyncio.to_thread(self._is_pin, account.pin, given):
            wrong.append(now)
            raise web.HTTPNotFound
        wrong.clear()
        return _json({"verified": True})

    async def outages(self, request: web.Request) -> web.Response:
        found = self._data.areas.get(request.match_info["area"])
        if found is None:
            raise web.HTTPNotFound
        return _json([one.model_dump(by_alias=True) for one in found])

    async def order(self, request: web.Request) -> web.Response:
        found = self._data.orders.get(request.match_info["number"])
        if found is None:
            raise web.HTTPNotFound
        return _json(found.model_dump(mode="json"))

    def _account(self, request: web.Request) -> Account:
        found = self._data.accounts.get(request.match_info["account"])
        if found is None:
            raise web.HTTPNotFound
        return found

    def _is_pin(self, known: str, given: str) -> bool:
        try:
            return self._hasher.verify(known, given)
        except VerificationError:
            return False


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda one: json.dumps(one, ensure_ascii=False))


def _tokens(token: str) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: _Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        return await handler(request)

    return middleware


@web.middleware
async def _plain_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        kept = {k: error.headers[k] for k in ("Retry-After", "Allow") if k in error.headers}
        return web.json_response({"error": error.reason}, status=error.status, headers=kept)


def _faults(fault: Fault | None) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: _Handler) -> web.StreamResponse:
        match fault:
            case "hang":
                await asyncio.Event().wait()
            case "500":
                return web.json_response({"error": "broken on purpose"}, status=500)
            case "garbage":
                return web.Response(body=b'{"balance": \xff<html>', content_type="application/json")
            case "huge":
                return await _endless(request, b" " * 65536, _HUGE_BYTES // 65536, 0)
            case "slow":
                return await _endless(request, b" ", _HUGE_BYTES, 0.2)
        return await handler(request)

    return middleware


async def _endless(
    request: web.Request, piece: bytes, times: int, pause_s: float
) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    await answer.write(b"[")
    for _ in range(times):
        await answer.write(piece)
        await asyncio.sleep(pause_s)
    await answer.write(b"]")
    return answer
