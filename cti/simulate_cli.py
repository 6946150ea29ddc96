"""`cti simulate`: a day again, with other seats or other rules, on the real dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cti.simulate_chart import Captions, check_chart, draw_chart, write_chart
from cti.simulate_day import (
    Bar,
    Question,
    SimulationRefused,
    invented_day,
    parse_date,
    play,
    read_day,
)
from cti.simulate_report import Column, by_queue, comparison
from cti.simulate_site import (
    Staffed,
    check_rule,
    find_site,
    seats_after,
    with_seats,
    with_settings,
)
from cti.simulate_words import WORDS

_PIPE_WIDTH: Final = 160


def language(value: str) -> str:
    if value not in WORDS:
        raise typer.BadParameter(f"choose one of {', '.join(WORDS)}")
    return value


Lang = Annotated[str, typer.Option("--lang", callback=language, help="zh-CN or en.")]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", envvar="CTI_SETTINGS", help="Your settings file (YAML)."),
]
DayOption = Annotated[
    str | None,
    typer.Option(
        "--day",
        help="A ledger (SQLite file), a table of callers (.csv), or a date of your own ledger.",
    ),
]


def simulate(
    site: Annotated[Path, typer.Argument(help="Site file, its folder, or an example's name.")],
    *,
    day: DayOption = None,
    on: Annotated[
        str | None, typer.Option("--date", help="Which day of the file, e.g. 2026-11-20.")
    ] = None,
    invent: Annotated[
        int | None, typer.Option("--invent", help="Instead: a typical day of so many calls.")
    ] = None,
    seats: Annotated[
        str | None, typer.Option("--seats", help="Other seats: -10%, +3, or 40.")
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            "--rule",
            help="Another rule everywhere: how seats are ranked, or queues are chosen between.",
        ),
    ] = None,
    settings_of_queues: Annotated[
        list[str] | None,
        typer.Option("--set", help="queue.key=value as in the site file; * is every queue."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 1,
    within: Annotated[
        float, typer.Option(min=0, max=3600, help="The service level's time, seconds.")
    ] = 20,
    chart: Annotated[Path | None, typer.Option(help="FILE.svg or FILE.html.")] = None,
    settings: SettingsFile = None,
    lang: Lang = "zh-CN",
) -> None:
    """Play a day again with other seats or rules, and compare the figures."""
    words, console = WORDS[lang], make_console()
    if chart is not None:
        check_chart(chart)
    if rule is not None:
        check_rule(rule)
    loaded = find_site(site)
    zone = ZoneInfo(loaded.zone)
    if (day is None) == (invent is None):
        raise SimulationRefused("say which day: either --day FILE or --invent CALLS")
    asked = Question(loaded, zone, seed, within, words)
    with progress_on(console) as bar:
        if invent is not None:
            given = invented_day(asked, invent, parse_date(on))
        else:
            assert day is not None
            given = read_day(asked, day, parse_date(on), settings, bar)
        changed = _changed(given.staffed, seats, rule, settings_of_queues or [])
        before = play(given, given.staffed, within, bar(words["running"]))
        after = None
        if changed != given.staffed:
            after = play(given, changed, within, bar(words["running_changed"]))
    names = {name: queue.names.get(lang, name) for name, queue in loaded.queues.items()}
    change = _change_in_words(given.staffed, changed, rule, settings_of_queues or [], words)
    columns = [Column("recorded", given.recorded)] if given.recorded is not None else []
    columns.append(Column("base", before.total))
    if after is not None:
        columns.append(Column("changed", after.total))
    title = loaded.name.get("en" if lang == "en" else "zh-CN") or next(iter(loaded.name.values()))
    when = f"{given.day} ({words['invented']})" if given.invented else f"{given.day}"
    console.print(f"{title} · {when}" + (f" · {change}" if change else ""), style="bold")
    table = comparison(columns, words, within, difference=after is not None)
    console.print(table)
    if len(before.queues) > 1:
        console.print()
        later = after.queues if after is not None else None
        console.print(by_queue(before.queues, later, names, words, within))
    console.print()
    for note in (given.note, words["clock"]):
        console.print(note)
    if seats is not None and after is None and not (rule or settings_of_queues):
        console.print(words["no_change"])
    if chart is not None:
        captions = Captions(f"{title} · {when}", change, words["base"], words["changed"])
        drawn = draw_chart(
            before.course, after.course if after is not None else None, captions, words, zone
        )
        write_chart(chart, drawn, _plain(table), captions)
        console.print(f"{words['chart']}: {chart}")


def make_console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, emoji=False, width=_PIPE_WIDTH)


@contextmanager
def progress_on(console: Console) -> Iterator[Bar]:
    """`bar(name)` begins a bar, and what it returns moves it: how many, of how many."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:

        def bar(name: str) -> Callable[[int, int | None], None]:
            task = progress.add_task(name, total=None)

            def move(done: int, of: int | None) -> None:
                progress.update(task, completed=done, total=of)

            return move

        yield bar


def _changed(
    staffed: Staffed, seats: str | None, rule: str | None, settings: Iterable[str]
) -> Staffed:
    site = with_settings(staffed.site, settings)
    changed = Staffed(site, staffed.moves, rule or "")
    if seats is None:
        return changed
    if not staffed.seats:
        raise SimulationRefused("no seat of the site file was there that day")
    return with_seats(changed, seats_after(seats, len(staffed.seats)))


def _change_in_words(
    before: Staffed,
    after: Staffed,
    rule: str | None,
    settings: Iterable[str],
    words: Mapping[str, str],
) -> str:
    parts = [rule] if rule else []
    if len(before.seats) != len(after.seats):
        parts.insert(0, f"{words['seats']} {len(before.seats)} → {len(after.seats)}")
    return ", ".join([*parts, *settings])


def _plain(table: object) -> str:
    console = Console(width=_PIPE_WIDTH, no_color=True, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()
