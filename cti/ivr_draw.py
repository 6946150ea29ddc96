"""`cti ivr draw`: a flow as an SVG, with what callers did in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from config.settings import Settings
from cti.errors import JietongError
from cti.ivr_site import SettingsFile, SiteFile, SiteTools
from cti.store.database import Database, database_url
from cti.store.errors import StoreError
from cti.store.ledger import SqlLedger
from ivr_flows.drawing.graph import Naming, graph_of
from ivr_flows.drawing.picture import Title, draw
from ivr_flows.drawing.traffic import Traffic, TrafficCount
from ivr_flows.drawing.words import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the site's zone, the last one being today so far."""

    first: datetime
    last: datetime

    @classmethod
    def of(cls, days: int, now: datetime) -> Period:
        """`now` is aware and in the site's zone."""
        day = now.date() - timedelta(days=days - 1)
        return cls(datetime.combine(day, time(), now.tzinfo), now)

    @property
    def bounds_us(self) -> tuple[int, int]:
        return int(self.first.timestamp() * 1e6), int(self.last.timestamp() * 1e6)


def draw_flow(
    flow: Annotated[str, typer.Argument(help="A flow of the site, or a file.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The SVG file; FLOW.svg when not said.")
    ] = None,
    language: Annotated[str, typer.Option(help="zh-CN or en.")] = "zh-CN",
    days: Annotated[
        int, typer.Option(min=0, max=3660, help="Callers of so many days; 0: without figures.")
    ] = 30,
    settings: SettingsFile = None,
    site: SiteFile = None,
) -> None:
    """Draw a flow: what callers hear, where they go, how many of them, and where they hang up."""
    chosen = _language(language)
    tools = SiteTools.open(settings, site)
    loaded = tools.load(tools.file_of(flow))
    now = datetime.now(ZoneInfo(tools.site.zone))
    period = Period.of(days, now) if days else None
    traffic = _traffic(tools.settings, period) if period is not None else None
    names = tools.site.name
    site_name = names.get(chosen) or next(iter(names.values()))
    naming = Naming(tools.recordings.text, tools.queue_names(chosen))
    about = _about(chosen, period if traffic is not None else None)
    svg = draw(
        graph_of(loaded, chosen, naming, traffic),
        Title(f"{site_name} · {loaded.id}", about),
        chosen,
    )
    target = out or Path(f"{loaded.id}.svg")
    try:
        target.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise JietongError(f"{target} cannot be written: {error.strerror or error}") from error
    Console(soft_wrap=True).print(str(target), highlight=False, markup=False)


def _language(value: str) -> Language:
    for language in LANGUAGES:
        if value == language:
            return language
    raise typer.BadParameter(f"choose one of {', '.join(LANGUAGES)}", param_hint="--language")


def _about(language: Language, period: Period | None) -> str:
    if period is None:
        return "未统计来电" if language == "zh-CN" else "Without figures of callers"
    first, last = f"{period.first:%Y-%m-%d}", f"{period.last:%Y-%m-%d}"
    count = (period.last.date() - period.first.date()).days + 1
    if language == "zh-CN":
        return f"{first} 至 {last}（{count} 天）的来电"
    return f"Callers from {first} to {last} ({count} {'day' if count == 1 else 'days'})"


def _traffic(settings: Settings, period: Period) -> Traffic | None:
    """What callers did in `period`; None when the ledger cannot be read, and why on the error
    output: a drawing without figures is better than none."""
    try:
        url = database_url(settings.database.url, settings.state_dir)
        return asyncio.run(_counted(url, period))
    except StoreError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"drawn without figures of callers: {error}", markup=False, highlight=False
        )
        return None


async def _counted(url: str, period: Period) -> Traffic:
    database = Database(url)
    count = TrafficCount()
    try:
        if not database.exists:
            raise StoreError(url, "nothing has been written yet")
        await database.check()
        async for walked in SqlLedger(database).flow_steps(*period.bounds_us):
            steps = ((one.flow, one.step, one.way) for one in walked.steps)
            count.add(walked.call, steps, left_menu=walked.outcome == "left-menu")
    finally:
        await database.close()
    return count.total()
