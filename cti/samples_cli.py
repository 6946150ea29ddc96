"""`cti samples`: systems to try flows on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated, Final, cast

import typer
from rich.console import Console

from cti.ports import AddressRefused

FAULTS: Final = ("hang", "500", "garbage", "huge", "slow")

samples_app = typer.Typer(
    no_args_is_help=True, help="Systems to try flows on. Not for real customers."
)


@samples_app.callback()
def _all() -> None:
    """Systems to try flows on. Not for real customers."""


def _fault(value: str | None) -> str | None:
    if value is not None and value not in FAULTS:
        raise typer.BadParameter(f"choose one of {', '.join(FAULTS)}")
    return value


@samples_app.command("billing")
def billing(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 9180,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option(help="Accounts, outages and orders (YAML), not the example's.")
    ] = None,
    fault: Annotated[str | None, typer.Option(callback=_fault, help="; ".join(FAULTS))] = None,
) -> None:
    """A small billing system: balance, usage, PIN, outages, orders. Ctrl-C stops it.

    With CTI_TOKEN_BILLING set it asks for that token.
    """
    # Here and not above: `cti` need not load a web server for its other commands.
    from service_desk.samples.billing import Fault, application, serving  # noqa: PLC0415
    from service_desk.samples.data import SHIPPED, load  # noqa: PLC0415
    from service_desk.tokens import environment_name  # noqa: PLC0415

    made = application(
        load(data or SHIPPED),
        fault=cast(Fault | None, fault),
        token=os.environ.get(environment_name("billing"), ""),
    )

    async def run() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with serving(made, host, port) as url:
            Console().print(f"billing: {url}", highlight=False, soft_wrap=True)
            await stop.wait()

    try:
        asyncio.run(run())
    except OSError as error:
        raise AddressRefused("samples billing", host, port, error) from error


@samples_app.command("pin")
def pin() -> None:
    """Ask for a PIN and print its hash, for the data file of `cti samples billing`."""
    from argon2 import PasswordHasher  # noqa: PLC0415

    given = typer.prompt("PIN", hide_input=True, confirmation_prompt=True)
    hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
    Console().print(hasher.hash(given), highlight=False, soft_wrap=True)
