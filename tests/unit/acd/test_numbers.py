"""Which numbers a callback may ring."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.numbers import refusal


@pytest.mark.parametrize("number", ["13800001111", "02088887777", "4008001234", "6543210"])
def test_numbers_of_customers_are_allowed(number: str) -> None:
    assert refusal(number) == ""


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("", "3 to 20"),
        ("12", "3 to 20"),
        ("1" * 21, "3 to 20"),
        ("１３８００００１１１１", "3 to 20"),
        ("+8613800001111", "abroad, or no valid"),
        ("+12025550123", "abroad, or no valid"),
        ("138 0000 1111", "3 to 20"),
        ("13800001111\n", "3 to 20"),
        ("1380000&1111", "3 to 20"),
        ("110", "emergency"),
        ("119", "emergency"),
        ("120", "emergency"),
        ("1101234567", "emergency"),
        ("123456", "7 to 15"),
        ("1" * 16, "7 to 15"),
        ("008613800001111", "abroad"),
    ],
)
def test_other_numbers_are_refused_with_the_reason(number: str, why: str) -> None:
    assert why in refusal(number)


def test_with_prefixes_only_they_are_allowed() -> None:
    prefixes = ("138", "8800")
    assert refusal("13800001111", prefixes) == ""
    assert refusal("88001", prefixes) == ""
    assert "allowed" in refusal("13900001111", prefixes)
    assert "emergency" in refusal("110", ("1",))


@given(st.text(), st.lists(st.text("0123456789", min_size=1, max_size=4)))
def test_what_is_allowed_is_ascii_digits_only(number: str, prefixes: list[str]) -> None:
    if refusal(number, prefixes) == "":
        assert number.isascii() and number.isdigit() and 3 <= len(number) <= 20
