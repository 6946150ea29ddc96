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
_RANGES_FROM: Final = 20_480
"""Single ports lie below, ranges for RTP above: neither takes what the other has found free."""
_BLOCK: Final = 64
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


class PortsOfOurs:
    """Ports that no other process of this program hands out meanwhile.

    What is found free is bound seconds later only, by another program; so each process has a block
    of ports of its own. The claim on it is an abstract socket name (unix(7)), which goes with the
    process. With all blocks claimed it takes any.
    """

    def __init__(self) -> None:
        self._claim: socket.socket | None = None
        self._left: list[int] = []
        self._first = 0

    def next(self) -> int:
        if self._claim is None:
            self._claim_block()
        if not self._left:
            self._left = list(range(self._first + _BLOCK - 1, self._first - 1, -1))
        return self._left.pop()

    def _claim_block(self) -> None:
        starts = list(range(_LOWEST, _RANGES_FROM, _BLOCK))
        random.shuffle(starts)
        self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for self._first in starts:
            with contextlib.suppress(OSError):
                self._claim.bind(f"\0jietong-ports-{self._first}")
                return


_OURS: Final = PortsOfOurs()


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """`count` different ports of `host` that are free right now for both TCP and UDP.

    Below those that the kernel gives to connections, so that none takes one of them before it is
    used. Raises OSError when there are none.
    """
    with contextlib.ExitStack() as held:
        return [_free_port(host, held) for _ in range(count)]


def free_port_range(size: int, host: str = "127.0.0.1") -> tuple[int, int]:
    """First (even) and last port of `size` neighbouring ports free for UDP, as RTP wants them."""
    highest = _first_ephemeral() - size
    for _ in range(_TRIES):
        first = random.randint(_RANGES_FROM, highest) & ~1  # noqa: S311  nothing secret
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + size):
                held.enter_context(bound(socket.SOCK_DGRAM, host, port))
            return first, first + size - 1
    raise OSError(errno.EADDRINUSE, f"no {size} neighbouring ports free", host)


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
    for _ in range(_TRIES):
        port = _OURS.next()
        with contextlib.suppress(OSError), contextlib.ExitStack() as both:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                both.enter_context(bound(kind, host, port))
            held.push(both.pop_all())
            return port
    raise OSError(errno.EADDRINUSE, "no free port", host)


def _first_ephemeral() -> int:
    """First port that the kernel gives out by itself (Linux, ip(7)); never so low that too few are
    left below."""
    try:
        first = int(_EPHEMERAL.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        first = _EPHEMERAL_FROM
    return first if first >= _RANGES_FROM + _LOWEST else _EPHEMERAL_FROM
