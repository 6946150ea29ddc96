"""`cti up` as a newcomer meets it: it starts, says where things are, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from cti.launch import instance_of
from cti.ports import free_port_range, free_ports
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import ROOT


@dataclass
class Run:
    """A launcher as a process of its own."""

    settings: Path
    process: asyncio.subprocess.Process
    said: str = ""
    grew: asyncio.Event = field(default_factory=asyncio.Event)

    async def says(self, pattern: str, deadline: float = 30) -> re.Match[str]:
        try:
            async with asyncio.timeout(deadline):
                while not (found := re.search(pattern, self.said)):
                    assert not self.process.stdout or not self.process.stdout.at_eof(), self.said
                    self.grew.clear()
                    await self.grew.wait()
        except TimeoutError:
            raise AssertionError(f"{pattern!r} was not said:\n{self.said}") from None
        return found

    async def read(self) -> None:
        assert self.process.stdout is not None
        while text := await self.process.stdout.read(65536):
            self.said += text.decode()
            self.grew.set()
        self.grew.set()

    async def ended(self, deadline: float = 30) -> int:
        return await asyncio.wait_for(self.process.wait(), deadline)


def settings_of(folder: Path, root: Path) -> Path:
    ami, agi, http, sip = free_ports(4)
    first, last = free_port_range(100)
    values = {
        "state_dir": str(folder / "state"),
        "http": {"port": http},
        "agi": {"port": agi},
        "asterisk": {
            "ami_port": ami,
            "sip_port": sip,
            "rtp_first_port": first,
            "rtp_last_port": last,
            "root_dir": str(root),
        },
    }
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump(values), "utf-8")
    return file


def left_of(folder: Path) -> dict[int, str]:
    """Living processes that belong to the run in `folder`: launcher, daemon, Asterisk."""
    marks = (str(folder), f"/srv/{instance_of(folder / 'state')}/")
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if any(mark in command for mark in marks):
                found[int(process.name)] = command
    return found


async def none_left(folder: Path, deadline: float = 20) -> None:
    end = time.monotonic() + deadline
    while left := await asyncio.to_thread(left_of, folder):
        assert time.monotonic() < end, f"left behind: {left}"
        await asyncio.sleep(0.1)


def daemon_of(folder: Path) -> int:
    (pid,) = (pid for pid, command in left_of(folder).items() if "cti.cli run" in command)
    return pid


async def cti(*arguments: str) -> tuple[int | None, str]:
    """Exit code and output of another command beside the run."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti.cli", *arguments), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    text, _ = await process.communicate()
    return process.returncode, text.decode()


@asynccontextmanager
async def up(settings: Path, *options: str) -> AsyncIterator[Run]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti.cli", "up", "--settings", str(settings), *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "COLUMNS": "120", "PYTHONUNBUFFERED": "1"},
    )
    run = Run(settings, process)
    reader = asyncio.create_task(run.read(), name="output")
    try:
        yield run
        assert "Traceback" not in run.said, run.said
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 40)
        await reader


@pytest.fixture
async def settings(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Path]:
    yield settings_of(tmp_path, asterisk_root)
    await none_left(tmp_path)
    name = instance_of(tmp_path / "state")
    shutil.rmtree(asterisk_root / "srv" / name, ignore_errors=True)
    (asterisk_root / "srv" / f"{name}.lock").unlink(missing_ok=True)


async def test_it_says_where_things_are_survives_a_killed_daemon_and_stops_on_ctrl_c(
    settings: Path, tmp_path: Path
) -> None:
    async with up(settings, "--headless") as run:
        await run.says("Running. Ctrl-C stops")
        url = (await run.says(r"(http://127\.0\.0\.1:\d+)/api\b"))[1]
        for user in ("admin", "lead", "wangfang"):
            password = (await run.says(rf"{user} +│ \w+ +│ (\S+)"))[1]
            async with ApiClient(url) as api:
                await api.log_in(user, password)
                assert await api.seats()

        async with up(settings, "--headless") as second:
            assert await second.ended() == 1
        assert re.fullmatch(r"cti: \./run is running already \(process \d+\)\. .*\n", second.said)

        code, found = await cti("doctor", "--settings", str(settings))
        assert code == 0, found

        killed = daemon_of(tmp_path)
        os.kill(killed, signal.SIGKILL)
        await run.says(r"The daemon ended \(signal 9\); starting it again")
        async with asyncio.timeout(20), ApiClient(url) as api:
            while True:
                with contextlib.suppress(OSError):
                    async with api.session.get(f"{url}/readyz") as answer:
                        if answer.status == 200:
                            break
        assert daemon_of(tmp_path) != killed

        run.process.send_signal(signal.SIGINT)
        assert await run.ended() == 0
    assert run.said.endswith("Stopped.\n")
    await none_left(tmp_path, deadline=1)


async def test_nobody_outlives_a_killed_launcher_and_the_next_start_works(
    settings: Path, tmp_path: Path
) -> None:
    async with up(settings, "--headless") as run:
        await run.says("Running")
        assert len(left_of(tmp_path)) >= 3
        run.process.kill()
        await run.ended()
        await none_left(tmp_path)
    async with up(settings, "--headless") as again:
        await again.says("Running")
        again.process.send_signal(signal.SIGTERM)
        assert await again.ended() == 0


@pytest.mark.parametrize("word", ["Starting Asterisk", "Starting the daemon"])
async def test_ctrl_c_during_the_start_stops_cleanly(
    settings: Path, tmp_path: Path, word: str
) -> None:
    async with up(settings, "--headless") as run:
        await run.says(word)
        run.process.send_signal(signal.SIGINT)
        assert await run.ended() == 0
    assert "Stopped." in run.said
    await none_left(tmp_path, deadline=1)


async def test_a_port_in_use_ends_the_start_with_one_clear_line(settings: Path) -> None:
    port = yaml.safe_load(await asyncio.to_thread(settings.read_text, "utf-8"))["http"]["port"]
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", port)
    async with up(settings, "--headless") as run:
        assert await run.ended() == 1
    server.close()
    assert f"TCP port {port} on 127.0.0.1 is in use by another program" in run.said


async def test_asterisk_that_dies_is_told_and_ends_the_run(settings: Path, tmp_path: Path) -> None:
    async with up(settings, "--headless") as run:
        await run.says("Running")
        (asterisk,) = (
            pid for pid, command in left_of(tmp_path).items() if "asterisk -C" in command
        )
        os.kill(asterisk, signal.SIGKILL)
        assert await run.ended() == 1
    assert "Asterisk has ended by itself" in run.said


async def test_the_demo_calls_run_through_and_are_kept(settings: Path) -> None:
    async with up(settings) as run:
        await run.says("Running. Ctrl-C stops", deadline=60)
        code, text = await cti("calls", "list", "--json", "--settings", str(settings))
        assert code == 0, text
        run.process.send_signal(signal.SIGINT)
        assert await run.ended() == 0
    calls = {call["caller_number"]: call for call in json.loads(text)}
    assert {number: call["outcome"] for number, call in calls.items()} == {
        "13800138001": "answered",
        "13800138002": "answered",
        "13800138003": "abandoned",
    }
    assert run.said.count("recording kept") == 2
    assert "failed" not in run.said


def own_site(settings: Path, folder: Path) -> Path:
    """A site file that the test may change."""
    site = yaml.safe_load((ROOT / "tests/site/site.yaml").read_text("utf-8"))
    site["flows_dir"] = str(ROOT / "tests/site/flows")
    file = folder / "site.yaml"
    file.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")
    values = yaml.safe_load(settings.read_text("utf-8")) | {"site": str(file)}
    settings.write_text(yaml.safe_dump(values), "utf-8")
    return file


def add_a_seat(file: Path) -> None:
    """With a phone and a queue of its own."""
    site = yaml.safe_load(file.read_text("utf-8"))
    site["seats"]["1009"] = {"name": "新人", "device": "PJSIP/1009", "queues": ["gas"]}
    site["queues"]["gas"] = {"name": {"zh-CN": "燃气", "en": "Gas"}}
    file.write_text(yaml.safe_dump(site, allow_unicode=True), "utf-8")


async def test_seat_that_is_new_in_the_site_file_comes_into_the_running_asterisk(
    settings: Path, tmp_path: Path
) -> None:
    file = own_site(settings, tmp_path)
    async with up(settings, "--headless") as run:
        await run.says("Running. Ctrl-C stops")
        add_a_seat(file)
        await run.says("Asterisk has taken in seats and queues")
        await run.says(r"1009 +│ 新人 +│ 1009 +│ \S+")
        code, text = await cti("doctor", "--settings", str(settings))
        assert "all 4 are known" in text, text
        assert "all 4 have one of last resort" in text, text
        assert code == 0, text
