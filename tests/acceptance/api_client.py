"""The API as a program uses it: log in, send a seat's wishes, wait for a fact."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

Json = dict[str, Any]


class ApiFailed(AssertionError):
    """Fields: `status`, `problem` (the whole RFC 9457 body)."""

    def __init__(self, path: str, status: int, problem: Any) -> None:
        self.status, self.problem = status, problem
        super().__init__(f"{path}: {status} {problem}")


class FactStream:
    """Facts of one live connection, kept from its start.

    `wait_for` gives each fact once: the oldest that fits and was not given before. So it does not
    matter whether a fact came before or after the test began to wait for it.
    """

    def __init__(self, snapshot: Json) -> None:
        self.snapshot = snapshot
        self.messages: list[Json] = [snapshot]
        self._facts: list[Json] = []
        self._changed = asyncio.Event()
        self._closed: int | None = None

    async def wait_for(
        self,
        kind: str,
        *,
        deadline: float,
        where: Callable[[Json], bool] = lambda fact: True,
        **fields: Any,
    ) -> Json:
        """The fact `kind` with these field values, as its fields plus `kind` and `at`.

        Raises AssertionError, with what came instead, after `deadline` seconds.
        """
        try:
            async with asyncio.timeout(deadline):
                while True:
                    for place, fact in enumerate(self._facts):
                        fits = fact["kind"] == kind and all(
                            name in fact and fact[name] == value for name, value in fields.items()
                        )
                        if fits and where(fact):
                            return self._facts.pop(place)
                    if self._closed is not None:
                        raise AssertionError(f"the connection closed with {self._closed}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            came = "\n".join(f"  {fact}" for fact in self._facts) or "  nothing"
            raise AssertionError(
                f"no {kind} {fields or ''} within {deadline} s; what came and was not asked for:"
                f"\n{came}"
            ) from None

    def took(self, message: Json) -> None:
        self.messages.append(message)
        if message["type"] == "fact":
            # A fact of a contact has a kind of its own.
            fact = message["data"] | {"kind": message["kind"], "at": message["at_us"]}
            self._facts.append(fact)
        self._changed.set()

    def ended(self, code: int | None) -> None:
        self._closed = code or 1006
        self._changed.set()


class ApiClient:
    """`async with ApiClient(url) as client`. Every call raises ApiFailed for a problem."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self.token = ""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._session is not None
        await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None, "use it in an async with"
        return self._session

    async def log_in(self, user: str, password: str) -> Json:
        answer = await self.request("POST", "/login", {"user": user, "password": password})
        self.token = answer["access_token"]
        return answer

    async def sign_on(self, seat: str, device: str = "") -> Json:
        body = {"device": device} if device else None
        return await self.request("POST", f"/seats/{seat}/sign-on", body)

    async def sign_off(self, seat: str) -> Json:
        return await self.request("POST", f"/seats/{seat}/sign-off")

    async def ready(self, seat: str) -> Json:
        return await self.request("POST", f"/seats/{seat}/ready")

    async def pause(self, seat: str, reason: str) -> Json:
        return await self.request("POST", f"/seats/{seat}/pause", {"reason": reason})

    async def seat(self, seat: str) -> Json:
        return await self.request("GET", f"/seats/{seat}")

    async def seats(self) -> list[Json]:
        return list((await self.request("GET", "/seats"))["seats"])

    async def queues(self) -> list[Json]:
        return list((await self.request("GET", "/queues"))["queues"])

    async def calls(self, **filters: str | int) -> list[Json]:
        """The newest calls that fit, at most 200."""
        answer = await self.request("GET", "/calls", query={"limit": 200, **filters})
        return list(answer["calls"])

    async def call(self, call: str, *, deadline: float = 5.0) -> Json:
        """The call once its end is in the ledger, which is a moment after the fact was told."""
        detail = await self._ended(call, "zh-CN", deadline)
        return dict(detail["call"])

    async def timeline(
        self, call: str, *, language: str = "zh-CN", deadline: float = 5.0
    ) -> list[str]:
        """The sentences of an ended call's time line."""
        detail = await self._ended(call, language, deadline)
        return [entry["text"] for entry in detail["timeline"]]

    async def _ended(self, call: str, language: str, deadline: float) -> Json:
        path = f"/calls/{call}"
        detail: Json | None = None
        try:
            async with asyncio.timeout(deadline):
                while detail is None or detail["call"]["outcome"] is None:
                    try:
                        detail = await self.request("GET", path, query={"language": language})
                    except ApiFailed as error:
                        if error.status != 404:
                            raise
                        await asyncio.sleep(0)
        except TimeoutError:
            raise AssertionError(f"{call} has not ended within {deadline} s: {detail}") from None
        return detail

    async def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: dict[str, str | int] | None = None,
    ) -> Json:
        """The answer below /api/v1. Raises ApiFailed."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.session.request(
            method, f"{self._url}/api/v1{path}", json=body, params=query, headers=headers
        ) as answer:
            content = await answer.json(content_type=None)
            if answer.status >= 400:
                raise ApiFailed(path, answer.status, content)
            return dict(content)

    @asynccontextmanager
    async def facts(self) -> AsyncIterator[FactStream]:
        """Live facts from now on; entered once the snapshot is there."""
        protocols = ("jietong.v1", f"bearer.{self.token}")
        async with self.session.ws_connect(
            f"{self._url}/api/v1/events", protocols=protocols
        ) as socket:
            async with asyncio.timeout(5):
                stream = FactStream(await socket.receive_json())
            reader = asyncio.create_task(_read(socket, stream), name="facts")
            try:
                yield stream
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)


async def _read(socket: aiohttp.ClientWebSocketResponse, stream: FactStream) -> None:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            stream.took(json.loads(message.data))
    stream.ended(socket.close_code)
