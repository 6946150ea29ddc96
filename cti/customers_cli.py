"""`cti customers`: who calls, as the service desk knows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.settings import load_settings
from cti.errors import JietongError
from cti.store.customers import Comparison, CustomerStore
from cti.store.database import Database, database_url
from cti.store.speech import plain
from service_desk.customer_file import read_customers
from service_desk.numbers import normal_number

T = TypeVar("T")

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]
_WIDTH = 200

customers_app = typer.Typer(no_args_is_help=True, help="Customers of the service desk.")


class NumbersTaken(JietongError):
    """Fields: `compared`."""

    def __init__(self, compared: Comparison) -> None:
        self.compared = compared
        lines = [
            f"  account {one.account}: {one.number} belongs to account {one.owner}"
            for one in compared.taken[:20]
        ]
        more = len(compared.taken) - len(lines)
        if more > 0:
            lines.append(f"  and {more} more")
        super().__init__("\n".join(("nothing was imported: a number has one customer", *lines)))


@customers_app.command("import")
def import_customers(
    file: Path,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only show what would change.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Take in customers from a CSV file: account,name,language,class,area,notes,numbers.

    Customers are known by their account; those not in the file stay as they are.
    """
    customers = read_customers(file)
    out = Console(highlight=False, soft_wrap=True)
    compared = _with_store(settings, lambda store: store.compare(customers))
    if compared.taken:
        raise NumbersTaken(compared)
    for word, accounts in (("new", compared.new), ("changed", compared.changed)):
        some = ", ".join(accounts[:10]) + (", ..." if len(accounts) > 10 else "")
        out.print(f"{word}: {len(accounts)}" + (f" ({some})" if some else ""), markup=False)
    out.print(f"the same: {len(compared.same)}")
    if preview or not (compared.new or compared.changed):
        return
    if not yes and not typer.confirm("导入 Import?"):
        raise typer.Exit(1)
    done = _with_store(settings, lambda store: store.take_in(customers))
    if done.taken:
        raise NumbersTaken(done)
    out.print(f"已导入 imported: {len(done.new) + len(done.changed)}")


@customers_app.command("list")
def list_customers(
    number: Annotated[str, typer.Option(help="Only who has this number.")] = "",
    after: Annotated[str, typer.Option(help="Begin behind this account.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    settings: SettingsFile = None,
) -> None:
    """Customers by account."""
    if number:
        wanted = normal_number(number)
        one = _with_store(settings, lambda store: store.by_number(wanted or ""))
        found = [] if one is None else [one]
    else:
        found = _with_store(settings, lambda store: store.page(after=after, limit=limit))
    table = Table()
    for column in ("account", "name", "language", "class", "area", "numbers", "notes"):
        table.add_column(column, overflow="fold")
    for one in found:
        cells = (one.account, one.name, one.language, one.kind, one.area)
        table.add_row(*(Text(plain(cell)) for cell in (*cells, " ".join(one.numbers), one.notes)))
    out = Console(highlight=False)
    if not out.is_terminal:
        out.width = _WIDTH
    out.print(table)
    if not number and len(found) == limit:
        out.print(f"more: --after {found[-1].account}", markup=False)


def _with_store(settings: Path | None, work: Callable[[CustomerStore], Awaitable[T]]) -> T:
    loaded = load_settings(settings)

    async def run() -> T:
        database = Database(database_url(loaded.database.url, loaded.state_dir))
        try:
            return await work(CustomerStore(database))
        finally:
            await database.close()

    return asyncio.run(run())
