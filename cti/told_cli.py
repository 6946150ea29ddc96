"""`cti told`: how right the waits were that callers were told, from the ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.settings import load_settings
from config.site import load_site
from cti.calls_cli import AsJson, Lang, SettingsFile, Zone
from cti.ids import QueueId
from cti.ledger_day import AFTER_US, bounds_us
from cti.simulate_day import parse_date
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger
from cti.store.site_names import names_of
from cti.store.speech import HOME_ZONE, plain
from kpi.told_waits import READS, ToldError, ToldWait, ToldWaits, told_error

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "zh-CN": (
        "队列", "播报次数", "平均偏差（秒）", "平均误差（秒）", "均方根误差（秒）",
        "误差不超过四分之一", "{} 没有播报过之后接听了的等待时间", "全部",
    ),
    "en": (
        "queue", "tellings", "bias (s)", "mean error (s)", "RMS error (s)",
        "within a quarter", "on {} no wait was told that an answer followed", "all",
    ),
}  # fmt: skip


def told(
    *,
    date: Annotated[
        str | None, typer.Option("--date", help="Which day, e.g. 2026-11-20; else today.")
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
    lang: Lang = "zh-CN",
    zone: Zone = HOME_ZONE.key,
) -> None:
    """How right the told waits were on a day, by queue: told less what came."""
    loaded, where = load_settings(settings), ZoneInfo(zone)
    day = parse_date(date) or datetime.now(where).date()
    url = database_url(loaded.database.url, loaded.state_dir)
    pairs = asyncio.run(_read(url, *bounds_us(day, where)))
    queues = sorted({one.queue for one in pairs})
    if as_json:
        by_queue = {queue: _of(pairs, queue) for queue in queues}
        found = {queue: asdict(error) for queue, error in by_queue.items() if error is not None}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    words, names = _WORDS[lang], names_of(load_site(loaded.site))
    console = Console(highlight=False, markup=False, emoji=False)
    if not pairs:
        console.print(Text(words[6].format(day)))
        return
    table = Table(box=None)
    for place, word in enumerate(words[:6]):
        table.add_column(word, justify="left" if place == 0 else "right")
    for queue in [*queues, None] if len(queues) > 1 else queues:
        error = _of(pairs, queue)
        name = words[7] if queue is None else names.queues.get(queue, {}).get(lang, queue)
        assert error is not None
        cells = (f"{error.bias_s:+.1f}", f"{error.mean_s:.1f}", f"{error.rms_s:.1f}")
        row = (plain(name), str(error.tellings), *cells, f"{error.close:.0%}")
        table.add_row(*map(Text, row))
    console.print(table)


def _of(pairs: Sequence[ToldWait], queue: QueueId | None) -> ToldError | None:
    return told_error(one for one in pairs if queue in (None, one.queue))


async def _read(url: str, begin: int, end: int) -> list[ToldWait]:
    """Tellings of that time; their answers may come later."""
    database = Database(url)
    try:
        await database.check()
        pairs, found = ToldWaits(), []
        kinds = [kind.__name__ for kind in READS]
        async for entry in SqlLedger(database).facts_between(begin, end + AFTER_US, kinds):
            found += pairs.take(entry.fact)
        return [one for one in found if one.told_at < end]
    finally:
        await database.close()
