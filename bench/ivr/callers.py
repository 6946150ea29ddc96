"""The callers: they dial, press keys by a plan of their own, and hang up.

All of them live in one thread with one plan of what to do when. They do not listen while they
call: packets are only stored, each with the time at which the kernel received it, and looked at
when the calls are over. So neither Python's speed nor its pauses are in any figure: a late read
has its true time, and a late key is timed when it leaves.
"""

from __future__ import annotations

import contextlib
import heapq
import random
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Final

from bench.ivr import rtp, sip
from bench.ivr.listen import NEXT, Key
from cti.errors import JietongError

HERE: Final = "127.0.0.2"
"""The trunk's address."""
BARGE_IN_S: Final = (0.25, 1.2)
"""A key that cuts the prompt short comes this long after the key before."""
IN_SILENCE_S: Final = (0.15, 0.9)
"""A key in the silence comes this long after the end of the prompt."""
DIAL_EVERY_S: Final = 0.02
FIRST_KEY_S: Final = 0.8
OPENING_TICKS: Final = 15
"""Packets of silence at the start, after which Asterisk knows where the caller's sound is from
(strictrtp); later one of them now and then."""
ALIVE_EVERY_S: Final = 1.0
LAST_ANSWER_S: Final = 1.0
"""After the last key callers listen for so long before they hang up."""
_ANSWER_S: Final = 10.0
_LEAVE_S: Final = 3.0
_ROUND_S: Final = 0.004
"""Sockets are emptied at most this often: one look at all that has come costs less than one look
at each packet, and nothing is late by it."""
# Linux, include/uapi/asm-generic/socket.h; Python's socket module names neither.
_SO_TIMESTAMPNS: Final = 35
_SO_RXQ_OVFL: Final = 40
_TIMESPEC: Final = struct.Struct("@qq")
_COUNT: Final = struct.Struct("@I")


class NotAnswered(JietongError):
    """Calls that were not answered. Fields: `number` of them, `last` SIP code (0: none)."""

    def __init__(self, number: int, last: int) -> None:
        self.number, self.last = number, last
        super().__init__(f"{number} calls were not answered within {_ANSWER_S:g} s (SIP: {last})")


@dataclass(slots=True)
class Caller:
    """`raw`: datagrams with the kernel's time of arrival, wall clock, nanoseconds."""

    dialog: sip.Dialog
    socket: socket.socket
    stream: rtp.Stream
    random: random.Random
    to: sip.Address | None = None
    began_s: float = 0.0
    raw: list[tuple[bytes, int]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    dropped: int = 0
    """Datagrams that the kernel threw away because we did not read in time."""
    holds_key: bool = False
    """While a key is down its packets go out instead of sound."""
    ended: bool = False

    def heard(self) -> list[rtp.Heard]:
        packets = (rtp.parse(data, at_ns) for data, at_ns in self.raw)
        return [packet for packet in packets if packet is not None]


class Crowd:
    """`calls` callers who dial `dialled` at `server` and press keys for `seconds`.

    `prompt_s`: how long a menu's prompt is, so that keys fall into it and behind it alike.
    `sound`: send sound all the time, as telephones do, instead of a packet now and then.
    """

    def __init__(
        self,
        server: sip.Address,
        dialled: str,
        *,
        calls: int,
        seconds: float,
        prompt_s: float,
        sound: bool,
        seed: int,
        advance: Callable[[], None] = lambda: None,
    ) -> None:
        self._server, self._dialled = server, dialled
        self._calls, self._seconds = calls, seconds
        self._prompt_s, self._sound = prompt_s, sound
        self._random = random.Random(seed)
        self._advance = advance
        self._pressing = True
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._callers: dict[str, Caller] = {}
        self._refused = 0
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._poll = select.epoll()
        self._by_fd: dict[int, Caller] = {}

    def run(self) -> list[Caller]:
        """From the first INVITE to the last BYE. Raises NotAnswered."""
        try:
            self._sip.bind((HERE, 0))
            self._sip.setblocking(False)
            self._poll.register(self._sip, select.EPOLLIN)
            for number in range(self._calls):
                self._at(number * DIAL_EVERY_S, partial(self._dial, number))
            dialled_s = self._calls * DIAL_EVERY_S
            self._until(lambda: len(self._talking()) == self._calls, dialled_s + _ANSWER_S)
            silent = self._calls - len(self._talking())
            if silent:
                raise NotAnswered(silent, self._refused)
            self._until(lambda: False, self._seconds)
            self._pressing = False
            self._until(lambda: False, LAST_ANSWER_S)
            self._plan.clear()
            for caller in self._talking():
                self._say(caller.dialog.bye())
            self._until(lambda: not self._talking(), _LEAVE_S)
            return list(self._callers.values())
        finally:
            for caller in self._callers.values():
                caller.socket.close()
            self._poll.close()
            self._sip.close()

    def _talking(self) -> list[Caller]:
        return [each for each in self._callers.values() if each.to is not None and not each.ended]

    # ------------------------------------------------------------------------------- the plan

    def _at(self, in_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._plan, (time.monotonic() + in_s, next(self._order), what))

    def _until(self, done: Callable[[], bool], limit_s: float) -> None:
        limit = time.monotonic() + limit_s
        while not done() and time.monotonic() < limit:
            round_ends = time.monotonic() + _ROUND_S
            while self._plan and self._plan[0][0] <= time.monotonic():
                heapq.heappop(self._plan)[2]()
            for fd, _ in self._poll.poll(0):
                caller = self._by_fd.get(fd)
                if caller is None:
                    self._read_sip()
                else:
                    _read_sound(caller)
            due = min(round_ends, self._plan[0][0] if self._plan else limit)
            time.sleep(max(0.0, due - time.monotonic()))

    # ------------------------------------------------------------------------------------ SIP

    def _dial(self, number: int) -> None:
        sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sound.setblocking(False)
        sound.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sound.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        sound.bind((HERE, 0))
        dialog = sip.Dialog(
            here=self._sip.getsockname(),
            server=self._server,
            number=f"1390000{number:04d}",
            dialled=self._dialled,
            media=sound.getsockname(),
        )
        own = random.Random(self._random.random())
        caller = Caller(dialog, sound, rtp.Stream(own.getrandbits(32)), own)
        self._callers[dialog.call_id] = caller
        self._by_fd[sound.fileno()] = caller
        self._poll.register(sound, select.EPOLLIN)
        self._say(dialog.invite())

    def _say(self, message: bytes) -> None:
        self._sip.sendto(message, self._server)

    def _read_sip(self) -> None:
        while True:
            try:
                data, sender = self._sip.recvfrom(65535)
            except OSError:
                return
            message = sip.parse(data)
            caller = self._callers.get(message.call_id) if message else None
            if message is None:
                continue
            if message.code == 0:
                if message.method != "ACK":
                    self._sip.sendto(sip.ok(message), sender)
                if caller is not None and message.method == "BYE":
                    caller.ended = True
            elif caller is not None:
                self._response(caller, message)

    def _response(self, caller: Caller, message: sip.Message) -> None:
        if message.method == "BYE":
            caller.ended = True
        elif message.method == "INVITE" and message.code >= 300:
            self._refused = message.code
        elif message.method == "INVITE" and message.code >= 200:
            self._say(caller.dialog.answered(message))
            if caller.to is None and message.media is not None:
                caller.to = message.media
                caller.began_s = time.monotonic()
                self._advance()
                self._at(0, lambda: self._sound_on(caller, 0))
                first_s = FIRST_KEY_S + caller.random.random()
                self._at(first_s, lambda: self._press(caller))

    # ---------------------------------------------------------------------------------- sound

    def _send(
        self, caller: Caller, kind: int, payload: bytes, *, marker: bool, at_s: float
    ) -> None:
        if caller.to is not None and not caller.ended:
            with contextlib.suppress(OSError):
                packet = caller.stream.packet(kind, payload, at_s, marker=marker)
                caller.socket.sendto(packet, caller.to)

    def _sound_on(self, caller: Caller, ticks: int) -> None:
        at_s = time.monotonic() - caller.began_s
        if not caller.holds_key:
            self._send(caller, rtp.PCMA, rtp.SILENCE, marker=ticks == 0, at_s=at_s)
        steady = self._sound or ticks < OPENING_TICKS
        again_s = caller.began_s + (ticks + 1) * rtp.TICK_S - time.monotonic()
        self._at(again_s if steady else ALIVE_EVERY_S, lambda: self._sound_on(caller, ticks + 1))

    def _press(self, caller: Caller) -> None:
        """Press the key now; the next one is planned when this one has ended."""
        if caller.ended or not self._pressing:
            return
        caller.holds_key = True
        at_s = time.monotonic() - caller.began_s
        down_ns = time.time_ns()
        ended = False
        for tick in rtp.key_ticks(NEXT):
            last = tick.end and not ended

            def go(tick: rtp.KeyTick = tick, last: bool = last) -> None:
                nonlocal down_ns
                now_ns = time.time_ns()
                self._send(caller, rtp.EVENT, tick.payload, marker=tick.first, at_s=at_s)
                if tick.first:
                    down_ns = now_ns
                if last:
                    caller.holds_key = False
                    caller.keys.append(Key(down_ns, now_ns))
                    self._at(self._pause_s(caller), lambda: self._press(caller))

            ended = ended or tick.end
            self._at(tick.after_s, go)

    def _pause_s(self, caller: Caller) -> float:
        """From the end of a key to the next key."""
        if caller.random.random() < 0.5:
            return caller.random.uniform(*BARGE_IN_S)
        return self._prompt_s + caller.random.uniform(*IN_SILENCE_S)


def _read_sound(caller: Caller) -> None:
    while True:
        try:
            data, control, _, _ = caller.socket.recvmsg(2048, 128)
        except OSError:
            return
        at_ns = 0
        for level, kind, value in control:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack_from(value)
                at_ns = seconds * 1_000_000_000 + nanoseconds
            elif level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                caller.dropped = _COUNT.unpack_from(value)[0]
        caller.raw.append((data, at_ns))
