"""The HTTP server: wires the route table to aiohttp, starts and stops it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from typing import Final, Protocol

import structlog
from aiohttp import web

from config.settings import HttpSettings
from cti.api.binding import bind
from cti.api.guard import HostGuard, add_headers
from cti.api.login import LogIn
from cti.api.message_port import MessagePort, NoMessages
from cti.api.metrics import Metrics
from cti.api.openapi import build_document
from cti.api.page import build_page
from cti.api.port import CallHistory, EnginePort, Narrate, UserDirectory, say_nothing
from cti.api.problems import problems
from cti.api.routes import OPERATIONS
from cti.api.services import Listeners, Services
from cti.api.tokens import Tokens
from cti.contact_desk import ContactDesk
from cti.monitor_desk import MonitorDesk
from cti.notices import NoticeBoard
from cti.overlays import RoutingNow
from cti.queue_doors import QueueDoors

log = structlog.get_logger(__name__)

MAX_BODY: Final = 256 * 1024
"""The longest contact's text, escaped, at twelve bytes a character."""
KEY_NAME: Final = "api_token_key"
_KEY_BYTES: Final = 48
"""Above the 32 that HS256 asks for at least (RFC 7518, section 3.2)."""
_SHUTDOWN_S: Final = 3.0
"""Time for answers under way when the server stops."""


class SecretSource(Protocol):
    """`config.secrets.Secrets` is one."""

    def get(self, name: str, *, length: int = 24) -> str: ...


class ApiServer:
    """`allowed_hosts`: names under which a TLS proxy in front of a loopback address is known."""

    def __init__(
        self,
        settings: HttpSettings,
        engine: EnginePort,
        history: CallHistory,
        *,
        users: UserDirectory,
        notices: NoticeBoard,
        routing: RoutingNow,
        doors: QueueDoors,
        contacts: ContactDesk,
        monitors: MonitorDesk,
        secrets: SecretSource,
        metrics: Metrics,
        allowed_hosts: Collection[str] = (),
        narrate: Narrate = say_nothing,
        log_in: LogIn | None = None,
        messages: MessagePort | None = None,
    ) -> None:
        self._settings = settings
        self._log_in = log_in or LogIn(users)
        version = engine.health().version
        self._services = Services(
            engine=engine,
            history=history,
            messages=messages or NoMessages(),
            log_in=self._log_in,
            tokens=Tokens(secrets.get(KEY_NAME, length=_KEY_BYTES), settings.token_minutes * 60),
            metrics=metrics,
            guard=HostGuard(settings.host, allowed_hosts),
            listeners=Listeners(),
            narrate=narrate,
            notices=notices,
            routing=routing,
            doors=doors,
            contacts=contacts,
            monitors=monitors,
            leaving=asyncio.Event(),
            document=json.dumps(
                build_document(OPERATIONS, version), ensure_ascii=False, indent=1
            ).encode(),
            page=build_page(OPERATIONS, version),
        )
        self._runner: web.AppRunner | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; returns the address and port (which the system chose when it was 0).

        Raises OSError when the address is taken.
        """
        await self._log_in.start()
        self._runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_S
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        try:
            await site.start()
        except OSError:
            await self.stop()
            raise
        host, port = self._runner.addresses[0][:2]
        log.info("API listens", host=host, port=port)
        return host, port

    async def stop(self) -> None:
        """Close: WebSockets get 1001, answers under way a few seconds. Twice does no harm."""
        self._services.leaving.set()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self._log_in.stop()

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[problems, self._services.guard.middleware], client_max_size=MAX_BODY
        )
        application.on_response_prepare.append(add_headers)
        for operation in OPERATIONS:
            application.router.add_route(
                operation.method, operation.path, bind(operation, self._services)
            )
        return application
