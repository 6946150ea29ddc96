"""For those who watch the daemon: alive, ready, metrics."""

from __future__ import annotations

from aiohttp import web

from cti.api.binding import Ask
from cti.api.errors import Problem
from cti.api.guard import is_local
from cti.api.metrics import CONTENT_TYPE
from cti.api.schemas import AliveAnswer, NoBody, NoQuery, ReadyAnswer

ELSEWHERE = ("ask on the machine itself, or GET /api/v1/routing",)


async def healthz(ask: Ask[NoQuery, NoBody]) -> AliveAnswer:
    """That this answer comes is the message: the process and its loop run."""
    del ask
    return AliveAnswer()


async def readyz(ask: Ask[NoQuery, NoBody]) -> ReadyAnswer:
    """Ready without the database as long as the journal takes the facts: calls go on."""
    health = ask.services.engine.health()
    missing: list[str] = []
    if health.ami_link != "up":
        missing.append(f"the link to Asterisk is {health.ami_link}")
    if health.database == "down":
        missing.append("neither database nor journal takes facts")
    if missing:
        raise Problem(
            503,
            "not-ready",
            "; ".join(missing),
            missing=tuple(missing),
            headers={"Retry-After": "5"},
        )
    # Whoever asks may know that something is wrong; what stands in the site file is not for all.
    local = is_local(ask.request)
    return ReadyAnswer(
        ami_link=health.ami_link,
        database=health.database,
        plans_on=list(health.plans_on),
        warnings=list(health.warnings if local else ELSEWHERE[: len(health.warnings)]),
    )


async def metrics(ask: Ask[NoQuery, NoBody]) -> web.StreamResponse:
    return web.Response(body=ask.services.metrics.text(), headers={"Content-Type": CONTENT_TYPE})
