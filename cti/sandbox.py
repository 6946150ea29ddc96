"""An Asterisk of our own beside the daemon: no Docker, no root rights, no installation.

One root folder (docker/asterisk/build-root.sh) serves any number of instances; each has its own
folder `ROOT/srv/NAME` for configuration, logs, prompts and recordings, and its own ports.
Asterisk belongs to the process that called `Sandbox.start`: it gets SIGTERM when that process
dies (and is not touched by the death of the daemon, which is another process).

Errors: SandboxError
    RootNotBuilt      the root is not there, or its build failed
    AlreadyRunning    the instance is in use
    PortInUse         somebody else has a port that Asterisk needs
    AsteriskNotStarted  it ended or did not come up in time; carries the end of its log
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from config.asterisk import InstancePaths, event_names, render, write
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.errors import JietongError

SCRIPTS: Final = Path(__file__).parents[1] / "docker" / "asterisk"
START_SECONDS: Final = 60.0
"""Asterisk is up in about half a second; a busy machine gets much more."""
STOP_SECONDS: Final = 8.0
LEAVING_SECONDS: Final = 10.0
"""How long a new start waits for an Asterisk whose owner has just died."""
_POLL_SECONDS: Final = 0.02
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_TEST_NAME: Final = re.compile(r"test-[0-9]+(-.*)?", re.ASCII)
_FOLDERS: Final = ("etc", "lib", "spool", "run", "log", "recordings", "prompts")


class SandboxError(JietongError):
    """Base of this module's errors."""


class RootNotBuilt(SandboxError):
    """Fields: `root`, `why`."""

    def __init__(self, root: Path, why: str) -> None:
        self.root, self.why = root, why
        super().__init__(f"no Asterisk in {root}: {why}")


class AlreadyRunning(SandboxError):
    """Fields: `name`, `pid` (0 when unknown)."""

    def __init__(self, name: str, pid: int) -> None:
        self.name, self.pid = name, pid
        who = f" (process {pid})" if pid else ""
        super().__init__(f"the Asterisk {name!r} is running already{who}; stop it first")


class PortInUse(SandboxError):
    """Fields: `setting`, `host`, `port`, `protocol`."""

    def __init__(self, setting: str, host: str, port: int, protocol: str) -> None:
        self.setting, self.host, self.port, self.protocol = setting, host, port, protocol
        super().__init__(
            f"{protocol} port {port} on {host} is in use by another program; "
            f"stop that or choose another {setting}"
        )


class AsteriskNotStarted(SandboxError):
    """Fields: `why`, `log` (its last lines)."""

    def __init__(self, why: str, log: str) -> None:
        self.why, self.log = why, log
        super().__init__(f"Asterisk {why}\n{log}".rstrip())


async def build_root(root: Path, say: Callable[[str], None]) -> None:
    """Build the root folder when it is not there; `say` gets one line of progress at a time.

    Raises RootNotBuilt. About 20 s and 70 MB of download the first time, nothing afterwards.
    """
    process = await asyncio.create_subprocess_exec(
        str(SCRIPTS / "build-root.sh"),
        str(root),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    last = ""
    try:
        async for raw in process.stdout:
            last = raw.decode(errors="replace").rstrip()
            say(last)
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        raise RootNotBuilt(root, last or f"build-root.sh ended with {code}")


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
                held.enter_context(_bound(socket.SOCK_DGRAM, host, port))
            return first, first + size - 1


def _bound(kind: socket.SocketKind, host: str, port: int) -> socket.socket:
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
        tcp = held.enter_context(_bound(socket.SOCK_STREAM, host, 0))
        port = int(tcp.getsockname()[1])
        with contextlib.suppress(OSError):
            held.enter_context(_bound(socket.SOCK_DGRAM, host, port))
            return port


class Sandbox:
    """One Asterisk. Settings must come from `Sandbox.settings_for`."""

    def __init__(
        self,
        settings: Settings,
        site: Site,
        secrets: Secrets,
        name: str,
        *,
        extra_events: Sequence[str] = (),
    ) -> None:
        """`extra_events`: AMI events that a test wants to see beside those the daemon reads."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name an Asterisk: a-z, 0-9, dash, 32 at most")
        self.settings = settings
        self.name = name
        self.root = settings.asterisk.root_dir.resolve()
        self.folder = self.root / "srv" / name
        self._site = site
        self._secrets = secrets
        self._extra_events = tuple(extra_events)
        self._process: asyncio.subprocess.Process | None = None
        self._lock: int | None = None

    @staticmethod
    def settings_for(base: Settings, name: str) -> Settings:
        """`base` with the spool and prompt folders of instance `name`, as both sides see them."""
        inside = f"/srv/{name}"
        spool = base.asterisk.root_dir.resolve() / "srv" / name / "recordings"
        return base.model_copy(
            update={
                "recording": base.recording.model_copy(
                    update={"spool_dir": spool, "spool_dir_in_asterisk": f"{inside}/recordings"}
                ),
                "prompts": base.prompts.model_copy(update={"dir_in_asterisk": f"{inside}/prompts"}),
            }
        )

    @property
    def log_path(self) -> Path:
        """Asterisk's notices, warnings and errors."""
        return self.folder / "log" / "messages"

    @property
    def pid(self) -> int | None:
        """Asterisk's process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and running else None

    async def start(self) -> None:
        """Write the configuration and run Asterisk until it takes calls.

        Raises AsteriskConfigRefused, RootNotBuilt, AlreadyRunning, PortInUse, AsteriskNotStarted.
        """
        if not (self.root / ".jietong-root").is_file():
            raise RootNotBuilt(self.root, f"run {SCRIPTS / 'build-root.sh'} {self.root}")
        files = render(
            self.settings,
            self._site,
            self._secrets,
            InstancePaths.of(self.name),
            event_names=sorted({*event_names(), *self._extra_events}),
        )
        await self._take_lock()
        try:
            self._clean_stale_tests()
            self._check_ports()
            self._prepare()
            write(files, self.folder / "etc")
            await self._run()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End Asterisk: calls are hung up, recordings closed; by force when that takes too long."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def wait(self) -> int:
        """Wait until Asterisk ends by itself; its exit code (negative: the signal)."""
        if self._process is None:
            raise SandboxError(f"the Asterisk {self.name!r} has not been started")
        return await self._process.wait()

    async def cli(self, command: str) -> str:
        """The answer to one command of Asterisk's console, for tests and diagnosis."""
        process = await asyncio.create_subprocess_exec(
            *self._command("-r", "-x", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        answer, _ = await process.communicate()
        return answer.decode(errors="replace")

    def sync_prompts(self) -> None:
        """Make Asterisk's copy of the voice files the same as `prompts.dir`."""
        source, target = self.settings.prompts.dir, self.folder / "prompts"
        wanted = {path.relative_to(source) for path in source.rglob("*.wav")}
        for path in wanted:
            old, new = source / path, target / path
            before = old.stat()
            if new.is_file():
                after = new.stat()
                if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                    continue
            new.parent.mkdir(parents=True, exist_ok=True)
            fresh = new.with_suffix(".new")
            shutil.copy2(old, fresh)
            fresh.replace(new)
        for path in target.rglob("*.wav"):
            if path.relative_to(target) not in wanted:
                path.unlink()

    # ------------------------------------------------------------------------- before the start

    async def _take_lock(self) -> None:
        """Hold ROOT/srv/NAME.lock. Asterisk inherits it, so it is held as long as either lives."""
        path = self.root / "srv" / f"{self.name}.lock"
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError:
            raise RootNotBuilt(
                self.root, "it belongs to another user; give asterisk.root_dir another place"
            ) from None
        deadline = asyncio.get_running_loop().time() + LEAVING_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner, pid = _read_lock(lock)
                if _alive(owner) or asyncio.get_running_loop().time() > deadline:
                    os.close(lock)
                    raise AlreadyRunning(self.name, pid) from None
                await asyncio.sleep(_POLL_SECONDS)
            else:
                break
        self._lock = lock
        self._note_pids(0)

    def _note_pids(self, asterisk: int) -> None:
        assert self._lock is not None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()} {asterisk}\n".encode(), 0)

    def _clean_stale_tests(self) -> None:
        """Remove what killed test runs left behind. Other instances keep their recordings."""
        for lock_path in (self.root / "srv").glob("test-*.lock"):
            if lock_path.stem == self.name or not _TEST_NAME.fullmatch(lock_path.stem):
                continue
            with contextlib.suppress(OSError), lock_path.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock_path.with_suffix(""), ignore_errors=True)
                lock_path.unlink()

    def _check_ports(self) -> None:
        asterisk = self.settings.asterisk
        for setting, port, kind in (
            ("asterisk.ami_port", asterisk.ami_port, socket.SOCK_STREAM),
            ("asterisk.sip_port", asterisk.sip_port, socket.SOCK_DGRAM),
        ):
            try:
                _bound(kind, asterisk.host, port).close()
            except OSError:
                protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
                raise PortInUse(setting, asterisk.host, port, protocol) from None

    def _prepare(self) -> None:
        """Fresh folders; registrations (lib) and recordings of an earlier run stay."""
        for name in ("etc", "run"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in _FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".1"))
        self.sync_prompts()

    # ------------------------------------------------------------------------------- the start

    def _command(self, *arguments: str) -> list[str]:
        enter = [str(SCRIPTS / "enter-root.sh"), str(self.root)]
        config = f"{InstancePaths.of(self.name).etc}/asterisk.conf"
        return [*enter, "/usr/sbin/asterisk", "-C", config, *arguments]

    async def _run(self) -> None:
        assert self._lock is not None
        with (self.folder / "log" / "console").open("wb") as console:
            self._process = await asyncio.create_subprocess_exec(
                *self._command("-f"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                # AMI accounts can read the environment (function ENV): nothing of ours goes there.
                env=_environment(),
                # Its own session: Ctrl-C on the launcher is for the launcher, which then stops us.
                start_new_session=True,
                pass_fds=(self._lock,),
            )
        self._note_pids(self._process.pid)
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._ready(self._process)
        except TimeoutError:
            why = f"did not come up within {START_SECONDS:.0f} s"
            raise AsteriskNotStarted(why, self.log_tail()) from None

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        """Up means: its control socket is there, all modules are in, and AMI greets."""
        while not (self.folder / "run" / "asterisk.ctl").exists():
            await self._still_running(process)
        while "fully booted" not in await self.cli("core waitfullybooted"):
            await self._still_running(process)
        asterisk = self.settings.asterisk
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(asterisk.host, asterisk.ami_port)
                banner = await reader.readline()
                writer.close()
                if banner.startswith(b"Asterisk Call Manager/"):
                    return
            await self._still_running(process)

    async def _still_running(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is not None:
            why = f"ended at once with code {process.returncode}"
            raise AsteriskNotStarted(why, self.log_tail())
        await asyncio.sleep(_POLL_SECONDS)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines that Asterisk wrote, from its console and its log."""
        return "\n".join(self._last_lines(lines))

    def _last_lines(self, lines: int) -> Iterator[str]:
        for path in (self.folder / "log" / "console", self.log_path):
            with contextlib.suppress(OSError):
                yield from path.read_text(errors="replace").splitlines()[-lines:]


def _read_lock(lock: int) -> tuple[int, int]:
    """Process ids of the owner and of Asterisk as noted in a lock file; 0 when unknown."""
    words = os.pread(lock, 64, 0).split()
    numbers = [int(word) for word in words if word.isdigit()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("TZ",) if name in os.environ}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **kept}


def _alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()
