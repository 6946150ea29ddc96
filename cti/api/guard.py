"""Checks that come before any handler: whose host is meant, and which page is calling."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web

from cti.api.errors import Problem
from cti.api.limits import is_loopback
from cti.api.problems import Handler

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_PROXY_MARKS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


async def add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`. A handler's own headers stay."""
    del request
    # aiohttp would name itself, Python and their versions.
    response.headers["Server"] = "jietong"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def host_name(host: str) -> str:
    """`host` of a Host header without its port, in lower case; empty when it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


class HostGuard:
    """Refuses requests that were meant for another host name.

    A page of a stranger can have its own name resolve to 127.0.0.1 (DNS rebinding); its requests
    then carry that name as Host. On loopback only loopback's names are right, plus `allowed`: the
    names under which a TLS proxy in front is known.
    """

    def __init__(self, bound_to: str, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(name.lower() for name in allowed)
        self._loopback = bound_to == "localhost" or is_loopback(bound_to)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        name = host_name(request.headers.get("Host", ""))
        if self._loopback and name not in _LOOPBACK_NAMES and name not in self._allowed:
            raise Problem(421, "wrong-host", "this host name is not served here")
        return await handler(request)

    def check_origin(self, request: web.Request) -> None:
        """A browser lets any page open a WebSocket anywhere; only the Origin tells whose page it
        is (RFC 6455, section 10.2). Programs send none. Raises Problem 403."""
        origin = request.headers.get("Origin")
        if origin is None:
            return
        try:
            parts = urlsplit(origin)
            good = parts.scheme in ("http", "https") and (
                parts.netloc.lower() == request.headers.get("Host", "").lower()
                or (parts.hostname or "") in self._allowed
            )
        except ValueError:
            good = False
        if not good:
            raise Problem(403, "foreign-origin", "a page of another site may not connect")


def is_local(request: web.Request) -> bool:
    """Whether the peer is this machine itself and no proxy speaks for another."""
    proxied = any(mark in request.headers for mark in _PROXY_MARKS)
    return is_loopback(request.remote or "") and not proxied


def require_local(request: web.Request) -> None:
    """Raises Problem 403 unless the peer is this machine itself."""
    if is_local(request):
        return
    raise Problem(403, "local-only", "only for this machine itself")
