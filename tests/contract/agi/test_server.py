"""The server with peers that are slow, hostile, too many or gone; stock panoramisk beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from panoramisk.fast_agi import Application
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

    async def test_stop_closes_a_connection_whose_task_has_not_begun(self) -> None:
        closed: list[str] = []

        class Writer:
            transport: Any = property(lambda self: self)

            def get_extra_info(self, name: str) -> str:
                return name

            def get_write_buffer_size(self) -> int:
                return 1

            def abort(self) -> None:
                closed.append("aborted")

            def close(self) -> None:
                closed.append("closed")

        async with serving(_never) as server:
            connected: Any = server._connected
            connected(asyncio.StreamReader(), Writer())
            await server.stop()
        assert closed == ["aborted", "closed"]

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
