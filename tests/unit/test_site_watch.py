"""The site file changes while the daemon runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.site import Site, load_site
from cti.site_watch import SiteWatch

SITE = """
name: {zh-CN: 热线, en: Hotline}
hotlines: [{number: "12345", flow: main}]
queues:
  repairs: {name: {zh-CN: 报修, en: Repairs}}
  bills: {name: {zh-CN: 账单, en: Bills}}
seats:
  "1001": {name: 王芳, device: PJSIP/1001, queues: [repairs]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, "utf-8")
    return path


@pytest.fixture
def watch(file: Path) -> SiteWatch:
    return SiteWatch(file, load_site(file))


def changed(watch: SiteWatch, file: Path, old: str, new: str) -> Site | None:
    """The file is written, and looked at twice."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    assert watch.look() is None, "somebody may be writing still"
    return watch.look()


def test_file_that_stays_is_no_news(watch: SiteWatch) -> None:
    assert watch.look() is None
    assert watch.look() is None


def test_seats_and_queues_are_told_whole(watch: SiteWatch, file: Path) -> None:
    site = changed(watch, file, "queues: [repairs]", "queues: [repairs, bills], skills: {gas: 3}")
    assert site is not None
    assert (site.seats["1001"].queues, site.seats["1001"].skills) == (
        ["repairs", "bills"],
        {"gas": 3},
    )
    assert list(site.queues) == ["repairs", "bills"]
    assert watch.look() is None, "once"


def test_rules_are_told(watch: SiteWatch, file: Path) -> None:
    change = changed(watch, file, "queues:\n", "routing: {choice: due}\nqueues:\n")
    assert change is not None
    assert change.routing.choice == "due"


def test_broken_file_changes_nothing_until_it_is_mended(watch: SiteWatch, file: Path) -> None:
    assert changed(watch, file, "queues: [repairs]", "queues: [repiars]") is None
    assert "repiars" in watch.refused
    assert changed(watch, file, "queues: [repiars]", "queues: [bills]") is not None
    assert watch.refused == ""


def test_file_that_is_gone_changes_nothing(watch: SiteWatch, file: Path) -> None:
    file.unlink()
    assert watch.look() is None
    assert watch.look() is None
    assert watch.refused


def test_other_parts_wait_for_a_restart_and_are_named(watch: SiteWatch, file: Path) -> None:
    assert changed(watch, file, 'number: "12345"', 'number: "12346"') is None
    assert watch.untaken == {"hotlines"}
    change = changed(watch, file, "name: 王芳", "name: 王小芳")
    assert change is not None
    assert change.hotlines[0].number == "12345"


def test_queue_that_is_taken_out_of_the_file_stays_until_a_restart(
    watch: SiteWatch, file: Path
) -> None:
    line = "  bills: {name: {zh-CN: 账单, en: Bills}}\n"
    change = changed(watch, file, line, "  water: {name: {zh-CN: 水, en: Water}}\n")
    assert change is not None
    assert list(change.queues) == ["repairs", "water", "bills"]
    assert watch.untaken == {"queues.bills"}


def test_new_comment_is_no_change(watch: SiteWatch, file: Path) -> None:
    assert changed(watch, file, "queues:\n", "# a word\nqueues:\n") is None
    assert (watch.refused, watch.untaken) == ("", frozenset())


def test_plans_count_at_once(watch: SiteWatch, file: Path) -> None:
    plans = "plans: {rush: {name: {en: Rush}, queues: {bills: {closed: true}}}}\nqueues:\n"
    change = changed(watch, file, "queues:\n", plans)
    assert change is not None
    assert list(change.plans) == ["rush"]
    assert watch.untaken == frozenset()
