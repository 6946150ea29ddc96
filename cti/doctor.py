"""`cti doctor`: looks at everything the daemon depends on, from outside the daemon.

Speaks to Asterisk with the asterisk-ami package (synchronous, own connection, own account), so
that a broken link of the daemon cannot hide what is wrong. Each finding says what to do.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from asterisk.ami import AMIClient, SimpleAction

from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.store.database import Database, database_url
from cti.store.errors import StoreError

SUPPORTED: Final = ((22, 8), (23, 0))
BROKEN: Final[dict[tuple[int, ...], str]] = {
    (22, 11, 0): "22.11.0 cannot hang up channels that are listened to"
}
MODULES: Final = {
    "res_agi": "voice menus",
    "app_mixmonitor": "recording",
    "app_queue": "queue of last resort",
    "app_chanspy": "listening in",
    "res_musiconhold": "hold music",
    "chan_pjsip": "phones",
    "format_wav": "prompts",
    "codec_alaw": "G.711 A-law",
    "codec_ulaw": "G.711 mu-law",
}
CONTEXTS: Final = (
    "from-trunk",
    "menu",
    "waiting-room",
    "last-resort",
    "seat-leg",
    "after-call",
)
MAX_CLOCK_DIFFERENCE_S: Final = 0.25
MIN_FREE_BYTES: Final = 1 << 30


class Verdict(StrEnum):
    FINE = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` is empty when it is fine."""

    what: str
    verdict: Verdict
    detail: str
    advice: str = ""


def _fine(what: str, detail: str) -> Finding:
    return Finding(what, Verdict.FINE, detail)


def _broken(what: str, detail: str, advice: str) -> Finding:
    return Finding(what, Verdict.BROKEN, detail, advice)


class Doctor:
    """Runs every check; a check that itself fails is a finding, never a crash."""

    def __init__(self, settings: Settings, site: Site, secrets: Secrets) -> None:
        self._settings = settings
        self._site = site
        self._secrets = secrets

    def findings(self) -> Iterator[Finding]:
        """All findings, in the order in which they should be mended."""
        client = self._connect()
        if isinstance(client, Finding):
            yield client
        else:
            yield _fine("AMI", "logged in")
            checks: tuple[Callable[[AMIClient], Iterator[Finding]], ...] = (
                self._version,
                self._clock,
                self._rights,
                self._modules,
                self._dialplan,
                self._seats,
            )
            for check in checks:
                try:
                    yield from check(client)
                except Exception as error:
                    name = check.__name__.strip("_")
                    yield _broken(
                        name, f"{type(error).__name__}: {error}", "look at Asterisk's log"
                    )
            client.logoff()
        yield from self._prompts()
        yield from self._disk()
        yield from self._database()
        yield from self._daemon()

    # ------------------------------------------------------------------------------- Asterisk

    def _connect(self) -> AMIClient | Finding:
        asterisk = self._settings.asterisk
        where = f"{asterisk.host}:{asterisk.ami_port}"
        try:
            client = AMIClient(address=asterisk.host, port=asterisk.ami_port, timeout=5)
            secret = self._secrets.get("ami-doctor")
            answer = client.login(username="doctor", secret=secret).response
        except OSError as error:
            return _broken(
                "AMI", f"{where}: {error}", "is Asterisk running, and asterisk.ami_port right?"
            )
        if answer is None or answer.is_error():
            return _broken(
                "AMI",
                f"{where} refuses the account `doctor`",
                "load the rendered manager.conf into Asterisk: `cti asterisk render`",
            )
        return client

    @staticmethod
    def _ask(client: AMIClient, name: str, **keys: str) -> Any:
        future = client.send_action(SimpleAction(name, **keys))
        return future.response

    def _version(self, client: AMIClient) -> Iterator[Finding]:
        text = self._ask(client, "CoreSettings").keys.get("AsteriskVersion", "")
        digits = text.partition("~")[0].partition("-")[0]
        parts = tuple(int(part) for part in digits.split(".") if part.isdigit())
        if parts[:3] in BROKEN:
            yield _broken("Asterisk", BROKEN[parts[:3]], "install another release")
        elif not SUPPORTED[0] <= parts < SUPPORTED[1]:
            low = ".".join(map(str, SUPPORTED[0]))
            yield _broken("Asterisk", f"version {text}", f"install Asterisk 22, {low} or later")
        else:
            yield _fine("Asterisk", f"version {text}")

    def _clock(self, client: AMIClient) -> Iterator[Finding]:
        before = time.time()
        stamp = self._ask(client, "Ping").keys.get("Timestamp", "")
        after = time.time()
        if not stamp:
            yield _broken(
                "clock", "Asterisk sends no time stamps", "timestampevents=yes in manager.conf"
            )
            return
        off = max(before - float(stamp), float(stamp) - after, 0.0)
        if off > MAX_CLOCK_DIFFERENCE_S:
            yield _broken(
                "clock",
                f"Asterisk's clock is {off:.3f} s away from this machine's",
                "run chrony or systemd-timesyncd on both machines",
            )
        else:
            yield _fine("clock", f"within {off * 1000:.0f} ms of this machine's")

    def _rights(self, client: AMIClient) -> Iterator[Finding]:
        """The daemon's own account: can it do what it must?"""
        asterisk = self._settings.asterisk
        own = AMIClient(address=asterisk.host, port=asterisk.ami_port, timeout=5)
        secret = asterisk.ami_secret or self._secrets.get("ami")
        answer = own.login(username=asterisk.ami_username, secret=secret).response
        if answer is None or answer.is_error():
            yield _broken(
                "AMI account",
                f"{asterisk.ami_username} is refused",
                "asterisk.ami_username and ami_secret must be those of manager.conf",
            )
            return
        listed = self._ask(own, "ListCommands").keys
        missing = [
            name
            for name in ("Originate", "Setvar", "Hangup", "Status", "QueueAdd", "Redirect")
            if name not in listed
        ]
        own.logoff()
        if missing:
            yield _broken(
                "AMI account",
                f"may not: {', '.join(missing)}",
                "write=call,originate,agent,reporting for this account in manager.conf",
            )
        else:
            yield _fine("AMI account", f"{asterisk.ami_username} may do all it must")

    def _modules(self, client: AMIClient) -> Iterator[Finding]:
        missing = []
        for module, purpose in MODULES.items():
            if not purpose:
                continue
            answer = self._ask(client, "ModuleCheck", Module=module)
            if answer is None or answer.is_error():
                missing.append(f"{module} ({purpose})")
        if missing:
            yield _broken("modules", f"not loaded: {', '.join(missing)}", "load => in modules.conf")
        else:
            yield _fine("modules", "all that are needed are loaded")

    def _dialplan(self, client: AMIClient) -> Iterator[Finding]:
        missing = [
            context
            for context in CONTEXTS
            if self._ask(client, "ShowDialPlan", Context=context).is_error()
        ]
        if missing:
            yield _broken(
                "dialplan",
                f"no context {', '.join(missing)}",
                "include the rendered extensions.conf: `cti asterisk render`",
            )
        else:
            yield _fine("dialplan", "every context is there")

    def _seats(self, client: AMIClient) -> Iterator[Finding]:
        unknown = []
        for seat_id, seat in self._site.seats.items():
            answer = self._ask(
                client, "PJSIPShowEndpoint", Endpoint=seat.device.removeprefix("PJSIP/")
            )
            if answer is None or answer.is_error():
                unknown.append(f"{seat_id} ({seat.device})")
        if unknown:
            yield _broken(
                "seats", f"no endpoint for {', '.join(unknown)}", "render pjsip.conf again"
            )
        else:
            yield _fine("seats", f"{len(self._site.seats)} seats have their endpoint")

    # -------------------------------------------------------------------------- beside Asterisk

    def _prompts(self) -> Iterator[Finding]:
        folder = Path(self._settings.prompts.dir)
        missing = [
            f"{language}/{name}"
            for language in ("zh-CN", "en")
            for name in ("greeting", "main-menu", "transferring", "goodbye")
            if not any(
                (folder / start / language / f"{name}.wav").is_file() for start in ("studio", ".")
            )
        ]
        if missing:
            yield _broken("prompts", f"no audio for {', '.join(missing)}", f"put it in {folder}")
        else:
            yield _fine("prompts", f"in {folder}")

    def _disk(self) -> Iterator[Finding]:
        for what, folder in (
            ("spool", self._settings.path(self._settings.recording.spool_dir)),
            ("recordings", self._settings.path(self._settings.recording.store_dir)),
        ):
            existing = next(path for path in (folder, *folder.parents) if path.exists())
            free = shutil.disk_usage(existing).free
            detail = f"{free / (1 << 30):.1f} GiB free for {what}"
            if free < MIN_FREE_BYTES:
                yield _broken("disk", detail, f"make room on the disk of {existing}")
            else:
                yield _fine("disk", detail)

    def _database(self) -> Iterator[Finding]:
        url = database_url(self._settings.database.url, self._settings.state_dir)

        async def check() -> None:
            database = Database(url)
            try:
                await database.check()
            finally:
                await database.close()

        try:
            asyncio.run(check())
        except StoreError as error:
            yield _broken("database", str(error), "start the daemon once; it makes the tables")
        else:
            yield _fine("database", "tables are up to date")

    def _daemon(self) -> Iterator[Finding]:
        http = self._settings.http
        try:
            with socket.create_connection((http.host, http.port), timeout=2):
                yield _fine("daemon", f"answers on {http.host}:{http.port}")
        except OSError as error:
            yield Finding(
                "daemon",
                Verdict.WARNING,
                f"{http.host}:{http.port}: {error.strerror or error}",
                "start it: ./run",
            )
