"""`cti plans`: emergency plans from the command line, through the daemon's API."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cti.notices_cli import (
    Name,
    Password,
    SettingsFile,
    User,
    ask_daemon,
    shown_time,
    zone_of,
)

plans_app = typer.Typer(no_args_is_help=True, help="Emergency plans of the site file.")

Why = Annotated[str, typer.Option("--why", help="Written into the ledger.")]


@plans_app.command("list")
def list_plans(
    settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """All plans; of those that are on, the one that stands later counts over the earlier."""
    answer = ask_daemon(settings, user, password, "GET", "/plans")
    zone = zone_of(settings)
    table = Table("", "plan", "name", "since", "by", "why", "changes", "says")
    for plan in answer["plans"]:
        hidden = set(plan["hidden"])
        changes = (
            f"{one} (does not count 未生效)" if one in hidden else one for one in plan["changes"]
        )
        cells = (
            "on" if plan["on"] else "",
            plan["plan"],
            " / ".join(plan["name"].values()),
            shown_time(plan["since_us"], zone),
            plan["by"],
            plan["reason"],
            "\n".join(changes),
            ", ".join(plan["notices"]),
        )
        # Text and not str: a name may hold what rich takes for its markup.
        table.add_row(*map(Text, cells), style="bold" if plan["on"] else None)
    Console().print(table)


@plans_app.command()
def on(
    name: Name,
    why: Why,
    settings: SettingsFile = None,
    user: User = "lead",
    password: Password = None,
) -> None:
    """Let it count, from now on."""
    body = {"on": True, "reason": why}
    _show(ask_daemon(settings, user, password, "POST", f"/plans/{name}", body))


@plans_app.command()
def off(
    name: Name,
    why: Why = "over",
    settings: SettingsFile = None,
    user: User = "lead",
    password: Password = None,
) -> None:
    """Back to what counts without it."""
    body = {"on": False, "reason": why}
    _show(ask_daemon(settings, user, password, "POST", f"/plans/{name}", body))


def _show(plan: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{plan['plan']}: {'on 已启动' if plan['on'] else 'off 未启动'}", markup=False)
    for place in plan["hidden"] if plan["on"] else ():
        console.print(
            f"[yellow]{place}: a later plan or a single change says otherwise and counts. "
            "以更高优先的预案或单项调整为准。[/] GET /api/v1/routing"
        )
    if plan["texts_without_voice"]:
        console.print(
            f"[yellow]{plan['texts_without_voice']} text(s) have no voice yet; callers hear a "
            "stand-in. 尚无语音，来电者会听到替代提示。[/] docs/prompts.md"
        )
