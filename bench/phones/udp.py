"""A UDP socket on the event loop that says when the kernel received each datagram.

aiosipua's and aiortp's transports are asyncio DatagramProtocols: these give no arrival time, and
their time stamps taken in Python include the event loop's own delay. Some asyncio and uvloop
transports also fail aiosipua's `assert isinstance(...)` once a socket. Both end here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from typing import Final

Address = tuple[str, int]
OnDatagram = Callable[[bytes, Address, int], None]
"""Called with the data, the sender and the arrival (wall clock, microseconds)."""

# Linux, include/uapi/asm-generic/socket.h; Python's socket module does not name it.
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@qq")
_AT_ONCE: Final = 64
"""Datagrams read in one turn: the loop's other sockets get theirs too."""


class UdpSocket:
    """Bound on creation; `on_datagram` is called from the event loop until `close`."""

    def __init__(
        self, local_ip: str, on_datagram: OnDatagram, *, port: int = 0, size: int = 65535
    ) -> None:
        self._on_datagram = on_datagram
        self._size = size
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            with contextlib.suppress(OSError):  # without it: the time of reading
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.bind((local_ip, port))
        except OSError:
            self._socket.close()
            raise
        self.address: Address = self._socket.getsockname()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)

    def send(self, data: bytes, to: Address) -> None:
        """Send, or lose it as a network does: SIP repeats, RTP goes on."""
        with contextlib.suppress(OSError):
            self._socket.sendto(data, to)

    def deaf(self) -> None:
        """Read nothing any more: the kernel throws away what comes."""
        self._loop.remove_reader(self._socket)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, control, _, sender = self._socket.recvmsg(self._size, 64)
            except OSError:  # nothing left, or the peer's port is closed
                return
            self._on_datagram(data, (sender[0], sender[1]), _arrival_us(control))
            if self._socket.fileno() < 0:
                return


def _arrival_us(control: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds) * 1_000_000 + int(nanoseconds) // 1000
    return now_us()


def now_us() -> int:
    """Wall clock, microseconds: the clock of kernel time stamps and of Asterisk's events."""
    return time.time_ns() // 1000
