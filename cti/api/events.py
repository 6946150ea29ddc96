"""Live facts over a WebSocket.

    client                                     server
    GET /api/v1/events  Sec-WebSocket-Protocol: jietong.v1, bearer.TOKEN
      (or no bearer; then first message {"token": TOKEN})
                                               {"type":"snapshot","seq":0,"seats":..,"calls":..}
                                               {"type":"fact","seq":1,"kind":"CallQueued",..}
                                               {"type":"queues","seq":2,"queues":[..]}
    {"token": NEW}   at any time: the same person goes on
                                               close 4401 when the token has expired

`seq` counts this connection's messages without a gap. A second snapshot may come when the engine
has compared itself with Asterisk; it replaces everything before. A token never stands in the URL,
where logs and histories would keep it.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from cti.api.access import ACCESS, Identity, Rule
from cti.api.binding import Ask, bearer, check_role
from cti.api.errors import Problem, TokenRefused, unauthorized
from cti.api.live import CLOSE_S, LiveSession
from cti.api.schemas import NoBody, NoQuery
from cti.api.services import Services

PROTOCOL: Final = "jietong.v1"
_BEARER: Final = "bearer."
HEARTBEAT_S: Final = 20.0
MAX_MESSAGE: Final = 4096


async def events(ask: Ask[NoQuery, NoBody]) -> web.StreamResponse:
    request, services = ask.request, ask.services
    services.guard.check_origin(request)
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise Problem(
            426,
            "websocket-only",
            "live facts come over a WebSocket",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )
    who = _early_identity(request, services)
    name = who.user if who else ""
    if not services.listeners.enter(name):
        raise Problem(429, "too-many-listeners", "too many live connections are open")
    socket = web.WebSocketResponse(
        protocols=(PROTOCOL,),
        heartbeat=HEARTBEAT_S,
        compress=False,
        max_msg_size=MAX_MESSAGE,
        timeout=CLOSE_S,
    )
    session = LiveSession(services, _rule(), request, socket, name)
    try:
        await socket.prepare(request)
        await session.close(await session.run(who))
        return socket
    finally:
        services.listeners.leave(session.place)


def _early_identity(request: web.Request, services: Services) -> Identity | None:
    """Who the handshake's token names; None when the token comes later. Raises Problem."""
    offered = [
        part.strip()
        for value in request.headers.getall("Sec-WebSocket-Protocol", [])
        for part in value.split(",")
    ]
    tokens = [part.removeprefix(_BEARER) for part in offered if part.startswith(_BEARER)]
    if tokens and PROTOCOL not in offered:
        raise Problem(400, "protocol-missing", f"offer the protocol {PROTOCOL} beside the token")
    token = tokens[0] if len(tokens) == 1 else bearer(request)
    if len(tokens) > 1:
        raise unauthorized("offer one token", presented=True)
    if token is None:
        return None
    try:
        who = services.tokens.read(token)
    except TokenRefused as error:
        raise unauthorized(error.why, presented=True) from error
    check_role(_rule(), who)
    return who


def _rule() -> Rule:
    rule = ACCESS["events"]
    assert isinstance(rule, Rule)
    return rule
