"""Rules by which callers go to another queue, as the site file has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsRefused
from config.site import load_site
from cti.facts import Overflow
from cti.site_routing import routing_of

SITE = """\
name: {zh-CN: 热线}
hotlines:
  - {number: "12345", flow: main}
queues:
  repairs:
    name: {zh-CN: 报修}
    overflow: [REPAIRS]
  service:
    name: {zh-CN: 人工}
    overflow: [SERVICE]
  bills: {name: {zh-CN: 水费}, open: office}
outside:
  water-police: {name: {zh-CN: 水政}, number: "110"}
hours:
  office: {weekly: {mon-fri: "09:00-17:00"}}
"""


def site(folder: Path, repairs: str = "", service: str = "") -> Path:
    file = folder / "site.yaml"
    text = SITE.replace("REPAIRS", repairs).replace("SERVICE", service)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, repairs: str, service: str = "") -> list[str]:
    file = site(folder, repairs, service)
    with pytest.raises(SettingsRefused) as refused:
        load_site(file)
    return [str(complaint).removeprefix(f"{file}:") for complaint in refused.value.complaints]


def test_rules_come_to_routing_in_the_order_they_are_written(tmp_path: Path) -> None:
    file = site(
        tmp_path,
        "{when: no-seats, to: {queue: service}}, {when: length, length: 0, to: {queue: bills}}, "
        "{when: wait, after_seconds: 1.5, to: {queue: service}}",
    )
    assert routing_of(load_site(file)).queues[0].overflow == (
        Overflow("no-seats", "queue", "service"),
        Overflow("length", "queue", "bills"),
        Overflow("wait", "queue", "service", after_us=1_500_000),
    )


@pytest.mark.parametrize(
    ("to", "kind", "target"),
    [
        ("{outside: water-police}", "outside", "water-police"),
        ("{message: repairs}", "message", "repairs"),
        ("{flow: busy}", "flow", "busy"),
    ],
)
def test_rules_lead_to_numbers_messages_and_flows(
    tmp_path: Path, to: str, kind: str, target: str
) -> None:
    file = site(tmp_path, f"{{when: closed, to: {to}}}")
    (rule,) = routing_of(load_site(file)).queues[0].overflow
    assert (rule.when, rule.to, rule.target, rule.after_us) == ("closed", kind, target, 0)


def test_opening_hours_that_the_site_does_not_have_are_refused(tmp_path: Path) -> None:
    file = site(tmp_path)
    file.write_text(file.read_text("utf-8").replace("open: office", "open: ofice"), "utf-8")
    with pytest.raises(SettingsRefused, match="there are no hours 'ofice'; known: office"):
        load_site(file)


def test_unknown_queue_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    assert refusal(tmp_path, "{when: no-seats, to: {queue: servise}}") == [
        "7:45: queues.repairs.overflow.0.to.queue: there is no queue 'servise'; "
        "did you mean 'service'?"
    ]


def test_circle_is_refused_at_each_rule_that_is_part_of_it(tmp_path: Path) -> None:
    rules = ("{when: no-seats, to: {queue: service}}", "{when: no-seats, to: {queue: repairs}}")
    said = refusal(tmp_path, *rules)
    assert [one.partition(": leads ")[2] for one in said] == [
        "in a circle: repairs -> service -> repairs",
        "in a circle: service -> repairs -> service",
    ]
    assert "queues.repairs.overflow.0.to.queue" in said[0]


def test_queue_that_overflows_into_itself_is_refused(tmp_path: Path) -> None:
    (said,) = refusal(tmp_path, "{when: no-seats, to: {queue: repairs}}")
    assert said.endswith("leads in a circle: repairs -> repairs")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{when: wait, to: {queue: bills}}", "`when: wait` needs after_seconds"),
        ("{when: length, to: {queue: bills}}", "`when: length` needs length"),
        ("{when: wait, after_seconds: -1, to: {queue: bills}}", "greater than or equal to 0"),
        ("{when: length, length: -1, to: {queue: bills}}", "greater than or equal to 0"),
        ("{when: no-seats, length: 1, to: {queue: bills}}", "length is for `when: length`"),
        (
            "{when: length, length: 1, after_seconds: 1, to: {queue: bills}}",
            "leave after_seconds out",
        ),
        ("{when: full, to: {queue: bills}}", "'wait', 'length', 'no-seats' or 'closed'"),
        ("{when: closed, length: 3, to: {queue: bills}}", "length is for `when: length`"),
        ("{when: closed, to: {}}", "needs one of queue, outside, message, flow; here: none"),
        ("{when: closed, to: {flow: a, message: b}}", "outside, message, flow; here: 2"),
        ("{when: closed, to: {outside: police}}", "no outside number 'police'; did you mean"),
        ("{when: closed, to: {number: 110}}", "is not a known key"),
    ],
)
def test_rule_that_says_too_much_or_too_little_is_refused(
    tmp_path: Path, rule: str, said: str
) -> None:
    refused = refusal(tmp_path, rule)
    assert any(said in one for one in refused), refused
    assert all("7:" in one and "queues.repairs.overflow.0" in one for one in refused)
