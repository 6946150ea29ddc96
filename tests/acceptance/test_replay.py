"""`cti replay`: from the reports in a hotline's ledger the cores decide today what they decided."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import yaml

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, RejectWith
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import ROOT, SEAT_HZ, Hotline, call_in, hotline


async def replayed(line: Hotline, *options: str) -> tuple[int, str]:
    """Exit code and output of `cti replay`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti.cli", "replay", "--settings", str(line.settings_file)),
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def some_calls(line: Hotline) -> None:
    """One is rejected, then answered after a restart of the daemon; one is abandoned."""
    first = await line.seat("1001", RejectWith(486))
    second = await line.seat("1002", AnswerAfter(0))
    first.microphone = second.microphone = Tone(SEAT_HZ)
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        async with api.facts() as facts:
            await api.sign_on("1001")
            caller = await call_in(line)
            other = await call_in(line, number="13800002222")
            await facts.wait_for("OfferFailed", deadline=8)
            await facts.wait_for("CallQueued", caller_number="13800002222", deadline=8)
            await other.hang_up()
            await facts.wait_for("CallEnded", deadline=8)
    line.kill_daemon()
    await line.start_daemon()
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        async with api.facts() as facts:
            await api.sign_on("1002")
            await caller.heard.wait_for_tone(SEAT_HZ, deadline=8)
            await caller.hang_up()
            await facts.wait_for("RecordingStored", deadline=10)
            await facts.wait_for("SeatStateChanged", old="wrap-up", new="ready", deadline=5)


async def test_the_reports_of_a_ledger_lead_to_the_same_decisions_again(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with hotline(tmp_path, root_dir=asterisk_root, wrapup_seconds=1) as line:
        await some_calls(line)
        line.stop_daemon()
        code, said = await replayed(line)
        assert code == 0, said
        found = re.fullmatch(
            r"same decisions: (\d+) reports, (\d+) decisions \(2 starts of the daemon\)\n", said
        )
        assert found, said
        assert int(found[1]) > 60
        assert int(found[2]) > 20

        code, said = await replayed(line, "--to", "2020-01-01")
        assert (code, said) == (
            0,
            "same decisions: 0 reports, 0 decisions (0 starts of the daemon)\n",
        )

        # Another site decides otherwise: the first difference is shown with its report.
        site = yaml.safe_load(line.settings.site.read_text("utf-8"))
        site["seats"]["1001"]["queues"] = ["bills"]
        line.settings.site.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
        code, said = await replayed(line)
        assert code == 1, said
        assert "not the same decision" in said
        assert "SeatOffered" in said
