"""Opening hours in the site file, and the calendar of public holidays (the `holidays` package).

office:
  weekly: {mon-fri: ["08:30-12:00", "13:30-17:30"], sat: "09:00-12:00"}
  holidays: CN
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import holidays as public_holidays
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from config.zones import ZoneName
from ivr_flows.hours import DAY, Calendar, Hours, Minutes, Period, PlainCalendar, SpecialDay

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES: Final = {"zh-CN": "zh_CN", "en": "en_US"}
_ALWAYS: Final = "24h"


def read_spans(value: Any) -> tuple[Minutes, ...]:
    """`"08:30-12:00"`, a list of those, `24h`, or `closed`; over midnight is `"22:00-06:00"`."""
    if value in ("closed", [], None):
        return ()
    if value == _ALWAYS:
        return ((0, DAY),)
    spans = sorted(_span(one) for one in (value if isinstance(value, list) else [value]))
    for (_, end), (start, _) in zip(spans, spans[1:], strict=False):
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


Spans = Annotated[tuple[Minutes, ...], PlainValidator(read_spans)]
Week = Annotated[tuple[tuple[Minutes, ...], ...], PlainValidator(read_week)]
Weekday = Annotated[int, PlainValidator(read_weekday)]
Country = Annotated[str, PlainValidator(read_country)]
Moment = Annotated[
    datetime, BeforeValidator(lambda value: f"{value}:00" if _short(value) else value)
]


def _short(value: Any) -> bool:
    """`2026-12-24 12:00` has no seconds, so YAML takes it for a text."""
    return isinstance(value, str) and len(value) == 16


class PeriodPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    why: dict[str, str] = {}

    @model_validator(mode="after")
    def _in_order(self) -> PeriodPart:
        if (self.from_.tzinfo is None) != (self.to.tzinfo is None) or self.from_ >= self.to:
            raise ValueError("ends before it begins")
        return self

    def period(self, zone: ZoneInfo) -> Period:
        return Period(_aware(self.from_, zone), _aware(self.to, zone), self.why)


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
    closures: list[PeriodPart] = []
    extra: list[PeriodPart] = []

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


@lru_cache
def calendar_of(country: str | None) -> Calendar:
    """The public holidays of `country` (ISO 3166-1); None: no holidays."""
    return PlainCalendar() if country is None else CountryCalendar(country)


class CountryCalendar:
    """Holidays and make-up days that the library knows. A year without a decree yet has the fixed
    holidays and no make-up days."""

    def __init__(self, country: str) -> None:
        supported = public_holidays.country_holidays(country).supported_languages
        self._tables: Mapping[str, public_holidays.HolidayBase] = {
            tag: public_holidays.country_holidays(
                country, language=language if language in supported else None
            )
            for tag, language in LANGUAGES.items()
        }

    def day(self, day: date) -> SpecialDay | None:
        name: dict[str, str] = {}
        for tag, table in self._tables.items():
            found = table.get(day)
            if found:
                name[tag] = found
        if name:
            return SpecialDay(works=False, name=name)
        works = any(day in table.weekend_workdays for table in self._tables.values())
        if works:
            return SpecialDay(works=True, name={"zh-CN": "调休上班", "en": "make-up working day"})
        return None

    def announced(self, year: int) -> bool:
        """Whether the make-up days of `year` are known: they are decreed late in the year
        before."""
        table = next(iter(self._tables.values()))
        _ = date(year, 1, 1) in table
        return any(day.year == year for day in table.weekend_workdays)
