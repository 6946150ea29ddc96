"""`cti ivr try` and `cti ivr test`: flows without Asterisk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape

from config.settings import load_settings
from config.site import load_site
from cti.errors import JietongError
from cti.menus import hours_of, prompts_of, site_parts
from ivr_flows.interpreter import Context
from ivr_flows.loader import TEST_SUFFIX, files_of_tests, load_book
from ivr_flows.reading import CatalogueReader
from ivr_flows.rehearsal import Answers, Caller, Line, Rehearsal, ScriptMisread, read_script
from ivr_flows.rehearsal_file import TestFile, Theatre
from ivr_flows.speech.catalogue import catalogue_of

SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]
SiteFile = Annotated[Path | None, typer.Option("--site", help="Another site's site.yaml.")]

ASKED = {
    "key": "按键 key (Enter: silence 不按)",
    "digits": "数字 digits, # to end (Enter: silence 不按)",
    "message": "留言 message, or Enter for silence 不说话",
    "outside": "busy, no-answer, or Enter for an answer 接通",
}
_SAID = {"hotline": "[bold cyan]☎[/]", "caller": "[bold green]→[/]", "note": "[dim]·[/]"}


class NoTests(JietongError):
    """There are no tests beside the flow. Fields: `flow`, `file`."""

    def __init__(self, flow: str, file: Path) -> None:
        self.flow, self.file = flow, file
        super().__init__(f"the flow {flow!r} has no tests yet; write them into {file}")


def stage(settings_file: Path | None, site_file: Path | None) -> tuple[Theatre, Path]:
    """The flows of a site, ready to be tried, and their folder. Raises SettingsRefused,
    FlowRefused."""
    settings = load_settings(settings_file, **({"site": str(site_file)} if site_file else {}))
    site = load_site(settings.site)
    directory = settings.site.parent / site.flows_dir
    book = load_book(directory, site=site_parts(site), prompts=prompts_of(settings, site))
    reader = CatalogueReader(catalogue_of(settings.prompts.dir))
    zone = ZoneInfo(site.zone)
    return Theatre(book, hours_of(site), zone, reader, datetime.now(UTC)), directory


def try_flow(  # noqa: PLR0917 - the command line's own order
    flow: Annotated[str, typer.Argument(help="The flow's name, e.g. main.")] = "main",
    keys: Annotated[
        str | None, typer.Option(help="A script instead of the keyboard, e.g. '1 10002345# - 2'.")
    ] = None,
    at: Annotated[
        datetime | None, typer.Option(help="The time of the call, in the site's zone.")
    ] = None,
    caller: Annotated[str, typer.Option(help="The caller's number.")] = "13800001111",
    language: Annotated[str | None, typer.Option(help="zh-CN or en.")] = None,
    from_seat: Annotated[bool, typer.Option(help="As if a seat had sent the caller.")] = False,
    settings: SettingsFile = None,
    site: SiteFile = None,
) -> None:
    """Talk with a flow in the terminal. Look-ups are answered from FLOW.test.yaml."""
    theatre, directory = stage(settings, site)
    console = Console(highlight=False)
    _known(flow, theatre)
    now = theatre.now if at is None else at.replace(tzinfo=at.tzinfo or theatre.zone)
    rehearsal = Rehearsal(
        theatre.book,
        flow,
        Context(
            language or theatre.book.flows[flow].languages[0],
            "seat" if from_seat else "",
            {"caller": caller, "hotline": ""},
        ),
        theatre.world(now),
        theatre.reader,
        _answers(directory / f"{flow}{TEST_SUFFIX}"),
        heard=lambda line: _show(console, line),
    )

    def more(what: str) -> str:
        while True:
            typed = console.input(f"   [dim]{ASKED[what]}:[/] ") or "-"
            try:
                read_script(typed)
            except ScriptMisread as error:
                console.print(f"   [red]{escape(str(error))}[/]")
            else:
                return typed

    try:
        rehearsal.go(Caller(keys or "", more if keys is None else None))
    except (EOFError, KeyboardInterrupt):
        console.print("\n[dim]· the caller hangs up[/]")
        return
    console.print(f"[bold]= {escape(rehearsal.end)}[/]")


def _known(flow: str, theatre: Theatre) -> None:
    """Raises BadParameter naming the site's flows when there is no `flow`."""
    if flow not in theatre.book.flows:
        raise typer.BadParameter(
            f"there is no flow {flow!r}; known: {', '.join(sorted(theatre.book.flows))}"
        )


def _show(console: Console, line: Line) -> None:
    console.print(
        f"{_SAID[line.who]} {escape(line.text)}", style="dim" if line.who == "note" else ""
    )


def _answers(file: Path) -> Answers:
    if not file.is_file():
        return Answers()
    read = TestFile.read(file)
    answers = dict(read.answers)
    for test in read.tests:
        for service, paths in test.answers.items():
            answers[service] = {**paths, **answers.get(service, {})}
    return Answers(answers)


def test_flows(
    flows: Annotated[
        list[str] | None, typer.Argument(help="Flows; all when none is named.")
    ] = None,
    settings: SettingsFile = None,
    site: SiteFile = None,
) -> None:
    """Run the tests beside the flows (FLOW.test.yaml). Exit code 1 when one fails."""
    theatre, directory = stage(settings, site)
    console = Console(highlight=False, soft_wrap=True)
    files = list(files_of_tests(directory))
    if flows:
        files = [directory / f"{flow}{TEST_SUFFIX}" for flow in flows]
        for flow, file in zip(flows, files, strict=True):
            if not file.is_file():
                _known(flow, theatre)
                raise NoTests(flow, file)
    passed = failed = 0
    for file in files:
        for verdict in theatre.verdicts(file):
            if not verdict.failures:
                passed += 1
                console.print(f"[green]✓[/] {escape(file.name)}: {escape(verdict.name)}")
                continue
            failed += 1
            console.print(f"[red]✗[/] {escape(verdict.where)}: {escape(verdict.name)}")
            for failure in verdict.failures:
                console.print(f"    [red]{escape(failure)}[/]")
            for line in verdict.rehearsal.lines:
                console.print(f"    {_SAID[line.who]} {escape(line.text)}")
    console.print(f"{passed} passed, {failed} failed 通过 {passed} 项，失败 {failed} 项")
    if failed or not passed:
        raise typer.Exit(1)
