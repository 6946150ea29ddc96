"""Emergency plans in the site file: what is wrong is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsRefused
from config.overlay import Overlay, Setting, Source, settings_of
from config.queue import Queue
from config.site import Site, load_site

SITE = """\
name: {zh-CN: 热线, en: Hotline}
hotlines: [{number: "12345", flow: main}]
queues:
  repairs: {name: {en: Repairs}}
  bills: {name: {en: Bills}, merged_into: repairs}
seats:
  "1001": {name: 王芳, device: PJSIP/1001, queues: [repairs], roles: {repairs: b}}
  "1002": {name: 李强, device: PJSIP/1002, queues: [bills]}
areas: {north: {en: North}}
notices:
  storm: {texts: {zh-CN: 台风}, areas: [north]}
plans:
  rush:
    name: {zh-CN: 高峰}
"""
"""A plan's content begins in line 15."""


def site(tmp_path: Path, plan: str) -> Site:
    file = tmp_path / "site.yaml"
    file.write_text(SITE + plan, "utf-8")
    return load_site(file)


@pytest.mark.parametrize(
    ("plan", "place", "why"),
    [
        ("    queues: {water: {closed: true}}", "15:21", "there is no queue 'water'"),
        ("    queues: {repairs: {strategi: x}}", "15:24", "did you mean 'strategy'?"),
        ("    queues: {repairs: {name: {en: X}}}", "15:24", "not a known key"),
        ("    queues: {repairs: {wrapup_seconds: -1}}", "15:40", "greater than or equal to 0"),
        ("    queues: {repairs: {wrapup_seconds: null}}", "15:40", "valid number"),
        ("    queues: {repairs: {merged_into: bills}}", "15:37", "leads in a circle"),
        ("    queues: {repairs: {merged_into: water}}", "15:37", "there is no queue 'water'"),
        ("    queues: {repairs: {open: night}}", "15:30", "there are no hours 'night'"),
        ("    all_seats: {water: a}", "15:24", "there is no queue 'water'"),
        ("    all_seats: {bills: boss}", "15:24", "'a', 'b' or 'lead'"),
        ('    seats: {"1009": {queues: [bills]}}', "15:21", "there is no seat '1009'"),
        ('    seats: {"1001": {queues: []}}', "15:30", "at least 1 item"),
        ('    seats: {"1001": {queues: [water]}}', "15:30", "there is no queue 'water'"),
        ('    seats: {"1001": {skills: {gas: 0}}}', "15:36", "greater than or equal to 1"),
        ('    seats: {"1001": {skills: {gas: 99}}}', "15:36", "less than or equal to 9"),
        ('    seats: {"1001": {device: PJSIP/1}}', "15:22", "not a known key"),
        ("    notices: [stom]", "15:15", "there is no notice 'stom'; known: storm"),
        ("    choice: fastest", "15:13", "'place', 'due' or 'queue-ratio'"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, plan: str, place: str, why: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        site(tmp_path, plan)
    (complaint, *_) = refused.value.complaints
    assert complaint.where == f"{tmp_path / 'site.yaml'}:{place}"
    assert why in complaint.message


def test_notice_of_an_unknown_area_or_without_text_is_refused(tmp_path: Path) -> None:
    for wrong, why in (("areas: [south]", "no area 'south'"), ("texts: {}", "at least 1")):
        text = SITE.replace("areas: [north]", wrong)
        if "texts" in wrong:
            text = SITE.replace("texts: {zh-CN: 台风}", wrong)
        (tmp_path / "site.yaml").write_text(text, "utf-8")
        with pytest.raises(SettingsRefused, match=why):
            load_site(tmp_path / "site.yaml")


def test_seat_that_is_given_other_queues_keeps_only_the_roles_it_can_have(tmp_path: Path) -> None:
    given = site(tmp_path, '    seats: {"1001": {queues: [bills]}}\n    all_seats: {repairs: lead}')
    laid = Overlay().over(given, settings_of("rush", given, Source(plan="rush")))
    assert laid.misfits == []
    first, second = laid.site.seats["1001"], laid.site.seats["1002"]
    assert (first.queues, first.roles) == (["bills", "repairs"], {"repairs": "lead"})
    assert (second.queues, second.roles) == (["bills", "repairs"], {"repairs": "lead"})
    assert given.seats["1001"].queues == ["repairs"], "the file's own stays"


@pytest.mark.parametrize(
    "part",
    [
        {"overflow": [{"when": "wait", "after_seconds": 60, "to": {"outside": "police"}}]},
        {"open": "night"},
    ],
)
def test_what_the_file_itself_says_too_early_costs_no_plan(
    tmp_path: Path, part: dict[str, object]
) -> None:
    """A number outside, or opening hours, that count after a restart only."""
    given = site(tmp_path, "    queues: {repairs: {closed: true}}\n    all_seats: {bills: b}")
    ahead = Queue.model_validate({"name": {"en": "Bills"}} | part)
    given = given.model_copy(update={"queues": given.queues | {"bills": ahead}})
    laid = Overlay().over(given, settings_of("rush", given, Source(plan="rush")))
    assert laid.misfits == []
    assert laid.site.queues["repairs"].closed
    assert laid.site.seats["1001"].queues == ["repairs", "bills"]
    (key,) = part
    same = Setting("queues", "bills", key, getattr(ahead, key), Source())
    laid = Overlay().over(given, [same])
    assert [one.setting for one in laid.misfits] == [same], "who says it now is told"
