"""Faults of reading: shown on panoramisk as it comes, closed in our link, by one script each."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cti.ami.link import AmiMessage, Cause, Phase
from tests.contract.ami.clients import link_on, stock_on
from tests.fakes.ami_server import PATIENCE_S, FakeAmiServer, event_bytes

NAME = "王小明"


def _whole_and_half() -> tuple[bytes, bytes]:
    """A marker event with the first part of the next one, cut inside a character; the rest."""
    named = event_bytes("Newchannel", CallerIDName=NAME, Uniqueid="1")
    cut = named.index("小".encode()) + 1
    return event_bytes("Marker") + named[:cut], named[cut:]


class TestTextSplitBetweenReads:
    async def test_stock_loses_the_character(self) -> None:
        first, second = _whole_and_half()
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            peer.send(first)
            await client.next_event("Marker")
            peer.send(second)
            event = await client.next_event("Newchannel")
            assert event["CallerIDName"] == "王明"

    async def test_link_keeps_it(self) -> None:
        first, second = _whole_and_half()
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            peer.send(first)
            await client.next_event("Marker")
            peer.send(second)
            event = await client.next_event("Newchannel")
            assert event.get("CallerIDName") == NAME


class TestHandlerRaises:
    async def test_stock_closes_and_loses_the_rest_of_the_chunk(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)

            def fail(_manager: object, _event: object) -> None:
                raise RuntimeError("bug in a handler")

            client.manager.register_event("Newchannel", fail)
            peer.send(event_bytes("Newchannel") + event_bytes("Hangup"))
            await peer.wait_closed_by_client()
            seen = [client.events.get_nowait().event for _ in range(client.events.qsize())]
            assert "Hangup" not in seen

    async def test_link_counts_logs_and_goes_on(self, caplog: pytest.LogCaptureFixture) -> None:
        seen: asyncio.Queue[str] = asyncio.Queue()

        def handle(event: AmiMessage) -> None:
            if event.event == "Newchannel":
                raise RuntimeError("bug in a handler")
            seen.put_nowait(event.event)

        async with FakeAmiServer() as server, link_on(server, handle) as (client, peer):
            peer.send(event_bytes("Newchannel") + event_bytes("Hangup"))
            async with asyncio.timeout(PATIENCE_S):
                assert [await seen.get(), await seen.get()] == ["FullyBooted", "Hangup"]
            assert client.link.stats.handler_errors == 1
            assert client.link.state.up
            assert server.accepted == 1
        assert "event handler failed on Newchannel" in caplog.text


class _SlowOnFirst:
    """A handler that has to wait for something on its first event."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.handled: asyncio.Queue[str] = asyncio.Queue()

    async def handle(self, uniqueid: str) -> None:
        if uniqueid == "first":
            await self.gate.wait()
        self.handled.put_nowait(uniqueid)


class TestOrderOfEvents:
    script = (
        event_bytes("Step", Uniqueid="first")
        + event_bytes("Step", Uniqueid="second")
        + event_bytes("Marker")
    )

    async def test_stock_lets_the_second_event_overtake(self) -> None:
        slow = _SlowOnFirst()

        async def handle(_manager: object, event: Any) -> None:
            await slow.handle(event["Uniqueid"])

        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            client.manager.register_event("Step", handle)
            peer.send(self.script)
            overtaker = await slow.handled.get()
            slow.gate.set()
            assert [overtaker, await slow.handled.get()] == ["second", "first"]

    async def test_link_with_one_consumer_keeps_the_order(self) -> None:
        slow = _SlowOnFirst()
        queue: asyncio.Queue[AmiMessage] = asyncio.Queue()

        def on_event(event: AmiMessage) -> None:
            if event.event == "Marker":
                slow.gate.set()
            elif event.event == "Step":
                queue.put_nowait(event)

        async with FakeAmiServer() as server, link_on(server, on_event) as (_, peer):
            peer.send(self.script)
            for _ in range(2):
                await slow.handle((await queue.get()).get("Uniqueid"))
            order = [slow.handled.get_nowait() for _ in range(2)]
            assert order == ["first", "second"]


class TestEndlessMessage:
    """Two megabytes without an empty line."""

    flood = b"Event: Flood\r\n" + b"Key: 0123456789\r\n" * 123_400

    async def test_stock_collects_it_all(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            peer.send(self.flood + b"\r\n")
            event = await client.next_event("Flood")
            assert len(event["Key"]) == 123_400

    async def test_link_gives_up_at_its_limit_and_reconnects(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            peer.send(self.flood)
            state = await client.until_lost(Cause.OVERSIZED)
            assert "no end of message" in state.detail
            assert client.link.stats.bytes_in < 2 * (1 << 20)
            await (await server.accept()).log_in()
            assert (await client.until(Phase.UP)).session == 2


class TestOversizedLine:
    line = b"Event: Flood\r\nKey: " + b"x" * 70_000 + b"\r\n\r\n"

    async def test_stock_takes_it(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            peer.send(self.line)
            assert len((await client.next_event("Flood"))["Key"]) == 70_000

    async def test_link_gives_up_and_delivers_what_came_before(self) -> None:
        async with FakeAmiServer() as server, link_on(server) as (client, peer):
            peer.send(event_bytes("Hangup") + self.line)
            state = await client.until_lost(Cause.OVERSIZED)
            assert "line" in state.detail
            await client.next_event("Hangup")
            await (await server.accept()).log_in()
            await client.until(Phase.UP)


async def test_broken_utf8_costs_one_character_and_never_a_neighbour() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        cut = NAME.encode()[:-1]
        peer.send(b"Event: Newchannel\r\nCallerIDName: " + cut + b"\r\nUniqueid: 1\r\n\r\n")
        event = await client.next_event("Newchannel")
        assert event.get("CallerIDName") == "王小\ufffd"
        assert event.get("Uniqueid") == "1"


async def test_a_server_that_closes_inside_a_message_loses_that_message_only() -> None:
    async with FakeAmiServer() as server, link_on(server) as (client, peer):
        peer.send(event_bytes("Hangup") + b"Event: Newchannel\r\nUniq")
        peer.close()
        await client.until_lost(Cause.CLOSED)
        await client.next_event("Hangup")
        second = await server.accept()
        await second.log_in()
        second.event("Newstate", Uniqueid="2")
        assert (await client.next_event("Newstate")).get("Uniqueid") == "2"
        assert client.events.empty()
