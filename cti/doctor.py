"""`cti doctor`: looks at everything the daemon depends on, from outside the daemon.

A broken link of the daemon cannot hide what is wrong, because nothing of the daemon is used. Each
finding says what to do. Asterisk's part is in `cti.doctor_pbx`.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from config.hours import undecreed
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.doctor_pbx import PbxChecks
from cti.doctor_routing import routing_findings
from cti.findings import Finding, Verdict, broken, fine, warning
from cti.menus import prompts_of, shelf_of
from cti.store.database import Database, database_url
from cti.store.errors import DatabaseOlder, StoreError, StoreUnavailable
from ivr_flows.errors import FlowRefused
from ivr_flows.prompt_library import PromptLibrary

__all__ = ["Doctor", "Finding", "Verdict"]

MIN_FREE_BYTES: Final = 1 << 30
"""About a day of one busy line's recordings."""
DIALPLAN_PROMPTS: Final = ("goodbye",)
"""Played by the dialplan itself, beside what the flows play."""


class Doctor:
    """Runs every check; a check that itself fails is a finding, never a crash."""

    def __init__(self, settings: Settings, site: Site, secrets: Secrets) -> None:
        self._settings = settings
        self._site = site
        self._pbx = PbxChecks(settings, site, secrets)

    def findings(self) -> Iterator[Finding]:
        """All findings, in the order in which they should be mended."""
        checks: tuple[Callable[[], Iterator[Finding]], ...] = (
            self._pbx.findings,
            self._flows,
            self._prompts,
            self._calendars,
            self._folders,
            self._database,
            self._routing,
            self._daemon,
        )
        for check in checks:
            try:
                yield from check()
            except Exception as error:
                name = check.__name__.strip("_")
                yield broken(
                    name, f"{type(error).__name__}: {error}", "a bug in this check: report it"
                )

    def _flows(self) -> Iterator[Finding]:
        try:
            shelf_of(self._settings, self._site, prompts_of(self._settings, self._site))
        except FlowRefused as refused:
            for finding in refused.findings:
                yield broken("flows", str(finding), "correct that line")
        else:
            names = sorted({hotline.flow for hotline in self._site.hotlines})
            yield fine("flows", f"in order: {', '.join(names)}")

    def _prompts(self) -> Iterator[Finding]:
        folder = self._settings.prompts.dir
        library = PromptLibrary(folder, "/", self._site.hotlines[0].language)
        missing = [
            f"{hotline.language}/{name}.wav"
            for hotline in self._site.hotlines
            for name in DIALPLAN_PROMPTS
            if not library.has(name, hotline.language)
        ]
        if missing:
            yield broken("prompts", f"there is no {', '.join(missing)}", f"put it into {folder}")
        else:
            yield fine("prompts", f"{len(library.names())} in {folder}")

    def _calendars(self) -> Iterator[Finding]:
        missing = list(undecreed(self._site.hours, datetime.now(UTC).date()))
        for gap in missing:
            yield warning("public holidays", gap.what, gap.advice)
        if not missing and any(part.holidays for part in self._site.hours.values()):
            yield fine("public holidays", "this year's are known, make-up working days too")

    def _folders(self) -> Iterator[Finding]:
        recording = self._settings.recording
        for what, folder in (
            ("state", self._settings.state_dir),
            ("spool", self._settings.path(recording.spool_dir)),
            ("recordings", self._settings.path(recording.store_dir)),
        ):
            yield self._folder(what, folder)

    @staticmethod
    def _folder(what: str, folder: Path) -> Finding:
        if not folder.is_dir():
            return broken(
                what,
                f"{folder} is not there",
                "start the daemon once, which makes its folders; or mount the disk",
            )
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            return broken(
                what,
                f"{folder} cannot be written ({error.strerror})",
                "it must belong to the daemon's user, on a disk with room",
            )
        free = shutil.disk_usage(folder).free
        detail = f"{free / (1 << 30):.1f} GiB free in {folder}"
        if free < MIN_FREE_BYTES:
            return broken(what, detail, f"make room: {MIN_FREE_BYTES >> 30} GiB at least")
        return fine(what, detail)

    def _database(self) -> Iterator[Finding]:
        async def check(url: str) -> None:
            database = Database(url)
            try:
                await database.check()
            finally:
                await database.close()

        try:
            asyncio.run(check(database_url(self._settings.database.url, self._settings.state_dir)))
        except DatabaseOlder as error:
            yield broken("database", error.problem, "start the daemon once; it makes the tables")
        except StoreUnavailable as error:
            yield broken("database", str(error), "start the database, or correct database.url")
        except StoreError as error:
            yield broken("database", str(error), "correct database.url, or use that program")
        else:
            yield fine("database", "the tables are up to date")

    def _routing(self) -> Iterator[Finding]:
        yield from routing_findings(self._settings, self._site)

    def _daemon(self) -> Iterator[Finding]:
        http = self._settings.http
        try:
            with socket.create_connection((http.host, http.port), timeout=2):
                yield fine("daemon", f"answers on {http.host}:{http.port}")
        except OSError as error:
            yield warning(
                "daemon", f"{http.host}:{http.port}: {error.strerror or error}", "start it: ./run"
            )
