"""Where the dialplan's AGI() connects: one supervised task for each caller in a menu.

Whatever goes wrong here ends in a closed socket, and a closed socket ends in the dialplan going
on at once: it tries again, then serves the caller without us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from cti.agi.errors import AgiError, CallerGone, HeadersRefused
from cti.agi.session import AgiSession, Deadlines
from cti.agi.wire import MAX_ANSWER_BYTES, HeaderLimits, read_headers

log = structlog.get_logger(__name__)

Converse = Callable[[AgiSession], Awaitable[None]]

SCRIPT = "call"
_BACKLOG = 512
"""Callers that arrive in the same moment, e.g. all waiting ones after a restart."""

STOP_GRACE_S = 2.0
"""Cancelling closes every session in one turn of the loop; this only bounds a task that hangs."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    sessions: int = 1000
    """Callers in menus at the same time; the next one is refused at once and served by the
    dialplan, rather than made to wait in silence."""
    headers: HeaderLimits = field(default_factory=HeaderLimits)


class AgiServer:
    """Listens on `host`:`port` (0: any free one) and runs `converse` on each call."""

    def __init__(
        self,
        host: str,
        port: int,
        converse: Converse,
        *,
        deadlines: Deadlines | None = None,
        limits: ServerLimits | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._converse = converse
        self._deadlines = deadlines or Deadlines()
        self._limits = limits or ServerLimits()
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None or not self._server.sockets:
            return self._port
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def sessions(self) -> int:
        """Callers in menus now."""
        return len(self._sessions)

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        self._server = await asyncio.start_server(
            self._connected,
            self._host,
            self._port,
            # Answers are longer than headers: the place in the flow is one line.
            limit=max(self._limits.headers.line_bytes, MAX_ANSWER_BYTES),
            backlog=_BACKLOG,
        )
        log.info("menu sessions welcome", host=self._host, port=self.port)

    async def stop(self) -> None:
        """Close every session, so that the dialplan takes the callers over."""
        self._stopping = True
        if self._server is not None:
            self._server.close()
        for task in self._sessions:
            task.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions, timeout=STOP_GRACE_S)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: asyncio would run that as a task without a name or an owner.
        if self._stopping or len(self._sessions) >= self._limits.sessions:
            log.warning("menu session refused", open=len(self._sessions))
            writer.close()
            return
        peer = writer.get_extra_info("peername")
        task = asyncio.create_task(self._serve(reader, writer), name=f"agi {peer}")
        self._sessions.add(task)

        # Not in the task's own `finally`: a task that is cancelled before its first step has none.
        def ended(task: asyncio.Task[None]) -> None:
            self._sessions.discard(task)
            _close(writer)

        task.add_done_callback(ended)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = ""
        try:
            headers = await read_headers(reader, self._limits.headers)
            check_script(headers)
            session = AgiSession(headers, reader, writer, self._deadlines)
            call = session.uniqueid
            task = asyncio.current_task()
            if task is not None:
                task.set_name(f"agi {call}")
            await self._converse(session)
        except CallerGone as gone:
            log.info("menu left by the caller", call=call, how=gone.how)
        except HeadersRefused as refused:
            log.warning("connection refused", why=refused.why)
        except AgiError as error:
            log.error("menu session failed", call=call, error=str(error))  # noqa: TRY400
        except Exception:
            log.exception("menu session crashed", call=call)


def _close(writer: asyncio.StreamWriter) -> None:
    """Close; what a peer that does not read has left in the buffer is not waited for."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()


def check_script(headers: dict[str, str]) -> None:
    """Only `agi://HOST:PORT/call` is served. Raises HeadersRefused."""
    if headers.get("agi_network_script") != SCRIPT:
        raise HeadersRefused("another script")
    scheme, _, rest = headers.get("agi_request", "").partition("://")
    _, _, path = rest.partition("/")
    if scheme != "agi" or path != SCRIPT:
        raise HeadersRefused("another path")
