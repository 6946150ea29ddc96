"""When a service is open: weekly hours in a zone, public holidays and the working days that make up
for them, one-off closures and extra openings.

    closure  >  extra opening  >  the day's own hours  >  holiday, make-up day  >  weekly hours
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal, Protocol

Minutes = tuple[int, int]
"""From and to, minutes after midnight; `to` beyond 1,440 is on the next day."""
Week = tuple[tuple[Minutes, ...], ...]
"""Seven days, Monday first."""
Why = Literal["hours", "make-up-day", "extra", "closed", "holiday", "closure"]

DAY: Final = 1440
LOOK_AHEAD_DAYS: Final = 370
_KEPT_DAYS: Final = 1000
_NOBODY: Final[Mapping[str, str]] = {}
_HOUR: Final = timedelta(hours=1)
_SECOND: Final = timedelta(seconds=1)
_NEVER: Final = datetime(1, 1, 2, tzinfo=UTC)
_NONE: Final[tuple[Minutes, ...]] = ()


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """What the calendar of a country says of a day. `name` by language."""

    works: bool
    """A working day that makes up for a holiday (调休上班); else the holiday itself."""
    name: Mapping[str, str]


class Calendar(Protocol):
    """Public holidays of a country."""

    def day(self, day: date) -> SpecialDay | None:
        """None: a day like every other of its weekday."""
        ...


class PlainCalendar:
    """No holidays."""

    def day(self, day: date) -> SpecialDay | None:
        del day
        return None


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to before `end`, both aware. `why` by language, for callers."""

    start: datetime
    end: datetime
    why: Mapping[str, str] = field(default_factory=dict)

    def holds(self, now: datetime) -> bool:
        return self.start <= now < self.end


@dataclass(frozen=True, slots=True)
class Verdict:
    """`until`: when `open` changes next, in the zone of the hours; None when it does not within a
    year. `name`: of the holiday or closure, by language."""

    open: bool
    why: Why
    name: Mapping[str, str] = field(default_factory=dict)
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    start: datetime
    end: datetime
    why: Why
    name: Mapping[str, str]


class Hours:
    """Opening hours. `days` are the hours of single days, whatever the calendar says of them;
    `make_up_as` is the weekday (0 Monday) whose hours a make-up day has."""

    def __init__(
        self,
        zone: tzinfo,
        week: Week,
        *,
        calendar: Calendar | None = None,
        make_up_as: int = 0,
        days: Mapping[date, tuple[Minutes, ...]] | None = None,
        closures: tuple[Period, ...] = (),
        extra: tuple[Period, ...] = (),
    ) -> None:
        self._zone = zone
        self._week = week
        self._calendar = calendar or PlainCalendar()
        self._make_up_as = make_up_as
        self._days = dict(days or {})
        self._closures = tuple(_in_utc(one) for one in closures)
        self._extra = tuple(_in_utc(one) for one in extra)
        both = (*self._closures, *self._extra)
        self._edges = sorted({edge for one in both for edge in (one.start, one.end)})
        self._opened: dict[date, tuple[_Open, ...]] = {}
        self._ahead: tuple[datetime, datetime | None, datetime] = (_NEVER, None, _NEVER)
        """Looked at when, the next change found then, and until when that holds."""

    def at(self, now: datetime) -> Verdict:
        """How it is at `now`, which is aware."""
        now = now.astimezone(UTC)
        is_open, why, name = self._state(now)
        since, until, good_for = self._ahead
        if not since <= now < good_for:
            until = self._next_change(now, is_open)
            good_for = until or now + _HOUR
            self._ahead = (now, until, good_for)
        return Verdict(is_open, why, name, until)

    def _state(self, now: datetime) -> tuple[bool, Why, Mapping[str, str]]:
        for closure in self._closures:
            if closure.holds(now):
                return False, "closure", closure.why
        for extra in self._extra:
            if extra.holds(now):
                return True, "extra", extra.why
        today = now.astimezone(self._zone).date()
        for day in (today, _shifted(today, -1)):
            for span in self._open_on(day):
                if span.start <= now < span.end:
                    return True, span.why, span.name
        special = None if today in self._days else self._calendar.day(today)
        if special is not None and not special.works:
            return False, "holiday", special.name
        return False, "closed", _NOBODY

    def _next_change(self, now: datetime, is_open: bool) -> datetime | None:
        for moment in self._moments(now):
            if self._state(moment)[0] != is_open:
                return moment.astimezone(self._zone)
        return None

    def _moments(self, now: datetime) -> Iterator[datetime]:
        """Everything after `now` at which it may change, in order, day by day."""
        today = now.astimezone(self._zone).date()
        for ahead in range(LOOK_AHEAD_DAYS):
            day = _shifted(today, ahead)
            begin, end = self._moment(day, 0), self._moment(day, DAY)
            # What has begun the day before may end on this one.
            spans = (*self._open_on(_shifted(day, -1)), *self._open_on(day))
            own = (edge for span in spans for edge in (span.start, span.end))
            fixed = self._edges[bisect_left(self._edges, begin) : bisect_left(self._edges, end)]
            yield from sorted(edge for edge in {*own, *fixed} if now < edge and begin <= edge < end)

    def _open_on(self, day: date) -> tuple[_Open, ...]:
        """The times of `day` at which it is open, by its weekday or its own hours."""
        found = self._opened.get(day)
        if found is None:
            if len(self._opened) >= _KEPT_DAYS:
                self._opened.clear()
            found = self._opened[day] = tuple(self._plan(day))
        return found

    def _plan(self, day: date) -> Iterator[_Open]:
        why: Why = "hours"
        name = _NOBODY
        own = self._days.get(day)
        special = None if own is not None else self._calendar.day(day)
        if own is not None:
            spans = own
        elif special is None:
            spans = self._week[day.weekday()]
        elif special.works:
            why, name, spans = "make-up-day", special.name, self._week[self._make_up_as]
        else:
            spans = _NONE
        for start, end in spans:
            begin, finish = self._moment(day, start), self._moment(day, end, last=True)
            # Where clocks go forward a span may vanish.
            if begin < finish:
                yield _Open(begin, finish, why, name)

    def _moment(self, day: date, minutes: int, *, last: bool = False) -> datetime:
        """When clocks show it. Where they go back they do so twice (PEP 495): the first time, or
        the `last`. Where they go forward they may not at all: then when they do."""
        days, minute = divmod(minutes, DAY)
        day = _shifted(day, days)
        local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self._zone)
        early, late = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        if early > late:
            return self._jump(late, early)
        return late if last else early

    def _jump(self, before: datetime, after: datetime) -> datetime:
        """The second at which clocks go forward between the two."""
        offset = before.astimezone(self._zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) // 2
            if middle.astimezone(self._zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


def _in_utc(period: Period) -> Period:
    """Aware times of one zone are compared ten times as fast."""
    return replace(period, start=period.start.astimezone(UTC), end=period.end.astimezone(UTC))


def _shifted(day: date, days: int) -> date:
    """`day` moved; at the ends of the calendar it stays."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day
