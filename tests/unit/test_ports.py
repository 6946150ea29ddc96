"""Free ports that stay free until they are used."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import ClassVar

import pytest

from cti import ports


def test_ports_are_different_and_below_those_that_the_kernel_gives_out() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    assert max(found) < max(first, 32_768)
    for port in found:
        with ports.bound(socket.SOCK_STREAM, "127.0.0.1", port):
            pass


def test_range_begins_even_and_is_free_for_udp() -> None:
    first, last = ports.free_port_range(40)
    assert (first % 2, last - first) == (0, 39)
    for port in (first, last):
        with ports.bound(socket.SOCK_DGRAM, "127.0.0.1", port):
            pass


@pytest.mark.parametrize("text", ["", "one two", "1024 65535"])
def test_a_kernel_that_gives_out_nearly_all_ports_or_does_not_say(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "range"
    said.write_text(text, "ascii")
    monkeypatch.setattr(ports, "_EPHEMERAL", said)
    first, last = ports.free_port_range(10)
    assert 20_480 <= first < last < 32_768


def test_taken_ports_are_passed_over_and_none_left_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, other = ports.free_ports(2)

    class Few(ports.PortsOfOurs):
        handed: ClassVar = [other, taken]

        def next(self) -> int:
            return self.handed.pop() if self.handed else taken

    monkeypatch.setattr(ports, "_OURS", Few())
    with ports.bound(socket.SOCK_DGRAM, "127.0.0.1", taken):
        assert ports.free_ports(1) == [other]
        with pytest.raises(OSError, match="no free port"):
            ports.free_ports(1)


def test_two_processes_hand_out_ports_of_their_own() -> None:
    mine, theirs = ports.PortsOfOurs(), ports.PortsOfOurs()
    found = {mine.next() for _ in range(200)}
    assert len(found) == 64, "round and round"
    assert not found & {theirs.next() for _ in range(200)}
