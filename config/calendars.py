"""Public holidays of countries, from the `holidays` package.

A year's make-up days are decreed late in the year before; until the package knows them, a year has
the holidays that the law fixes and no make-up days.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final

import holidays as public_holidays

from ivr_flows.hours import Calendar, PlainCalendar, SpecialDay

LANGUAGES: Final = {"zh-CN": "zh_CN", "en": "en_US"}
_MAKE_UP: Final = {"zh-CN": "调休上班", "en": "make-up working day"}
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_KNOWN_YEARS: Final = range(2020, 2026)
_LONGEST: Final = 9
"""Days in a row that are free for one holiday."""
_LABELS: Final = ("observed_label", "estimated_label", "observed_estimated_label")
Names = Mapping[date, str]


@lru_cache
def calendar_of(country: str | None) -> Calendar:
    """The public holidays of `country` (ISO 3166-1); None: no holidays."""
    return PlainCalendar() if country is None else CountryCalendar(country)


class CountryCalendar:
    """Holidays and make-up days that the package knows, a year at a time."""

    def __init__(self, country: str) -> None:
        made = public_holidays.country_holidays
        spoken = made(country).supported_languages
        self._tables: Mapping[str, public_holidays.HolidayBase] = {
            tag: made(country, language=language if language in spoken else None)
            for tag, language in LANGUAGES.items()
        }
        table = self._tables["en"]
        for year in _KNOWN_YEARS:
            _ = date(year, 1, 1) in table
        self._makes_up = bool(table.weekend_workdays)
        self._years: dict[int, Mapping[date, SpecialDay]] = {}
        # The daemon looks ahead in a thread, and the package's tables grow as they are read.
        self._making = Lock()

    def day(self, day: date) -> SpecialDay | None:
        return self._year(day.year).get(day)

    def announced(self, year: int) -> bool:
        """Whether the make-up days of `year` are known. True where there never are any."""
        return not self._makes_up or any(one.works for one in self._year(year).values())

    def _year(self, year: int) -> Mapping[date, SpecialDay]:
        known = self._years.get(year)
        if known is None:
            with self._making:
                known = self._years[year] = self._made(year)
        return known

    def _made(self, year: int) -> Mapping[date, SpecialDay]:
        days: dict[date, SpecialDay] = {}
        for tag, table in self._tables.items():
            # The free days of a New Year may begin, or be made up for, in the December before.
            for near in range(max(year - 1, 1), min(year + 1, 9999) + 1):
                _ = date(near, 1, 1) in table
            for day in table.weekend_workdays:
                if day.year == year:
                    days[day] = SpecialDay(works=True, name=_MAKE_UP)
            names = _names(table, year)
            if self._makes_up:
                names |= _weekends(names, table.weekend_workdays)
            for day, name in names.items():
                if day.year == year:
                    other = days[day].name if day in days else {}
                    days[day] = SpecialDay(works=False, name={**other, tag: name})
        return days


def _names(table: public_holidays.HolidayBase, year: int) -> dict[date, str]:
    """The free days about `year` by the name of the holiday that they are for. The package calls a
    day that is free in exchange for another "day off (substituted from ...)", and marks days that
    move."""
    marks = [_pattern(table, label) for label in _LABELS if hasattr(table, label)]
    exchanged = _pattern(table, "substituted_label")
    own: dict[date, str] = {}
    near = [day for day in table if abs(day.year - year) <= 1]
    for day in near:
        name = table[day]
        for mark in marks:
            moved = mark.fullmatch(name)
            name = moved[1] if moved else name
        if not exchanged.fullmatch(name):
            own[day] = name
    return {day: own.get(day) or _neighbour(day, own) or table[day] for day in near}


def _weekends(names: Names, worked: Collection[date]) -> dict[date, str]:
    """The weekends that a holiday takes in: where days are moved to make one long holiday, the
    decree counts the free Saturday and Sunday beside them as part of it."""
    found: dict[date, str] = {}
    for day, name in names.items():
        for step in (_DAY, -_DAY):
            near = day + step
            while near.weekday() >= _SATURDAY and near not in names and near not in worked:
                found.setdefault(near, name)
                near += step
    return found


def _pattern(table: public_holidays.HolidayBase, label: str) -> re.Pattern[str]:
    text = table.tr(getattr(table, label, "")) or ""
    return re.compile(re.escape(text).replace("%s", "(.+)"))


def _neighbour(day: date, own: Names) -> str | None:
    """The name of the nearest holiday, the one before `day` first."""
    return next((own[near] for near in _around(day) if near in own), None)


def _around(day: date) -> Iterator[date]:
    for days in range(1, _LONGEST):
        yield day - days * _DAY
        yield day + days * _DAY
