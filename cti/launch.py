"""`cti up`: everything on one machine. Owns the sandbox Asterisk and the daemon, restarts the
daemon when it dies, and stops what it started, and nothing else.

Asterisk outlives a killed daemon (that is the point), and nobody outlives this launcher.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
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
from cti.people import first_password
from cti.sandbox import Sandbox
from cti.single import only_one

INSTANCE: Final = "run"
READY_S: Final = 30.0
RESTART_S: Final = (0.2, 1.0, 3.0, 5.0)
"""Pauses before the daemon is started again; back to the first once it has lived for a minute."""
STEADY_S: Final = 60.0
BUILDER: Final = Path(__file__).parents[1] / "docker" / "asterisk" / "build-root.sh"


class DaemonNotReady(JietongError):
    """Fields: `log`, the daemon's log file."""

    def __init__(self, log: Path, why: str) -> None:
        self.log = log
        super().__init__(f"the daemon did not come up: {why}\nIts log: {log}")


class Launcher:
    def __init__(self, settings: Settings, site: Site, secrets: Secrets, *, demo: bool) -> None:
        self._settings = Sandbox.settings_for(settings, INSTANCE)
        self._site = site
        self._secrets = secrets
        self._demo = demo
        self._console = Console(highlight=False)
        self._sandbox = Sandbox(self._settings, site, secrets, INSTANCE)
        self._daemon: asyncio.subprocess.Process | None = None
        self._log = self._settings.state_dir / "daemon.log"

    async def run(self) -> None:
        """Until Ctrl-C or SIGTERM. Raises JietongError when something cannot start."""
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        with only_one(self._settings.state_dir / "run.lock", "./run"):
            await self._build_root()
            tasks: list[asyncio.Task[Any]] = [asyncio.create_task(stop.wait(), name="stop-signal")]
            try:
                self._say("Starting Asterisk ...")
                await self._sandbox.start()
                self._say("Starting the daemon ...")
                tasks.append(asyncio.create_task(self._keep_daemon(), name="daemon"))
                tasks.append(asyncio.create_task(self._show(), name="show"))
                await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    if task.done() and not task.cancelled():
                        task.result()
            finally:
                self._say("\nStopping ...")
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._stop_daemon()
                await self._sandbox.stop()
                self._say("Stopped.")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False)

    async def _build_root(self) -> None:
        root = self._settings.asterisk.root_dir
        process = await asyncio.create_subprocess_exec(str(BUILDER), str(root))
        if await process.wait() != 0:
            raise JietongError(
                "the sandbox Asterisk could not be built (see above). With a Docker engine, "
                "docker/asterisk/compose.yaml does the same"
            )

    # ------------------------------------------------------------------------------- the daemon

    async def _keep_daemon(self) -> None:
        settings_file = self._settings.state_dir / "effective-settings.yaml"
        text = yaml.safe_dump(yaml.safe_load(self._settings.model_dump_json()), allow_unicode=True)
        await asyncio.to_thread(settings_file.write_text, text, "utf-8")
        failures = 0
        while True:
            started = asyncio.get_running_loop().time()
            await self._start_daemon(settings_file)
            assert self._daemon is not None
            code = await self._daemon.wait()
            if asyncio.get_running_loop().time() - started > STEADY_S:
                failures = 0
            pause = RESTART_S[min(failures, len(RESTART_S) - 1)]
            failures += 1
            self._say(f"The daemon ended (code {code}); starting it again. Its log: {self._log}")
            await asyncio.sleep(pause)

    async def _start_daemon(self, settings_file: Path) -> None:
        with self._log.open("ab") as log:
            self._daemon = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cti.cli",
                "run",
                "--settings",
                str(settings_file),
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the launcher only, which stops in order
            )

    async def _stop_daemon(self) -> None:
        if self._daemon is None or self._daemon.returncode is not None:
            return
        self._daemon.terminate()
        try:
            async with asyncio.timeout(15):
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
        try:
            await self._ready()
        except DaemonNotReady as error:
            self._say(str(error))
            return
        self._print_addresses()
        if self._demo:
            from cti.demo import Demo  # noqa: PLC0415 - the phones are an extra of `./run`

            await Demo(self._settings, self._site, self._secrets, self._console).run()
        self._say("Running. Ctrl-C stops Asterisk and the daemon.")

    def _print_addresses(self) -> None:
        settings = self._settings
        name = self._site.name.get("zh-CN") or next(iter(self._site.name.values()))
        numbers = ", ".join(hotline.number for hotline in self._site.hotlines)
        table = Table(title=f"{name} · {numbers}", show_header=False, title_justify="left")
        rows: list[tuple[str, Any]] = [
            ("API", f"{self._base_url()}/api"),
            ("Metrics", f"{self._base_url()}/metrics"),
            ("SIP for seats", f"{settings.asterisk.sip_host}:{settings.asterisk.sip_port} (UDP)"),
            ("Calls come in from", ", ".join(settings.asterisk.trunk_addresses)),
            ("Database", settings.database.url or str(settings.state_dir / "jietong.db")),
            ("Recordings", str(settings.path(settings.recording.store_dir))),
            ("Logs", f"{self._log}, {self._sandbox.log_path}"),
        ]
        for row in rows:
            table.add_row(*row)
        self._console.print(table)
        logins = Table(title="Log-ins (made at first start)", title_justify="left")
        for column in ("user", "role", "password"):
            logins.add_column(column)
        for user, record in self._site.users.items():
            logins.add_row(user, record.role, first_password(self._secrets, user))
        self._console.print(logins)
        phones = Table(title="Seats' phones (SIP)", title_justify="left")
        for column in ("seat", "name", "SIP user", "password"):
            phones.add_column(column)
        for seat_id, seat in self._site.seats.items():
            sip_user = seat.device.removeprefix("PJSIP/")
            phones.add_row(seat_id, seat.name, sip_user, self._secrets.get(f"sip:{seat_id}"))
        self._console.print(phones)
