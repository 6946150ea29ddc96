"""`cti calls`: past and living calls as the ledger tells them.

Reads the database beside a running daemon and never changes it. What callers sent is printed
without control characters and never read as markup.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.settings import Settings, load_settings
from config.site import load_site
from cti.calls_why import offers_in, print_why, why_as_json
from cti.calls_words import WORDS
from cti.errors import JietongError
from cti.ids import CallId, QueueId, SeatId
from cti.runtime.ports import CallSummary, Ledger, LedgerEntry
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger
from cti.store.narrator import Narrator
from cti.store.site_names import names_of
from cti.store.speech import HOME_ZONE, Language, Names, Speech, clock, moment, plain, seconds
from cti.store.timeline import TimelineLine, timeline

T = TypeVar("T")

_PIPE_WIDTH: Final = 200
"""Characters of a line when the output is not a terminal."""

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


class CallUnknown(JietongError):
    """Fields: `wanted`."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        super().__init__(f"there is no call {plain(wanted)!r}; `cti calls list` shows the ids")


class CallAmbiguous(JietongError):
    """Fields: `wanted`, `found` (some of the ids that begin with it)."""

    def __init__(self, wanted: str, found: list[CallId]) -> None:
        self.wanted, self.found = wanted, found
        some = ", ".join(plain(call) for call in found)
        super().__init__(f"more than one call begins with {plain(wanted)!r}: {some}")


def _language(value: str) -> str:
    if value not in WORDS:
        raise typer.BadParameter(f"choose one of {', '.join(WORDS)}")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise typer.BadParameter("not a time zone such as Asia/Shanghai") from error
    return value


Lang = Annotated[str, typer.Option("--lang", callback=_language, help="zh-CN or en.")]
Zone = Annotated[str, typer.Option("--zone", callback=_zone, help="Time zone of all times.")]

calls_app = typer.Typer(no_args_is_help=True, help="Calls in the ledger.")


@calls_app.command("list")
def list_calls(
    *,
    settings: SettingsFile = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 20,
    number: Annotated[str | None, typer.Option(help="Caller's number, whole.")] = None,
    queue: Annotated[str | None, typer.Option(help="Queue's id.")] = None,
    seat: Annotated[str | None, typer.Option(help="Seat that answered.")] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            help="answered, message, callback, abandoned, self-service, left-menu or lost-sight."
        ),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "zh-CN",
    zone: Zone = HOME_ZONE.key,
) -> None:
    """List calls, the newest first."""

    async def read(ledger: Ledger) -> list[CallSummary]:
        return await ledger.calls(
            limit=limit,
            number=number,
            queue=None if queue is None else QueueId(queue),
            seat=None if seat is None else SeatId(seat),
            outcome=outcome,
        )

    loaded = load_settings(settings)
    found = _read(loaded, read)
    if as_json:
        _print_json([_call_as_json(call, ZoneInfo(zone)) for call in found])
        return
    words, names = WORDS[lang], names_of(load_site(loaded.site))
    table = Table(caption=f"{words['zone']}: {zone}", caption_justify="left", box=None)
    for column in ("call", "arrived", "hotline", "caller", "queue", "seat", "outcome"):
        table.add_column(words[column], no_wrap=column in {"call", "arrived"})
    for column in ("wait", "talk"):
        table.add_column(words[column], justify="right")
    for call in found:
        table.add_row(*(Text(cell) for cell in _cells(call, words, names, lang, ZoneInfo(zone))))
    _console().print(table if found else Text(words["none"]))


@calls_app.command("show")
def show_call(
    call: Annotated[str, typer.Argument(help="The call's id, or a beginning that is unique.")],
    *,
    settings: SettingsFile = None,
    detail: Annotated[bool, typer.Option(help="Asterisk's raw reports too.")] = False,
    as_json: AsJson = False,
    lang: Lang = "zh-CN",
    zone: Zone = HOME_ZONE.key,
) -> None:
    """Show one call: what happened when, to the millisecond, and why."""

    async def read(ledger: Ledger) -> tuple[CallSummary, list[LedgerEntry]]:
        found = await _find(ledger, call)
        return found, await ledger.facts_of(found.call)

    loaded = load_settings(settings)
    summary, entries = _read(loaded, read)
    language: Language = "en" if lang == "en" else "zh-CN"
    names, where = names_of(load_site(loaded.site)), ZoneInfo(zone)
    lines = timeline(entries, language=language, names=names, zone=where, detail=detail)
    if as_json:
        facts = [_line_as_json(line, where) for line in lines]
        _print_json({"call": _call_as_json(summary, where), "timeline": facts})
        return
    _print_call(summary, lines, names, lang, where)


@calls_app.command("why")
def why_call(
    call: Annotated[str, typer.Argument(help="The call's id, or a beginning that is unique.")],
    *,
    settings: SettingsFile = None,
    as_json: AsJson = False,
    lang: Lang = "zh-CN",
    zone: Zone = HOME_ZONE.key,
) -> None:
    """Show why each seat was chosen for a call: the rule, the ranking, who stood before."""

    async def read(ledger: Ledger) -> list[LedgerEntry]:
        return await ledger.facts_of((await _find(ledger, call)).call)

    loaded = load_settings(settings)
    offers = offers_in(_read(loaded, read))
    names, where = names_of(load_site(loaded.site)), ZoneInfo(zone)
    say, to = Narrator(names, where), Speech(names, "en" if lang == "en" else "zh-CN", where)
    if as_json:
        _print_json([why_as_json(offer, say, to) for offer in offers])
        return
    print_why(_console(), offers, say, to)


def _print_call(
    call: CallSummary, lines: list[TimelineLine], names: Names, lang: str, zone: ZoneInfo
) -> None:
    words, console = WORDS[lang], _console()
    heads = ("call", "arrived", "hotline", "caller", "queue", "seat", "outcome", "wait", "talk")
    about = Table(show_header=False, box=None)
    about.add_column(style="bold")
    about.add_column(overflow="fold")
    for head, cell in zip(heads, _cells(call, words, names, lang, zone), strict=True):
        if cell:
            about.add_row(Text(words[head]), Text(cell))
    if call.recording:
        about.add_row(Text(words["recording"]), Text(plain(call.recording, 200)))
    about.add_row(Text(words["zone"]), Text(zone.key))
    table = Table(box=None)
    table.add_column(words["time"], no_wrap=True)
    table.add_column(words["offset"], justify="right", no_wrap=True)
    table.add_column(words["what"], overflow="fold")
    for line in lines:
        style = "dim" if line.raw else ""
        row = (clock(line.at_us, zone), f"{seconds(line.offset_us)}", line.what)
        table.add_row(*(Text(cell, style=style) for cell in row))
    console.print(about)
    console.print()
    console.print(table)


async def _find(ledger: Ledger, wanted: str) -> CallSummary:
    exact = await ledger.call(CallId(wanted))
    if exact is not None:
        return exact
    found = await ledger.calls_starting_with(wanted, limit=5)
    if not found:
        raise CallUnknown(wanted)
    if len(found) > 1:
        raise CallAmbiguous(wanted, [call.call for call in found])
    return found[0]


def _read(settings: Settings, read: Callable[[Ledger], Awaitable[T]]) -> T:
    """Run `read` on the site's ledger. Raises StoreError."""

    async def opened() -> T:
        database = Database(database_url(settings.database.url, settings.state_dir))
        try:
            await database.check()
            return await read(SqlLedger(database))
        finally:
            await database.close()

    return asyncio.run(opened())


def _cells(
    call: CallSummary, words: dict[str, str], names: Names, lang: str, zone: ZoneInfo
) -> tuple[str, ...]:
    """What the table shows of a call, in the order of its columns."""
    seat = f"{call.seat} {names.seats.get(call.seat, '')}" if call.seat else ""
    queue = names.queues.get(call.queue, {}).get(lang, call.queue) if call.queue else ""
    outcome = call.outcome or "open"
    return (
        plain(call.call),
        f"{moment(call.arrived_us, zone):%Y-%m-%d} {clock(call.arrived_us, zone)}",
        plain(call.hotline),
        plain(f"{call.caller_number} {call.caller_name}".strip()),
        plain(queue),
        plain(seat.strip()),
        plain(words.get(outcome, outcome)),
        "" if call.wait_us is None else seconds(call.wait_us),
        "" if call.talk_us is None else seconds(call.talk_us),
    )


def _call_as_json(call: CallSummary, zone: ZoneInfo) -> dict[str, Any]:
    return asdict(call) | {"arrived": _iso(call.arrived_us, zone)}


def _line_as_json(line: TimelineLine, zone: ZoneInfo) -> dict[str, Any]:
    return asdict(line) | {"at": _iso(line.at_us, zone)}


def _iso(at_us: int, zone: ZoneInfo) -> str:
    return moment(at_us, zone).isoformat(timespec="milliseconds")


def _print_json(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    typer.echo("".join(map(_json_safe, text)))


def _json_safe(char: str) -> str:
    """JSON's own escape for what a terminal would act on: json escapes below U+0020 only."""
    if char == "\n" or unicodedata.category(char)[0] not in "CZ" or char == " ":
        return char
    return json.dumps(char)[1:-1]


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    return (
        console
        if console.is_terminal
        else Console(highlight=False, markup=False, emoji=False, width=_PIPE_WIDTH)
    )
