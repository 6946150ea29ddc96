"""What handlers work with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cti.api.guard import HostGuard
from cti.api.login import LogIn
from cti.api.message_port import MessagePort
from cti.api.metrics import Metrics
from cti.api.port import CallHistory, EnginePort, Narrate
from cti.api.tokens import Tokens
from cti.contact_desk import ContactDesk
from cti.monitor_desk import MonitorDesk
from cti.notices import NoticeBoard
from cti.overlays import RoutingNow
from cti.queue_doors import QueueDoors


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    engine: EnginePort
    history: CallHistory
    messages: MessagePort
    log_in: LogIn
    tokens: Tokens
    metrics: Metrics
    guard: HostGuard
    listeners: Listeners
    narrate: Narrate
    notices: NoticeBoard
    routing: RoutingNow
    doors: QueueDoors
    contacts: ContactDesk
    monitors: MonitorDesk
    leaving: asyncio.Event
    """Set when the server stops: WebSockets say good-bye."""
    document: bytes
    """The OpenAPI document, UTF-8 JSON."""
    page: str
    """The human page, HTML."""


class Listeners:
    """How many WebSockets each person has open; `per_user` and `in_all` bound them."""

    def __init__(self, *, per_user: int = 8, in_all: int = 1000, unknown: int = 64) -> None:
        self._per_user, self._in_all, self._unknown = per_user, in_all, unknown
        self._open: dict[str, int] = {}

    def count(self, user: str) -> int:
        return self._open.get(user, 0)

    def enter(self, user: str) -> bool:
        """Take a place, False when there is none. An empty name is one who has no token yet."""
        limit = self._per_user if user else self._unknown
        if self.count(user) >= limit or sum(self._open.values()) >= self._in_all:
            return False
        self._open[user] = self.count(user) + 1
        return True

    def leave(self, user: str) -> None:
        left = self.count(user) - 1
        if left > 0:
            self._open[user] = left
        else:
            self._open.pop(user, None)
