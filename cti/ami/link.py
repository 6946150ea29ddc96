"""The daemon's one connection to Asterisk's manager interface.

The link keeps itself up: it connects, logs in, watches with pings of its own, and connects again.
It never repeats an action and never hides a gap: each new login has a new session number, and the
owner compares its belief with Asterisk then.

Why not panoramisk's Manager as it is: it reconnects on its own terms and sends unanswered actions
again, its pings notice nothing, and an exception in a handler costs the connection. What remains
of it here is the opening of the connection through its `protocol_factory` setting.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any

from panoramisk.manager import Manager

from cti.ami.actions import Action
from cti.ami.errors import ActionRefused, ActionTimedOut, LinkLost
from cti.ami.protocol import AuthType, Counters, LinkProtocol, Login, Owner, PendingAction
from cti.ami.reconnect import Backoff, Cause, LinkState, Phase, Reconnect
from cti.ami.wire import AmiMessage, AmiParser

__all__ = [
    "Action",
    "AmiLink",
    "AmiMessage",
    "AmiSettings",
    "AuthType",
    "Backoff",
    "Cause",
    "LinkState",
    "LinkStats",
    "Phase",
]

_log = logging.getLogger(__name__)

_PING = Action.of("Ping")
_PING_EXTENSIONS = 2
"""How often the wait for a ping's answer is prolonged while data comes in: the answer stands in
line behind events and long lists on the same connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """Where Asterisk is and how long to wait for it. Times in seconds, sizes in bytes."""

    host: str
    port: int = 5038
    username: str
    secret: str = field(repr=False)
    auth: AuthType = AuthType.MD5
    tls: ssl.SSLContext | None = None
    connect_timeout_s: float = 5.0
    """For the TCP connection, and again for banner and login. Asterisk itself takes 1 s to refuse
    a login."""
    ping_interval_s: float = 2.0
    ping_deadline_s: float = 2.0
    max_message_bytes: int = 1 << 20
    """The longest messages are answers to Command."""
    max_line_bytes: int = 64 << 10
    max_write_buffer_bytes: int = 256 << 10
    """What may wait in our process when the kernel's own buffer is full."""
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStats:
    """Counters since the link was made; `pending` and `ping_us` are of this moment."""

    events: int
    unknown: int
    """Events left out because nobody wants their name."""
    nameless: int
    """Messages that are neither event nor response."""
    handler_errors: int
    late_answers: int
    timed_out: int
    reconnects: int
    bytes_in: int
    pending: int
    ping_us: int | None
    """The last ping's round trip, None before the first."""


class _Opener(Manager):  # type: ignore[misc]
    """panoramisk's Manager reduced to opening a connection with our protocol."""

    def connection_made(self, f: Any) -> None:
        """The awaiting link sees success or failure itself; nothing is sent or retried here."""


class AmiLink:
    """A supervised AMI connection.

    `on_event` gets every event in the order of the wire, except the items of a list action;
    `on_state` gets every change of state before the first event that comes after it. Both are
    called synchronously and must only note what they get. `wanted` limits events to those names.
    """

    def __init__(
        self,
        settings: AmiSettings,
        on_event: Callable[[AmiMessage], None],
        on_state: Callable[[LinkState], None],
        *,
        wanted: Collection[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._on_event = on_event
        self._on_state = on_state
        self._wanted = wanted
        self._clock = clock
        self._machine = Reconnect(settings.backoff, chance)
        self._counters = Counters()
        self._protocol: LinkProtocol | None = None
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._downed = asyncio.Event()
        self._ping_us: int | None = None

    @property
    def state(self) -> LinkState:
        return self._machine.state

    @property
    def stats(self) -> LinkStats:
        counted = self._counters
        return LinkStats(
            events=counted.events,
            unknown=counted.unknown,
            nameless=counted.nameless,
            handler_errors=counted.handler_errors,
            late_answers=counted.late_answers,
            timed_out=counted.timed_out,
            reconnects=max(0, self.state.session - 1),
            bytes_in=counted.bytes_in,
            pending=self._protocol.pending if self._protocol is not None else 0,
            ping_us=self._ping_us,
        )

    async def start(self) -> None:
        """Returns at once; the link comes up, and comes up again, on its own."""
        if self._task is not None:
            return
        self._announce(self._machine.start())
        name = f"ami-link {self._settings.host}:{self._settings.port}"
        self._task = asyncio.create_task(self._keep_up(), name=name)
        self._task.add_done_callback(self._on_task_end)

    async def stop(self) -> None:
        """Unanswered actions end in LinkLost; after this the callbacks are not called again."""
        task, self._task = self._task, None
        if task is None:
            return
        if self.state.phase is not Phase.STOPPED:
            self._announce(self._machine.stop())
        if self._protocol is not None:
            self._protocol.fail(Cause.STOPPED, "")
        task.cancel()
        await asyncio.wait([task])

    async def send(self, action: Action, *, deadline: float = 5.0) -> AmiMessage:
        """Asterisk's answer to `action`. `deadline` in seconds.

        Raises ActionRefused, ActionTimedOut, LinkLost, UnsafeValue.
        """
        return await self.begin(action, deadline=deadline)

    def begin(self, action: Action, *, deadline: float = 5.0) -> Coroutine[Any, Any, AmiMessage]:
        """Write `action` now, and return what is to be awaited for its answer, as `send` gives it.

        For a caller who must not wait and whose actions must leave in order. Raises LinkLost and
        UnsafeValue at once; then nothing was written.
        """
        protocol = self._up_protocol(action)
        return self._one_answer(protocol, protocol.post(action), deadline)

    async def _one_answer(
        self, protocol: LinkProtocol, pending: PendingAction, deadline: float
    ) -> AmiMessage:
        return (await self._answer(protocol, pending, deadline))[0]

    async def send_list(
        self, action: Action, *, deadline: float = 10.0, complete_event: str = ""
    ) -> list[AmiMessage]:
        """The items of a list action, without the answer before and the summary after them.

        The list ends with an event marked `EventList: Complete`; older actions mark nothing and
        end with an event whose name `complete_event` gives. Raises as `send` does.
        """
        protocol = self._up_protocol(action)
        pending = protocol.post(action, complete_event=complete_event)
        return await self._answer(protocol, pending, deadline)

    async def _answer(
        self, protocol: LinkProtocol, pending: PendingAction, deadline: float
    ) -> list[AmiMessage]:
        try:
            async with asyncio.timeout(deadline):
                return await pending.future
        except TimeoutError:
            self._counters.timed_out += 1
            raise ActionTimedOut(pending.name, deadline) from None
        finally:
            protocol.forget(pending)

    def _up_protocol(self, action: Action) -> LinkProtocol:
        if self._protocol is None or not self.state.up:
            raise LinkLost(action.name, self.state.phase.value, sent=False)
        return self._protocol

    # the supervised loop

    async def _keep_up(self) -> None:
        while True:
            self._settled.clear()
            self._downed.clear()
            await self._one_connection()
            await asyncio.sleep(self.state.retry_in_s)
            self._announce(self._machine.due())

    async def _one_connection(self) -> None:
        """From connect to loss; returns in phase WAITING."""
        limit_s = self._settings.connect_timeout_s
        protocol = self._protocol = self._new_protocol()
        try:
            async with asyncio.timeout(limit_s):
                await self._open(protocol)
        except TimeoutError:
            protocol.fail(Cause.CONNECT_TIMEOUT, f"{limit_s:g} s")
            return
        except OSError as error:
            protocol.fail(Cause.UNREACHABLE, str(error))
            return
        try:
            async with asyncio.timeout(limit_s):
                await self._settled.wait()
        except TimeoutError:
            mute = protocol.banner is None
            protocol.fail(Cause.NO_BANNER if mute else Cause.LOGIN_TIMEOUT, f"{limit_s:g} s")
        await self._watch(protocol)

    async def _open(self, protocol: LinkProtocol) -> None:
        settings = self._settings
        opener = _Opener(
            host=settings.host,
            port=settings.port,
            ssl=settings.tls or False,
            protocol_factory=lambda: protocol,
        )
        await opener.connect()

    def _new_protocol(self) -> LinkProtocol:
        settings = self._settings
        return LinkProtocol(
            Owner(
                opened=self._on_opened,
                accepted=self._on_accepted,
                event=self._on_event,
                down=self._on_down,
            ),
            Login(username=settings.username, secret=settings.secret, auth=settings.auth),
            AmiParser(
                max_message_bytes=settings.max_message_bytes,
                max_line_bytes=settings.max_line_bytes,
                wanted=self._wanted,
            ),
            self._counters,
            max_write_buffer_bytes=settings.max_write_buffer_bytes,
        )

    async def _watch(self, protocol: LinkProtocol) -> None:
        """Pings until the connection is down. TCP alone does not notice a peer that is gone."""
        while not self._downed.is_set():
            try:
                async with asyncio.timeout(self._settings.ping_interval_s):
                    await self._downed.wait()
            except TimeoutError:
                await self._ping(protocol)

    async def _ping(self, protocol: LinkProtocol) -> None:
        limit_s = self._settings.ping_deadline_s
        sent_s = self._clock()
        try:
            pending = protocol.post(_PING)
            for _ in range(1 + _PING_EXTENSIONS):
                seen = protocol.bytes_in
                await asyncio.wait([pending.future], timeout=limit_s)
                if pending.future.done() or protocol.bytes_in == seen:
                    break
            if pending.future.done():
                pending.future.result()
        except LinkLost:
            return
        except ActionRefused as refusal:
            _log.info("ping refused, so Asterisk is there: %s", refusal.reason)
        if not pending.future.done():
            protocol.fail(Cause.PING_UNANSWERED, f"{limit_s:g} s")
            return
        self._ping_us = round((self._clock() - sent_s) * 1_000_000)

    # what the protocol reports

    def _on_opened(self) -> None:
        self._announce(self._machine.opened())

    def _on_accepted(self) -> None:
        self._announce(self._machine.accepted(self._clock()))
        self._settled.set()

    def _on_down(self, cause: Cause, detail: str) -> None:
        if self.state.phase is not Phase.STOPPED:
            self._announce(self._machine.lost(self._clock(), cause, detail))
        self._settled.set()
        self._downed.set()

    def _announce(self, state: LinkState) -> None:
        level = logging.INFO if state.cause in (None, Cause.STOPPED) else logging.WARNING
        why = f": {state.cause.value} {state.detail}".rstrip() if state.cause else ""
        _log.log(level, "AMI link is %s%s", state.phase.value, why)
        try:
            self._on_state(state)
        except Exception:
            self._counters.handler_errors += 1
            _log.exception("state handler failed on %s", state.phase.value)

    def _on_task_end(self, task: asyncio.Task[None]) -> None:
        """The loop never ends by itself: if it does, that is a bug which must show."""
        if task.cancelled() or task.exception() is None:
            return
        _log.critical("AMI link's loop died", exc_info=task.exception())
        if self.state.phase is not Phase.STOPPED:
            self._announce(self._machine.stop())
