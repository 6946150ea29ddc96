"""What is left of a caller's number for those who need not see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.api.masking import mask_name, mask_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("13800001111", "138****1111"),
        ("+8613800001111", "+86138****1111"),
        ("008613800001111", "008********1111"),
        ("+447911123456", "+447*****3456"),
        ("02787654321", "027****4321"),
        ("027-8765 4321", "027****4321"),
        ("87654321", "87****21"),
        ("7654321", "7****21"),
        ("12345", "****"),
        ("1001", "****"),
        ("+86110", "****"),
        ("", ""),
        ("anonymous", "anonymous"),
        ("Unknown", "Unknown"),
        ("sip:wang@example.cn", "****"),
        ("１３８００００１１１１", "****"),
        ("*67#", "****"),
    ],
)
def test_a_number_is_shown_as(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@given(st.from_regex(r"\+?[0-9]{1,24}", fullmatch=True))
def test_of_any_number_at_least_four_digits_and_at_most_seven_subscriber_digits_show(
    number: str,
) -> None:
    shown = mask_number(number)
    assert "****" in shown
    plain = shown.removeprefix("+86") if number.startswith("+86") else shown
    assert sum(character.isdigit() for character in plain) <= 7


@given(st.text(max_size=40))
def test_of_any_text_no_more_than_a_numbers_ends_or_a_names_start_is_shown(text: str) -> None:
    shown = mask_number(text)
    assert "****" in shown or text.strip().lower() in {"", "anonymous", "private", "unknown"}
    assert len(mask_name(text)) <= max(len(text), 4)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王小明", "王**"),
        ("13800001111", "138****1111"),
        ("+8613800001111", "+86138****1111"),
        ("", ""),
        ("Anonymous", "Anonymous"),
    ],
)
def test_a_name_is_shown_as(name: str, shown: str) -> None:
    assert mask_name(name) == shown
