"""Live connections: who gets one, how it ends, slow readers."""

from __future__ import annotations

import asyncio
import socket as sockets
import time

import aiohttp
import pytest

from cti.api import live
from cti.api.live import Close
from cti.api.port import Role
from cti.api.server import ApiServer
from cti.api.tokens import Tokens
from cti.facts import SeatState
from tests.acceptance.api_client import ApiClient
from tests.contract.api.conftest import KEY, PASSWORD, USERS, Client
from tests.contract.api.sockets import PATH, WANG, closed, protocols, queued, refused
from tests.fakes.engine import FakeEngine, FakeUsers


async def test_the_token_may_come_as_first_message(client: Client) -> None:
    async with client.session.ws_connect(client.base + PATH) as socket:
        await socket.send_json({"token": client.token("lead")})

        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"token": "x"}', Close.TOKEN),
        ('{"token": 7}', Close.BAD_MESSAGE),
        ("{}", Close.BAD_MESSAGE),
        ("nonsense", Close.BAD_MESSAGE),
        ("[" * 4000, Close.BAD_MESSAGE),
        (b"\x00", Close.BAD_MESSAGE),
    ],
)
async def test_a_first_message_that_is_no_token_ends_the_connection(
    client: Client, message: str | bytes, code: Close
) -> None:
    async with client.session.ws_connect(client.base + PATH) as socket:
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_str(message)

        assert await closed(socket) == code


async def test_a_message_that_is_too_large_ends_the_connection(client: Client) -> None:
    async with client.session.ws_connect(client.base + PATH) as socket:
        await socket.send_str("x" * 100_000)

        assert await closed(socket) in (1009, Close.BAD_MESSAGE)


async def test_who_sends_no_token_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "FIRST_MESSAGE_S", 0.05)
    async with client.session.ws_connect(client.base + PATH) as socket:
        assert await closed(socket) == Close.NO_TOKEN


async def test_handshakes_that_are_refused(client: Client) -> None:
    good = protocols(client, "lead")
    assert await refused(client, protocols=("jietong.v1", "bearer.x")) == 401
    assert await refused(client, protocols=good[1:]) == 400
    assert (await client.get(PATH, "lead", headers={"Upgrade": "websocket"})).status == 400
    assert await refused(client, protocols=(*good, good[1])) == 401
    assert await refused(client, protocols=good, origin="https://evil.example") == 403
    assert await refused(client, protocols=good, origin="null") == 403
    assert await refused(client, protocols=good, origin="https://127.0.0.1:1") == 403
    async with client.session.ws_connect(
        client.base + PATH, protocols=good, origin=client.base
    ) as socket:
        assert socket.protocol == "jietong.v1"


async def test_one_person_cannot_take_all_connections(client: Client) -> None:
    good = protocols(client, "lead")
    async with asyncio.TaskGroup() as group:
        opened = [
            group.create_task(client.session.ws_connect(client.base + PATH, protocols=good))
            for _ in range(8)
        ]

    assert await refused(client, protocols=good) == 429
    assert (await client.get("/healthz")).status == 200
    await opened[0].result().close()
    other = await client.session.ws_connect(
        client.base + PATH, protocols=protocols(client, "admin")
    )
    for task in opened:
        await task.result().close()
    await other.close()


async def test_a_token_that_comes_later_counts_for_its_person_and_frees_the_strangers_place(
    client: Client, server: tuple[ApiServer, str]
) -> None:
    listeners = server[0]._services.listeners
    opened = []
    for _ in range(8):
        socket = await client.session.ws_connect(client.base + PATH)
        await socket.send_json({"token": client.token("lead")})
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"
        opened.append(socket)
    assert (listeners.count("lead"), listeners.count("")) == (8, 0)

    async with client.session.ws_connect(client.base + PATH) as ninth:
        await ninth.send_json({"token": client.token("lead")})
        assert await closed(ninth) == Close.TOO_MANY
    for socket in opened:
        await socket.close()


def short_token(users: FakeUsers, role: Role, seconds: float) -> str:
    """A token whose life ends in about `seconds`."""
    return Tokens(KEY, 0, clock=lambda: time.time() + seconds).issue(users.users[USERS[role]])[0]


async def test_the_connection_ends_with_the_token(
    client: Client, users: FakeUsers, engine: FakeEngine
) -> None:
    token = short_token(users, "lead", 1)
    async with client.session.ws_connect(
        client.base + PATH, protocols=("jietong.v1", f"bearer.{token}")
    ) as socket:
        assert await closed(socket) == Close.TOKEN
    assert engine.fanout.readers == 0


async def test_a_renewed_token_keeps_it_open_and_another_persons_does_not(
    client: Client, users: FakeUsers, engine: FakeEngine
) -> None:
    expires = time.time() + 1
    token = short_token(users, "lead", 1)
    async with client.session.ws_connect(
        client.base + PATH, protocols=("jietong.v1", f"bearer.{token}")
    ) as socket:
        await socket.receive_json()
        await socket.send_json({"token": client.token("lead")})
        while time.time() < expires + 0.2:
            engine.move(WANG, SeatState.READY)
            assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT
        await socket.send_json({"token": client.token("admin")})

        assert await closed(socket) == Close.FORBIDDEN


async def test_a_reader_who_takes_nothing_is_dropped_and_the_engine_never_waits(
    client: Client, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SEND_S", 0.3)
    monkeypatch.setattr(live, "CLOSE_S", 0.3)
    slow = sockets.socket()
    slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    host, port = client.base.removeprefix("http://").split(":")
    slow.connect((host, int(port)))
    slow.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: jietong.v1, bearer.{client.token('lead')}\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        while engine.fanout.readers == 0:  # noqa: ASYNC110 - nothing announces a reader
            await asyncio.sleep(0)

    async with ApiClient(client.base) as api, asyncio.timeout(20):
        await api.log_in("admin", PASSWORD)
        async with api.facts() as stream:
            number, worst = 0, 0.0
            while engine.fanout.readers > 1:
                number += 1
                before = time.perf_counter()
                engine.publish(queued(f"jt1-{number}.1", name="王" * 20_000))
                worst = max(worst, time.perf_counter() - before)
                await stream.wait_for("CallQueued", deadline=5)
    slow.close()

    assert worst < 0.05
    assert number > 10


async def test_a_reader_over_the_limit_is_told_lagging(client: Client, engine: FakeEngine) -> None:
    async with client.session.ws_connect(
        client.base + PATH, protocols=protocols(client, "lead")
    ) as socket:
        await socket.receive_json()
        for number in range(2001):
            engine.publish(queued(f"jt1-{number}.1"))
        last = await socket.receive_json(timeout=5)
        code = await closed(socket)

    assert (last["type"], code) == ("lagging", Close.LAGGING)


async def test_a_client_that_leaves_is_forgotten(client: Client, engine: FakeEngine) -> None:
    socket = await client.session.ws_connect(
        client.base + PATH, protocols=protocols(client, "lead")
    )
    await socket.receive_json()
    assert engine.fanout.readers == 1
    await socket.close()

    async with asyncio.timeout(5):
        while engine.fanout.readers:  # noqa: ASYNC110 - nothing announces a reader
            await asyncio.sleep(0)


async def test_a_server_that_stops_says_going_away(
    client: Client, server: tuple[ApiServer, str]
) -> None:
    async with client.session.ws_connect(
        client.base + PATH, protocols=protocols(client, "lead")
    ) as socket:
        await socket.receive_json()
        stopping = asyncio.create_task(server[0].stop())
        code = await closed(socket)
        await stopping

    assert code == Close.GOING_AWAY
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.session.get(client.base + "/healthz")
