"""Ports of this machine: which are free, and is this one taken."""

from __future__ import annotations

import contextlib
import errno
import random
import socket
from pathlib import Path
from typing import Final

from cti.errors import JietongError

_LOWEST: Final = 10_240
_EPHEMERAL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL_FROM: Final = 32_768
_TRIES: Final = 10_000


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
    """`count` different ports of `host` that are free right now for both TCP and UDP.

    Below those that the kernel gives to connections, so that none takes one of them before it is
    used. Raises OSError when there are none.
    """
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
    highest = _first_ephemeral() - 1
    for _ in range(_TRIES):
        port = random.randint(_LOWEST, highest)  # noqa: S311  nothing secret
        with contextlib.suppress(OSError), contextlib.ExitStack() as both:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                both.enter_context(bound(kind, host, port))
            held.push(both.pop_all())
            return port
    raise OSError(errno.EADDRINUSE, f"no free port from {_LOWEST} to {highest}", host)


def _first_ephemeral() -> int:
    """First port that the kernel gives out by itself (Linux, ip(7)); never so low that too few are
    left below."""
    try:
        first = int(_EPHEMERAL.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        first = _EPHEMERAL_FROM
    return first if first >= 2 * _LOWEST else _EPHEMERAL_FROM
