"""The sandbox: a real Asterisk of our own, started, refused, stopped and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from config.asterisk import write
from cti.sandbox import AlreadyRunning, AsteriskNotStarted, PortInUse, RootNotBuilt
from cti.sandbox_root import SCRIPTS
from tests.acceptance.conftest import ROOT, Pbx, pbx

BUILTIN_APPLICATIONS = {"Answer", "Goto", "GotoIf", "Hangup", "Set", "Wait"}
NOBODY = 65534


async def ended(pid: int, deadline: float = 10.0) -> None:
    """Wait until the process is gone (a zombie of somebody else's counts as gone)."""
    async with asyncio.timeout(deadline):
        while True:
            try:
                stat = await asyncio.to_thread(Path(f"/proc/{pid}/stat").read_text)
            except OSError:
                return
            if stat.rpartition(")")[2].split()[0] == "Z":
                return
            await asyncio.sleep(0.02)


def config_text(running: Pbx, name: str) -> str:
    return (running.sandbox.folder / "etc" / name).read_text("utf-8")


async def test_started_asterisk_greets_on_its_ami_port(asterisk: Pbx) -> None:
    address = asterisk.settings.asterisk
    reader, writer = await asyncio.open_connection(address.host, address.ami_port)
    assert (await reader.readline()).startswith(b"Asterisk Call Manager/")
    writer.close()


async def test_started_asterisk_is_of_a_supported_version(asterisk: Pbx) -> None:
    shown = await asterisk.sandbox.cli("core show version")
    found = re.match(r"Asterisk (\d+)\.(\d+)\.(\d+)", shown)
    assert found, shown
    version = tuple(map(int, found.groups()))
    assert (22, 8) <= version < (23,)
    assert version != (22, 11, 0)


async def test_start_leaves_no_error_or_warning_in_the_log(
    asterisk_root: Path, tmp_path: Path
) -> None:
    fresh = pbx(tmp_path, asterisk_root, f"test-{os.getpid()}-log")
    await fresh.sandbox.start()
    await fresh.sandbox.stop()
    log = fresh.sandbox.log_path.read_text("utf-8")
    assert not [line for line in log.splitlines() if "ERROR" in line or "WARNING" in line]


async def test_every_application_and_function_of_the_dialplan_is_loaded(asterisk: Pbx) -> None:
    dialplan = "\n".join(
        line
        for line in config_text(asterisk, "extensions.conf").splitlines()
        if not line.lstrip().startswith(";")
    )
    for name in sorted(set(re.findall(r"(?:,|\?)(?:n(?:\(\w+\))?,)?([A-Z][A-Za-z]+)\(", dialplan))):
        answer = await asterisk.sandbox.cli(f"core show application {name}")
        is_function = f"${{{name}(" in dialplan or f"Set({name}(" in dialplan
        assert is_function or "Info about Application" in answer, answer
    for name in sorted(set(re.findall(r"(?:\$\{|Set\()([A-Z_]+)\(", dialplan))):
        answer = await asterisk.sandbox.cli(f"core show function {name}")
        assert "Info about Function" in answer, answer


async def test_seats_and_trunk_are_endpoints_and_queues_exist(asterisk: Pbx) -> None:
    endpoints = await asterisk.sandbox.cli("pjsip show endpoints")
    for seat in asterisk.site.seats.values():
        assert f"Endpoint:  {seat.device.removeprefix('PJSIP/')}" in endpoints
    assert f"Match: {asterisk.settings.asterisk.trunk_addresses[0]}" in endpoints
    queues = await asterisk.sandbox.cli("queue show")
    assert all(f"{name} has 0 calls" in queues for name in asterisk.site.queues)


async def test_second_start_of_the_same_instance_is_refused(asterisk: Pbx) -> None:
    again = pbx(asterisk.settings.state_dir, asterisk.sandbox.root, asterisk.sandbox.name)
    with pytest.raises(AlreadyRunning, match=f"process {asterisk.sandbox.pid}"):
        await again.sandbox.start()
    assert asterisk.sandbox.pid is not None


@pytest.mark.parametrize(
    ("setting", "kind"),
    [("ami_port", socket.SOCK_STREAM), ("sip_port", socket.SOCK_DGRAM)],
)
async def test_start_on_a_taken_port_names_the_port(
    asterisk_root: Path, tmp_path: Path, setting: str, kind: socket.SocketKind
) -> None:
    other = pbx(tmp_path, asterisk_root, f"test-{os.getpid()}-port")
    port = getattr(other.settings.asterisk, setting)
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((other.settings.asterisk.host, port))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        with pytest.raises(PortInUse, match=f"{port}.*asterisk.{setting}"):
            await other.sandbox.start()


async def test_start_without_a_root_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(RootNotBuilt, match=r"build-root\.sh"):
        await pbx(tmp_path, tmp_path / "nowhere", "test-1").sandbox.start()


async def test_asterisk_that_ends_at_once_is_reported_with_the_end_of_its_output(
    asterisk_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = pbx(tmp_path, asterisk_root, f"test-{os.getpid()}-broken")

    def all_but_one(files: Mapping[str, str], folder: Path) -> None:
        write({name: text for name, text in files.items() if name != "modules.conf"}, folder)

    monkeypatch.setattr("cti.sandbox.write", all_but_one)
    with pytest.raises(AsteriskNotStarted, match=r"(?s)ended at once.*modules\.conf"):
        await broken.sandbox.start()
    assert broken.sandbox.pid is None


async def test_stop_leaves_no_process_and_the_instance_can_start_again(
    asterisk_root: Path, tmp_path: Path
) -> None:
    running = pbx(tmp_path, asterisk_root, f"test-{os.getpid()}-again")
    for _ in range(2):
        await running.sandbox.start()
        pid = running.sandbox.pid
        assert pid is not None
        await running.sandbox.stop()
        assert running.sandbox.pid is None
        await ended(pid, deadline=0.1)


async def test_prompts_are_copied_and_removed_ones_go(asterisk_root: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts"
    for name in ("zh-CN/greeting.wav", "studio/zh-CN/greeting.wav"):
        (prompts / name).parent.mkdir(parents=True)
        (prompts / name).write_bytes(b"RIFF")
    one = pbx(tmp_path, asterisk_root, f"test-{os.getpid()}-prompts")
    sandbox = one.sandbox
    sandbox.settings = one.settings.model_copy(
        update={"prompts": one.settings.prompts.model_copy(update={"dir": prompts})}
    )
    copies = sandbox.folder / "prompts"
    try:
        sandbox.sync_prompts()
        (prompts / "zh-CN/greeting.wav").unlink()
        (prompts / "studio/zh-CN/greeting.wav").write_bytes(b"RIFF2")
        sandbox.sync_prompts()
        found = {str(file.relative_to(copies)): file.read_bytes() for file in copies.rglob("*.wav")}
        assert found == {"studio/zh-CN/greeting.wav": b"RIFF2"}
    finally:
        shutil.rmtree(sandbox.folder)


async def test_asterisk_does_not_outlive_its_owner_and_its_place_is_free_again(
    asterisk_root: Path, tmp_path: Path
) -> None:
    name = f"test-{os.getpid()}-owner"
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.acceptance.conftest import pbx\n"
        "async def main():\n"
        "    one = pbx(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])\n"
        "    await one.sandbox.start()\n"
        "    print(one.sandbox.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path), str(asterisk_root), name),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    pid = int(await owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    await owner.wait()
    await ended(pid)
    heir = pbx(tmp_path, asterisk_root, name)
    await heir.sandbox.start()
    await heir.sandbox.stop()


@pytest.fixture
def root_of_nobody(asterisk_root: Path) -> Iterator[Path]:
    """A root folder that belongs to an ordinary user who owns nothing else."""
    if os.getuid() != 0:
        pytest.skip("all tests run as an ordinary user already")
    place = Path(f"/tmp/jietong-nobody-{os.getpid()}")
    place.mkdir()
    root = place / "root"
    shutil.copytree(
        asterisk_root,
        root,
        symlinks=True,
        # dev holds real devices where Asterisk runs in a plain chroot: /dev/zero has no end.
        ignore=lambda folder, _: {"srv", "dev"} if Path(folder) == asterisk_root else set(),
    )
    (root / "srv").mkdir()
    (root / "dev").mkdir()
    for path in (place, *place.rglob("*")):
        os.lchown(path, NOBODY, NOBODY)
    yield root
    shutil.rmtree(place)


@contextlib.asynccontextmanager
async def as_nobody(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *command,
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        # Asterisk loses a SIGTERM that comes while it starts: it is said again.
        async with asyncio.timeout(20):
            while process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 1)


async def test_asterisk_runs_for_an_ordinary_user(root_of_nobody: Path, tmp_path: Path) -> None:
    # The scripts may stand where only this user can read: they are copied beside the root.
    enter = root_of_nobody.parent / "enter-root.sh"
    shutil.copy(SCRIPTS / "enter-root.sh", enter)
    async with as_nobody(str(enter), "--check") as check:
        said, _ = await check.communicate()
    if check.returncode == 78:
        pytest.skip(f"this machine does not allow it: {said.decode()}")
    assert b"user namespace" in said

    prepared = pbx(tmp_path, root_of_nobody, "test-1")
    await prepared.sandbox.start()
    await prepared.sandbox.stop()
    shutil.rmtree(prepared.sandbox.folder / "lib")
    (prepared.sandbox.folder / "lib").mkdir()
    for path in (prepared.sandbox.folder, *prepared.sandbox.folder.rglob("*")):
        os.lchown(path, NOBODY, NOBODY)
    config = "/srv/test-1/etc/asterisk.conf"
    async with as_nobody(
        str(enter), str(root_of_nobody), "/usr/sbin/asterisk", "-f", "-C", config
    ) as process:
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError):
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", prepared.settings.asterisk.ami_port
                    )
                    banner = await reader.readline()
                    writer.close()
                    break
                assert process.returncode is None, prepared.sandbox.log_tail()
                await asyncio.sleep(0.02)
        assert banner.startswith(b"Asterisk Call Manager/")
        status = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
        assert re.search(rf"^Uid:\t{NOBODY}\t{NOBODY}", status, re.MULTILINE)
        assert "Name:\tasterisk" in status
