"""A peer that is gone without a word: shown on panoramisk as it comes, closed in our link."""

from __future__ import annotations

import asyncio

import pytest

from cti.ami.actions import Action
from cti.ami.errors import LinkLost
from cti.ami.link import Cause, Phase
from tests.contract.ami.clients import link_on, stock_on
from tests.fakes.ami_server import FakeAmiServer

FILLER = "x" * 900
LIMIT = 64 << 10


class TestHalfOpenConnection:
    """The connection stands, nothing comes, no FIN."""

    async def test_stock_does_not_notice(self) -> None:
        async with FakeAmiServer() as server, stock_on(server) as (client, peer):
            client.manager.ping_interval = 0.01
            client.manager.ping()
            for _ in range(5):
                assert (await peer.read_action()).name == "Ping"
            assert not client.manager.protocol.closed
            assert server.accepted == 1

    async def test_link_gives_up_and_reconnects(self) -> None:
        async with (
            FakeAmiServer() as server,
            link_on(server, ping_interval_s=0.02, ping_deadline_s=0.05) as (client, peer),
        ):
            waiting = asyncio.create_task(client.link.send(Action.of("Hangup", Channel="x/y")))
            await client.until_lost(Cause.PING_UNANSWERED)
            with pytest.raises(LinkLost):
                await waiting
            await peer.wait_closed_by_client()
            await (await server.accept()).log_in()
            assert (await client.until(Phase.UP)).session == 2
            assert client.link.stats.reconnects == 1

    async def test_link_stays_with_a_peer_that_answers_late_but_sends(self) -> None:
        """A long list stands before the ping's answer on the same connection."""
        clock = asyncio.get_running_loop().time
        async with (
            FakeAmiServer() as server,
            link_on(server, ping_interval_s=0.02, ping_deadline_s=0.1) as (client, peer),
        ):
            ping = await peer.read_action()
            late = clock() + 0.15
            while clock() < late:
                peer.event("Item")
                await client.next_event("Item")
            peer.answer(ping, Ping="Pong")
            assert (await peer.read_action()).name == "Ping"
            assert client.link.state.session == 1
            assert (client.link.stats.ping_us or 0) >= 100_000

    async def test_link_gives_up_a_peer_that_sends_but_never_answers(self) -> None:
        async with (
            FakeAmiServer() as server,
            link_on(server, ping_interval_s=0.02, ping_deadline_s=0.02) as (client, peer),
        ):
            await peer.read_action()
            while client.link.state.up:
                peer.event("Item")
                await asyncio.sleep(0)
            await client.until_lost(Cause.PING_UNANSWERED)

    async def test_link_counts_a_refused_ping_as_alive(self) -> None:
        """Asterisk refuses every action while it shuts down gracefully."""
        async with (
            FakeAmiServer() as server,
            link_on(server, ping_interval_s=0.02, ping_deadline_s=0.5) as (client, peer),
        ):
            for _ in range(2):
                ping = await peer.read_action()
                peer.answer(ping, "Error", Message="Asterisk is shutting down")
            await peer.read_action()
            assert client.link.state.up


class TestPeerThatStopsReading:
    async def test_stock_buffers_without_bound(self) -> None:
        async with (
            FakeAmiServer(receive_buffer=4096) as server,
            stock_on(server) as (client, peer),
        ):
            peer.stop_reading()
            transport = client.manager.protocol.transport
            for _ in range(30_000):
                client.manager.send_action({"Action": "Setvar", "Value": FILLER})
                if transport.get_write_buffer_size() > 16 * LIMIT:
                    break
            assert transport.get_write_buffer_size() > 16 * LIMIT
            assert not client.manager.protocol.closed
            client.manager.protocol.responses.clear()
            transport.abort()

    async def test_link_gives_up_at_its_limit_and_reconnects(self) -> None:
        async with (
            FakeAmiServer(receive_buffer=4096) as server,
            link_on(server, max_write_buffer_bytes=LIMIT) as (client, peer),
        ):
            peer.stop_reading()
            action = Action.of("Setvar", Value=FILLER)
            senders = []
            for _ in range(30_000):
                if not client.link.state.up:
                    break
                senders.append(asyncio.create_task(client.link.send(action)))
                await asyncio.sleep(0)
            assert not client.link.state.up
            results = await asyncio.gather(*senders, return_exceptions=True)
            assert all(isinstance(result, LinkLost) for result in results)
            await client.until_lost(Cause.PEER_NOT_READING)
            await (await server.accept()).log_in()
            await client.until(Phase.UP)
