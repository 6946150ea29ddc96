"""A day that a planner wrote as a table: one caller a line.

arrived,queue,handling_seconds,patience_seconds,priority,skills
2026-11-20 09:00:12,repairs,185,120,,
09:00:40,bills,90,,3,english
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, tzinfo
from pathlib import Path
from typing import Final

from acd.simulator.day import LONGEST_US, Contact
from cti.errors import JietongError
from cti.ids import QueueId

NEEDED: Final = ("arrived", "queue", "handling_seconds")
KNOWN: Final = (
    *NEEDED, "wrapup_seconds", "patience_seconds", "priority", "skills", "language", "class",
)  # fmt: skip
MOST_LINES: Final = 2_000_000


class DayFileRefused(JietongError):
    """Fields: `file`, `line` (0: the file as a whole), `why`."""

    def __init__(self, file: Path, line: int, why: str) -> None:
        self.file, self.line, self.why = file, line, why
        place = f"{file}, line {line}" if line else str(file)
        super().__init__(f"{place}: {why}")


def read_csv_day(
    file: Path, queues: Collection[str] | None, zone: tzinfo, day: date
) -> tuple[date, list[Contact]]:
    """The callers of `file`, and their day. Raises DayFileRefused.

    `queues` None: any queue is known. `arrived` is a time of day on `day`, or a date with a time;
    without a zone it is one of `zone`.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8; save it as CSV UTF-8"
        raise DayFileRefused(file, 0, f"cannot be read: {why}") from error
    rows = csv.DictReader(text.splitlines(), strict=True)
    try:
        _check_columns(file, rows.fieldnames or ())
        contacts = list(_contacts(file, rows, queues, zone, day))
    except csv.Error as error:
        raise DayFileRefused(file, rows.line_num, f"is not CSV: {error}") from error
    if not contacts:
        raise DayFileRefused(file, 0, "has no callers")
    first = datetime.fromtimestamp(min(contact.at for contact in contacts) / 1e6, zone)
    return first.date(), contacts


def _check_columns(file: Path, names: Collection[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    strange = [name for name in names if name not in KNOWN]
    if missing:
        raise DayFileRefused(file, 1, f"lacks the column {', '.join(missing)}")
    if strange:
        raise DayFileRefused(
            file, 1, f"has an unknown column {', '.join(strange)}; known: {', '.join(KNOWN)}"
        )


def _contacts(
    file: Path,
    rows: csv.DictReader[str],
    queues: Collection[str] | None,
    zone: tzinfo,
    day: date,
) -> Iterator[Contact]:
    for count, row in enumerate(rows, 1):
        if count > MOST_LINES:
            raise DayFileRefused(file, rows.line_num, f"more than {MOST_LINES} callers")
        try:
            yield _contact(row, queues, zone, day)
        except ValueError as error:
            raise DayFileRefused(file, rows.line_num, str(error)) from error


def _contact(
    row: Mapping[str, str | None], queues: Collection[str] | None, zone: tzinfo, day: date
) -> Contact:
    cell = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    if None in row:
        raise ValueError("has more cells than the first line has columns")
    if not cell["queue"]:
        raise ValueError("queue is empty")
    if queues is not None and cell["queue"] not in queues:
        raise ValueError(f"no queue {cell['queue']!r}; known: {', '.join(sorted(queues))}")
    handling = _us("handling_seconds", cell["handling_seconds"])
    wrapup = _us("wrapup_seconds", cell.get("wrapup_seconds") or "0")
    if wrapup > handling:
        raise ValueError("wrapup_seconds is part of handling_seconds and cannot be longer")
    patience = cell.get("patience_seconds", "")
    return Contact(
        at=_moment(cell["arrived"], zone, day),
        queue=QueueId(cell["queue"]),
        talk_us=handling - wrapup,
        wrapup_us=wrapup,
        patience_us=_us("patience_seconds", patience) if patience else None,
        priority=_priority(cell.get("priority", "")),
        skills=tuple(cell.get("skills", "").replace(";", " ").split()),
        language=cell.get("language", ""),
        customer_class=cell.get("class", ""),
    )


def _us(name: str, text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is not a number") from None
    if not math.isfinite(value) or value < 0 or value * 1e6 > LONGEST_US:
        raise ValueError(f"{name} {text!r} must be 0 or more seconds, and at most a week")
    return round(value * 1e6)


def _priority(text: str) -> int:
    if not text:
        return 5
    if not (text.isascii() and text.isdigit() and len(text) == 1):
        raise ValueError(f"priority {text!r} must be 0 (served first) to 9")
    return int(text)


def _moment(text: str, zone: tzinfo, day: date) -> int:
    try:
        if "-" in text or "T" in text:
            at = datetime.fromisoformat(text)
        else:
            padded = f"0{text}" if text[1:2] == ":" else text  # 9:00
            at = datetime.combine(day, time.fromisoformat(padded))
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        return int(at.timestamp() * 1e6)
    except (ValueError, OverflowError):
        raise ValueError(f"arrived {text!r} is not a time like 2026-11-20 09:00:12") from None
