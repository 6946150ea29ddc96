"""Keeps belief and Asterisk together: events wait while a snapshot is taken, then follow it.

AMI does not replay what was sent while no one was connected. So after each log-in: hold the
events back, ask for everything there is, hand over the snapshot as one report, then the events
held back, in order. Cores take a report of something they already know as no news.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from cti.ami.actions import Action
from cti.ami.errors import AmiError
from cti.ami.link import AmiLink
from cti.ami.translate import snapshot, translate
from cti.ami.wire import AmiMessage
from cti.calls.recovery import SNAPSHOT_VARIABLES
from cti.facts import LinkLost, Report
from cti.runtime.clock import Clock

log = structlog.get_logger(__name__)

MAX_HELD: Final = 200_000
"""Events held back at most (some 100 MB). A snapshot takes milliseconds; with more than this it is
worth nothing: all are dropped and the next snapshot tells what they led to."""
RETRY_S: Final = 0.5
APART_S: Final = 0.2
"""Between two snapshots of one connection: a bug that asks for one with each report must not make
Asterisk do nothing else."""


class EventGate:
    """Turns AMI messages into reports and posts them, or holds them while a snapshot runs."""

    def __init__(
        self,
        post: Callable[[Report], None],
        clock: Clock,
        *,
        apart_s: float = APART_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._post = post
        self._clock = clock
        self._held: list[Report] | None = []
        self._wanted = asyncio.Event()
        self._lost = True
        self._apart_s = apart_s
        self._retry_s = retry_s

    @property
    def open(self) -> bool:
        """Whether what the cores believe is what Asterisk holds."""
        return self._held is None

    def event(self, message: AmiMessage) -> None:
        """Called by the link for each event, in order; must not wait."""
        at = message.timestamp_us or self._clock.now_us()
        report = translate(message.event, message, at)
        if report is None:
            return
        if self._held is None:
            self._post(report)
        elif len(self._held) < MAX_HELD:
            self._held.append(report)
        else:
            # What is left out now is missing in this snapshot: take another one after it.
            log.warning("snapshot too slow, taken again", held=len(self._held))
            self._held = []
            self._wanted.set()

    def link_up(self) -> None:
        """Logged in: nothing is passed on until a snapshot has been."""
        self._lost = False
        self._held = []
        self._wanted.set()

    def link_down(self) -> None:
        """Nothing is known from here until the next snapshot."""
        self._held = []
        if not self._lost:
            self._lost = True
            self._post(LinkLost(at=self._clock.now_us()))

    def request(self) -> None:
        """Ask for a snapshot soon; asking twice before it is taken makes one. Events are passed
        on until it begins."""
        self._wanted.set()

    async def run(self, link: AmiLink) -> None:
        """Take snapshots when wanted, for ever."""
        now = asyncio.get_running_loop().time
        taken = -self._apart_s
        while True:
            await self._wanted.wait()
            if self._held is None:
                await asyncio.sleep(max(0.0, taken + self._apart_s - now()))
            self._wanted.clear()
            if self._lost:
                continue
            if self._held is None:
                self._held = []
            try:
                await self._take(link)
            except AmiError as error:
                log.warning("snapshot failed", error=str(error))
                await asyncio.sleep(self._retry_s)
                self._wanted.set()
            taken = now()

    async def _take(self, link: AmiLink) -> None:
        # Own time is taken before Asterisk is asked: no event held back is older than it by more
        # than the cores can tell apart, and clocks recovered from it are never in the future.
        at = self._clock.now_us()
        variables = ",".join(SNAPSHOT_VARIABLES)
        status, queues, devices = await asyncio.gather(
            link.send_list(Action.of("Status", Variables=variables), deadline=10.0),
            link.send_list(Action.of("QueueStatus"), deadline=10.0),
            link.send_list(Action.of("DeviceStateList"), deadline=10.0),
        )
        if self._lost or self._wanted.is_set():
            self._wanted.set()
            return
        self._post(
            snapshot(
                at,
                [message for message in status if message.event == "Status"],
                [message for message in queues if message.event == "QueueMember"],
                [message for message in devices if message.event == "DeviceStateChange"],
            )
        )
        held, self._held = self._held or [], None
        for report in held:
            self._post(report)
        log.info("snapshot taken", channels=len(status), members=len(queues), held=len(held))
