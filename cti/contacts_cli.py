"""`cti contacts`: texts, web contacts and mails from the command line, through the daemon's API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cti.notices_cli import Password, SettingsFile, User, ask_daemon, zone_of

contacts_app = typer.Typer(no_args_is_help=True, help="Texts, web contacts and mails.")
Contact = Annotated[str, typer.Argument(help="Its name, as `cti contacts list` shows it.")]


@contacts_app.command("list")
def list_contacts(
    everything: Annotated[bool, typer.Option("--all", help="Ended ones, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    settings: SettingsFile = None,
    user: User = "lead",
    password: Password = None,
) -> None:
    """Those that are open, the one that came first first."""
    state = "all" if everything else "open"
    path = f"/contacts?state={state}&limit={limit}"
    found = ask_daemon(settings, user, password, "GET", path)["contacts"]
    zone = zone_of(settings)
    table = Table("contact", "kind", "state", "queue", "seat", "from", "came", "until")
    for one in found:
        cells = (
            one["contact"],
            one["kind"],
            one["outcome"] or one["state"],
            one["queue"],
            one["seat"] or "-",
            one["sender"],
            _clock(one["came_us"], zone),
            _clock(one["until_us"], zone) if one["state"] == "waiting" else "-",
        )
        # Text and not str: a sender may hold what rich takes for its markup.
        table.add_row(*map(Text, cells))
    Console().print(table if found else "nothing is open" if not everything else "there are none")


@contacts_app.command()
def show(
    contact: Contact, settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """One contact, with its text."""
    _show(ask_daemon(settings, user, password, "GET", f"/contacts/{contact}"), zone_of(settings))


@contacts_app.command()
def add(  # noqa: PLR0917 - the command line's own order
    kind: Annotated[str, typer.Argument(help="text, web or mail.")],
    queue: Annotated[str, typer.Argument(help="A queue of the site.")],
    sender: Annotated[str, typer.Argument(help="A number or an address.")],
    text: Annotated[str, typer.Argument(help="What they wrote; - reads it from standard input.")],
    subject: Annotated[str | None, typer.Option()] = None,
    key: Annotated[
        str | None, typer.Option(help="Yours; with the same one it comes once only.")
    ] = None,
    settings: SettingsFile = None,
    user: User = "lead",
    password: Password = None,
) -> None:
    """Hand one in, as a gateway does."""
    written = typer.get_text_stream("stdin").read() if text == "-" else text
    body: dict[str, Any] = {"kind": kind, "queue": queue, "sender": sender, "text": written}
    body |= {name: value for name, value in (("subject", subject), ("key", key)) if value}
    _show(ask_daemon(settings, user, password, "POST", "/contacts", body), zone_of(settings))


@contacts_app.command()
def close(
    contact: Contact, settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """It is dealt with, whoever has it."""
    answer = ask_daemon(settings, user, password, "POST", f"/contacts/{contact}/close")
    _show(answer, zone_of(settings))


def _show(one: dict[str, Any], zone: ZoneInfo) -> None:
    console = Console()
    where = f"seat {one['seat']}" if one["seat"] else f"queue {one['queue']}"
    state = one["outcome"] or one["state"]
    console.print(Text(f"{one['contact']}  {one['kind']}, {state}, {where}"))
    console.print(Text(f"from {one['sender']}, {_clock(one['came_us'], zone)}"))
    if one["subject"]:
        console.print(Text(one["subject"], style="bold"))
    if one["text"] is not None:
        console.print(Text(one["text"]))
    if one["reference"]:
        console.print(Text(f"reference {json.dumps(one['reference'], ensure_ascii=False)}"))


def _clock(at_us: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
