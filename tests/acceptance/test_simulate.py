"""A lead asks what a real day would have been with one seat fewer: `cti simulate` on the ledger
that the daemon wrote about real calls."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import ROOT, SEAT_HZ, Hotline, call_in, hotline


async def a_short_day(line: Hotline) -> None:
    """Two seats, both talking; a third caller waits until one is free, a fourth gives up."""
    for seat in ("1001", "1002"):
        (await line.seat(seat, AnswerAfter(0.3))).microphone = Tone(SEAT_HZ)
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        async with api.facts() as facts:
            await api.sign_on("1001")
            await api.sign_on("1002")
            first = await call_in(line, number="13800000001")
            await first.heard.wait_for_tone(SEAT_HZ, deadline=8)
            second = await call_in(line, number="13800000002")
            await second.heard.wait_for_tone(SEAT_HZ, deadline=8)
            third = await call_in(line, number="13800000003")
            await facts.wait_for("CallQueued", caller_number="13800000003", deadline=8)
            fourth = await call_in(line, number="13800000004")
            await facts.wait_for("CallQueued", caller_number="13800000004", deadline=8)
            await fourth.hang_up()
            await facts.wait_for("CallAbandoned", deadline=8)
            await first.hang_up()
            await third.heard.wait_for_tone(SEAT_HZ, deadline=8)
            await second.hang_up()
            await third.hang_up()
            for _ in range(3):
                await facts.wait_for("SeatStateChanged", new="ready", old="wrap-up", deadline=8)


async def simulated(line: Hotline, *options: str) -> dict[str, list[str]]:
    """The printed figures by their names."""
    ledger = line.settings.state_dir / "jietong.db"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti.cli", "simulate", str(line.settings.site)),
        *("--day", str(ledger), "--lang", "en", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode()
    table: dict[str, list[str]] = {}
    for row in said.decode().splitlines():
        name, *cells = [cell for cell in row.split("  ") if cell.strip()] or [""]
        table.setdefault(name.strip(), [cell.strip() for cell in cells])
    return table


async def test_the_ledger_of_real_calls_is_played_again_with_a_seat_fewer(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with hotline(tmp_path, root_dir=asterisk_root, wrapup_seconds=1) as line:
        await a_short_day(line)
        line.stop_daemon()
        table = await simulated(line, "--seats", "-1")

    asked, answered = table["asked for a person"], table["answered"]
    assert asked == ["4", "4", "4", "0"]
    assert answered[:2] == ["3", "3"]
    assert table["abandoned"][:2] == ["1", "1"]
    # Played again as it was, callers waited as long as they really did.
    real, again, fewer = (float(cell) for cell in table["mean wait of all (s)"][:3])
    assert again == pytest.approx(real, abs=0.2)
    # With one seat the second caller waits, too.
    assert fewer > again
    assert "seats 2 → 1" in " ".join(table)
