"""When it is open: by the week, by the calendar, by exception, in any zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.calendars import calendar_of
from config.errors import SettingsRefused
from config.hours import HoursPart, undecreed
from config.yaml_file import read_yaml, validate
from ivr_flows.hours import Hours, Verdict

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = {
    "weekly": {"mon-fri": ["08:30-12:00", "13:30-17:30"], "sat": "09:00-12:00"},
    "holidays": "CN",
    "make_up_days_as": "mon",
    "days": {"2026-11-28": "10:00-11:00", "2026-10-02": "closed"},
    "closures": [
        {"from": "2026-12-24 12:00", "to": "2026-12-24 18:00", "why": {"en": "maintenance"}}
    ],
    "extra": [{"from": "2026-12-26 20:00", "to": "2026-12-26 22:00"}],
}


def hours(zone: str = "Asia/Shanghai", **parts: Any) -> Hours:
    return HoursPart.model_validate(parts or OFFICE).hours(zone)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def look(text: str, **parts: Any) -> Verdict:
    return hours(**parts).at(at(text))


class TestOffice:
    @pytest.mark.parametrize(
        ("now", "is_open", "why", "until"),
        [
            ("2026-11-24 08:29:59", False, "closed", "2026-11-24 08:30"),
            ("2026-11-24 08:30", True, "hours", "2026-11-24 12:00"),
            ("2026-11-24 12:00", False, "closed", "2026-11-24 13:30"),
            ("2026-11-24 17:29:59.999999", True, "hours", "2026-11-24 17:30"),
            ("2026-11-24 20:00", False, "closed", "2026-11-25 08:30"),
            ("2026-11-22 10:00", False, "closed", "2026-11-23 08:30"),
            # National day, and the Saturday that makes up for it.
            ("2026-10-01 10:00", False, "holiday", "2026-10-08 08:30"),
            ("2026-10-10 14:00", True, "make-up-day", "2026-10-10 17:30"),
            # A day of its own goes before the week and before the holiday.
            ("2026-11-28 09:30", False, "closed", "2026-11-28 10:00"),
            ("2026-10-02 10:00", False, "closed", "2026-10-08 08:30"),
            ("2026-12-24 12:30", False, "closure", "2026-12-25 08:30"),
            ("2026-12-26 21:00", True, "extra", "2026-12-26 22:00"),
        ],
    )
    def test_verdict(self, now: str, *, is_open: bool, why: str, until: str) -> None:
        verdict = look(now)
        assert (verdict.open, verdict.why) == (is_open, why)
        assert verdict.until == at(until)

    def test_holiday_and_closure_have_names(self) -> None:
        assert look("2026-10-01 10:00").name["zh-CN"] == "国庆节"
        assert look("2026-12-24 12:30").name == {"en": "maintenance"}


class TestShapes:
    def test_round_the_clock_never_changes(self) -> None:
        verdict = look("2026-11-24 03:00", weekly="24h")
        assert (verdict.open, verdict.until) == (True, None)

    def test_over_midnight(self) -> None:
        night = hours(weekly={"fri": "22:00-06:00"})
        assert night.at(at("2026-11-27 23:00")).until == at("2026-11-28 06:00")
        assert night.at(at("2026-11-28 05:59")).open
        assert not night.at(at("2026-11-28 06:00")).open

    def test_never_open(self) -> None:
        verdict = look("2026-11-24 10:00", weekly={"mon": "closed"})
        assert (verdict.open, verdict.until) == (False, None)

    def test_closure_within_the_day_and_extra_opening_within_the_night(self) -> None:
        plan = {
            "weekly": {"mon-fri": "08:30-17:30"},
            "closures": [{"from": "2026-12-24 12:00", "to": "2026-12-24 13:00"}],
            "extra": [{"from": "2026-12-24 20:00", "to": "2026-12-24 21:00"}],
        }
        for now, until in (
            ("2026-12-24 10:00", "2026-12-24 12:00"),
            ("2026-12-24 12:10", "2026-12-24 13:00"),
            ("2026-12-24 13:00", "2026-12-24 17:30"),
            ("2026-12-24 18:00", "2026-12-24 20:00"),
            ("2026-12-24 20:00", "2026-12-24 21:00"),
            ("2026-12-24 21:00", "2026-12-25 08:30"),
        ):
            assert look(now, **plan).until == at(until)

    def test_closure_of_a_service_round_the_clock_is_seen_days_ahead(self) -> None:
        closure = {"from": "2026-12-24 12:00", "to": "2026-12-24 13:00"}
        plan = {"weekly": "24h", "closures": [closure]}
        assert look("2026-12-20 10:00", **plan).until == at("2026-12-24 12:00")
        assert look("2026-12-24 12:30", **plan).until == at("2026-12-24 13:00")
        assert look("2026-12-24 13:00", **plan).until is None

    def test_closure_goes_before_an_extra_opening(self) -> None:
        period = {"from": "2026-12-24 20:00", "to": "2026-12-24 21:00"}
        verdict = look("2026-12-24 20:30", weekly="24h", closures=[period], extra=[period])
        assert verdict.why == "closure"

    def test_night_shift_goes_on_into_a_holiday(self) -> None:
        night = hours(weekly={"mon-fri": "22:00-06:00"}, holidays="CN")
        assert night.at(at("2026-10-01 05:59")).why == "hours"
        assert night.at(at("2026-10-01 06:00")).why == "holiday"

    def test_clock_goes_forward_within_the_opening(self) -> None:
        berlin = hours("Europe/Berlin", weekly={"sun": "02:15-04:00"})
        jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
        assert berlin.at(jump - timedelta(seconds=1)).until == jump
        assert berlin.at(jump).open
        assert berlin.at(jump).until == datetime(2026, 3, 29, 2, 0, tzinfo=UTC)

    def test_opening_that_no_clock_shows_does_not_take_place(self) -> None:
        berlin = hours("Europe/Berlin", weekly={"sun": "02:15-02:45"})
        verdict = berlin.at(datetime(2026, 3, 28, 12, tzinfo=UTC))
        assert verdict.until == datetime(2026, 4, 5, 0, 15, tzinfo=UTC)

    def test_clock_goes_back_within_the_opening(self) -> None:
        berlin = hours("Europe/Berlin", weekly={"sun": "02:15-02:45"})
        first = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
        for now, until in (
            (first - timedelta(hours=3), first),
            (first, datetime(2026, 10, 25, 1, 45, tzinfo=UTC)),
        ):
            found = berlin.at(now).until
            assert found is not None
            # A time that comes twice equals nothing in another zone (PEP 495).
            assert found.astimezone(UTC) == until

    def test_midnight_that_does_not_exist(self) -> None:
        santiago = hours("America/Santiago", weekly={"sat": "20:00-24:00", "sun": "00:00-02:00"})
        # On 6 September 2026 clocks go from 24:00 of Saturday to 01:00 of Sunday.
        verdict = santiago.at(datetime(2026, 9, 6, 1, tzinfo=UTC))
        assert (verdict.open, verdict.until) == (True, datetime(2026, 9, 6, 5, tzinfo=UTC))

    def test_year_that_nobody_has_decreed_has_the_fixed_holidays(self) -> None:
        assert not look("2031-10-01 10:00").open
        assert look("2031-10-08 10:00").open

    def test_leap_day_and_turn_of_the_year(self) -> None:
        assert look("2028-02-29 10:00", weekly={"mon-sun": "09:00-17:00"}).open
        verdict = look("2026-12-31 23:59", weekly={"mon-sun": "09:00-17:00"})
        assert verdict.until == at("2027-01-01 09:00")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("weekly: {mon-fry: 08:30-12:00}", "weekly: 'fry' is no day"),
        ("weekly: {mon-fri: 8.30-12}", "weekly: '8.30-12' is no span"),
        ("weekly: {mon: [08:00-12:00, 11:00-13:00]}", "weekly: two spans overlap"),
        ("weekly: {mon-fri: 08:00-12:00, wed: closed}", "weekly: wed is written twice"),
        ("weekly: {}", "weekly: names no day"),
        ("weekly: 24h\nholidays: China", "holidays: 'China' is no country"),
        ("weekly: 24h\nholiday: CN", "holiday: is not a known key; did you mean 'holidays'?"),
        ("weekly: 24h\nzone: Asia/Bejing", "zone: there is no time zone 'Asia/Bejing'"),
        ("weekly: 24h\nmake_up_days_as: Monday", "make_up_days_as: 'Monday' is no day"),
        (
            'weekly: 24h\nclosures: [{from: "2026-12-24 12:00", to: "2026-12-24 11:00"}]',
            "closures.0: ends before it begins",
        ),
    ],
)
def test_slip_names_its_place(tmp_path: Path, text: str, finding: str) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text(dedent(text), "utf-8")
    content = read_yaml(file)
    with pytest.raises(SettingsRefused) as refused:
        validate(HoursPart, content.values, content)
    assert finding in str(refused.value)


class TestChina:
    """The State Council's notices of 2025 and 2026 (国务院办公厅关于部分节假日安排的通知)."""

    @pytest.mark.parametrize(
        ("first", "last", "name"),
        [
            ("2025-01-28", "2025-02-04", None),
            ("2025-05-31", "2025-06-02", "端午节"),
            ("2025-10-01", "2025-10-08", None),
            ("2026-01-01", "2026-01-03", "元旦"),
            ("2026-02-15", "2026-02-23", None),
            ("2026-04-04", "2026-04-06", "清明节"),
            ("2026-05-01", "2026-05-05", "劳动节"),
            ("2026-06-19", "2026-06-21", "端午节"),
            ("2026-09-25", "2026-09-27", "中秋节"),
            ("2026-10-01", "2026-10-07", "国庆节"),
        ],
    )
    def test_free_days_in_a_row_weekends_among_them(
        self, first: str, last: str, name: str | None
    ) -> None:
        calendar = calendar_of("CN")
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        before, after = calendar.day(day - timedelta(1)), calendar.day(end + timedelta(1))
        assert before is None or before.works
        assert after is None or after.works
        while day <= end:
            special = calendar.day(day)
            assert special is not None
            assert not special.works
            assert name is None or special.name["zh-CN"] == name
            assert "休息" not in special.name["zh-CN"]
            day += timedelta(days=1)

    def test_make_up_days(self) -> None:
        year = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
        special = [(day, calendar_of("CN").day(day)) for day in year]
        assert [f"{day:%m-%d}" for day, one in special if one is not None and one.works] == [
            "01-04", "02-14", "02-28", "05-09", "09-20", "10-10",
        ]  # fmt: skip

    def test_elsewhere_a_weekend_beside_a_holiday_is_a_weekend(self) -> None:
        assert calendar_of("DE").day(date(2026, 5, 1)) is not None
        assert calendar_of("DE").day(date(2026, 5, 2)) is None

    def test_year_that_is_near_and_not_known_is_warned_of(self) -> None:
        office = {"office": HoursPart.model_validate(OFFICE)}
        german = {"office": HoursPart.model_validate(OFFICE | {"holidays": "DE"})}
        assert list(undecreed(office, date(2026, 6, 1))) == []
        (warning,) = undecreed(office, date(2031, 6, 1))
        assert "2031 in CN" in warning.what
        assert len(list(undecreed(office, date(2030, 12, 24)))) == 2
        assert list(undecreed(german, date(2031, 6, 1))) == []


MOMENTS = st.integers(0, 16 * 366 * 86400).map(
    lambda second: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)
ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"])
PLANS = st.sampled_from(
    [
        OFFICE,
        {"weekly": {"mon-sun": "22:00-06:00"}, "holidays": "CN"},
        {"weekly": {"sat": ["00:00-02:30", "02:45-24:00"]}},
        {"weekly": "24h", "closures": OFFICE["closures"], "days": {"2030-01-01": "closed"}},
    ]
)


@given(PLANS, ZONES, MOMENTS)
def test_until_is_the_next_change_and_no_other(
    plan: dict[str, Any], zone: str, now: datetime
) -> None:
    asked = hours(zone, **plan)
    verdict = asked.at(now)
    assert verdict == hours(zone, **plan).at(now)
    if verdict.until is None:
        return
    assert verdict.until > now
    assert asked.at(verdict.until).open != verdict.open
    gap = verdict.until - now
    for part in (gap / 7, gap / 3, gap - timedelta(microseconds=1)):
        between = hours(zone, **plan).at(now + part)
        assert (between.open, between.until) == (verdict.open, verdict.until)


QUARTER = timedelta(minutes=15)
NOON = datetime(2026, 12, 24, 4, tzinfo=UTC)
SPANS = st.tuples(st.integers(0, 95), st.integers(0, 96)).filter(lambda one: one[0] != one[1])
"""Quarters of an hour after midnight."""


@st.composite
def periods(draw: st.DrawFn) -> list[dict[str, str]]:
    found = []
    for start, length in draw(
        st.lists(st.tuples(st.integers(-40, 130), st.integers(1, 60)), max_size=3)
    ):
        begin = NOON + start * QUARTER
        found.append(
            {
                "from": f"{begin.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
                "to": f"{(begin + length * QUARTER).astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            }
        )
    return found


def text_of(span: tuple[int, int]) -> str:
    return "-".join(f"{quarter // 4:02d}:{quarter % 4 * 15:02d}" for quarter in span)


@given(
    st.dictionaries(st.sampled_from(["wed", "thu", "fri"]), SPANS.map(text_of), min_size=1),
    periods(),
    periods(),
)
def test_every_quarter_is_as_the_plan_says_and_until_is_the_first_that_differs(
    weekly: dict[str, str], closures: list[dict[str, str]], extra: list[dict[str, str]]
) -> None:
    """Against a slow reading of the plan, from Thursday noon."""

    def within(plan: list[dict[str, str]], moment: datetime) -> bool:
        return any(at(one["from"]) <= moment < at(one["to"]) for one in plan)

    def is_open(moment: datetime) -> bool:
        if within(closures, moment):
            return False
        if within(extra, moment):
            return True
        local = moment.astimezone(SHANGHAI)
        clock = local.hour * 60 + local.minute
        for back in (0, 1):
            span = weekly.get(f"{local - timedelta(days=back):%a}".lower())
            if span is not None:
                start, end = (int(part[:2]) * 60 + int(part[3:]) for part in span.split("-"))
                end += 1440 if end < start else 0
                if start <= clock + back * 1440 < end:
                    return True
        return False

    plan: dict[str, Any] = {"weekly": weekly, "closures": closures, "extra": extra}
    asked = hours(**plan)
    verdict = asked.at(NOON)
    moment = NOON
    while is_open(moment) == is_open(NOON) and moment < NOON + timedelta(days=2):
        assert asked.at(moment).open == verdict.open == is_open(moment)
        assert asked.at(moment).until == verdict.until
        moment += QUARTER
    if moment < NOON + timedelta(days=2):
        assert verdict.until == moment
    else:
        assert verdict.until is None or verdict.until >= moment


@pytest.mark.parametrize(
    "period",
    [
        {"from": 5, "to": "2026-12-24"},
        {"from": "0001-01-01 00:00", "to": "9999-12-31 23:59"},
        {"from": "2026-12-24 12:00", "to": "2026-12-24 13:00+08:00"},
        {"from": "noon", "to": "2026-12-24"},
        {"from": "2026-12-24", "to": "2026-12-25", "why": {"fr": "fermé"}},
        {"from": "2026-12-24", "to": "2026-12-25", "why": {"en": "a\x07b"}},
        {"from": "2026-12-24", "to": "2026-12-25", "why": {"en": ""}},
    ],
)
def test_period_that_makes_no_sense_is_refused(period: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HoursPart.model_validate({"weekly": "24h", "closures": [period]})


def test_period_of_whole_days() -> None:
    plan = {"weekly": "24h", "closures": [{"from": "2026-12-24", "to": "2026-12-26"}]}
    assert look("2026-12-24 00:00", **plan).until == at("2026-12-26 00:00")


def test_days_are_dates() -> None:
    assert HoursPart.model_validate(OFFICE).days[date(2026, 11, 28)] == ((600, 660),)
