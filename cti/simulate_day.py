"""Days for `cti simulate`: out of a ledger, out of a table, or invented; and how one of them is
played on a site's dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from random import Random
from typing import Final

from acd.erlang import Target
from acd.simulator.day import Contact, Day, all_day
from acd.simulator.figures import Course, Figures, course, figures
from acd.simulator.invented import Manner, Stream, invented_contacts, seats_by_half_hour, stacked
from acd.simulator.observed import Drawn, ObservedDay, completed
from acd.simulator.run import Run
from config.settings import load_settings
from config.site import Site
from cti.day_csv import read_csv_day
from cti.errors import JietongError
from cti.ids import QueueId, SeatId
from cti.ledger_day import bounds_us, read_ledger_day
from cti.simulate_site import Staffed, with_seats
from cti.store.database import database_url

STEP_US: Final = 300_000_000
"""A point of the chart is a mean of five minutes."""
MOST_INVENTED: Final = 1_000_000

Bar = Callable[[str], Callable[[int, int | None], None]]
"""`bar(name)` begins a progress bar, and what it returns moves it: how many, of how many."""


class SimulationRefused(JietongError):
    """Fields: `why`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class GivenDay:
    """A day to be played. `note`: what was drawn, in words. `recorded`: what it was in truth."""

    day: date
    contacts: Sequence[Contact]
    staffed: Staffed
    note: str
    recorded: Figures | None = None
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    total: Figures
    queues: Mapping[str, Figures]
    course: Course


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a day. `within`: the service level's time, seconds."""

    site: Site
    zone: tzinfo
    seed: int
    within: float
    words: Mapping[str, str]


def parse_date(text: str | None) -> date | None:
    """Raises SimulationRefused."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SimulationRefused(f"{text!r} is not a date like 2026-11-20") from error


# ---------------------------------------------------------------------------------- days to play


def read_day(
    asked: Question, day: str, on: date | None, settings: Path | None, bar: Bar
) -> GivenDay:
    """A day from a table or a ledger. Raises JietongError."""
    if day.endswith(".csv"):
        today = on or datetime.now(UTC).astimezone(asked.zone).date()
        when, contacts = read_csv_day(Path(day), asked.site.queues, asked.zone, today)
        begin, _ = bounds_us(when, asked.zone)
        moves = all_day([SeatId(seat) for seat in asked.site.seats], begin)
        return GivenDay(when, contacts, Staffed(asked.site, moves), asked.words["drawn_csv"])
    when, seen = seen_day(day, on, asked.zone, settings, bar(asked.words["reading"]))
    return ledger_day(asked, when, seen)


def seen_day(
    day: str,
    on: date | None,
    zone: tzinfo,
    settings: Path | None,
    tick: Callable[[int, int | None], None],
) -> tuple[date, ObservedDay]:
    """A day of a ledger, as it was. Raises JietongError."""
    url, on = _ledger(day, on, settings)
    return read_ledger_day(url, on, zone, lambda count: tick(count, None))


def _ledger(day: str, on: date | None, settings: Path | None) -> tuple[str, date | None]:
    """The database's URL, and the day of it."""
    if Path(day).is_file():
        return f"sqlite+aiosqlite:///{Path(day).absolute()}", on
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise SimulationRefused(f"{day!r} is neither a file nor a date like 2026-11-20") from error
    loaded = load_settings(settings)
    return database_url(loaded.database.url, loaded.state_dir), on


def ledger_day(asked: Question, when: date, seen: ObservedDay) -> GivenDay:
    """What was seen, with what is not known drawn."""
    site, words = asked.site, asked.words
    contacts, drawn = completed(seen.callers, Random(asked.seed))  # noqa: S311 - no secret
    strangers = sorted({move.seat for move in seen.moves} - set(site.seats))
    moves = tuple(move for move in seen.moves if move.seat in site.seats)
    note = _drawn_in_words(drawn, asked)
    if strangers:
        note += words["strangers"].format(seats=", ".join(strangers[:10]))
    known = [contact for contact in contacts if contact.queue in site.queues]
    if not known:
        raise SimulationRefused("none of the day's queues is in the site file")
    recorded = figures(seen.fates(), seen.changes, seen.end, round(asked.within * 1e6))
    return GivenDay(when, known, Staffed(site, moves), note, recorded)


def _drawn_in_words(drawn: Drawn, asked: Question) -> str:
    words = asked.words
    patience = words["nobody_left"]
    if drawn.patience_s is not None:
        patience = words["patience"].format(patience=drawn.patience_s)
    return words["drawn_day"].format(
        seed=asked.seed, talks=drawn.talks, patiences=drawn.patiences, patience=patience
    )


def invented_day(asked: Question, calls: int, on: date | None) -> GivenDay:
    """A typical day of `calls` calls, and seats of the site's kinds as many as it needs."""
    site = asked.site
    if not 1 <= calls <= MOST_INVENTED:
        raise SimulationRefused(f"--invent {calls}: 1 to {MOST_INVENTED} calls can be invented")
    if not site.seats:
        raise SimulationRefused("the site has no seats to be modelled on")
    when = on or datetime.now(UTC).astimezone(asked.zone).date()
    midnight, _ = bounds_us(when, asked.zone)
    manner = Manner()
    served = {queue for seat in site.seats.values() for queue in seat.queues}
    streams = [
        Stream(
            QueueId(name),
            weight=1,
            talk_s=max(10.0, queue.expected_talk_seconds - queue.wrapup_seconds),
            wrapup_s=queue.wrapup_seconds,
            priority=queue.priority,
        )
        for name, queue in site.queues.items()
        if name in served
    ]
    chance = Random(asked.seed)  # noqa: S311 - no secret
    contacts = list(invented_contacts(chance, calls, streams, midnight, manner))
    needed = seats_by_half_hour(contacts, midnight, Target(0.8, 20), manner.patience_s)
    everybody = Staffed(site, all_day([SeatId(seat) for seat in site.seats], midnight))
    grown = with_seats(everybody, max(*needed, len(site.seats)))
    moves = tuple(stacked(grown.seats, needed, midnight))
    note = asked.words["drawn_invented"].format(seed=asked.seed, patience=manner.patience_s)
    return GivenDay(when, contacts, Staffed(grown.site, moves), note, invented=True)


# --------------------------------------------------------------------------------- and playing it


def play(
    given: GivenDay, staffed: Staffed, within: float, move: Callable[[int, int | None], None]
) -> Played:
    """The day on a fresh dispatcher of `staffed`."""
    count = len(given.contacts)
    day = Day.of(given.contacts, staffed.moves)
    run = Run(staffed.dispatcher(), day, progress=lambda done: move(done, count))
    outcome = run.run()
    within_us = round(within * 1e6)
    queues = {
        queue: figures(
            (fate for fate in outcome.fates if fate.contact.queue == queue),
            (),
            outcome.ended_at,
            within_us,
        )
        for queue in staffed.site.queues
        if any(contact.queue == queue for contact in given.contacts)
    }
    total = figures(outcome.fates, outcome.changes, outcome.ended_at, within_us)
    begin = outcome.began_at // STEP_US * STEP_US
    shown = course(outcome.fates, outcome.changes, begin=begin, end=outcome.ended_at, step=STEP_US)
    return Played(total, queues, shown)
