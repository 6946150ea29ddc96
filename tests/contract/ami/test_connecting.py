"""Coming up: what the link says, and does next, for each way in which it can fail."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cti.ami.actions import Action
from cti.ami.errors import LinkLost
from cti.ami.link import AmiLink, AmiMessage, AmiSettings, AuthType, Cause, LinkState, Phase
from tests.contract.ami.clients import LinkClient, link_on
from tests.fakes.ami_server import BANNER, SECRET, FakeAmiServer, event_bytes


async def test_states_are_announced_in_order_and_up_before_the_first_event() -> None:
    seen: list[str] = []
    booted = asyncio.Event()

    def on_event(event: AmiMessage) -> None:
        seen.append(event.event)
        booted.set()

    async with FakeAmiServer() as server:
        settings = AmiSettings(host="127.0.0.1", port=server.port, username="cti", secret=SECRET)
        link = AmiLink(settings, on_event, lambda state: seen.append(state.phase.value))
        await link.start()
        await (await server.accept()).log_in()
        await booted.wait()
        await link.stop()
    assert seen == ["connecting", "logging in", "up", "FullyBooted", "stopped"]


@pytest.mark.parametrize("auth", list(AuthType))
async def test_logs_in_either_way(auth: AuthType) -> None:
    async with FakeAmiServer() as server, link_on(server, auth=auth) as (client, _):
        assert client.link.state.up


async def test_during_login_nothing_else_is_sent_and_the_secret_never() -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port)
        await client.link.start()
        peer = await server.accept()
        peer.send(BANNER)
        login = await peer.answer_challenge()
        with pytest.raises(LinkLost, match="was not sent: logging in"):
            await client.link.send(Action.of("Ping"))
        assert SECRET.encode() not in login.raw
        assert SECRET not in repr(AmiSettings(host="x", username="cti", secret=SECRET))
        await client.link.stop()


async def test_connection_refused_is_retried_until_someone_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    client = LinkClient(port)
    await client.link.start()
    await client.until_lost(Cause.UNREACHABLE)
    await client.until_lost(Cause.UNREACHABLE)
    await client.link.stop()
    assert client.link.state.phase is Phase.STOPPED


async def test_a_refused_login_says_so_and_is_not_retried_soon() -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port)
        await client.link.start()
        peer = await server.accept()
        peer.send(BANNER)
        peer.answer(await peer.answer_challenge(), "Error", Message="Authentication failed")
        state = await client.until_lost(Cause.AUTH_FAILED)
        assert (state.detail, state.retry_in_s) == ("Authentication failed", 30.0)
        with pytest.raises(LinkLost):
            await client.link.send(Action.of("Ping"))
        await client.link.stop()
        assert server.accepted == 1


async def test_an_asterisk_that_takes_no_logins_now_is_asked_again_soon() -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port)
        await client.link.start()
        peer = await server.accept()
        peer.send(BANNER)
        peer.answer(await peer.read_action(), "Error", Message="Asterisk is shutting down")
        assert (await client.until_lost(Cause.NOT_ACCEPTING)).retry_in_s < 1.0
        await (await server.accept()).log_in()
        await client.until(Phase.UP)
        await client.link.stop()


@pytest.mark.parametrize(
    "greeting",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n", b"Event: Hangup\r\n\r\n", b"Asterisk Call" + b"x" * 500],
)
async def test_a_garbage_banner_ends_the_connection_at_once(greeting: bytes) -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port)
        await client.link.start()
        peer = await server.accept()
        peer.send(greeting)
        await client.until_lost(Cause.BAD_BANNER)
        await (await server.accept()).log_in()
        await client.until(Phase.UP)
        await client.link.stop()


@pytest.mark.parametrize(
    ("greeting", "cause"),
    [(b"", Cause.NO_BANNER), (b"Asterisk Call", Cause.NO_BANNER), (BANNER, Cause.LOGIN_TIMEOUT)],
)
async def test_a_mute_server_is_given_up(greeting: bytes, cause: Cause) -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port, connect_timeout_s=0.05)
        await client.link.start()
        (await server.accept()).send(greeting)
        await client.until_lost(cause)
        await client.link.stop()


async def test_a_connect_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_args: object, **_named: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", hang)
    client = LinkClient(1, connect_timeout_s=0.02)
    await client.link.start()
    await client.until_lost(Cause.CONNECT_TIMEOUT)
    await client.link.stop()


async def test_a_server_that_closes_during_login_is_tried_again() -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port)
        await client.link.start()
        peer = await server.accept()
        peer.send(BANNER)
        await peer.answer_challenge()
        peer.close()
        await client.until_lost(Cause.CLOSED)
        await (await server.accept()).log_in()
        await client.until(Phase.UP)
        await client.link.stop()


async def test_stop_fails_what_waits_and_says_nothing_more() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        sending = asyncio.create_task(client.link.send(Action.of("Hangup", Channel="x/y")))
        await peer.read_action()
        await client.link.stop()
        with pytest.raises(LinkLost):
            await sending
        await peer.wait_closed_by_client()
        states = [client.states.get_nowait().phase for _ in range(client.states.qsize())]
        assert states == [Phase.STOPPED]
        await client.link.stop()


async def test_a_stopped_link_can_be_started_again() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, _):
        await client.link.stop()
        await client.link.start()
        await (await server.accept()).log_in()
        assert (await client.until(Phase.UP)).session == 2


async def test_a_failing_state_handler_does_not_stop_the_link() -> None:
    states: asyncio.Queue[LinkState] = asyncio.Queue()

    def handle(state: LinkState) -> None:
        states.put_nowait(state)
        raise RuntimeError("bug in a handler")

    async with FakeAmiServer() as server:
        client = LinkClient(server.port, on_state=handle)
        await client.link.start()
        await (await server.accept()).log_in()
        while not (await states.get()).up:
            pass
        await client.next_event("FullyBooted")
        assert client.link.stats.handler_errors == 3
        await client.link.stop()


async def test_unwanted_events_are_counted_and_left_out() -> None:
    async with FakeAmiServer() as server:
        client = LinkClient(server.port, wanted={"Hangup"})
        await client.link.start()
        peer = await server.accept()
        await peer.log_in()
        peer.send(event_bytes("RTCPSent") + b"Garbage: 1\r\n\r\n" + event_bytes("Hangup"))
        assert (await client.events.get()).event == "Hangup"
        stats = client.link.stats
        assert (stats.events, stats.unknown, stats.nameless) == (1, 2, 1)
        await client.link.stop()
