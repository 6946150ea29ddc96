"""The site file: a slip is found at start, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsRefused
from config.settings import load_settings
from config.site import load_site

GOOD = """\
name: {zh-CN: 热线}
hotlines:
  - {number: "12345", flow: main}
queues:
  bills: {name: {zh-CN: 水费}}
seats:
  "1001":
    name: 王芳
    device: PJSIP/1001
    queues: [bills]
users:
  wang: {role: seat, seat: "1001"}
"""


def refusal(folder: Path, text: str) -> list[str]:
    file = folder / "site.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsRefused) as refused:
        load_site(file)
    return [str(complaint).removeprefix(f"{file}:") for complaint in refused.value.complaints]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_example_site_is_in_order() -> None:
    site = load_site(load_settings().site)
    assert len(site.seats) >= 2
    assert {user.role for user in site.users.values()} == {"seat", "lead", "admin", "auditor"}


def test_a_small_site_needs_no_more_than_names_a_number_a_queue_and_a_flow(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_site(file).hotlines[0].language == "zh-CN"


def test_two_seats_with_one_device_are_refused_at_the_line_of_the_second(tmp_path: Path) -> None:
    second = '  "1002": {name: 李强, device: PJSIP/1001, queues: [bills]}\nusers:'
    assert refusal(tmp_path, changed("users:", second)) == [
        "11:30: seats.1002.device: seats 1001 and 1002 have the same device PJSIP/1001; "
        "give each seat a device of its own"
    ]


def test_a_seat_of_an_unknown_queue_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    assert refusal(tmp_path, changed("queues: [bills]", "queues: [bills, repair]")) == [
        "10:21: seats.1001.queues.1: there is no queue 'repair'; known: bills"
    ]


def test_a_number_written_twice_is_refused(tmp_path: Path) -> None:
    twice = '  - {number: "12345", flow: main}\n  - {number: "12345", flow: other}\n'
    assert refusal(tmp_path, changed('  - {number: "12345", flow: main}\n', twice)) == [
        "4:14: hotlines.1.number: the number 12345 is written twice"
    ]


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("{role: seat}", "12:9: users.wang: has the role seat but no seat"),
        ('{role: seat, seat: "1"}', "12:28: users.wang.seat: there is no seat '1'; known: 1001"),
        ("{role: chief}", "12:16: users.wang.role: Input should be 'seat', 'lead', 'admin' or"),
    ],
)
def test_a_user_that_fits_no_seat_or_role_is_refused(tmp_path: Path, user: str, said: str) -> None:
    (complaint,) = refusal(tmp_path, changed('{role: seat, seat: "1001"}', user))
    assert complaint.startswith(said)


@pytest.mark.parametrize(
    "device",
    ["PJSIP/1001&PJSIP/x", "Local/1001@from-trunk", "PJSIP/1001,30", "PJSIP/", "1001", "SIP/1 "],
)
def test_a_device_that_could_be_more_than_one_phone_is_refused(tmp_path: Path, device: str) -> None:
    (complaint,) = refusal(tmp_path, changed("PJSIP/1001", f'"{device}"'))
    assert complaint.startswith("9:13: seats.1001.device: ")


@pytest.mark.parametrize("number", ["1;rm", "_X.", "s", "12345\\n", ""])
def test_a_number_that_is_more_than_digits_is_refused(tmp_path: Path, number: str) -> None:
    (complaint,) = refusal(tmp_path, changed('"12345"', f'"{number}"'))
    assert complaint.startswith("3:14: hotlines.0.number: ")


def test_two_outside_numbers_whose_names_differ_in_dashes_only_are_refused(tmp_path: Path) -> None:
    outside = (
        "outside:\n"
        '  water-police: {name: {en: A}, number: "0571110"}\n'
        '  waterpolice: {name: {en: B}, number: "0571119"}\n'
    )
    (complaint,) = refusal(tmp_path, changed("users:", outside + "users:"))
    assert "outside.waterpolice: water-police and waterpolice differ in dashes only" in complaint


@pytest.mark.parametrize("number", ["0571-110", "+86571110", "1@x", "${CTI}", "1"])
def test_an_outside_number_that_is_more_than_digits_is_refused(tmp_path: Path, number: str) -> None:
    outside = f'outside:\n  police: {{name: {{en: A}}, number: "{number}"}}\n'
    (complaint,) = refusal(tmp_path, changed("users:", outside + "users:"))
    assert "outside.police.number" in complaint


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("announce_every_seconds: -1", "announce_every_seconds"),
        ("expected_talk_seconds: 0", "expected_talk_seconds"),
        ("callback_attempts: 0", "callback_attempts"),
        ("callback_attempts: 11", "callback_attempts"),
        ("callback_retry_minutes: 0", "callback_retry_minutes"),
    ],
)
def test_settings_of_waiting_and_callbacks_have_bounds(
    tmp_path: Path, setting: str, said: str
) -> None:
    queue = changed("bills: {name: {zh-CN: 水费}}", f"bills: {{name: {{zh-CN: 水费}}, {setting}}}")
    (complaint,) = refusal(tmp_path, queue)
    assert f"queues.bills.{said}" in complaint


@pytest.mark.parametrize("prefix", ["", "+86", "1&2", "13a"])
def test_prefix_of_callbacks_is_digits(tmp_path: Path, prefix: str) -> None:
    (complaint,) = refusal(tmp_path, GOOD + f'callbacks: {{prefixes: ["{prefix}"]}}\n')
    assert "callbacks.prefixes.0" in complaint
