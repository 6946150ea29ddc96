"""The two clients that meet the same scripted server: panoramisk as it comes, and our link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

from panoramisk import Manager

from cti.ami.link import AmiLink, AmiMessage, AmiSettings, Backoff, Cause, LinkState, Phase
from tests.fakes.ami_server import PATIENCE_S, SECRET, FakeAmiServer, Peer

FAST = Backoff(first_s=0.01, cap_s=0.02, refused_first_s=30.0)


class StockClient:
    """panoramisk 1.4 unchanged, with every event in `events`."""

    def __init__(self, port: int) -> None:
        self.manager: Any = Manager(
            host="127.0.0.1", port=port, username="cti", secret=SECRET, ping_delay=3600
        )
        self.manager.reconnect_timeout = 0.01  # only its setting is limited to whole seconds
        self.events: asyncio.Queue[Any] = asyncio.Queue()

    def collect(self) -> None:
        self.manager.register_event("*", lambda _manager, event: self.events.put_nowait(event))

    async def next_event(self, name: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event = await self.events.get()
                if event.event == name:
                    return event

    def close(self) -> None:
        self.manager.connect = lambda: None  # a reconnect may still be due
        self.manager.close()


class LinkClient:
    """Our link, with its events and states in queues."""

    def __init__(
        self,
        port: int,
        on_event: Callable[[AmiMessage], None] | None = None,
        *,
        on_state: Callable[[LinkState], None] | None = None,
        wanted: Collection[str] | None = None,
        **settings: Any,
    ) -> None:
        values: dict[str, Any] = {"username": "cti", "secret": SECRET, "backoff": FAST}
        values |= {"ping_interval_s": 3600.0} | settings
        self.events: asyncio.Queue[AmiMessage] = asyncio.Queue()
        self.states: asyncio.Queue[LinkState] = asyncio.Queue()
        self.link = AmiLink(
            AmiSettings(host="127.0.0.1", port=port, **values),
            on_event or self.events.put_nowait,
            on_state or self.states.put_nowait,
            wanted=wanted,
        )

    async def next_event(self, name: str) -> AmiMessage:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event = await self.events.get()
                if event.event == name:
                    return event

    async def until(self, phase: Phase) -> LinkState:
        """The next state of that phase."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                state = await self.states.get()
                if state.phase is phase:
                    return state

    async def until_lost(self, cause: Cause) -> LinkState:
        """The next loss, which must be for `cause`."""
        state = await self.until(Phase.WAITING)
        assert state.cause is cause, state
        return state


@asynccontextmanager
async def stock_on(server: FakeAmiServer) -> AsyncIterator[tuple[StockClient, Peer]]:
    """panoramisk, logged in."""
    client = StockClient(server.port)
    client.collect()
    await client.manager.connect()
    peer = await server.accept()
    await peer.log_in()
    await client.next_event("FullyBooted")
    try:
        yield client, peer
    finally:
        client.close()


@asynccontextmanager
async def link_on(
    server: FakeAmiServer,
    on_event: Callable[[AmiMessage], None] | None = None,
    **settings: Any,
) -> AsyncIterator[tuple[LinkClient, Peer]]:
    """Our link, logged in."""
    client = LinkClient(server.port, on_event, **settings)
    await client.link.start()
    try:
        peer = await server.accept()
        await peer.log_in()
        await client.until(Phase.UP)
        yield client, peer
    finally:
        await client.link.stop()
