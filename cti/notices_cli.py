"""`cti notices`: announcements from the command line, through the daemon's API."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import aiohttp
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.secrets import Secrets
from config.settings import load_settings
from config.site import load_site
from cti.errors import JietongError
from cti.facts import NoticeSwitched
from cti.store.database import Database, database_url
from cti.store.narrator import Narrator
from cti.store.notice_history import notice_changes

notices_app = typer.Typer(no_args_is_help=True, help="Announcements of emergencies and outages.")

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", value):
        raise typer.BadParameter("a name has a-z, 0-9 and dash, 32 characters at most")
    return value


Name = Annotated[str, typer.Argument(callback=_name, help="Its name: a-z, 0-9, dash.")]
User = Annotated[str, typer.Option(help="Who does it: a lead or an admin of the site.")]
Password = Annotated[
    str | None,
    typer.Option(
        envvar="CTI_PASSWORD", help="Their password; else the first one is taken, if it is known."
    ),
]


class DaemonRefused(JietongError):
    """The daemon did not do it. Field: `why`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@notices_app.command("list")
def list_notices(
    settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """What is on the board, those that are on first."""
    answer = ask_daemon(settings, user, password, "GET", "/notices")
    zone = zone_of(settings)
    table = Table("", "notice", "kind", "areas", "from", "until", "then", "text", "by")
    for notice in answer["notices"]:
        cells = (
            "on" if notice["on"] else "",
            notice["notice"],
            notice["kind"],
            ", ".join(notice["areas"]) or "-",
            shown_time(notice["from_us"], zone),
            shown_time(notice["until_us"], zone),
            notice["then"],
            "\n".join(notice["texts"].values()),
            notice["changed_by"],
        )
        # Text and not str: a notice may hold what rich takes for its markup.
        table.add_row(*map(Text, cells), style="bold" if notice["on"] else None)
    Console().print(table)


@notices_app.command()
def write(  # noqa: PLR0917 - the command line's own order
    name: Name,
    zh: Annotated[str, typer.Option(help="What callers hear in Mandarin.")] = "",
    en: Annotated[str, typer.Option(help="What callers hear in English.")] = "",
    kind: Annotated[str, typer.Option(help="emergency, outage or info.")] = "outage",
    area: Annotated[list[str] | None, typer.Option(help="An area of the site; repeat it.")] = None,
    then: Annotated[str, typer.Option(help="go-on, hang-up or person.")] = "go-on",
    start: Annotated[
        datetime | None, typer.Option("--from", help="Not before; in the site's zone.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", help="Not after; in the site's zone.")
    ] = None,
    settings: SettingsFile = None,
    user: User = "lead",
    password: Password = None,
) -> None:
    """Create or change a notice. It is heard once it is switched on."""
    texts = {tag: text for tag, text in (("zh-CN", zh), ("en", en)) if text}
    body: dict[str, Any] = {"kind": kind, "texts": texts, "areas": area or [], "then": then}
    zone = zone_of(settings)
    for key, moment in (("from_us", start), ("until_us", until)):
        if moment is not None:
            body[key] = int(moment.replace(tzinfo=zone).timestamp()) * 1_000_000
    _show(ask_daemon(settings, user, password, "POST", f"/notices/{name}", body))


@notices_app.command()
def on(
    name: Name, settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """Let callers hear it, from the next one on."""
    _show(ask_daemon(settings, user, password, "POST", f"/notices/{name}/on"))


@notices_app.command()
def off(
    name: Name, settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """Let nobody hear it any more."""
    _show(ask_daemon(settings, user, password, "POST", f"/notices/{name}/off"))


@notices_app.command()
def remove(
    name: Name, settings: SettingsFile = None, user: User = "lead", password: Password = None
) -> None:
    """Take it off the board for good."""
    ask_daemon(settings, user, password, "POST", f"/notices/{name}/remove")
    Console(highlight=False, markup=False).print(f"{name}: removed 已删除")


@notices_app.command()
def history(
    name: Annotated[str, typer.Argument(help="Only of this one.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    lang: Annotated[Literal["zh", "en"], typer.Option(help="Language of the sentences.")] = "zh",
    settings: SettingsFile = None,
) -> None:
    """Who changed what when, the newest first. Reads the ledger; the daemon need not run."""
    loaded = load_settings(settings)
    url = database_url(loaded.database.url, loaded.state_dir)
    zone = zone_of(settings)
    say = Narrator()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for fact in asyncio.run(_changes(url, name, limit)):
        console.print(shown_time(fact.at, zone), say(fact, "en" if lang == "en" else "zh-CN"))


async def _changes(url: str, name: str, limit: int) -> list[NoticeSwitched]:
    database = Database(url)
    try:
        await database.check()
        return await notice_changes(database, notice=name, limit=limit)
    finally:
        await database.close()


def zone_of(settings: Path | None) -> ZoneInfo:
    """The site's."""
    return ZoneInfo(load_site(load_settings(settings).site).zone)


def shown_time(us: int | None, zone: ZoneInfo) -> str:
    """To the minute; a dash for none."""
    return f"{datetime.fromtimestamp(us / 1e6, zone):%Y-%m-%d %H:%M}" if us else "-"


def _show(notice: dict[str, Any]) -> None:
    state = "on 已开启" if notice["on"] else "off 未开启"
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{notice['notice']}: {state}")
    if notice["texts_without_voice"]:
        console.print(
            f"[yellow]{notice['texts_without_voice']} text(s) have no voice yet; callers hear a "
            "stand-in. 尚无语音，来电者会听到替代提示。[/] docs/prompts.md"
        )


def ask_daemon(  # noqa: PLR0917 - one request, said in the order of its line
    settings_file: Path | None,
    user: str,
    password: str | None,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The daemon's answer. Raises DaemonRefused."""
    settings = load_settings(settings_file)
    secrets = Secrets(settings.state_dir / "secrets.json")
    password = password or secrets.known(f"user:{user}")
    if password is None:
        raise DaemonRefused(f"no first password of {user!r} is known: set CTI_PASSWORD")
    url = f"http://{settings.http.host}:{settings.http.port}/api/v1"
    try:
        return asyncio.run(_request(url, user, password, method, path, body))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise DaemonRefused(f"the daemon does not answer at {url}: {error}") from error


async def _request(  # noqa: PLR0917
    url: str,
    user: str,
    password: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> dict[str, Any]:
    deadline = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=deadline) as session:
        login = {"user": user, "password": password}
        async with session.post(f"{url}/login", json=login) as answer:
            token = (await _good(answer))["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with session.request(method, f"{url}{path}", json=body, headers=headers) as answer:
            return await _good(answer)


async def _good(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """The answer's body. Raises DaemonRefused."""
    content: dict[str, Any] = await answer.json(content_type=None)
    if answer.status >= 400:
        errors = "; ".join(str(one.get("message", one)) for one in content.get("errors", []))
        why = content.get("detail") or content.get("title") or answer.reason
        raise DaemonRefused(f"{why}{f': {errors}' if errors else ''}")
    return content
