"""A second AMI connection beside the daemon's, which keeps everything that it hears."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from cti.ami.translate import EVENT_NAMES
from cti.ami.wire import AmiMessage, AmiParser, parse_message
from cti.calls.recovery import SNAPSHOT_VARIABLES
from tests.replay.trace import Answers, Shot

_READ_BYTES: Final = 65536
_ASK: Final = "shot-"
_QUESTIONS: Final = ("Status", "QueueStatus", "DeviceStateList")
_LAST: Final = ("StatusComplete", "QueueStatusComplete", "DeviceStateListComplete")
_ITEMS: Final = ("Status", "QueueMember", "DeviceStateChange")
_READ_HEADERS: Final = frozenset(
    {
        "Event", "Uniqueid", "Channel", "Linkedid", "Context", "Application", "ChannelState",
        "BridgeID", "CallerIDNum", "CallerIDName", "Variable", "Queue", "Name", "StateInterface",
        "Paused", "PausedReason", "Device", "State",
    }
)  # fmt: skip
"""Headers of a snapshot's answers that are read (cti/ami/translate.py)."""


class Tap:
    """After every burst of events it asks for a snapshot, as a daemon would that attached then."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        self.events: list[bytes] = []
        self.shots: list[Shot] = []
        self._clean = clean
        self._answers: dict[str, list[AmiMessage]] = {}
        self._asked: tuple[int, int] | None = None
        self._asked_before = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def connect(self, host: str, port: int, user: str, secret: str) -> None:
        reader, self._writer = await asyncio.open_connection(host, port)
        self.say(Action="Login", Username=user, Secret=secret)
        self._task = asyncio.create_task(self._read(reader), name="tap")
        self._ask()
        await self.until(lambda: bool(self.shots))

    async def close(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()
        await self._writer.wait_closed()

    async def until(self, holds: Callable[[], bool], deadline: float = 15.0) -> None:
        """Wait until `holds()` after an event or a snapshot."""
        async with asyncio.timeout(deadline):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def no_channels(self) -> None:
        """Wait until Asterisk has no channel and nothing more is told."""
        await self.until(
            lambda: (
                self._asked is None
                and self.shots[-1].after == len(self.events)
                and not self.shots[-1].answers[0]
            )
        )

    def say(self, **headers: str) -> None:
        """Send an action; nobody waits for its answer."""
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        self._writer.write(f"{lines}\r\n".encode())

    def _ask(self) -> None:
        self._asked = (time.time_ns() // 1000, len(self.events))
        self._answers = {name: [] for name in _ITEMS}
        self._open = set(_LAST)
        for question in _QUESTIONS:
            extra = {"Variables": ",".join(SNAPSHOT_VARIABLES)} if question == "Status" else {}
            self.say(Action=question, ActionID=f"{_ASK}{len(self.shots)}", **extra)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        parser = AmiParser(max_message_bytes=65536, max_line_bytes=8192)
        while data := await reader.read(_READ_BYTES):
            for message in parser.feed(data):
                self._take(message)
            if self._asked is None and self._asked_before < len(self.events):
                self._ask()
            self._changed.set()

    def _take(self, message: AmiMessage) -> None:
        if message.get("ActionID").startswith(_ASK):
            self._answer(message)
        elif message.event in EVENT_NAMES:
            self.events.append(self._clean(message.raw.decode()).encode())

    def _answer(self, message: AmiMessage) -> None:
        if message.event in _ITEMS:
            self._answers[message.event].append(self._short(message))
            return
        self._open.discard(message.event)
        if not self._open and self._asked is not None:
            at, after = self._asked
            status, members, devices = (
                tuple(sorted(self._answers[name], key=lambda answer: answer.raw)) for name in _ITEMS
            )
            phones = tuple(
                answer for answer in devices if answer.get("Device").startswith("PJSIP/")
            )
            answers: Answers = (status, members, phones)
            self.shots.append(Shot(at, after, answers))
            self._asked, self._asked_before = None, after

    def _short(self, message: AmiMessage) -> AmiMessage:
        lines = [
            f"{key}: {value}"
            for key, value in message.items()
            if key in _READ_HEADERS and not (key == "Variable" and value.endswith("="))
        ]
        return parse_message(self._clean("\n".join(lines)))
