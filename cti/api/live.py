"""One live connection: snapshot first, then facts, until the first of its parts ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import structlog
from aiohttp import WSMessage, WSMsgType, web
from pydantic import BaseModel, ValidationError

from cti import facts
from cti.api.access import Identity, Rule
from cti.api.binding import check_role
from cti.api.errors import Problem, SubscriberLagging, TokenRefused
from cti.api.event_messages import (
    FactMessage,
    LaggingMessage,
    QueuesMessage,
    SnapshotMessage,
    TokenMessage,
)
from cti.api.services import Services
from cti.api.wire import Sight
from cti.facts import Fact

log = structlog.get_logger(__name__)

FIRST_MESSAGE_S: Final = 5.0
SEND_S = 10.0
"""A reader whose buffers stay full for so long is not reading."""
CLOSE_S: Final = 2.0
QUEUES_EVERY_S: Final = 0.2
"""Queue figures are for eyes: many changes at once make one message."""
_GONE: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


class Close(IntEnum):
    """Close codes; 4000 and up are ours (RFC 6455, section 7.4.2)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    INTERNAL = 1011
    BAD_MESSAGE = 4400
    TOKEN = 4401
    FORBIDDEN = 4403
    NO_TOKEN = 4408
    LAGGING = 4429
    TOO_MANY = 4430


@dataclass(frozen=True, slots=True)
class End:
    code: Close
    why: str


_CHANGES_QUEUES: Final = (
    facts.CallQueued,
    facts.CallRecovered,
    facts.OfferAnswered,
    facts.OfferFailed,
    facts.CallAbandoned,
    facts.CallEnded,
    facts.SeatStateChanged,
    facts.LastResortEntered,
    facts.RoutingChanged,
)


class LiveSession:
    """One connection. Whatever ends first (reader, writer, token, server) ends all of it."""

    def __init__(
        self,
        services: Services,
        rule: Rule,
        request: web.Request,
        socket: web.WebSocketResponse,
        place: str,
    ) -> None:
        self.place = place
        """The name under which this connection is counted; empty before a token came."""
        self._services, self._rule = services, rule
        self._request, self._socket = request, socket
        self._sending = asyncio.Lock()
        self._renewed = asyncio.Event()
        self._queues_changed = asyncio.Event()
        self._sequence = 0
        self._own_calls: set[str] = set()
        self._who: Identity | None = None

    async def run(self, who: Identity | None) -> End:
        if who is None:
            found = await self._first(self._first_token(), self._server_leaves())
            if isinstance(found, End):
                return found
            if not self._services.listeners.enter(found.user):
                return End(Close.TOO_MANY, "too many live connections are open")
            self._services.listeners.leave(self.place)
            self.place = found.user
            who = found
        self._who = who
        end: End = await self._first(
            self._read(who),
            self._write(who),
            self._write_queues(who),
            self._token_ends(),
            self._server_leaves(),
        )
        log.info("live connection ended", user=who.user, code=int(end.code), why=end.why)
        return end

    async def close(self, end: End) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close(code=end.code, message=end.why.encode())
        except (TimeoutError, ConnectionError):
            # Not even the close frame goes out: nothing is left to be polite to.
            if self._request.transport is not None:
                self._request.transport.abort()

    @staticmethod
    async def _first(*parts: Coroutine[Any, Any, Any]) -> Any:
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(task for task in tasks if task in done).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first_token(self) -> Identity | End:
        try:
            async with asyncio.timeout(FIRST_MESSAGE_S):
                return await self._receive()
        except TimeoutError:
            return End(Close.NO_TOKEN, "no token in time")

    async def _receive(self) -> Identity | End:
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            return self._told(message)
        if message.type in _GONE:
            return End(Close.NORMAL, "closed by the client")
        return End(Close.BAD_MESSAGE, "only short text messages are understood")

    def _told(self, message: WSMessage) -> Identity | End:
        try:
            token = TokenMessage.model_validate_json(message.data).token
            who = self._services.tokens.read(token)
            check_role(self._rule, who)
        except ValidationError:
            return End(Close.BAD_MESSAGE, 'only {"token": ...} is understood')
        except TokenRefused as error:
            return End(Close.TOKEN, error.why)
        except Problem as error:
            return End(Close.FORBIDDEN, error.detail)
        return who

    async def _read(self, first: Identity) -> End:
        while True:
            who = await self._receive()
            if isinstance(who, End):
                return who
            if (who.user, who.role, who.seat) != (first.user, first.role, first.seat):
                return End(Close.FORBIDDEN, "the new token is about someone else")
            self._who = who
            self._renewed.set()

    async def _token_ends(self) -> End:
        while True:
            assert self._who is not None
            left = self._who.expires_s - time.time()
            if left <= 0:
                return End(Close.TOKEN, "the access token has expired")
            self._renewed.clear()
            try:
                await asyncio.wait_for(self._renewed.wait(), left)
            except TimeoutError:
                continue

    async def _server_leaves(self) -> End:
        await self._services.leaving.wait()
        return End(Close.GOING_AWAY, "the server stops")

    async def _write(self, who: Identity) -> End:
        with self._services.engine.subscribe() as live:
            try:
                return await self._write_all(who, live)
            except SubscriberLagging:
                await self._send(LaggingMessage(seq=self._sequence))
                return End(Close.LAGGING, "too slow; connect again for a fresh snapshot")
            except (TimeoutError, ConnectionError):
                return End(Close.LAGGING, "not reading")

    async def _write_all(self, who: Identity, live: AsyncIterator[Fact]) -> End:
        # Subscribed first, and no await before the snapshot is taken: no fact falls between.
        sight = self._sight(who)
        await self._send(self._snapshot(sight))
        async for fact in live:
            if isinstance(fact, facts.SnapshotTaken):
                await self._send(self._snapshot(sight))
                continue
            self._follow(fact, who)
            shown = sight.fact(fact, self._own_calls)
            if shown is not None:
                await self._send(FactMessage(seq=self._sequence, **dict(shown)))
            if isinstance(fact, _CHANGES_QUEUES):
                self._queues_changed.set()
            if isinstance(fact, facts.CallEnded):
                self._own_calls.discard(fact.call)
        return End(Close.INTERNAL, "the engine tells no more")

    async def _write_queues(self, who: Identity) -> End:
        sight = self._sight(who)
        try:
            while True:
                await self._queues_changed.wait()
                self._queues_changed.clear()
                queues = [sight.queue(view) for view in self._services.engine.queues()]
                await self._send(QueuesMessage(seq=self._sequence, queues=queues))
                await asyncio.sleep(QUEUES_EVERY_S)
        except (TimeoutError, ConnectionError):
            return End(Close.LAGGING, "not reading")

    def _sight(self, who: Identity) -> Sight:
        seats = self._services.engine.seats()
        device = next((view.device for view in seats if view.seat == who.seat), None)
        return Sight(who, "events", own_device=device)

    def _snapshot(self, sight: Sight) -> SnapshotMessage:
        engine = self._services.engine
        calls = [
            view for view in engine.live_calls() if sight.all_calls or view.seat == sight.who.seat
        ]
        self._own_calls |= {view.call for view in calls if view.seat == sight.who.seat}
        return SnapshotMessage(
            seq=self._sequence,
            seats=[sight.seat(view) for view in engine.seats()],
            queues=[sight.queue(view) for view in engine.queues()],
            calls=[sight.live_call(view) for view in calls],
        )

    def _follow(self, fact: Fact, who: Identity) -> None:
        """Keep in mind which calls are this seat's own: their later facts name no seat."""
        call = getattr(fact, "call", None)
        if not call or who.seat is None or getattr(fact, "seat", None) != who.seat:
            return
        if isinstance(fact, facts.OfferFailed):
            self._own_calls.discard(call)
        elif not isinstance(fact, facts.SeatOffered):
            self._own_calls.add(call)

    async def _send(self, message: BaseModel) -> None:
        """Raises TimeoutError when the reader takes nothing."""
        async with asyncio.timeout(SEND_S), self._sending:
            numbered = message.model_copy(update={"seq": self._sequence})
            self._sequence += 1
            await self._socket.send_str(numbered.model_dump_json())
