"""Which emergency plans are on, kept in a file of the daemon's own.

A file and not the database: an emergency must stay on when the database is away, also over a
restart. Who switched what when is in the ledger (`PlanSwitched`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from config.names import Language
from config.overlay import Setting, Source, settings_of
from config.site import Site
from cti.errors import JietongError
from ivr_flows.notices import Notice

LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
log = structlog.get_logger(__name__)


class PlanError(JietongError):
    """Base of what can be wrong with a plan."""


class UnknownPlan(PlanError):
    """Fields: `plan`, `known`."""

    def __init__(self, plan: str, known: tuple[str, ...]) -> None:
        self.plan, self.known = plan, known
        super().__init__(f"there is no plan {plan!r}; known: {', '.join(known) or 'none'}")


class PlanRefused(PlanError):
    """It does not fit what holds now. Fields: `plan`, `why`."""

    def __init__(self, plan: str, why: str) -> None:
        self.plan, self.why = plan, why
        super().__init__(f"plan {plan} cannot be switched on: {why}")


class PlansNotKept(PlanError):
    """The file cannot be written; nothing has changed. Field: `file`."""

    def __init__(self, file: Path, error: OSError) -> None:
        self.file = file
        super().__init__(f"{file} cannot be written ({error.strerror or error}); nothing changed")


class SwitchedOn(msgspec.Struct, frozen=True, kw_only=True):
    """Who switched a plan on, why, and when (microseconds since the epoch)."""

    by: str
    at_us: int
    why: str = ""


class PlanBoard:
    def __init__(self, file: Path) -> None:
        self._file = file
        self.on: Mapping[str, SwitchedOn] = {}

    def load(self) -> None:
        """What was on before. A file that cannot be read is put aside and reported: the hotline
        opens as the site file says rather than not at all."""
        try:
            self.on = read_plans_on(self._file)
        except (OSError, UnicodeError, msgspec.DecodeError) as error:
            aside = self._file.with_suffix(".unreadable")
            log.error("plans unreadable, none is on", file=str(self._file), why=str(error))  # noqa: TRY400
            try:
                self._file.replace(aside)
            except OSError:
                log.exception("plans not put aside")

    async def keep(self, on: Mapping[str, SwitchedOn]) -> None:
        """These are on from now on. Raises PlansNotKept."""
        content = msgspec.json.format(msgspec.json.encode(dict(on)), indent=1)
        try:
            await asyncio.to_thread(_write, self._file, content)
        except OSError as error:
            raise PlansNotKept(self._file, error) from error
        self.on = dict(on)


def read_plans_on(file: Path) -> dict[str, SwitchedOn]:
    """Raises OSError, UnicodeError, msgspec.DecodeError; a file that is not there is empty."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, SwitchedOn])
    except FileNotFoundError:
        return {}


def settings_of_plans(site: Site, on: Mapping[str, SwitchedOn]) -> Iterator[Setting]:
    """What the plans that are on say, in the order of the site file: the later one counts."""
    for plan in site.plans:
        if plan in on:
            since = on[plan]
            source = Source(plan=plan, by=since.by, at_us=since.at_us, why=since.why)
            yield from settings_of(plan, site, source)


def notices_of_plans(site: Site, on: Mapping[str, SwitchedOn]) -> tuple[Notice, ...]:
    """What callers hear because of the plans that are on."""
    found: dict[str, Notice] = {}
    for plan in site.plans:
        for name in site.plans[plan].notices if plan in on else ():
            part = site.notices[name]
            found[name] = Notice(
                id=name,
                kind=part.kind,
                texts={str(language): text for language, text in part.texts.items()},
                areas=frozenset(part.areas),
                then=part.then,
                switched_us=on[plan].at_us,
            )
    return tuple(found.values())


def plan_texts(site: Site) -> list[tuple[str, str]]:
    """What the plans of the site say, text and language, as callers of each language hear it."""
    named = dict.fromkeys(name for plan in site.plans.values() for name in plan.notices)
    return [
        (notice.texts.get(language) or next(iter(notice.texts.values())), language)
        for notice in (site.notices[name] for name in named)
        for language in LANGUAGES
    ]


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
