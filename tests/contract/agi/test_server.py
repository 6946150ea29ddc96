"""The server with peers that are slow, hostile, too many or gone; stock panoramisk beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from panoramisk.fast_agi import Application, Request
from panoramisk.utils import parse_agi_result
from structlog.testing import capture_logs

from cti.agi.errors import CallerGone
from cti.agi.server import ServerLimits
from cti.agi.session import AgiSession, Deadlines
from cti.agi.wire import HeaderLimits
from tests.contract.agi.stage import serving
from tests.fakes.agi_peer import PATIENCE_S, AgiPeer, header_block


async def _one_variable(session: AgiSession) -> None:
    await session.get_variable("CTI_CALL")


async def _never(session: AgiSession) -> None:
    await asyncio.get_running_loop().create_future()


class _CountingReader(asyncio.StreamReader):
    """At the end of its stream; ends the test's task when it is read without end."""

    reads = 0
    enough = 10_000

    async def read(self, n: int = -1) -> bytes:
        self.reads += 1
        if self.reads >= self.enough:
            raise asyncio.CancelledError
        return await super().read(n)


class TestPeerClosesBeforeTheBlankLine:
    async def test_stock_reads_for_ever(self) -> None:
        reader = _CountingReader()
        reader.feed_data(header_block()[:100])
        reader.feed_eof()
        with pytest.raises(asyncio.CancelledError):
            await Application().handler(reader, None)
        assert reader.reads == reader.enough

    @pytest.mark.parametrize("sent", [b"", b"agi_network: yes\n", header_block()[:-1], b"GET /"])
    async def test_ours_closes(self, sent: bytes) -> None:
        async with serving(_never) as server, AgiPeer(server.port) as peer:
            peer.send(sent)
            peer.end()
            assert await peer.closed()


class TestHeaderLimits:
    async def test_endless_lines_are_refused(self) -> None:
        async with serving(_never) as server, AgiPeer(server.port) as peer:
            peer.send(b"agi_x: 1\n" * 1000)
            assert await peer.closed()

    async def test_endless_line_is_refused(self) -> None:
        async with serving(_never) as server, AgiPeer(server.port) as peer:
            peer.send(b"x" * 100_000)
            assert await peer.closed()

    async def test_many_long_lines_are_refused(self) -> None:
        async with serving(_never) as server, AgiPeer(server.port) as peer:
            peer.send((b"a: " + b"x" * 4000 + b"\n") * 20)
            assert await peer.closed()

    async def test_peer_that_trickles_is_refused_at_the_deadline(self) -> None:
        limits = ServerLimits(headers=HeaderLimits(deadline_s=0.05))
        async with serving(_never, limits=limits) as server, AgiPeer(server.port) as peer:
            peer.send(b"agi_network: yes\n")
            assert await peer.closed()

    @pytest.mark.parametrize("script", ["", "other", "call/x", "call?x=1", "CALL", "../call"])
    async def test_another_script_is_refused(self, script: str) -> None:
        async with serving(_never) as server, AgiPeer(server.port) as peer:
            peer.send(header_block(script=script))
            assert await peer.closed()

    async def test_block_in_single_bytes_is_read(self) -> None:
        async with serving(_one_variable) as server, AgiPeer(server.port) as peer:
            for byte in header_block():
                peer.send(bytes((byte,)))
                await asyncio.sleep(0)
            assert await peer.command() == "GET VARIABLE CTI_CALL"

    async def test_names_in_any_encoding_are_read(self) -> None:
        block = header_block(name="NAME").replace(b"NAME", "王小明".encode("gb18030"))
        async with serving(_one_variable) as server, AgiPeer(server.port) as peer:
            peer.send(block)
            assert await peer.command() == "GET VARIABLE CTI_CALL"


class TestSupervision:
    async def test_sessions_above_the_limit_are_refused_at_once(self) -> None:
        limits = ServerLimits(sessions=2)
        async with (
            serving(_one_variable, limits=limits) as server,
            AgiPeer(server.port) as one,
            AgiPeer(server.port) as two,
        ):
            for peer in (one, two):
                peer.open()
                assert await peer.command() is not None
            async with AgiPeer(server.port) as three:
                three.open()
                assert await three.closed()
            one.answer("200 result=0")
            assert await one.closed()
            async with AgiPeer(server.port) as four:
                four.open()
                assert await four.command() is not None

    async def test_crash_is_logged_with_its_call_and_closes_one_session_only(self) -> None:
        async def crash(session: AgiSession) -> None:
            await session.get_variable("CTI_CALL")
            if session.uniqueid == "bad":
                raise ZeroDivisionError

        with capture_logs() as logs:
            async with (
                serving(crash) as server,
                AgiPeer(server.port) as good,
                AgiPeer(server.port) as bad,
            ):
                good.open("good")
                bad.open("bad")
                assert await good.command() and await bad.command()
                bad.answer("200 result=0")
                assert await bad.closed()
                assert server.sessions == 1
        crashed = [entry for entry in logs if entry["event"] == "menu session crashed"]
        assert [entry["call"] for entry in crashed] == ["bad"]

    async def test_stop_closes_every_session(self) -> None:
        async with serving(_one_variable) as server:
            peers = [AgiPeer(server.port) for _ in range(20)]
            for number, peer in enumerate(peers):
                await peer.__aenter__()
                if number < 15:  # the rest is still in its headers
                    peer.open(f"c{number}")
                    assert await peer.command() is not None
            async with asyncio.timeout(PATIENCE_S):
                await server.stop()
            assert server.sessions == 0
            for peer in peers:
                assert await peer.closed()
                await peer.__aexit__(None, None, None)
            with pytest.raises(OSError):
                await AgiPeer(server.port).__aenter__()

    async def test_caller_who_leaves_is_no_error(self) -> None:
        with capture_logs() as logs:
            async with serving(_one_variable) as server, AgiPeer(server.port) as peer:
                peer.open("c1")
                assert await peer.command() is not None
                peer.answer("HANGUP")
                assert await peer.closed()
        assert [entry for entry in logs if entry["log_level"] == "error"] == []


class TestDeadlines:
    async def test_command_without_an_answer_ends_the_session(self) -> None:
        quick = Deadlines(step_s=0.05, sound_s=0.05)
        for converse in (_one_variable, lambda s: s.stream_file("x"), lambda s: s.tell("CTI", {})):
            async with serving(converse, quick) as server, AgiPeer(server.port) as peer:
                peer.open()
                assert await peer.command() is not None
                assert await peer.closed()

    async def test_trying_lines_do_not_stretch_the_deadline(self) -> None:
        quick = Deadlines(step_s=0.2)
        async with serving(_one_variable, quick) as server, AgiPeer(server.port) as peer:
            peer.open()
            assert await peer.command() is not None
            peer.send(b"100 result=0 Trying...\n" * 100)
            assert await peer.closed()

    async def test_late_answer_is_never_taken_for_the_next(self) -> None:
        told: list[str] = []

        async def twice(session: AgiSession) -> None:
            for name in ("CTI_CALL", "CTI_HOTLINE"):
                try:
                    await session.get_variable(name)
                except Exception as error:
                    told.append(type(error).__name__)

        quick = Deadlines(step_s=0.05)
        async with serving(twice, quick) as server, AgiPeer(server.port) as peer:
            peer.open()
            assert await peer.command() is not None
            assert await peer.closed()
        assert told == ["CommandTimedOut", "CallerGone"]


class TestStockParser:
    """What panoramisk's exchange makes of lines that are no plain answers; why ours filters."""

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
    async def test_ours_is_typed(self, answer: bytes, error: str | None) -> None:
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


class _NoWriter:
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


async def test_session_that_is_over_asks_nothing_more() -> None:
    asked: list[type[BaseException]] = []

    async def stubborn(session: AgiSession) -> None:
        for _ in range(3):
            try:
                await session.get_variable("X")
            except CallerGone as gone:
                asked.append(type(gone))

    async with serving(stubborn) as server, AgiPeer(server.port) as peer:
        peer.open()
        assert await peer.command() == "GET VARIABLE X"
        peer.answer("HANGUP")
        assert await peer.closed()
    assert asked == [CallerGone] * 3
