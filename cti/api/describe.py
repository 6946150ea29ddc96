"""The API's descriptions, made once at start (`cti.api.openapi`, `cti.api.page`)."""

from __future__ import annotations

from aiohttp import web

from cti.api.binding import Ask
from cti.api.page import CONTENT_SECURITY_POLICY
from cti.api.schemas import NoBody, NoQuery


async def document(ask: Ask[NoQuery, NoBody]) -> web.StreamResponse:
    return web.Response(
        body=ask.services.document, content_type="application/json", charset="utf-8"
    )


async def page(ask: Ask[NoQuery, NoBody]) -> web.StreamResponse:
    return web.Response(
        text=ask.services.page,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )
