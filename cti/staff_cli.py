"""`cti staff`: how many seats a target needs, by Erlang C and A, for one load or for a day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from random import Random
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from acd.erlang import (
    LONGEST_S,
    Load,
    StaffingRefused,
    Standing,
    Target,
    rostered,
    seats_needed,
    standing,
)
from acd.erlang import check as check_figure
from acd.simulator.interval import Interval
from acd.simulator.steady import Simulated, replicate, simulated
from cti.simulate_cli import DayOption, Lang, SettingsFile, make_console, progress_on
from cti.simulate_day import Bar, SimulationRefused, parse_date
from cti.simulate_words import WORDS
from cti.staff_day import HalfHour, half_hours
from cti.store.speech import HOME_ZONE

Words = Mapping[str, str]
REPLICATIONS: Final = 20
CALLS: Final = 2_500
"""Calls of one replication, but no less than what keeps the line busy for some hours."""
_BELOW, _ABOVE = 2, 5


def staff(
    *,
    calls_per_hour: Annotated[
        float | None,
        typer.Option("--calls-per-hour", "--calls", help="How many calls an hour."),
    ] = None,
    handling: Annotated[
        float | None, typer.Option(help="Mean talk, hold and wrap-up together, seconds.")
    ] = None,
    target: Annotated[str, typer.Option(help="80/20: 80 % answered within 20 s.")] = "80/20",
    patience: Annotated[
        float | None,
        typer.Option(help="Mean patience of callers, seconds; without it nobody gives up."),
    ] = None,
    shrinkage: Annotated[
        str, typer.Option(help="Share of paid time away from the phone, e.g. 30%.")
    ] = "0%",
    max_occupancy: Annotated[
        str, typer.Option("--max-occupancy", help="No seat busier than this, e.g. 85%.")
    ] = "100%",
    check: Annotated[bool, typer.Option("--check", help="Simulate beside the formulas.")] = False,
    day: DayOption = None,
    on: Annotated[
        str | None, typer.Option("--date", help="Which day of the file, e.g. 2026-11-20.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="Time zone of a day.")] = HOME_ZONE.key,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 1,
    settings: SettingsFile = None,
    lang: Lang = "zh-CN",
) -> None:
    """Seats for a target: for one load, or for each half hour of a day."""
    words, console = WORDS[lang], make_console()
    aim = parse_target(target, max_occupancy)
    away = parse_share("shrinkage", shrinkage)
    rostered(1, away)  # refuses what is no shrinkage
    if patience is not None:
        check_figure("patience", patience, LONGEST_S, "s")
    if day is not None:
        if calls_per_hour is not None or handling is not None:
            raise SimulationRefused("--day has its own calls and handling times")
        with progress_on(console) as bar:
            rows, told = half_hours(
                day,
                parse_date(on),
                _zone(zone),
                settings,
                aim=aim,
                patience_s=patience,
                tick=bar(words["reading"]),
            )
        _show_day(console, rows, aim, away, words)
        known = words["patience_unknown"]
        if told is not None:
            known = words["patience_known"].format(patience=told)
        console.print()
        console.print(words["day_note"].format(patience=known))
        return
    if calls_per_hour is None or handling is None:
        raise SimulationRefused("say --calls-per-hour and --handling, or --day FILE")
    load = Load(calls_per_hour, handling, patience)
    _show_load(console, load, aim, away, words)
    needed = seats_needed(load, aim)
    seats = [n for n in range(needed - _BELOW, needed + _ABOVE + 1) if n >= 1]
    found: dict[int, Simulated] = {}
    if check:
        with progress_on(console) as bar:
            found = dict(_checked(seats, load, aim.within_s, seed=seed, bar=bar, words=words))
    lines = [standing(n, load, aim.within_s) for n in seats]
    console.print(_table(lines, aim, away, words, found))
    if check:
        console.print(words["check"].format(runs=REPLICATIONS))


def parse_share(what: str, text: str) -> float:
    """`30%` or `0.3`. Raises StaffingRefused."""
    plain = text.strip().replace("％", "%")
    try:
        return float(plain[:-1]) / 100 if plain.endswith("%") else float(plain)
    except ValueError:
        raise StaffingRefused(what, math.nan, f"{text!r} is no share; write 30% or 0.3") from None


def parse_target(text: str, max_occupancy: str) -> Target:
    """`80/20`. Raises StaffingRefused."""
    share, slash, seconds = text.partition("/")
    try:
        level, within = float(share.strip().rstrip("%")) / 100, float(seconds)
    except ValueError:
        slash = ""
    if not slash:
        raise StaffingRefused("target", math.nan, f"{text!r} is not like 80/20") from None
    return Target(level, within, parse_share("highest occupancy", max_occupancy))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise SimulationRefused(f"{name!r} is not a time zone such as Asia/Shanghai") from error


def _checked(
    seats: list[int], load: Load, within_s: float, *, seed: int, bar: Bar, words: Words
) -> Iterator[tuple[int, Simulated]]:
    move, done = bar(words["simulated"]), 0
    stable = [n for n in seats if load.patience_s is not None or n > load.erlangs]
    calls = max(CALLS, 20 * max(seats))
    for n in stable:
        runs = []
        for run in range(REPLICATIONS):
            chance = Random(f"{seed} {n} {run}")  # noqa: S311 - no secret
            runs.append(replicate(chance, n, load, within_s, calls))
            done += 1
            move(done, len(stable) * REPLICATIONS)
        yield n, simulated(runs)


def _show_load(console: Console, load: Load, aim: Target, away: float, words: Words) -> None:
    interval = words["interval"].format(calls=load.calls_per_hour, handling=load.handling_s)
    console.print(f"{interval}, {words['load']} {load.erlangs:.2f}", style="bold")
    console.print(
        words["target"].format(
            level=aim.service_level, within=aim.within_s, occupancy=aim.max_occupancy
        )
    )
    patient = Load(load.calls_per_hour, load.handling_s)
    models = [(words["model_c"], patient)]
    if load.patience_s is not None:
        models.append((words["model_a"].format(patience=load.patience_s), load))
    for name, model in models:
        seats = seats_needed(model, aim)
        line = f"{name}: {words['needed']} {seats}"
        if away:
            people = rostered(seats, away)
            line += f", {words['rostered'].format(shrinkage=away)} {people}"
        console.print(line)
    console.print()


def _table(
    lines: list[Standing], aim: Target, away: float, words: Words, found: Mapping[int, Simulated]
) -> Table:
    """`found`: what the simulator says, by number of seats; empty when it was not asked."""
    table = Table(box=None, pad_edge=False)
    level = words["service_level"].format(within=aim.within_s)
    names = [words["seats"]]
    names += [words["rostered"].format(shrinkage=away)] if away else []
    names += [level, words["asa"], words["occupancy"], words["abandon_share"], words["wait_share"]]
    if found:
        names += [
            f"{words['simulated']}: {name}"
            for name in (level, words["asa"], words["abandon_share"])
        ]
    for name in names:
        table.add_column(name, justify="right")
    fewest = next((line.seats for line in lines if aim.met_by(line)), 0)
    for line in lines:
        cells = [f"{line.seats}"]
        cells += [f"{rostered(line.seats, away)}"] if away else []
        cells += [
            f"{line.service_level:.1%}",
            words["endless"] if math.isinf(line.asa_s) else f"{line.asa_s:.1f}",
            f"{line.occupancy:.1%}",
            f"{line.p_abandon:.1%}",
            f"{line.p_wait:.1%}",
        ]
        cells += _simulated(found.get(line.seats)) if found else []
        style = "bold" if line.seats == fewest else "" if aim.met_by(line) else "dim"
        table.add_row(*cells, style=style)
    return table


def _simulated(found: Simulated | None) -> list[str]:
    if found is None:
        return ["-"] * 3

    def share(interval: Interval) -> str:
        return f"{interval.mean * 100:.1f} ± {interval.half * 100:.1f} %"

    wait = f"{found.asa_s.mean:.1f} ± {found.asa_s.half:.1f}"
    return [share(found.service_level), wait, share(found.p_abandon)]


def _show_day(
    console: Console, rows: list[HalfHour], aim: Target, away: float, words: Words
) -> None:
    table = Table(box=None, pad_edge=False)
    names = ["half_hour", "calls", "handling", "load", "seats_c", "seats_a"]
    for name in names:
        table.add_column(words[name], justify="right")
    if away:
        table.add_column(words["rostered"].format(shrinkage=away), justify="right")
    observed = any(row.had is not None for row in rows)
    if observed:
        table.add_column(words["had"], justify="right")
        table.add_column(words["level_then"].format(within=aim.within_s), justify="right")
    for row in rows:
        seats = row.seats_a if row.seats_a is not None else row.seats_c
        cells = [row.label, f"{row.calls}", f"{row.handling_s:.0f}", f"{row.load.erlangs:.1f}"]
        cells += [f"{row.seats_c}", "" if row.seats_a is None else f"{row.seats_a}"]
        cells += [f"{rostered(seats, away)}"] if away else []
        if observed:
            cells.append("" if row.had is None else f"{row.had:.1f}")
            cells.append("" if row.level is None else f"{row.level:.1%}")
        short = row.had is not None and row.had < seats - 0.5
        table.add_row(*cells, style="red" if short else "")
    console.print(table)
