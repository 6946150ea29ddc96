"""Ports of this machine: which are free, and is this one taken."""

from __future__ import annotations

import contextlib
import errno
import socket

from cti.errors import JietongError


class AddressRefused(JietongError):
    """The daemon cannot listen there. Fields: `section` (of the settings), `host`, `port`."""

    def __init__(self, section: str, host: str, port: int, error: OSError) -> None:
        self.section, self.host, self.port = section, host, port
        what = (
            f"is in use by another program; stop that, or choose another {section}.port"
            if error.errno == errno.EADDRINUSE
            else f"cannot be listened on ({error.strerror or error}): see {section}.host and .port"
        )
        super().__init__(f"TCP port {port} on {host} {what}")


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different ports of `host` that are free right now for both TCP and UDP."""
    with contextlib.ExitStack() as held:
        return [_free_port(host, held) for _ in range(count)]


def free_port_range(size: int, host: str = "127.0.0.1") -> tuple[int, int]:
    """First (even) and last port of `size` neighbouring ports free for UDP, as RTP wants them."""
    while True:
        first = free_ports(1, host)[0] & ~1
        with contextlib.ExitStack() as held, contextlib.suppress(OSError, OverflowError):
            for port in range(first, first + size):
                held.enter_context(bound(socket.SOCK_DGRAM, host, port))
            return first, first + size - 1


def bound(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _free_port(host: str, held: contextlib.ExitStack) -> int:
    while True:
        tcp = held.enter_context(bound(socket.SOCK_STREAM, host, 0))
        port = int(tcp.getsockname()[1])
        with contextlib.suppress(OSError):
            held.enter_context(bound(socket.SOCK_DGRAM, host, port))
            return port
