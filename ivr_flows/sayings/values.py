"""Reads the values that are said. No float is ever made of an amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

from ivr_flows.sayings.errors import SayingRefused

MOST_WHOLE: Final = 12
"""Digits before the decimal point: below 10^12, where the words 亿 and billion end."""
MOST_FRACTION: Final = 9
MOST_DIGITS: Final = 32
"""Characters of a string of digits, separators left out."""

_NUMBER: Final = re.compile(r"(-?)([0-9]{1,64})(?:\.([0-9]{1,64}))?", re.ASCII)
_DATE: Final = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_CLOCK: Final = (
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
)
_ZONE: Final = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_ISO_DATE: Final = re.compile(rf"{_DATE}(?:[T ]{_CLOCK}{_ZONE})?", re.ASCII)
_ISO_TIME: Final = re.compile(rf"(?:{_DATE}[T ])?{_CLOCK}{_ZONE}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9A-Za-z*#+ -]{1,64}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[ -]+")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}", re.ASCII)

DIGITS_EXPECTED: Final = (
    f"at most {MOST_DIGITS} digits, letters A to Z, *, # or +, groups parted by spaces or hyphens"
)
NUMBER_EXPECTED: Final = (
    f"a decimal number such as -12.5, at most {MOST_WHOLE} digits before the point "
    f"and {MOST_FRACTION} after it"
)
COUNT_EXPECTED: Final = f"a whole number of at most {MOST_WHOLE} digits, not below zero"
AMOUNT_EXPECTED: Final = (
    f"yuan such as 12.50, at most {MOST_WHOLE} digits before the point, no part of a fen"
)
DATE_EXPECTED: Final = "a day of the calendar in ISO 8601 such as 2026-11-23, years 0001 to 9999"
TIME_EXPECTED: Final = "a time of day such as 09:30, or an ISO 8601 date and time; 00:00 to 24:00"
MINUTES_EXPECTED: Final = f"seconds, not below zero, at most {MOST_WHOLE} digits before the point"


@dataclass(frozen=True, slots=True)
class Number:
    """-12.50 is `Number(True, 12, "50")`: digits after the point stay as they are written."""

    negative: bool
    whole: int
    fraction: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """Chinese yuan: 1 yuan = 10 jiao = 100 fen; `fen` is 0 to 99."""

    negative: bool
    yuan: int
    fen: int


Duration = int | None
"""Minutes as people say them: 0 for less than one, 1 to 10, then steps of five up to 60; None for
more than an hour."""


def read_number(value: str, kind: str = "number", expected: str = NUMBER_EXPECTED) -> Number:
    """Raises SayingRefused. Minus zero is zero."""
    match = _NUMBER.fullmatch(value)
    if match is None:
        raise SayingRefused(kind, expected)
    sign, whole, fraction = match.group(1), match.group(2).lstrip("0"), match.group(3) or ""
    if len(whole) > MOST_WHOLE or len(fraction) > MOST_FRACTION:
        raise SayingRefused(kind, expected)
    something = bool(whole or fraction.strip("0"))
    return Number(sign == "-" and something, int(whole or "0"), fraction)


def read_count(value: str) -> int:
    """Raises SayingRefused."""
    number = read_number(value, "count", COUNT_EXPECTED)
    if number.negative or number.fraction:
        raise SayingRefused("count", COUNT_EXPECTED)
    return number.whole


def read_amount(value: str) -> Amount:
    """Raises SayingRefused. 12.5 is 12 yuan and 50 fen; 12.345 is refused rather than rounded,
    since nobody may be told an amount that is not theirs."""
    number = read_number(value, "amount", AMOUNT_EXPECTED)
    fen = number.fraction.rstrip("0")
    if len(fen) > 2:
        raise SayingRefused("amount", AMOUNT_EXPECTED)
    return Amount(number.negative, number.whole, int(fen.ljust(2, "0")))


def read_date(value: str) -> date:
    """The day of a date or of a date and time, as it is written: no zone is converted. Raises
    SayingRefused."""
    match = _ISO_DATE.fullmatch(value)
    if match is None or (match["hour"] is not None and _clock(match) is None):
        raise SayingRefused("date", DATE_EXPECTED)
    day = _day(match)
    if day is None:
        raise SayingRefused("date", DATE_EXPECTED)
    return day


def read_time(value: str) -> tuple[int, int]:
    """(hour 0 to 24, minute) of a time or of a date and time, as it is written; seconds are left
    out. 24:00 is the end of a day. Raises SayingRefused."""
    match = _ISO_TIME.fullmatch(value)
    clock = match and _clock(match)
    if not match or clock is None or (match["year"] is not None and _day(match) is None):
        raise SayingRefused("time", TIME_EXPECTED)
    return clock


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> tuple[int, int] | None:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    end_of_day = (hour, minute, second) == (24, 0, 0)
    # 60 is a leap second (ISO 8601).
    return (hour, minute) if end_of_day or (hour < 24 and minute < 60 and second <= 60) else None


def read_duration(value: str) -> Duration:
    """Seconds, rounded as people say a wait: below a minute, whole minutes up to ten, then the
    nearest five. Raises SayingRefused."""
    number = read_number(value, "minutes", MINUTES_EXPECTED)
    if number.negative:
        raise SayingRefused("minutes", MINUTES_EXPECTED)
    seconds = Decimal(f"{number.whole}.{number.fraction or 0}")
    if seconds < 60:
        return 0
    minutes = _nearest(seconds / 60)
    if minutes > 10:
        minutes = 5 * _nearest(seconds / 300)
    return minutes if minutes <= 60 else None


def _nearest(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def read_digits(value: str) -> tuple[str, ...]:
    """The groups that are said in one breath, in lower case: those of the writer, each cut into
    groups of three or four. A mobile number of mainland China is 3-4-4 as people say it. Raises
    SayingRefused."""
    written = [group for group in _SEPARATORS.split(value) if group]
    if _DIGITS.fullmatch(value) is None or not written or sum(map(len, written)) > MOST_DIGITS:
        raise SayingRefused("digits", DIGITS_EXPECTED)
    return tuple(part for group in written for part in _breaths(group.lower()))


def _breaths(group: str) -> tuple[str, ...]:
    if len(group) <= 5:
        return (group,)
    if _MOBILE.fullmatch(group):
        return group[:3], group[3:7], group[7:]
    parts = -(-len(group) // 4)
    small, larger = divmod(len(group), parts)
    cuts = [part * small + min(part, larger) for part in range(parts + 1)]
    return tuple(group[start:end] for start, end in pairwise(cuts))
