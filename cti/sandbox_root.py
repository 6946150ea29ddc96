"""The root folder that the sandbox's Asterisks run from, and who may use an instance of it.

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
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cti.errors import JietongError

SCRIPTS: Final = Path(__file__).parents[1] / "docker" / "asterisk"
LEAVING_SECONDS: Final = 10.0
"""How long a new start waits for an Asterisk whose owner has just died."""
_POLL_SECONDS: Final = 0.02
_POLLS_A_REMINDER: Final = 50
_TEST_NAME: Final = re.compile(r"test-[0-9]+(-.*)?", re.ASCII)


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


class InstanceLock:
    """ROOT/srv/NAME.lock. Asterisk inherits it: it is held as long as owner or Asterisk lives."""

    def __init__(self, root: Path, name: str) -> None:
        self._root, self._name = root, name
        self._fd: int | None = None

    @property
    def fd(self) -> int:
        assert self._fd is not None, "the lock is taken before anything else"
        return self._fd

    async def take(self) -> None:
        """Raises AlreadyRunning; RootNotBuilt when the root belongs to another user."""
        try:
            fd = os.open(
                self._root / "srv" / f"{self._name}.lock",
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                0o600,
            )
        except PermissionError:
            raise RootNotBuilt(
                self._root, "it belongs to another user; give asterisk.root_dir another place"
            ) from None
        deadline = asyncio.get_running_loop().time() + LEAVING_SECONDS
        tries = 0
        while not _locked(fd):
            owner, pid = _pids(fd)
            if _alive(owner) or asyncio.get_running_loop().time() > deadline:
                os.close(fd)
                raise AlreadyRunning(self._name, pid)
            tries += 1
            if tries % _POLLS_A_REMINDER == 0:
                _remind(pid)
            await asyncio.sleep(_POLL_SECONDS)
        self._fd = fd
        self.note(0)

    def note(self, asterisk: int) -> None:
        """Write down who owns the instance: this process, and Asterisk's process id."""
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, f"{os.getpid()} {asterisk}\n".encode(), 0)

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def clean_stale_tests(root: Path, *, but: str) -> None:
    """Remove what killed test runs left behind. Other instances keep their recordings."""
    for path in (root / "srv").glob("test-*.lock"):
        if path.stem == but or not _TEST_NAME.fullmatch(path.stem):
            continue
        with contextlib.suppress(OSError), path.open("r+") as lock:
            if _locked(lock.fileno()):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink()


def _remind(pid: int) -> None:
    """End an Asterisk that holds the lock although its owner is dead.

    It was told when the owner died, but it loses a SIGTERM that comes while it starts (measured).
    """
    with contextlib.suppress(OSError):
        if Path(f"/proc/{pid}/comm").read_text().strip() == "asterisk":
            os.kill(pid, signal.SIGTERM)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pids(fd: int) -> tuple[int, int]:
    """Process ids of the owner and of Asterisk as noted in a lock file; 0 when unknown."""
    numbers = [int(word) for word in os.pread(fd, 64, 0).split() if word.isdigit()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)


def _alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()
