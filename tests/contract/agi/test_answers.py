"""Answers that are no plain answers: through panoramisk as it comes, and through our session."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from panoramisk.fast_agi import Request
from panoramisk.utils import parse_agi_result

from cti.agi.session import AgiSession
from tests.contract.agi.stage import serving
from tests.fakes.agi_peer import AgiPeer


class _NoWriter:
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


class TestStock:
    async def _stock(self, *lines: bytes) -> dict[str, Any]:
        reader = asyncio.StreamReader()
        for line in lines:
            reader.feed_data(line)
        reader.feed_eof()
        result: dict[str, Any] = await Request(None, {}, reader, _NoWriter()).send_command("X")
        return result

    async def test_end_of_stream_is_a_value_error(self) -> None:
        with pytest.raises(ValueError, match="invalid literal"):
            await self._stock()

    async def test_other_encoding_is_a_decoding_error(self) -> None:
        with pytest.raises(UnicodeDecodeError):
            await self._stock(b"200 result=1 (\xcd\xf5)\n")

    def test_variable_with_the_value_hangup_is_a_hang_up(self) -> None:
        assert parse_agi_result("200 result=1 (hangup)")["error"] == "AGIResultHangup"

    async def test_refusal_of_several_lines_leaves_its_end_to_the_next_command(self) -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"520-Invalid command syntax.\n Usage: X\n520 End of proper usage.\n")
        request = Request(None, {}, reader, _NoWriter())
        assert (await request.send_command("X"))["error"] == "AGIUsageError"
        reader.feed_data(b"200 result=0\n")
        assert (await request.send_command("Y"))["error"] == "AGIUsageError"

    def test_dead_channel_is_an_unknown_error(self) -> None:
        assert parse_agi_result("511 Command Not Permitted")["error"] == "AGIUnknownError"


class TestOurs:
    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (b"", "CallerGone"),
            (b"511 Command Not Permitted on a dead channel or intercept routine\n", "CallerGone"),
            (b"HANGUP\n", "CallerGone"),
            (b"200 result=1 (\xcd\xf5)\n", None),
            (b"200 result=1 (hangup)\n", None),
            (b"200 result=0\n", None),
            (b"100 result=0 Trying...\n200 result=0\n", None),
            (b"510 Invalid or unknown command\n", "CommandRefused"),
            (b"520-Invalid command syntax.  Proper usage follows:\nUsage\n", "CommandRefused"),
            (b"520 Invalid command syntax.  Proper usage not available.\nx\n", "CommandRefused"),
            (b"what?\n", "AnswerUnreadable"),
            (b"\n", "AnswerUnreadable"),
            (b"200\n", "AnswerUnreadable"),
            (b"200 result=2\n", "AnswerUnreadable"),
            (b"x" * 100_000, "AnswerUnreadable"),
        ],
    )
    async def test_answer_is_typed(self, answer: bytes, error: str | None) -> None:
        told: list[str | None] = []

        async def ask(session: AgiSession) -> None:
            try:
                await session.get_variable("CTI_NEXT")
                told.append(None)
            except Exception as raised:
                told.append(type(raised).__name__)

        async with serving(ask) as server, AgiPeer(server.port) as peer:
            peer.open()
            assert await peer.command() is not None
            peer.send(answer)
            peer.end()
            assert await peer.closed()
        assert told == [error]
