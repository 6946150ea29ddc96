"""Asterisk's end of a FastAGI connection, scripted: real sockets, answers as res_agi.c writes them.

    async with AgiPeer(port) as peer:
        await peer.open(call="jt1-1.1", hotline="12345")
        command = await peer.command()     # the next command, without its line feed
        peer.answer("200 result=0")

or, with a caller who behaves:

    caller = Caller(keys="-1")             # hears the first prompt, presses 1 during the next
    await peer.serve(caller)               # answers until the session closes

`command` waits for what happens, never for time.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

PATIENCE_S = 5.0
"""Only a broken test waits this long."""


def header_block(
    call: str = "jt1-1.1",
    *,
    script: str = "call",
    extension: str = "s",
    name: str = "unknown",
) -> bytes:
    """What `launch_netscript` and `setup_env` write."""
    return (
        "agi_network: yes\n"
        f"agi_network_script: {script}\n"
        f"agi_request: agi://127.0.0.1:4573/{script}\n"
        "agi_channel: PJSIP/trunk-00000001\n"
        "agi_language: en\n"
        "agi_type: PJSIP\n"
        f"agi_uniqueid: {call}\n"
        "agi_version: 22.10.1\n"
        "agi_callerid: 13800138000\n"
        f"agi_calleridname: {name}\n"
        "agi_callingpres: 0\n"
        "agi_callingani2: 0\n"
        "agi_callington: 0\n"
        "agi_callingtns: 0\n"
        "agi_dnid: 12345\n"
        "agi_rdnis: unknown\n"
        "agi_context: menu\n"
        f"agi_extension: {extension}\n"
        "agi_priority: 3\n"
        "agi_enhanced: 0.0\n"
        "agi_accountcode: \n"
        "agi_threadid: 139814402389696\n"
        "\n"
    ).encode()


def split_command(line: str) -> list[str]:
    """The words of a command, as `parse_args` splits it."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for character in line:
        if character == '"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append("")
                between = False
        elif character in " \t" and not quoted and not escaped:
            between = True
        elif character == "\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append("")
                between = False
            words[-1] += character
        escaped = False
    return words


@dataclass
class Caller:
    """What the channel is like: the keys its caller presses and the variables on it.

    `keys`: one character for each moment at which a key counts (a sound that it may cut short, or
    a wait for a digit); `-` is a moment without a key, and so is all that comes after the last.
    `hangs_up_at`: index of the command during which the caller hangs up.
    """

    keys: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    """Sounds that Asterisk cannot open."""
    knows_user_event: bool = True
    """Whether Asterisk has loaded the application UserEvent."""
    hangs_up_at: int | None = None
    hang_up_form: str = "200 result=-1\nHANGUP"
    commands: list[list[str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    said: str | None = None
    """What RECORD FILE answers with; None: three seconds, then silence."""

    @property
    def sounds(self) -> list[str]:
        """Every sound that was to be played, in order."""
        found: list[str] = []
        for words in self.commands:
            match words:
                case ["STREAM", "FILE", sound, _]:
                    found.append(sound)
                case ["EXEC", "Background", sounds]:
                    found.extend(sounds.split("&"))
        return found

    @property
    def marks(self) -> list[dict[str, str]]:
        """The user events, as `userevent_exec` takes them apart."""
        events = [words[2] for words in self.commands if words[:2] == ["EXEC", "UserEvent"]]
        found = []
        for event in events:
            name, *parts = event.split(",")
            assert name == "CTI"
            found.append(
                {key: value.strip() for key, _, value in (p.partition(":") for p in parts)}
            )
        return found

    def answer(self, line: str) -> str | None:
        """The answer to the command `line`; None: the caller hangs up and the answer is that."""
        self.lines.append(line)
        words = split_command(line)
        self.commands.append(words)
        if self.hangs_up_at is not None and len(self.commands) > self.hangs_up_at:
            return None
        return self._result(words)

    def _result(self, words: list[str]) -> str:
        answer = "200 result=0"
        match words:
            case ["STREAM", "FILE", sound, escape]:
                result = -1 if sound in self.missing else self._press() if escape else 0
                answer = f"200 result={result} endpos=8000"
            case ["EXEC", "Background", sounds]:
                failed = bool(self.missing & set(sounds.split("&")))
                self.variables["BACKGROUNDSTATUS"] = "FAILED" if failed else "SUCCESS"
                answer = f"200 result={0 if failed else self._press()}"
            case ["RECORD", "FILE", *_]:
                answer = self.said or "200 result=0 (timeout) endpos=24000"
            case ["WAIT", "FOR", "DIGIT", _]:
                answer = f"200 result={self._press()}"
            case ["GET", "VARIABLE", name] if name in self.variables:
                answer = f"200 result=1 ({self.variables[name]})"
            case ["SET", "VARIABLE", name, value]:
                self.variables[name] = value
                answer = "200 result=1"
            case ["CHANNEL", "STATUS"]:
                answer = "200 result=6"
            case ["EXEC", "UserEvent", _] if not self.knows_user_event:
                answer = "200 result=-2"
            case ["GET", "VARIABLE", _] | ["EXEC", "UserEvent", _]:
                pass
            case _:
                answer = "510 Invalid or unknown command"
        return answer

    def _press(self) -> int:
        key, self.keys = self.keys[:1], self.keys[1:]
        return ord(key) if key not in ("", "-") else 0


class AgiPeer:
    """One connection to the server at `port`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def open(self, call: str = "jt1-1.1", **fields: str) -> None:
        self.send(header_block(call, **fields))

    def answer(self, line: str) -> None:
        self.send(f"{line}\n".encode())

    def close(self) -> None:
        self._writer.close()

    def end(self) -> None:
        """Nothing more is sent; what the server does about it can still be read."""
        self._writer.write_eof()

    async def command(self) -> str | None:
        """The next command; None when the server has closed the session."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                line = await self._reader.readline()
            except ConnectionError:
                return None
        return line.decode().rstrip("\n") if line else None

    async def closed(self) -> bool:
        """Waits until the server closes; False when it says something first."""
        return await self.command() is None

    async def serve(self, caller: Caller) -> Caller:
        """Answer as `caller` until the session closes."""
        while (line := await self.command()) is not None:
            answer = caller.answer(line)
            self.answer(caller.hang_up_form if answer is None else answer)
        return caller
