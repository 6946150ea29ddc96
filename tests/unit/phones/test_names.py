"""Names and numbers in SIP headers, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.phones.names import name_addr, parse_name_addr, quoted, uri_user

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1)


@given(name=NAMES, number=NAMES)
def test_any_name_and_number_survive_the_header(name: str, number: str) -> None:
    value = name_addr(name, f"sip:{uri_user(number)}@127.0.0.1:5060") + ";tag=t1"
    read = parse_name_addr(value)
    assert (read.name, read.user, read.tag) == (name, number, "t1")


@given(st.text())
def test_reading_never_fails(value: str) -> None:
    parse_name_addr(value)


@pytest.mark.parametrize(
    ("value", "name", "user", "tag"),
    [
        ("sip:1001@host;tag=x", "", "1001", "x"),
        ("<sip:1001@host;user=phone>;x=1;TAG=y", "", "1001", "y"),
        ("Wang Fang <sip:1001@host>", "Wang Fang", "1001", ""),
        ('"a;tag=no" <sip:%2B86@host>;tag=yes', "a;tag=no", "+86", "yes"),
        ('"<sip:666@evil>" <sip:1@h>', "<sip:666@evil>", "1", ""),
        ("<tel:+8610;phone-context=x>", "", "+8610", ""),
        ("<sip:host>", "", "", ""),
        ("<sip:1001:secret@host>", "", "1001", ""),
        ("", "", "", ""),
    ],
)
def test_headers_of_others_are_read(value: str, name: str, user: str, tag: str) -> None:
    read = parse_name_addr(value)
    assert (read.name, read.user, read.tag) == (name, user, tag)


@pytest.mark.parametrize("name", ["a\r\nX: y", "a\nb"])
def test_a_name_with_a_line_break_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="raw_from"):
        quoted(name)
