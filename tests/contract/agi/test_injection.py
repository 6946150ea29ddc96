"""What strangers and broken variables can carry, and that none of it reaches a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.agi.stage import call, hotline
from tests.fakes.agi_peer import AgiPeer, Caller

EVIL_NAMES = [
    '"; EXEC System "id',
    "${SHELL(id)}",
    "a,Mark:queued,Queue:bills",
    "x\nagi_uniqueid: evil-1\nagi_network_script: other",
    '\\" \\\\ \t \x01',
    "王小明",
]


@pytest.mark.parametrize("name", EVIL_NAMES)
async def test_callers_name_is_in_no_command(tmp_path: Path, name: str) -> None:
    async with hotline(tmp_path) as server:
        plain = await call(server, Caller(keys="-1"))
        caller = Caller(keys="-1", variables={"CTI_HOTLINE": "12345"})
        async with AgiPeer(server.port) as peer:
            peer.open(name=name)
            await peer.serve(caller)
    assert caller.lines == plain.lines


async def test_header_that_a_name_brings_along_does_not_replace_asterisks_own(
    tmp_path: Path,
) -> None:
    async with hotline(tmp_path) as server, AgiPeer(server.port) as peer:
        caller = Caller(keys="1", variables={"CTI_HOTLINE": "12345"})
        peer.open("jt1-1.1", name="x\nagi_uniqueid: evil")
        await peer.serve(caller)
    assert {mark["Call"] for mark in caller.marks} == {"jt1-1.1"}


@pytest.mark.parametrize(
    "value",
    ["1,Mark:queued", "1:2", 'a"b', "a b", "${SHELL(id)}", "1\\,2", "(1", "１", "x" * 200],
)
@pytest.mark.parametrize("variable", ["CTI_CALL", "CTI_HOTLINE"])
async def test_variable_of_another_shape_ends_the_session_before_any_command_with_it(
    tmp_path: Path, variable: str, value: str
) -> None:
    async with hotline(tmp_path) as server:
        caller = await call(server, Caller(keys="1", variables={variable: value}))
    assert {words[0] for words in caller.commands} == {"GET"}


async def test_blank_line_inside_a_name_ends_the_session(tmp_path: Path) -> None:
    """No SIP header can hold one; if it came, what follows would stand in an answer's place."""
    async with hotline(tmp_path) as server, AgiPeer(server.port) as peer:
        peer.open(name="x\n\nSET VARIABLE CTI_NEXT queue")
        assert await peer.command() == "GET VARIABLE CTI_CALL"
        assert await peer.closed()
