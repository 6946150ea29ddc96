"""`python -m bench.phones` against phones."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.phones.phone import AnswerAfter, RejectWith, Tone
from tests.contract.phones.peer import MakePhone

ROOT = Path(__file__).resolve().parents[3]


async def command(*arguments: str) -> tuple[int | None, str]:
    """Exit code and everything printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.phones", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def test_a_call_by_hand_presses_keys_and_says_what_is_heard(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", answer=AnswerAfter(0), microphone=Tone(1300))
    server = f"127.0.0.1:{seat.address[1]}"
    code, printed = await command("call", "1001", "--server", server, "--keys", "0", "--for", "1")
    assert code == 0, printed
    assert "answered" in printed
    assert "talking: 1300 Hz  -10 dB, gap 2" in printed
    (call,) = seat.calls
    assert call.heard.digits == "0"
    assert (await call.ended(deadline=1)).by == "them"


async def test_a_call_by_hand_that_is_refused_fails(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", answer=RejectWith(486))
    code, printed = await command("call", "1001", "--server", f"127.0.0.1:{seat.address[1]}")
    assert code == 1
    assert "code=486" in printed
