"""However a number is written, it is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.numbers import normal_number, number_to_dial


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800001111", "+8613800001111"),
        ("+86 138-0000-1111", "+8613800001111"),
        ("008613800001111", "+8613800001111"),
        ("8613800001111", "+8613800001111"),
        ("010-6234 5678", "+861062345678"),
        ("(0755) 12345678", "+8675512345678"),
        ("+1 650 253 0000", "+16502530000"),
        ("62345678", "62345678"),
        ("1001", "1001"),
        ("12345", "12345"),
        ("anonymous", None),
        ("", None),
        ("1", None),
        ("138x0001111", None),
        ("１３８００００１１１１", None),
        ("9" * 41, None),
    ],
)
def test_written_number(written: str, number: str | None) -> None:
    assert normal_number(written) == number


@given(st.text(alphabet="+0123456789 -()", max_size=30))
def test_writing_it_again_changes_nothing(written: str) -> None:
    number = normal_number(written)
    if number is not None:
        assert normal_number(number) == number


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+8613800001111", "13800001111"),
        ("+862088887777", "02088887777"),
        ("+861062345678", "01062345678"),
        ("+864008001234", "4008001234"),
        ("13800001111", "13800001111"),
        ("+16502530000", "+16502530000"),
        ("+86110", "+86110"),
        ("+86", "+86"),
        ("+", "+"),
        ("", ""),
    ],
)
def test_number_of_this_country_is_dialled_as_at_home(written: str, dialled: str) -> None:
    assert number_to_dial(written) == dialled
