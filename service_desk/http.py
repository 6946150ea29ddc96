"""A look-up service behind HTTP: asked within a time, never trusted.

An answer is `200` with JSON of a bounded size, or `404`: there is no such thing. Everything else is
a failure with a reason. Redirects are not followed, so no answer leads to another host. A PIN
goes in the body of a POST and nowhere else; `{"verified": true}` alone lets the caller in.
"""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import aiohttp
from yarl import URL

from service_desk.answers import picked, read_document
from service_desk.breaker import Breaker
from service_desk.errors import AnswerUnusable, PathUnusable
from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupOutcome,
    LookupRequest,
    Secret,
)

MOST_BYTES: Final = 64 * 1024
MOST_S: Final = 10.0
"""No caller listens to silence for longer."""
_CHUNK: Final = 8 * 1024
_PATH: Final = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_JSON_TYPES: Final = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPlace:
    """Where a service is. `connections`: how many look-ups at once."""

    url: str
    timeout_s: float = 2.0
    token: Secret | None = None
    connections: int = 16


class HttpClient:
    """The one client session of all services; opened when first used."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # Each service has its own limit; one that hangs must not use up another's.
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "jietong",
                },
            )
        return self._session

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class _Broken(Exception):
    """The service failed. `why` is for people and logs; `refused`: it answered, and would not."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        self.why, self.refused = why, refused
        super().__init__(why)


class HttpService:
    """One service of the site."""

    def __init__(
        self, client: HttpClient, place: HttpPlace, breaker: Breaker | None = None
    ) -> None:
        self._client = client
        self._place = place
        self._base = URL(place.url.rstrip("/"))
        self._breaker = breaker or Breaker()
        self._free = asyncio.Semaphore(place.connections)

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        """Within the request's time (else the service's), at most MOST_S. Raises nothing but the
        CancelledError of a caller who has hung up."""
        limit_s = min(request.timeout_s or self._place.timeout_s, MOST_S)
        try:
            url = address(self._base, request)
        except PathUnusable as error:
            return LookupFailed(str(error))
        asking = False
        try:
            async with asyncio.timeout(limit_s), self._free:
                if not self._breaker.may_ask(self._now()):
                    return LookupFailed("it failed several times in a row and is left alone")
                asking = True
                outcome = await self._ask(url, request)
        except TimeoutError:
            if not asking:
                return LookupFailed(f"all connections were busy for {limit_s:g} s")
            self._breaker.failed(self._now())
            return LookupFailed(f"no answer within {limit_s:g} s")
        except _Broken as broken:
            if broken.refused:
                self._breaker.answered()
            else:
                self._breaker.failed(self._now())
            return LookupFailed(broken.why)
        except BaseException:
            if asking:
                self._breaker.given_up()
            raise
        self._breaker.answered()
        return outcome

    async def _ask(self, url: URL, request: LookupRequest) -> LookupOutcome:
        headers: dict[str, str] = {}
        if self._place.token is not None:
            headers["Authorization"] = f"Bearer {self._place.token.reveal()}"
        method, body = "GET", None
        if request.pin is not None:
            method, body = "POST", {"pin": request.pin.reveal()}
        try:
            async with self._client.session.request(
                method, url, json=body, headers=headers, allow_redirects=False
            ) as answer:
                return await self._read(answer, request)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The error's own text may hold the address, and with it an account.
            raise _Broken(_words(error)) from None

    async def _read(self, answer: aiohttp.ClientResponse, request: LookupRequest) -> LookupOutcome:
        status = answer.status
        if status == 404:
            return LookupNotFound()
        if 300 <= status < 400:
            raise _Broken(f"answered {status}: redirects are not followed", refused=True)
        if status != 200:
            raise _Broken(f"answered {status}", refused=400 <= status < 500)
        if not _JSON_TYPES.fullmatch(answer.content_type):
            raise _Broken("the answer is not called JSON")
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _Broken("the answer is compressed, which was not asked for")
        content = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                answer.close()  # the rest is not fetched
                raise _Broken(f"the answer has more than {MOST_BYTES // 1024} kB")
        try:
            document = read_document(bytes(content))
        except AnswerUnusable as error:
            raise _Broken(error.why) from None
        if request.pin is not None:
            return verdict(document)
        return LookupFound(picked(document, request.wanted))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def verdict(document: object) -> LookupOutcome:
    """What the answer to a PIN says. Only a plain yes is one."""
    match document:
        case {"verified": True}:
            return LookupFound()
        case {"verified": False}:
            return LookupNotFound()
    return LookupFailed("the answer does not tell whether the PIN is right")


def address(base: URL, request: LookupRequest) -> URL:
    """`base` with the path and query of `request`, on the same host whatever they hold. Raises
    PathUnusable."""
    path = request.path
    if _PATH.fullmatch(path) is None:
        raise PathUnusable("it does not begin with / or has characters that no path has")
    for segment in path.split("/"):
        plain = unquote(segment)
        if plain in (".", "..") or _CONTROL.search(plain):
            raise PathUnusable("a part of it is a dot, two dots, or has control characters")
    url = URL(f"{base}{path}", encoded=True)
    if request.query:
        url = url.with_query(dict(request.query))
    if url.origin() != base.origin():
        raise PathUnusable("it leads to another host")
    return url


def _words(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return "its host name is not known"
        case aiohttp.ClientConnectorError() as refused:
            return f"cannot be reached ({refused.os_error.strerror or 'no connection'})"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
    return f"cannot be asked ({type(error).__name__})"
