"""Which notices a caller hears."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ivr_flows.notices import MOST_HEARD, Notice, heard_by

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000


def notice(name: str, **fields: Any) -> Notice:
    return Notice(**{"id": name, "kind": "info", "texts": {"en": name}} | fields)


def heard(*notices: Notice, area: str | None = None) -> list[str]:
    return [one.id for one in heard_by(notices, area, NOW)]


def test_emergencies_first_then_the_newest() -> None:
    old = notice("old", switched_us=1)
    new = notice("new", switched_us=2)
    storm = notice("storm", kind="emergency")
    assert heard(old, new, storm) == ["storm", "new", "old"]


def test_no_more_than_a_caller_can_bear() -> None:
    assert len(heard(*(notice(f"n{number}") for number in range(9)))) == MOST_HEARD


def test_those_of_an_area_are_for_who_asks_about_it() -> None:
    north = notice("north", areas=frozenset({"chengbei"}))
    everywhere = notice("everywhere")
    assert heard(north, everywhere) == ["everywhere"]
    assert heard(north, everywhere, area="chengbei") == ["north"]
    assert heard(north, everywhere, area="chengnan") == []


def test_only_within_its_time() -> None:
    assert heard(notice("n", from_us=NOW_US)) == ["n"]
    assert heard(notice("n", from_us=NOW_US + 1)) == []
    assert heard(notice("n", until_us=NOW_US)) == []
    assert heard(notice("n", until_us=NOW_US + 1)) == ["n"]
