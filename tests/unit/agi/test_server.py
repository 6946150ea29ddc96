"""What the server lets a session read."""

from __future__ import annotations

import asyncio

from cti.agi.server import AgiServer, Converse
from cti.agi.session import AgiSession
from cti.agi.wire import HeaderLimits
from ivr_flows.state import MAX_TEXT

HEADERS = b"agi_network_script: call\nagi_request: agi://127.0.0.1/call\nagi_uniqueid: 1.1\n"


async def test_the_longest_place_in_a_flow_is_read_again() -> None:
    found: list[str | None] = []

    async def converse(session: AgiSession) -> None:
        found.append(await session.get_variable("CTI_FLOW_STATE"))

    state = "x" * MAX_TEXT
    await _connect(converse, HEADERS + b"\n", f"200 result=1 ({state})\n".encode())

    assert found == [state]


async def test_a_header_line_may_still_be_no_longer_than_its_own_limit() -> None:
    served: list[str] = []

    async def converse(session: AgiSession) -> None:
        served.append(session.uniqueid)

    name = b"agi_calleridname: " + b"x" * HeaderLimits().line_bytes + b"\n"
    await _connect(converse, HEADERS + name + b"\n", b"")

    assert served == []


async def _connect(converse: Converse, headers: bytes, answer: bytes) -> None:
    server = AgiServer("127.0.0.1", 0, converse)
    await server.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(headers + answer)
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()
    finally:
        await server.stop()
