"""An Asterisk of our own beside the daemon: no Docker, no root rights, no installation.

One root folder (docker/asterisk/build-root.sh) serves any number of instances; each has its own
folder `ROOT/srv/NAME` for configuration, logs, prompts and recordings, and its own ports.
Asterisk belongs to the process that called `Sandbox.start`: it gets SIGTERM when that process
dies (and is not touched by the death of the daemon, which is another process).

The errors are listed in `cti.sandbox_root`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from config.asterisk import InstancePaths, event_names, render, write
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.ports import bound, free_port_range, free_ports
from cti.sandbox_root import (
    SCRIPTS,
    AlreadyRunning,
    AsteriskNotStarted,
    InstanceLock,
    PortInUse,
    RootNotBuilt,
    SandboxError,
    build_root,
    clean_stale_tests,
)

__all__ = [
    "AlreadyRunning",
    "AsteriskNotStarted",
    "PortInUse",
    "RootNotBuilt",
    "Sandbox",
    "SandboxError",
    "build_root",
    "free_port_range",
    "free_ports",
]

START_SECONDS: Final = 60.0
"""Asterisk is up in about half a second; a busy machine gets much more."""
STOP_SECONDS: Final = 2.0
STOP_TRIES: Final = 4
RELOADS: Final = ("module reload res_pjsip.so", "queue reload all", "dialplan reload")
"""What devices and queues of the site are in. Members that the daemon has added stay."""
_POLL_SECONDS: Final = 0.02
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_FOLDERS: Final = ("etc", "lib", "spool", "run", "log", "recordings", "prompts", "spoken")


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
        self._lock = InstanceLock(self.root, name)

    @staticmethod
    def settings_for(base: Settings, name: str) -> Settings:
        """`base` with the folders of instance `name` that both sides see, as each sees them."""
        inside = f"/srv/{name}"
        folder = base.asterisk.root_dir.resolve() / "srv" / name
        spool = folder / "recordings"
        return base.model_copy(
            update={
                "recording": base.recording.model_copy(
                    update={"spool_dir": spool, "spool_dir_in_asterisk": f"{inside}/recordings"}
                ),
                "prompts": base.prompts.model_copy(update={"dir_in_asterisk": f"{inside}/prompts"}),
                "speech": base.speech.model_copy(
                    update={
                        "cache_dir": folder / "spoken",
                        "cache_dir_in_asterisk": f"{inside}/spoken",
                    }
                ),
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
        files = self._rendered(self._site)
        await self._lock.take()
        try:
            clean_stale_tests(self.root, but=self.name)
            self._check_ports()
            self._prepare()
            write(files, self.folder / "etc")
            await self._run()
        except BaseException:
            await self.stop()
            raise

    async def reload(self, site: Site) -> bool:
        """Give the running Asterisk what `site` has of devices and queues; False when it has it
        already. Calls go on. Raises AsteriskConfigRefused."""
        before, files = self._rendered(self._site), self._rendered(site)
        self._site = site
        if files == before:
            return False
        write(files, self.folder / "etc")
        for command in RELOADS:
            await self.cli(command)
        return True

    def _rendered(self, site: Site) -> dict[str, str]:
        names = sorted({*event_names(), *self._extra_events})
        paths = InstancePaths.of(self.name)
        return render(self.settings, site, self._secrets, paths, event_names=names)

    async def stop(self) -> None:
        """End Asterisk: calls are hung up, recordings closed; by force when that takes too long."""
        process = self._process
        if process is not None and process.returncode is None:
            await _end(process)
        self._process = None
        self._lock.release()

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

    def _check_ports(self) -> None:
        asterisk = self.settings.asterisk
        for setting, host, port, kind in (
            ("asterisk.ami_port", asterisk.host, asterisk.ami_port, socket.SOCK_STREAM),
            ("asterisk.sip_port", asterisk.sip_host, asterisk.sip_port, socket.SOCK_DGRAM),
        ):
            try:
                bound(kind, host, port).close()
            except OSError:
                protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
                raise PortInUse(setting, host, port, protocol) from None

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
                pass_fds=(self._lock.fd,),
            )
        self._lock.note(self._process.pid)
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


async def _end(process: asyncio.subprocess.Process) -> None:
    # Asterisk loses a SIGTERM that comes while it starts (measured): it is said again.
    for _ in range(STOP_TRIES):
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
            return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("TZ",) if name in os.environ}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **kept}
