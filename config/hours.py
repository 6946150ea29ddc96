"""Opening hours in the site file.

office:
  weekly: {mon-fri: ["08:30-12:00", "13:30-17:30"], sat: "09:00-12:00"}
  holidays: CN
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import holidays as public_holidays
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from config.calendars import CountryCalendar, calendar_of
from config.zones import ZoneName
from ivr_flows.hours import DAY, Hours, Minutes, Period

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NOTICE_DAYS: Final = 30
MOST_PERIODS: Final = 200
_ALWAYS: Final = "24h"
_YEARS: Final = range(2000, 2200)


def read_spans(value: Any) -> tuple[Minutes, ...]:
    """`"08:30-12:00"`, a list of those, `24h`, or `closed`; over midnight is `"22:00-06:00"`."""
    if value in ("closed", [], None):
        return ()
    if value == _ALWAYS:
        return ((0, DAY),)
    spans = sorted(_span(one) for one in (value if isinstance(value, list) else [value]))
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise ValueError("two spans overlap")
    return tuple(spans)


def _span(value: Any) -> Minutes:
    start, dash, end = str(value).partition("-")
    begin, finish = _minutes(start), _minutes(end)
    if not dash or begin is None or finish is None or begin in (finish, DAY):
        raise ValueError(f'{value!r} is no span such as "08:30-12:00"; also: 24h, closed')
    return begin, finish if finish > begin else finish + DAY


def _minutes(text: str) -> int | None:
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isdigit() and minute.isdigit() and len(hour) <= 2 and len(minute) == 2):
        return None
    minutes = int(hour) * 60 + int(minute)
    return minutes if int(minute) < 60 and minutes <= DAY else None


def read_weekday(value: Any) -> int:
    if value not in DAYS:
        raise ValueError(f"{value!r} is no day; write one of {', '.join(DAYS)}")
    return DAYS.index(value)


def read_week(value: Any) -> tuple[tuple[Minutes, ...], ...]:
    """Days (`mon`, `mon-fri`, `sat, sun`) to spans; days that are not named are closed."""
    if value == _ALWAYS:
        return (read_spans(_ALWAYS),) * 7
    if not isinstance(value, dict) or not value:
        raise ValueError("names no day; write e.g. {mon-fri: 08:30-17:30}, or 24h")
    week: list[tuple[Minutes, ...] | None] = [None] * 7
    for days, spans in value.items():
        for day in _days(str(days)):
            if week[day] is not None:
                raise ValueError(f"{DAYS[day]} is written twice")
            week[day] = read_spans(spans)
    return tuple(spans or () for spans in week)


def _days(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begin, end = read_weekday(first.strip()), read_weekday((last or first).strip())
        for day in range(begin, end + 1 if end >= begin else end + 8):
            yield day % 7


def read_country(value: Any) -> str:
    known = public_holidays.list_supported_countries(include_aliases=False)
    if value not in known:
        raise ValueError(f"{value!r} is no country with known holidays; write e.g. CN")
    return str(value)


def read_moment(value: Any) -> datetime:
    """`2026-12-24 12:00`, which YAML takes for a text, or with seconds, which it does not; a day
    alone is its midnight."""
    moment = value
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            moment = None
    elif isinstance(value, date) and not isinstance(value, datetime):
        moment = datetime.combine(value, time())
    if not isinstance(moment, datetime):
        raise ValueError(f"{value!r} is no time such as 2026-12-24 12:00")  # noqa: TRY004
    if moment.year not in _YEARS:
        raise ValueError(f"the year {moment.year} is not between {_YEARS[0]} and {_YEARS[-1]}")
    return moment


Spans = Annotated[tuple[Minutes, ...], PlainValidator(read_spans)]
Week = Annotated[tuple[tuple[Minutes, ...], ...], PlainValidator(read_week)]
Weekday = Annotated[int, PlainValidator(read_weekday)]
Country = Annotated[str, PlainValidator(read_country)]
Moment = Annotated[datetime, PlainValidator(read_moment)]
Words = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=100)]


class PeriodPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    why: dict[Literal["zh-CN", "en"], Words] = {}
    """For callers, by language."""

    @model_validator(mode="after")
    def _in_order(self) -> PeriodPart:
        if (self.from_.tzinfo is None) != (self.to.tzinfo is None):
            raise ValueError("has a zone in one of its two times only")
        if self.from_ >= self.to:
            raise ValueError("ends before it begins")
        return self

    def period(self, zone: ZoneInfo) -> Period:
        why = {str(language): text for language, text in self.why.items()}
        return Period(_aware(self.from_, zone), _aware(self.to, zone), why)


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


class HoursPart(BaseModel):
    """Opening hours of the site, as a lead writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: ZoneName | None = None
    """IANA name; None: the site's."""
    weekly: Week
    holidays: Country | None = None
    make_up_days_as: Weekday = 0
    days: dict[date, Spans] = {}
    """Hours of single days; they go before the public holidays."""
    closures: Annotated[list[PeriodPart], Field(max_length=MOST_PERIODS)] = []
    extra: Annotated[list[PeriodPart], Field(max_length=MOST_PERIODS)] = []

    def hours(self, site_zone: str) -> Hours:
        """Ready to be asked."""
        zone = ZoneInfo(self.zone or site_zone)
        return Hours(
            zone,
            self.weekly,
            calendar=calendar_of(self.holidays),
            make_up_as=self.make_up_days_as,
            days=self.days,
            closures=tuple(part.period(zone) for part in self.closures),
            extra=tuple(part.period(zone) for part in self.extra),
        )


@dataclass(frozen=True, slots=True)
class Undecreed:
    """A year of which no make-up days are known, and what to do about it."""

    what: str
    advice: str


def undecreed(hours: Mapping[str, HoursPart], today: date) -> Iterator[Undecreed]:
    """Years that have begun, or begin within `NOTICE_DAYS`, and are not decreed as far as known."""
    years = {today.year, (today + timedelta(days=NOTICE_DAYS)).year}
    for country in sorted({part.holidays for part in hours.values() if part.holidays}):
        calendar = calendar_of(country)
        for year in sorted(years):
            if isinstance(calendar, CountryCalendar) and not calendar.announced(year):
                yield Undecreed(
                    f"the make-up working days of {year} in {country} are not known; only the "
                    "holidays that the law fixes are, and weekends are weekends",
                    "bring the package `holidays` up to date, or write these days under `days` of "
                    "the opening hours in the site file",
                )
