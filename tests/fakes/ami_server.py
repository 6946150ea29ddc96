"""A scripted AMI server: real sockets, and exactly the bytes a test says.

    async with FakeAmiServer() as server:
        peer = await server.accept()        # the next connection
        await peer.log_in()                 # banner, challenge, login as Asterisk does them
        action = await peer.read_action()
        peer.answer(action, Message="ok")
        peer.event("Hangup", Uniqueid="1")

`accept` and `read_action` wait for what happens, never for time.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from types import TracebackType
from typing import Self

BANNER = b"Asterisk Call Manager/13.0.0\r\n"
CHALLENGE = "840415273"
SECRET = "s3cret"
PATIENCE_S = 5.0
"""Only a broken test waits this long."""


class ReceivedAction:
    """An action as the server read it; `lines` in order as sent."""

    def __init__(self, block: bytes) -> None:
        self.raw = block
        self.lines = [line.decode() for line in block.split(b"\r\n") if line]

    def get(self, key: str) -> str:
        for line in self.lines:
            name, _, value = line.partition(": ")
            if name.lower() == key.lower():
                return value
        return ""

    @property
    def name(self) -> str:
        return self.get("Action")

    @property
    def action_id(self) -> str:
        return self.get("ActionID")


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read_action(self, *, skip: tuple[str, ...] = ()) -> ReceivedAction:
        """The next action that is not in `skip`; IncompleteReadError when the client has gone."""
        while True:
            async with asyncio.timeout(PATIENCE_S):
                block = await self._reader.readuntil(b"\r\n\r\n")
            action = ReceivedAction(block)
            if action.name not in skip:
                return action

    async def wait_closed_by_client(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            try:
                while await self._reader.read(65536):
                    pass
            except ConnectionError:
                pass

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def drain(self) -> None:
        await self._writer.drain()

    def event(self, name: str, **headers: str) -> None:
        self.send(event_bytes(name, **headers))

    def answer(self, action: ReceivedAction, response: str = "Success", **headers: str) -> None:
        head = {"Response": response, "ActionID": action.action_id} | headers
        self.send(block_bytes(head))

    def stop_reading(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def close(self) -> None:
        """FIN after what is written."""
        self._writer.close()

    async def log_in(self, *, boot: bool = True) -> None:
        """Banner, Challenge, Login (MD5 or plain), and FullyBooted as Asterisk sends it."""
        self.send(BANNER)
        login = await self.answer_challenge()
        expected = hashlib.md5((CHALLENGE + SECRET).encode()).hexdigest()
        assert login.get("Key") == expected or login.get("Secret") == SECRET, "wrong secret"
        self.answer(login, Message="Authentication accepted")
        if boot:
            self.event("FullyBooted", Status="Fully Booted")

    async def answer_challenge(self) -> ReceivedAction:
        """Reads up to the Login action and returns it, unanswered."""
        action = await self.read_action()
        if action.name == "Challenge":
            self.answer(action, Challenge=CHALLENGE)
            action = await self.read_action()
        assert action.name == "Login", action.lines
        return action


class FakeAmiServer:
    """Listens on loopback; each connection waits in line for `accept`."""

    def __init__(self, *, receive_buffer: int | None = None) -> None:
        self._receive_buffer = receive_buffer
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []
        self._server: asyncio.Server | None = None
        self.port = 0
        self.accepted = 0

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        if self._receive_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        self._server = await asyncio.start_server(self._on_connection, sock=listener)
        self.port = listener.getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for peer in self._all:
            peer._writer.transport.abort()

    async def accept(self) -> Peer:
        async with asyncio.timeout(PATIENCE_S):
            return await self._peers.get()

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.accepted += 1
        self._all.append(peer)
        self._peers.put_nowait(peer)


def block_bytes(headers: dict[str, str]) -> bytes:
    return "".join(f"{k}: {v}\r\n" for k, v in headers.items()).encode() + b"\r\n"


def event_bytes(name: str, **headers: str) -> bytes:
    head = {"Event": name, "Privilege": "call,all", "Timestamp": "1732312345.123456"}
    return block_bytes(head | headers)
