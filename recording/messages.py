"""Enters spoken messages: spool file -> store -> list, then the spool file goes.

A spool file is deleted only after its row is in the database: whatever dies in between, the next
start finds the file and does it again, and the row's file name keeps it from being entered twice.

A message is one when the caller has sent it (MessageLeft), or is gone and can take nothing back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from cti.facts import CallEnded, Fact, MessageLeft, Resynced
from cti.ids import CallId
from recording.errors import RecordingError, SegmentUnusable
from recording.spool import Look, look
from recording.voice_mail import (
    MessageName,
    StoredMessage,
    found_in,
    read_name,
    store_message,
    take,
)

log = structlog.get_logger(__name__)


class MessageList(Protocol):
    """Where messages are entered."""

    async def enter(self, name: MessageName, stored: StoredMessage) -> None:
        """Enter it; nothing when its file is entered already. What raises is tried again later."""
        ...


@dataclass(frozen=True, slots=True)
class MessagePatience:
    """Seconds."""

    poll_s: float = 0.1
    quiet_s: float = 2.0
    """Where the system does not tell whether a file is still written: unchanged for this long."""
    written_s: float = 30.0
    """A file that somebody still writes when its call is long gone is left to the next start."""
    retry_s: float = 10.0


class MessageKeeper:
    """`alive` tells the calls going on; `observe` is to be given every fact, in order."""

    def __init__(
        self,
        spool: Path,
        store_dir: Path,
        messages: MessageList,
        alive: Callable[[], Collection[CallId]],
        *,
        patience: MessagePatience = MessagePatience(),
    ) -> None:
        self._spool = spool
        self._store_dir = store_dir
        self._messages = messages
        self._alive = alive
        self._patience = patience
        self._running: dict[str, asyncio.Task[None]] = {}
        self._sweeps: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    def observe(self, fact: Fact) -> None:
        """Never waits and never fails."""
        match fact:
            case MessageLeft() if read_name(fact.file) is not None:
                self._start(fact.file)
            case MessageLeft():
                log.warning("message of a strange name left alone", file=fact.file)
            case CallEnded():
                self._sweep(fact.call)
            case Resynced():
                self._sweep(None)

    async def stop(self) -> None:
        """What is not entered yet stays in the spool for the next start."""
        self._stopping.set()
        tasks = [*self._sweeps, *self._running.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=2.0)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _sweep(self, call: CallId | None) -> None:
        """Enter what is left of `call`; None: of all calls that are not going on."""
        if self._stopping.is_set():
            return
        task = asyncio.create_task(self._swept(call), name="messages-sweep")
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)

    async def _swept(self, call: CallId | None) -> None:
        try:
            names = await asyncio.to_thread(found_in, self._spool)
        except OSError as error:
            log.warning("spool not read", folder=str(self._spool), error=str(error))
            return
        alive = frozenset(self._alive()) if call is None else frozenset()
        for name in names:
            whose = read_name(name)
            if whose is None or whose.call in alive or call not in (None, whose.call):
                continue
            self._start(name)

    def _start(self, name: str) -> None:
        if name in self._running or self._stopping.is_set():
            return
        task = asyncio.create_task(self._work(name), name=f"message-{name}")
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))

    async def _work(self, name: str) -> None:
        """Until it is entered, or can never be, or the daemon stops."""
        told = False
        while True:
            try:
                await self._enter(name)
            except SegmentUnusable as error:
                # Nobody can hear it; a person may want to look at it.
                log.error("message cannot be entered", file=name, why=error.why)  # noqa: TRY400
                return
            except Exception as error:
                # Trouble with disk or database, or a bug of ours: told once, tried until it works.
                why = error.why if isinstance(error, RecordingError) else repr(error)
                if not told:
                    log.warning("message not entered yet", file=name, why=why)
                told = True
            else:
                return
            if await self._stops_within(self._patience.retry_s):
                return

    async def _enter(self, name: str) -> None:
        spooled, whose = self._spool / name, read_name(name)
        try:
            if whose is None or not (whose.taken or await self._complete(spooled)):
                return
            if not whose.taken:
                self._start(await asyncio.to_thread(take, spooled))
                return
            stored = await asyncio.to_thread(store_message, spooled, self._store_dir)
        except FileNotFoundError:
            return
        if stored is not None:
            await self._messages.enter(whose, stored)
            log.info("message entered", call=whose.call, box=whose.box, file=stored.file)
        await asyncio.to_thread(spooled.unlink, missing_ok=True)

    async def _complete(self, spooled: Path) -> bool:
        """Wait until Asterisk has done with the file; False when there is none, or it is written
        for longer than a message."""
        now = asyncio.get_running_loop().time
        begun = quiet_since = now()
        before: Look | None = None
        while now() - begun < self._patience.written_s:
            seen = await asyncio.to_thread(look, spooled)
            if seen is None:
                return False
            if seen.written is False:
                return True
            if seen.written or seen != before:
                quiet_since = now()
            elif now() - quiet_since >= self._patience.quiet_s:
                return True
            before = seen
            if await self._stops_within(self._patience.poll_s):
                return False
        log.warning("message is still being written", file=spooled.name)
        return False

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True
