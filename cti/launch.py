"""`cti up`: everything on one machine. Owns the sandbox Asterisk and the daemon, restarts the
daemon when it dies, and stops what it started, and nothing else.

Asterisk outlives a killed daemon (that is the point), and nobody outlives this launcher.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from rich.console import Console
from rich.table import Table

from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.errors import JietongError
from cti.launch_accounts import logins_table, phones_table
from cti.ports import AddressRefused, bound
from cti.sample_service import Sample
from cti.sandbox import RootNotBuilt, Sandbox, build_root
from cti.single import held, only_one
from cti.site_watch import SiteWatch

INSTANCE: Final = "run"
"""Asterisk's name in its root folder; with a hash behind it when state_dir is not the default."""
READY_S: Final = 30.0
RESTART_S: Final = (0.2, 1.0, 3.0, 5.0)
"""Pauses before the daemon is started again; back to the first once it has lived for a minute."""
STEADY_S: Final = 60.0
DEFAULT_STATE: Final = Path("var")
STOP_S: Final = 15.0
LOOK_AT_SITE_S: Final = 2.0
LOCK: Final = "run.lock"


class DaemonNotReady(JietongError):
    """Fields: `log`, the daemon's log file."""

    def __init__(self, log: Path, why: str) -> None:
        self.log = log
        super().__init__(f"the daemon did not come up: {why}\nIts log: {log}")


class AsteriskEnded(JietongError):
    """Fields: `code`, `log`."""

    def __init__(self, code: int, log: Path) -> None:
        self.code, self.log = code, log
        super().__init__(f"Asterisk has ended by itself (code {code}). Its log: {log}")


def instance_of(state_dir: Path) -> str:
    """The name of this state folder's Asterisk: two folders on other ports run side by side."""
    if state_dir.resolve() == DEFAULT_STATE.resolve():
        return INSTANCE
    return f"{INSTANCE}-{hashlib.sha256(str(state_dir.resolve()).encode()).hexdigest()[:8]}"


def as_run(settings: Settings) -> Settings:
    """`settings` with the folders of the Asterisk that `./run` has started from them; unchanged
    when it is not running."""
    if not held(settings.state_dir / LOCK):
        return settings
    return Sandbox.settings_for(settings, instance_of(settings.state_dir))


class Launcher:
    def __init__(self, settings: Settings, site: Site, secrets: Secrets, *, demo: bool) -> None:
        instance = instance_of(settings.state_dir)
        self._settings = Sandbox.settings_for(settings, instance)
        self._site = site
        self._secrets = secrets
        self._demo = demo
        self._console = Console(highlight=False)
        self._sandbox = Sandbox(self._settings, site, secrets, instance)
        self._watch = SiteWatch(self._settings.site, site)
        self._sample = Sample(site)
        self._daemon: asyncio.subprocess.Process | None = None
        self._log = self._settings.state_dir / "daemon.log"
        self._log_begins = 0
        self._was_ready = False

    async def run(self) -> None:
        """Until Ctrl-C or SIGTERM. Raises JietongError when something cannot start or go on."""
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        with only_one(self._settings.state_dir / LOCK, "./run"):
            stopped = asyncio.create_task(stop.wait(), name="stop-signal")
            work = asyncio.create_task(self._work(), name="work")
            try:
                await asyncio.wait((stopped, work), return_when=asyncio.FIRST_COMPLETED)
                if stopped.done():
                    self._say("\n正在停止 Stopping ...")
            finally:
                stopped.cancel()
                work.cancel()
                await asyncio.gather(stopped, work, return_exceptions=True)
                await self._stop_daemon()
                await self._sample.stop()
                await self._sandbox.stop()
            if not work.cancelled():
                work.result()
            self._say("已停止 Stopped.")

    async def _work(self) -> None:
        self._check_ports()
        await self._build_root()
        self._say("正在启动 Asterisk   Starting Asterisk ...")
        await self._sandbox.start()
        if self._demo and (url := await self._sample.start()):
            self._say(f"示例计费系统 Sample billing system: {url}")
        self._say("正在启动接通服务   Starting the daemon ...")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_asterisk(), name="asterisk")
            tasks.create_task(self._keep_daemon(), name="daemon")
            tasks.create_task(self._show(), name="show")
            tasks.create_task(self._follow_site(), name="site-file")

    async def _follow_site(self) -> None:
        """Devices and queues that are new in the site file come into Asterisk, too."""
        while True:
            await asyncio.sleep(LOOK_AT_SITE_S)
            site = await asyncio.to_thread(self._watch.look)
            if site is None:
                continue
            known = {device for seat in self._site.seats.values() for device in seat.all_devices}
            try:
                taken = await self._sandbox.reload(site)
            except JietongError as error:
                self._say(f"Asterisk 保持不变   Asterisk stays as it is: {error}")
                continue
            self._site = site
            if taken:
                self._say("Asterisk 已载入新的坐席与队列   Asterisk has taken in seats and queues.")
                self._print_phones(but=known)

    def _check_ports(self) -> None:
        """The daemon's; Asterisk's are checked by the sandbox. Better said now than in a minute."""
        for name, section in (("agi", self._settings.agi), ("http", self._settings.http)):
            if section.port:
                try:
                    bound(socket.SOCK_STREAM, section.host, section.port).close()
                except OSError as error:
                    raise AddressRefused(name, section.host, section.port, error) from None

    async def _watch_asterisk(self) -> None:
        raise AsteriskEnded(await self._sandbox.wait(), self._sandbox.log_path)

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    async def _build_root(self) -> None:
        root = self._settings.asterisk.root_dir
        fresh = not (root / ".jietong-root").is_file()
        if fresh:
            self._say("首次运行：下载 Asterisk   First run: fetching Asterisk, about 70 MB ...")
        try:
            await build_root(root.resolve(), lambda line: self._say(line) if fresh else None)
        except RootNotBuilt as error:
            raise JietongError(
                f"{error}\nWith a Docker engine, docker/asterisk/compose.yaml does the same"
            ) from error

    # ------------------------------------------------------------------------------- the daemon

    async def _keep_daemon(self) -> None:
        settings_file = self._settings.state_dir / "effective-settings.yaml"
        text = yaml.safe_dump(yaml.safe_load(self._settings.model_dump_json()), allow_unicode=True)
        await asyncio.to_thread(_write_private, settings_file, text)
        failures = 0
        while True:
            started = asyncio.get_running_loop().time()
            await self._start_daemon(settings_file)
            assert self._daemon is not None
            code = await self._daemon.wait()
            if not self._was_ready:
                raise DaemonNotReady(self._log, self._last_words())
            if asyncio.get_running_loop().time() - started > STEADY_S:
                failures = 0
            pause = RESTART_S[min(failures, len(RESTART_S) - 1)]
            failures += 1
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._say(
                "接通服务已退出，正在重新启动   "
                f"The daemon ended ({how}); starting it again. Its log: {self._log}"
            )
            await asyncio.sleep(pause)

    async def _start_daemon(self, settings_file: Path) -> None:
        with self._log.open("ab") as log:
            self._log_begins = log.tell()
            self._daemon = await asyncio.create_subprocess_exec(
                # The daemon leaves in order when this launcher has been killed, as Asterisk does.
                *("setpriv", "--pdeathsig", "TERM", "--"),
                *(sys.executable, "-m", "cti.cli", "run", "--settings", str(settings_file)),
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the launcher only, which stops in order
            )

    def _last_words(self) -> str:
        """Why the daemon refused to start, in its own words."""
        with self._log.open("rb") as log:
            log.seek(self._log_begins)
            text = log.read().decode(errors="replace")
        return text[text.rfind("cti: ") :].removeprefix("cti: ").strip() or "it said nothing"

    async def _stop_daemon(self) -> None:
        if self._daemon is None or self._daemon.returncode is not None:
            return
        self._daemon.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await self._daemon.wait()
        except TimeoutError:
            os.kill(self._daemon.pid, signal.SIGKILL)
            await self._daemon.wait()

    async def _ready(self) -> None:
        url = f"{self._base_url()}/readyz"
        answer_text = "no answer"
        try:
            async with asyncio.timeout(READY_S), aiohttp.ClientSession() as session:
                while True:
                    try:
                        async with session.get(url) as answer:
                            if answer.status == 200:
                                return
                            answer_text = await answer.text()
                    except aiohttp.ClientError as error:
                        answer_text = str(error)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise DaemonNotReady(self._log, answer_text) from None

    # --------------------------------------------------------------------------- what people see

    def _base_url(self) -> str:
        return f"http://{self._settings.http.host}:{self._settings.http.port}"

    async def _show(self) -> None:
        await self._ready()
        self._was_ready = True
        self._print_addresses()
        if self._demo:
            await self._show_demo()
        self._say("运行中，按 Ctrl-C 停止   Running. Ctrl-C stops Asterisk and the daemon.")

    async def _show_demo(self) -> None:
        """A demo that goes wrong is told, and the hotline stays up."""
        from cti.demo import Demo  # noqa: PLC0415 - the phones are an extra of `./run`

        try:
            await Demo(self._settings, self._site, self._secrets, self._console).run()
        except Exception as error:
            self._say(f"The demo calls failed: {type(error).__name__}: {error}")

    def _print_addresses(self) -> None:
        settings = self._settings
        name = self._site.name.get("zh-CN") or next(iter(self._site.name.values()))
        numbers = ", ".join(hotline.number for hotline in self._site.hotlines)
        table = Table(title=f"{name} · {numbers}", show_header=False, title_justify="left")
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        rows: list[tuple[str, Any]] = [
            ("接口 API", f"{self._base_url()}/api"),
            ("指标 Metrics", f"{self._base_url()}/metrics"),
            (
                "坐席 SIP for seats",
                f"{settings.asterisk.sip_host}:{settings.asterisk.sip_port} (UDP)",
            ),
            ("来电地址 Calls come in from", ", ".join(settings.asterisk.trunk_addresses)),
            ("数据库 Database", settings.database.url or str(settings.state_dir / "jietong.db")),
            ("录音 Recordings", str(settings.path(settings.recording.store_dir))),
            ("日志 Logs", f"{self._log}\n{self._sandbox.log_path}"),
        ]
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
        self._console.print(logins_table(self._site, self._secrets))
        self._print_phones()

    def _print_phones(self, but: Collection[str] = ()) -> None:
        self._console.print(*phones_table(self._site, self._secrets, but))


def _write_private(file: Path, text: str) -> None:
    """Write what may hold a database password; nobody else reads it."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
