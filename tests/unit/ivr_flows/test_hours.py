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

from config.errors import SettingsRefused
from config.hours import HoursPart, calendar_of
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

    def test_clock_that_jumps_forward_and_back(self) -> None:
        berlin = hours("Europe/Berlin", weekly={"sun": "02:15-04:00"})
        spring = berlin.at(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
        assert spring.open
        assert spring.until == datetime(2026, 3, 29, 2, 0, tzinfo=UTC)
        autumn = berlin.at(datetime(2026, 10, 25, 1, 0, tzinfo=UTC))
        assert autumn.until == datetime(2026, 10, 25, 3, 0, tzinfo=UTC)

    def test_year_that_nobody_has_decreed_has_the_fixed_holidays(self) -> None:
        calendar = calendar_of("CN")
        assert calendar.announced(2026)  # type: ignore[attr-defined]
        assert not calendar.announced(2031)  # type: ignore[attr-defined]
        assert not look("2031-10-01 10:00").open

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


def test_days_are_dates() -> None:
    assert HoursPart.model_validate(OFFICE).days[date(2026, 11, 28)] == ((600, 660),)
