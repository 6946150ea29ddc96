"""One caller's channel, driven by AGI commands.

The exchange itself (write a line, skip `100 Trying`, parse the answer) is panoramisk's `Request`.
Its reader is ours, because the parser is only sound on plain answers: at the end of the stream it
dies of an empty number, on bytes that are no UTF-8 of a decoding error, a refusal of several lines
leaves the rest to the next command, and a channel variable whose value is `hangup` looks to it
like a caller who has gone.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from panoramisk.fast_agi import Request

from cti.agi.errors import (
    AnswerUnreadable,
    ApplicationMissing,
    CallerGone,
    CommandRefused,
    CommandTimedOut,
    SoundRefused,
    UnsafeValue,
)
from cti.agi.wire import application_name, command_line, quoted, user_event, variable_name

KEYS: Final = "0123456789*#"
_SOUND: Final = re.compile(r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", re.ASCII)
_VARIABLE: Final = re.compile(r"200 result=(?:0|1(?: \((.*)\))?)", re.DOTALL)
_RECORDED: Final = re.compile(
    r"200 result=(-?[0-9]{1,9}) \((dtmf|timeout|hangup|waitfor|randomerror|writefile)\)"
    r"(?: endpos=([0-9]{1,12}))?",
    re.ASCII,
)
_RECORDED_HZ: Final = 8000
"""Of the format `wav`; RECORD FILE tells its length in samples."""
_INTEGER: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_ANSWERS: Final = ("100", "200")
_REFUSALS: Final = ("510", "520")
_DEAD_CHANNEL: Final = "511"
_NO_APPLICATION: Final = -2
"""`handle_exec`'s result when pbx_findapp finds nothing; a refusal that comes with code 200."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds to wait for an answer. A sound's own length is not known here."""

    step_s: float = 10.0
    sound_s: float = 120.0


@dataclass(frozen=True, slots=True)
class SoundEnded:
    """`key` cut the sound short, or it was heard to its end."""

    key: str | None


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """`seconds` have been written. `key` ended it, or silence or the time-out did (None), or the
    caller hung up; `written`: False when Asterisk could not make the file."""

    seconds: float
    key: str | None = None
    hung_up: bool = False
    written: bool = True


class _AnswerReader:
    """The reader given to panoramisk: hands on only lines that its parser understands."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.verb = ""
        """The command being answered."""
        self.line = ""
        """The last line, whole."""

    async def readline(self) -> bytes:
        try:
            raw = await self._reader.readuntil(b"\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            raise CallerGone("Asterisk closed the session") from None
        except asyncio.LimitOverrunError:
            raise AnswerUnreadable(self.verb, "line too long") from None
        self.line = raw.decode("utf-8", "replace").rstrip("\r\n")
        # Told out of band, before or instead of an answer, when the channel hangs up (run_agi).
        if self.line == "HANGUP":
            raise CallerGone("hung up")
        code = self.line[:3]
        if code == _DEAD_CHANNEL:
            raise CallerGone("the channel is dead")
        if code in _REFUSALS:
            raise CommandRefused(self.verb, int(code))
        if code not in _ANSWERS:
            raise AnswerUnreadable(self.verb, "no code that Asterisk has")
        return f"{self.line}\n".encode()


class AgiSession:
    """Commands to one channel, one at a time. Every method may raise CallerGone,
    CommandTimedOut, CommandRefused and AnswerUnreadable; after any but the first nothing more can
    be asked, because answers carry no number that would tell them apart."""

    def __init__(
        self,
        headers: Mapping[str, str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        deadlines: Deadlines,
    ) -> None:
        self.headers = dict(headers)
        self._answers = _AnswerReader(reader)
        self._request = Request(None, self.headers, self._answers, writer)
        self._deadlines = deadlines
        self._over: str | None = None

    @property
    def uniqueid(self) -> str:
        """The channel's Uniqueid; empty when Asterisk sent none."""
        return self.headers.get("agi_uniqueid", "")

    async def stream_file(self, file: str, escape: str = "") -> SoundEnded:
        """Play `file` (path without extension); a key of `escape` ends it.

        Raises SoundRefused when the file cannot be opened. Asterisk says -1 to that and to a
        hang-up alike, so the channel's state is asked before one is taken for the other.
        """
        _check_sound(file)
        if set(escape) - set(KEYS):
            raise UnsafeValue("escape keys", "not telephone keys")
        line = command_line("STREAM FILE", quoted("sound", file), quoted("keys", escape))
        code = await self._result("STREAM FILE", line, self._deadlines.sound_s)
        if code < 0:
            await self.channel_status()
            raise SoundRefused(file)
        return SoundEnded(_key(code))

    async def stream_files(self, files: Sequence[str]) -> SoundEnded:
        """Play `files` (paths without extension) as one sound; any telephone key ends it.

        Asterisk goes from file to file by itself, so a pause of this process is not heard between
        them. And a key is taken at once wherever it falls: one that ends between two commands of a
        session is taken by Asterisk as much later as it was held (measured; `__ast_read` makes a
        key of its own from an end without a beginning).

        Raises SoundRefused when one cannot be opened (those in front of it have been heard then),
        UnsafeValue when all their names are more than Asterisk reads, and ApplicationMissing.
        """
        for file in files:
            _check_sound(file)
        sounds = "&".join(files)
        line = command_line("EXEC", "Background", quoted("sounds", sounds))
        code = await self._result("EXEC", line, self._deadlines.sound_s * len(files))
        if code == _NO_APPLICATION:
            raise ApplicationMissing("Background")
        if code < 0:
            raise CallerGone("no channel to play to")
        if code == 0 and await self.get_variable("BACKGROUNDSTATUS") == "FAILED":
            raise SoundRefused(sounds)
        return SoundEnded(_key(code))

    async def wait_for_digit(self, wait_s: float) -> str | None:
        """The next key within `wait_s` seconds, or None."""
        line = command_line("WAIT FOR DIGIT", str(max(1, round(wait_s * 1000))))
        code = await self._result("WAIT FOR DIGIT", line, wait_s + self._deadlines.step_s)
        if code < 0:
            raise CallerGone("no channel to wait on")
        return _key(code)

    async def record_file(
        self, file: str, *, escape: str = "", most_s: float, silence_s: float = 0.0
    ) -> RecordEnded:
        """Record the caller into `file` (path without extension) as WAV, 8 kHz, 16 bits, one
        channel, until a key of `escape`, `silence_s` of silence (0: any silence is waited out) or
        `most_s`. Whatever ends it, a hang-up included, what was said until then is in the file.

        What ended it stands in brackets behind the result (res_agi.c, `handle_recordfile`): for
        silence and time-out the result itself is the rest of a wait, which may look like a key.
        """
        if _SOUND.fullmatch(file) is None or ".." in file:
            raise UnsafeValue("recording", "not a path of a sound")
        if set(escape) - set(KEYS):
            raise UnsafeValue("escape keys", "not telephone keys")
        words = [quoted("recording", file), "wav", quoted("keys", escape)]
        words.append(str(max(1, round(most_s * 1000))))
        if silence_s > 0:
            words.append(f"s={max(1, math.ceil(silence_s))}")
        line = command_line("RECORD FILE", *words)
        await self._exchange("RECORD FILE", line, most_s + self._deadlines.step_s)
        match = _RECORDED.fullmatch(self._answers.line)
        if match is None:
            raise self._lost(AnswerUnreadable("RECORD FILE", "not how a recording ends"))
        code, how, samples = int(match[1]), match[2], int(match[3] or 0)
        return RecordEnded(
            seconds=samples / _RECORDED_HZ,
            key=_key(code) if how == "dtmf" else None,
            hung_up=how in ("hangup", "waitfor", "randomerror"),
            written=how != "writefile",
        )

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable; the value is not evaluated."""
        line = command_line("SET VARIABLE", variable_name(name), quoted(name, value))
        await self._result("SET VARIABLE", line)

    async def get_variable(self, name: str) -> str | None:
        """A channel variable's value, None when it is not set."""
        line = command_line("GET VARIABLE", variable_name(name))
        await self._exchange("GET VARIABLE", line, self._deadlines.step_s)
        match = _VARIABLE.fullmatch(self._answers.line)
        if match is None:
            raise self._lost(AnswerUnreadable("GET VARIABLE", "no value in it"))
        value: str | None = match.group(1)
        return value

    async def execute(self, application: str, arguments: str = "") -> int:
        """Run a dialplan application; its own result. Raises ApplicationMissing."""
        line = command_line("EXEC", application_name(application), quoted("arguments", arguments))
        result = await self._result("EXEC", line)
        if result == _NO_APPLICATION:
            raise ApplicationMissing(application)
        return result

    async def tell(self, event: str, headers: Mapping[str, str]) -> None:
        """Write a user event into Asterisk's own event stream.

        A call whose milestones cannot be told must not go on: it would wait where nobody knows
        of it. So ApplicationMissing ends the session, and the dialplan serves the caller.
        """
        await self.execute("UserEvent", user_event(event, headers))

    async def channel_status(self) -> int:
        """The channel's state, 6 when it is up (AST_STATE_UP)."""
        state = await self._result("CHANNEL STATUS", "CHANNEL STATUS")
        if state < 0:
            raise CallerGone("no such channel")
        return state

    async def hang_up(self) -> None:
        """Ask for the end of the call."""
        await self._result("HANGUP", "HANGUP")

    # ---------------------------------------------------------------------------- the exchange

    async def _result(self, verb: str, line: str, deadline_s: float | None = None) -> int:
        answer = await self._exchange(verb, line, deadline_s or self._deadlines.step_s)
        # `parse_agi_result` makes an error of any -1, of which EXEC and STREAM FILE have many
        # kinds; the number itself is in the line.
        value = answer.get("result", ("", ""))[0] if "error" not in answer else ""
        if not value and self._answers.line.startswith("200 result=-1"):
            return -1
        if _INTEGER.fullmatch(value) is None:
            raise self._lost(AnswerUnreadable(verb, "no result in it"))
        return int(value)

    async def _exchange(self, verb: str, line: str, deadline_s: float) -> dict[str, Any]:
        if self._over is not None:
            raise CallerGone(self._over)
        self._over = f"{verb} was left without an answer"
        self._answers.verb = verb
        try:
            async with asyncio.timeout(deadline_s):
                answer: dict[str, Any] = await self._request.send_command(line)
        except TimeoutError:
            raise CommandTimedOut(verb, deadline_s) from None
        except ConnectionError:
            raise CallerGone("connection lost") from None
        self._over = None
        return answer

    def _lost(self, error: AnswerUnreadable) -> AnswerUnreadable:
        self._over = str(error)
        return error


def _check_sound(file: str) -> None:
    if _SOUND.fullmatch(file) is None or ".." in file:
        raise UnsafeValue("sound", "not a path of a sound")


def _key(code: int) -> str | None:
    """A result is the key's ASCII number, 0 for none. A number that is no key of a telephone is
    nobody's choice."""
    character = chr(code) if 0 < code < 128 else ""
    return character if character and character in KEYS else None
