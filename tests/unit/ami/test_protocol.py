"""The corners of a connection's life that a real socket reaches only by chance."""

from __future__ import annotations

import asyncio

import pytest

from cti.ami.actions import Action
from cti.ami.errors import LinkLost
from cti.ami.protocol import Counters, LinkProtocol, Login, Owner
from cti.ami.reconnect import Cause
from cti.ami.wire import AmiParser


class FakeTransport(asyncio.Transport):
    def __init__(self, unsent: int = 0) -> None:
        super().__init__()
        self.ended = ""
        self.written = b""
        self.unsent = unsent

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.ended += "close "

    def abort(self) -> None:
        self.ended += "abort "


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def protocol(log: list[str]) -> LinkProtocol:
    owner = Owner(
        opened=lambda: log.append("opened"),
        accepted=lambda: log.append("accepted"),
        event=lambda event: log.append(event.event),
        down=lambda cause, _: log.append(cause.value),
    )
    wire = AmiParser(max_message_bytes=1000, max_line_bytes=1000)
    login = Login(username="cti", secret="x")
    return LinkProtocol(owner, login, wire, Counters(), max_write_buffer_bytes=1000)


def test_a_connection_made_after_it_was_given_up_is_closed_unseen(
    protocol: LinkProtocol, log: list[str]
) -> None:
    transport = FakeTransport()
    protocol.fail(Cause.CONNECT_TIMEOUT, "")
    protocol.connection_made(transport)
    assert (log, transport.ended) == ([Cause.CONNECT_TIMEOUT.value], "close ")


def test_it_ends_once_whatever_comes_after(protocol: LinkProtocol, log: list[str]) -> None:
    transport = FakeTransport()
    protocol.connection_made(transport)
    protocol.pause_writing()
    protocol.connection_lost(None)
    protocol.fail(Cause.CLOSED, "")
    protocol.close()
    protocol.data_received(b"Asterisk Call Manager/13.0.0\r\nEvent: X\r\n\r\n")
    assert log == ["opened", Cause.PEER_NOT_READING.value]
    assert (transport.ended, transport.written) == ("close ", b"")
    with pytest.raises(LinkLost):
        protocol.post(Action.of("Ping"))


def test_unsent_bytes_are_cut_off_not_waited_for(protocol: LinkProtocol) -> None:
    transport = FakeTransport(unsent=1)
    protocol.connection_made(transport)
    protocol.pause_writing()
    assert transport.ended == "abort "


def test_panoramisks_own_way_to_send_is_closed(protocol: LinkProtocol) -> None:
    with pytest.raises(NotImplementedError):
        protocol.send({"Action": "Ping"})
