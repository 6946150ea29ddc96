"""What each half hour of a day asked for, and had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Final

from acd.erlang import Load, Target, seats_needed
from acd.simulator.day import Contact
from acd.simulator.fates import Fate
from acd.simulator.figures import course, figures
from acd.simulator.observed import ObservedDay, patience_of
from cti.day_csv import read_csv_day
from cti.simulate_day import seen_day
from cti.store.speech import moment

HALF_HOUR_US: Final = 1_800_000_000
_SHORTEST_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class HalfHour:
    """`label`: its beginning, HH:MM. `had`: seats there on average, `level`: the service level it
    had, None for a day that has not been."""

    label: str
    calls: int
    handling_s: float
    load: Load
    seats_c: int
    seats_a: int | None
    had: float | None = None
    level: float | None = None


def half_hours(
    day: str,
    on: date | None,
    zone: tzinfo,
    settings: Path | None,
    *,
    aim: Target,
    patience_s: float | None,
    tick: Callable[[int, int | None], None],
) -> tuple[list[HalfHour], float | None]:
    """The half hours with calls, and the patience reckoned with: `patience_s`, or as the day shows
    it. Raises JietongError."""
    if day.endswith(".csv"):
        today = on or datetime.now(UTC).astimezone(zone).date()
        _, contacts = read_csv_day(Path(day), None, zone, today)
        patience_s = patience_s or _mean_patience(contacts)
        works = [(one.at, (one.talk_us + (one.wrapup_us or 0)) / 1e6) for one in contacts]
        return [_half(at, some, aim, patience_s, zone) for at, some in _parts(works)], patience_s
    _, seen = seen_day(day, on, zone, settings, tick)
    patience_s = patience_s or patience_of(seen.callers).mean_s
    return list(_observed(seen, aim, patience_s, zone)), patience_s


def _mean_patience(contacts: Iterable[Contact]) -> float | None:
    """None when somebody is endlessly patient."""
    told = [contact.patience_us for contact in contacts]
    known = [us for us in told if us is not None]
    return max(1.0, sum(known) / len(known) / 1e6) if len(known) == len(told) else None


def _parts(works: Iterable[tuple[int, float]]) -> list[tuple[int, list[float]]]:
    """Handling times by the half hour of the arrival, in order."""
    found: dict[int, list[float]] = {}
    for at, work_s in sorted(works):
        found.setdefault(at // HALF_HOUR_US * HALF_HOUR_US, []).append(work_s)
    return list(found.items())


def _half(
    at: int, works: list[float], aim: Target, patience_s: float | None, zone: tzinfo
) -> HalfHour:
    calls, handling_s = len(works), max(_SHORTEST_S, sum(works) / len(works))
    patient = Load(calls * 2, handling_s)
    return HalfHour(
        label=f"{moment(at, zone):%H:%M}",
        calls=calls,
        handling_s=handling_s,
        load=patient,
        seats_c=seats_needed(patient, aim),
        seats_a=(
            None
            if patience_s is None
            else seats_needed(Load(calls * 2, handling_s, patience_s), aim)
        ),
    )


def _observed(
    seen: ObservedDay, aim: Target, patience_s: float | None, zone: tzinfo
) -> Iterable[HalfHour]:
    known = [caller.worked_us / 1e6 for caller in seen.callers if caller.handled]
    usual = sum(known) / len(known) if known else 180.0
    works = [
        (caller.contact.at, caller.worked_us / 1e6 if caller.handled else usual)
        for caller in seen.callers
    ]
    fates: dict[int, list[Fate]] = {}
    for fate in seen.fates():
        fates.setdefault(fate.contact.at // HALF_HOUR_US * HALF_HOUR_US, []).append(fate)
    begin = seen.begin // HALF_HOUR_US * HALF_HOUR_US
    there = course((), seen.changes, begin=begin, end=seen.end, step=HALF_HOUR_US).there
    for at, some in _parts(works):
        half = _half(at, some, aim, patience_s, zone)
        day = figures(fates[at], (), seen.end, round(aim.within_s * 1e6))
        place = (at - begin) // HALF_HOUR_US
        had = there[place] if place < len(there) else 0.0
        yield HalfHour(
            half.label,
            half.calls,
            half.handling_s,
            half.load,
            half.seats_c,
            half.seats_a,
            had,
            day.service_level,
        )
