"""Results as Asterisk writes them, and what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from cti.agi.errors import (
    AnswerUnreadable,
    ApplicationMissing,
    CallerGone,
    SoundRefused,
    UnsafeValue,
)
from cti.agi.session import AgiSession, Deadlines, RecordEnded, SoundEnded


class _Writer:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None: ...


def _session(*answers: str) -> tuple[AgiSession, _Writer]:
    reader = asyncio.StreamReader()
    for answer in answers:
        reader.feed_data(f"{answer}\n".encode())
    reader.feed_eof()
    writer = _Writer()
    headers = {"agi_uniqueid": "jt1-1.1"}
    session = AgiSession(headers, reader, cast(asyncio.StreamWriter, writer), Deadlines())
    return session, writer


Ask = Callable[[AgiSession], Awaitable[Any]]


@pytest.mark.parametrize(
    ("ask", "line", "answer", "result"),
    [
        (
            lambda s: s.stream_file("/sounds/en/greeting"),
            'STREAM FILE "/sounds/en/greeting" ""',
            "200 result=0 endpos=6920",
            SoundEnded(None),
        ),
        (
            lambda s: s.stream_file("x", "12#"),
            'STREAM FILE "x" "12#"',
            "200 result=35 endpos=100",
            SoundEnded("#"),
        ),
        # 65: the key A that no telephone of a caller has; 178: no ASCII at all.
        (lambda s: s.stream_file("x"), 'STREAM FILE "x" ""', "200 result=65", SoundEnded(None)),
        (
            lambda s: s.stream_files(["/s/en/a", "/s/en/b"]),
            'EXEC Background "/s/en/a&/s/en/b"',
            "200 result=42",
            SoundEnded("*"),
        ),
        (lambda s: s.wait_for_digit(5), "WAIT FOR DIGIT 5000", "200 result=178", None),
        (lambda s: s.wait_for_digit(0.5), "WAIT FOR DIGIT 500", "200 result=49", "1"),
        # -1 would wait for ever, 0 is no wait at all.
        (lambda s: s.wait_for_digit(0), "WAIT FOR DIGIT 1", "200 result=0", None),
        (lambda s: s.get_variable("X"), "GET VARIABLE X", "200 result=0", None),
        (lambda s: s.get_variable("X"), "GET VARIABLE X", "200 result=1 (a b)", "a b"),
        (lambda s: s.get_variable("X"), "GET VARIABLE X", "200 result=1 ((a) b=c)", "(a) b=c"),
        (lambda s: s.get_variable("X"), "GET VARIABLE X", "200 result=1 ()", ""),
        (lambda s: s.set_variable("X", ""), 'SET VARIABLE X ""', "200 result=1", None),
        (
            lambda s: s.set_variable("X", 'a "b" \\c'),
            'SET VARIABLE X "a \\"b\\" \\\\c"',
            "200 result=1",
            None,
        ),
        (lambda s: s.execute("NoOp"), 'EXEC NoOp ""', "200 result=0", 0),
        (lambda s: s.execute("NoOp", "x"), 'EXEC NoOp "x"', "200 result=-1", -1),
        (lambda s: s.tell("CTI", {"A": "1"}), 'EXEC UserEvent "CTI,A:1"', "200 result=0", None),
        (lambda s: s.channel_status(), "CHANNEL STATUS", "200 result=6", 6),
        (lambda s: s.hang_up(), "HANGUP", "200 result=1", None),
        (
            lambda s: s.record_file("/spool/m", escape="1#", most_s=120, silence_s=3.2),
            'RECORD FILE "/spool/m" wav "1#" 120000 s=4',
            "200 result=35 (dtmf) endpos=20000",
            RecordEnded(2.5, "#"),
        ),
        # 49 is the rest of a wait in milliseconds here, and not the key 1.
        (
            lambda s: s.record_file("m", escape="1", most_s=1.5),
            'RECORD FILE "m" wav "1" 1500',
            "200 result=49 (timeout) endpos=12000",
            RecordEnded(1.5),
        ),
        (
            lambda s: s.record_file("m", most_s=5, silence_s=1),
            'RECORD FILE "m" wav "" 5000 s=1',
            "200 result=-1 (hangup) endpos=8000",
            RecordEnded(1.0, hung_up=True),
        ),
        (
            lambda s: s.record_file("m", most_s=5),
            'RECORD FILE "m" wav "" 5000',
            "200 result=-1 (randomerror) endpos=0",
            RecordEnded(0.0, hung_up=True),
        ),
        # The folder cannot be written; the caller is still there.
        (
            lambda s: s.record_file("m", most_s=5),
            'RECORD FILE "m" wav "" 5000',
            "200 result=-1 (writefile)",
            RecordEnded(0.0, written=False),
        ),
    ],
)
async def test_command_and_result(ask: Ask, line: str, answer: str, result: object) -> None:
    session, writer = _session(answer)
    assert await ask(session) == result
    assert writer.written.decode() == f"{line}\n"


@pytest.mark.parametrize(
    ("ask", "answers", "error"),
    [
        (lambda s: s.wait_for_digit(1), ["200 result=-1"], CallerGone),
        (lambda s: s.channel_status(), ["200 result=-1"], CallerGone),
        # A sound's -1 is a missing file, unless the channel says otherwise.
        (lambda s: s.stream_file("x"), ["200 result=-1 endpos=0", "200 result=6"], SoundRefused),
        (lambda s: s.stream_file("x"), ["200 result=-1 endpos=0", "511 dead"], CallerGone),
        (lambda s: s.stream_file("x"), ["200 result=-1 endpos=0", "HANGUP"], CallerGone),
        (lambda s: s.stream_file("x"), ["200 result=-1 endpos=0"], CallerGone),
        (lambda s: s.stream_file("x"), ["200 endpos=0"], AnswerUnreadable),
        (
            lambda s: s.stream_files(["x", "y"]),
            ["200 result=0", "200 result=1 (FAILED)"],
            SoundRefused,
        ),
        (lambda s: s.stream_files(["x"]), ["200 result=-1"], CallerGone),
        # The module of an application is not loaded.
        (lambda s: s.tell("CTI", {"A": "1"}), ["200 result=-2"], ApplicationMissing),
        (lambda s: s.stream_files(["x"]), ["200 result=-2"], ApplicationMissing),
        (lambda s: s.stream_file("x"), ["200 result=x"], AnswerUnreadable),
        (lambda s: s.stream_file("x"), ["200 result=99999999999"], AnswerUnreadable),
        (lambda s: s.record_file("x", most_s=1), ["200 result=0"], AnswerUnreadable),
        (lambda s: s.record_file("x", most_s=1), ["511 dead"], CallerGone),
    ],
)
async def test_failure_is_typed(ask: Ask, answers: list[str], error: type[Exception]) -> None:
    session, _ = _session(*answers)
    with pytest.raises(error):
        await ask(session)


async def test_sounds_played_to_their_end_are_asked_whether_all_were_there() -> None:
    session, writer = _session("200 result=0", "200 result=1 (SUCCESS)")
    assert await session.stream_files(["x", "y"]) == SoundEnded(None)
    assert writer.written == b'EXEC Background "x&y"\nGET VARIABLE BACKGROUNDSTATUS\n'


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.stream_file("/a/../../etc/passwd"),
        lambda s: s.stream_file("a b"),
        lambda s: s.stream_file('a" "1'),
        lambda s: s.stream_file("a&b"),
        lambda s: s.stream_file(""),
        lambda s: s.stream_files(["a", "b&c"]),
        lambda s: s.stream_files(["a,s"]),
        lambda s: s.stream_files([""]),
        lambda s: s.stream_files(["a" * 80] * 110),
        lambda s: s.stream_file("x", "12a"),
        lambda s: s.stream_file("x", "１"),
        lambda s: s.record_file("/a/../b", most_s=1),
        lambda s: s.record_file("a b", most_s=1),
        lambda s: s.record_file("a", escape="x", most_s=1),
        lambda s: s.set_variable("X", "a\nHANGUP"),
        lambda s: s.set_variable("SHELL(id)", "x"),
        lambda s: s.get_variable("SHELL(id)"),
        lambda s: s.execute("System(id)"),
        lambda s: s.tell("CTI", {"A": "1,B:2"}),
    ],
)
async def test_unsafe_value_is_refused_before_anything_is_written(ask: Ask) -> None:
    session, writer = _session("200 result=0")
    with pytest.raises(UnsafeValue):
        await ask(session)
    assert writer.written == b""
    assert await session.wait_for_digit(1) is None
