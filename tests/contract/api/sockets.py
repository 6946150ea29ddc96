"""What the tests of the live connection share."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from cti.api.port import Role
from cti.facts import CallQueued
from cti.ids import CallId, QueueId, SeatId
from tests.contract.api.conftest import Client

PATH = "/api/v1/events"
WANG = SeatId("1001")
MODELS = {"snapshot": "SnapshotMessage", "fact": "FactMessage", "queues": "QueuesMessage"}


def queued(call: str, *, name: str = "") -> CallQueued:
    return CallQueued(
        at=1,
        call=CallId(call),
        queue=QueueId("repairs"),
        priority=5,
        language="zh-CN",
        arrived_at=1,
        asked_at=1,
        prompt_ended_at=1,
        channel_name="PJSIP/trunk-1",
        caller_number="13800001111",
        caller_name=name,
    )


def protocols(client: Client, role: Role) -> tuple[str, str]:
    return "jietong.v1", f"bearer.{client.token(role)}"


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read to the end, return the close code."""
    async with asyncio.timeout(10):
        async for _ in socket:
            pass
    return socket.close_code


async def refused(client: Client, **kw: Any) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await client.session.ws_connect(client.base + PATH, **kw)
    return caught.value.status
