"""`cti`: the commands of Jietong."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from config.errors import SettingsRefused
from config.secrets import Secrets
from config.settings import Settings, load_settings
from config.site import Site, load_site
from cti.calls_cli import calls_app
from cti.contacts_cli import contacts_app
from cti.customers_cli import customers_app
from cti.errors import JietongError
from cti.ivr_cli import ivr_app
from cti.notices_cli import notices_app
from cti.plans_cli import plans_app
from cti.prompts_cli import prompts_app
from cti.samples_cli import samples_app
from cti.simulate_cli import simulate
from cti.staff_cli import staff
from cti.told_cli import told

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(calls_app, name="calls")
app.add_typer(customers_app, name="customers")
app.add_typer(samples_app, name="samples")
app.add_typer(ivr_app, name="ivr")
app.add_typer(contacts_app, name="contacts")
app.add_typer(notices_app, name="notices")
app.add_typer(plans_app, name="plans")
app.add_typer(prompts_app, name="prompts", help="What the flows say, as sound.")
app.command()(simulate)
app.command()(staff)
app.command()(told)

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]


def _load(file: Path | None) -> tuple[Settings, Site, Secrets]:
    settings = load_settings(file)
    return settings, load_site(settings.site), Secrets(settings.state_dir / "secrets.json")


@app.command()
def run(settings: SettingsFile = None) -> None:
    """Run the daemon against an Asterisk that is there already."""
    from cti.logs import set_up_logs
    from cti.single import only_one

    loaded = _load(settings)
    set_up_logs()
    with only_one(loaded[0].state_dir / "daemon.lock", "the daemon"):
        try:
            import uvloop

            uvloop.run(_serve(*loaded))
        except KeyboardInterrupt:
            pass


async def _serve(settings: Settings, site: Site, secrets: Secrets) -> None:
    from cti.app import Daemon

    daemon = Daemon(settings, site, secrets)
    await daemon.start()
    # Modules and tables stay for life. Looking through them for garbage would hold all calls up
    # for 50 ms each time (measured); so from here on only what comes with calls is looked at.
    gc.collect()
    gc.freeze()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    waiting = {
        asyncio.create_task(daemon.wait(), name="vital-tasks"),
        asyncio.create_task(stop.wait(), name="stop-signal"),
    }
    done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    try:
        for task in done:
            task.result()
    finally:
        await daemon.stop()


@app.command()
def up(
    settings: SettingsFile = None,
    headless: Annotated[bool, typer.Option(help="No demo calls.")] = False,
) -> None:
    """Start the sandbox Asterisk and the daemon, print addresses, place demo calls."""
    from cti.launch import Launcher

    loaded = _load(settings)
    try:
        asyncio.run(Launcher(*loaded, demo=not headless).run())
    except KeyboardInterrupt:
        pass
    except BaseExceptionGroup as group:
        # Not `except*`: before Python 3.11.4 that wraps what is raised in it again.
        ours, other = group.split(JietongError)
        if ours is None or (other is not None and other.split(KeyboardInterrupt)[1] is not None):
            raise
        raise next(_leaves(ours)) from None


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """The single errors of a group, first come first."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@app.command()
def doctor(settings: SettingsFile = None) -> None:
    """Check everything the daemon depends on and say what to do about each failure."""
    from cti.doctor import Doctor, Finding, Verdict
    from cti.doctor_routing import site_refused
    from cti.launch import as_run

    console = Console(highlight=False, soft_wrap=True)
    marks = {Verdict.FINE: "[green]ok  [/]", Verdict.WARNING: "[yellow]warn[/]"}
    worst = 0

    def findings() -> Iterator[Finding]:
        loaded = load_settings(settings)
        try:
            site = load_site(loaded.site)
        except SettingsRefused as refused:
            yield from site_refused(refused)
            return
        secrets = Secrets(loaded.state_dir / "secrets.json")
        yield from Doctor(as_run(loaded), site, secrets).findings()

    for finding in findings():
        mark = marks.get(finding.verdict, "[red]FAIL[/]")
        console.print(f"{mark} [bold]{escape(finding.what)}[/]: {escape(finding.detail)}")
        if finding.advice:
            console.print(f"     -> {finding.advice}", markup=False)
        worst = max(worst, finding.verdict is Verdict.BROKEN)
    raise typer.Exit(int(worst))


@app.command()
def replay(
    settings: SettingsFile = None,
    since: Annotated[
        datetime | None, typer.Option("--from", help="Only starts of the daemon from then on.")
    ] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Only starts before then.")] = None,
) -> None:
    """Decide every report of the ledger again and compare with what was decided then.

    Times without a zone are Beijing time. The site file must be the one of that time.
    """
    from cti.replay import FOREVER_US, replay_ledger
    from cti.store.speech import HOME_ZONE

    def us(time: datetime | None, otherwise: int) -> int:
        if time is None:
            return otherwise
        return int((time if time.tzinfo else time.replace(tzinfo=HOME_ZONE)).timestamp() * 1e6)

    loaded, site, _ = _load(settings)
    asked = replay_ledger(loaded, site, from_us=us(since, 0), to_us=us(until, FOREVER_US))
    result = asyncio.run(asked)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for run, why in result.cut_short.items():
        console.print(f"run {run} was compared up to its gap only: {why}")
    if result.difference is not None:
        console.print(str(result.difference))
        raise typer.Exit(1)
    console.print(
        f"same decisions: {result.reports} reports, {result.decisions} decisions"
        f" ({result.runs} starts of the daemon)"
    )


asterisk_app = typer.Typer(no_args_is_help=True)
app.add_typer(asterisk_app, name="asterisk", help="Asterisk's configuration.")


@asterisk_app.command("render")
def render_asterisk(out: Path, settings: SettingsFile = None) -> None:
    """Write Asterisk's configuration files for this site into the folder OUT."""
    from config.asterisk import InstancePaths, event_names, render, write

    files = render(*_load(settings), InstancePaths.packaged(), event_names=event_names())
    try:
        write(files, out)
    except OSError as error:
        raise JietongError(f"{out} cannot be written: {error.strerror or error}") from error
    for name in sorted(files):
        Console().print(f"{out / name}", highlight=False)


@app.command()
def password(name: str, settings: SettingsFile = None) -> None:
    """Show the first password of the user NAME of the site file."""
    from cti.people import first_password

    _, site, secrets = _load(settings)
    if name not in site.users:
        raise typer.BadParameter(f"the site has no user {name!r}")
    Console().print(first_password(secrets, name), highlight=False)


def main() -> None:
    """Entry point: an error of ours is one clear line, not a traceback."""
    try:
        app()
    except JietongError as error:
        # Never wrapped: a path that is broken in two cannot be copied.
        Console(stderr=True).print(
            f"cti: {error}", style="red", markup=False, highlight=False, soft_wrap=True
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
