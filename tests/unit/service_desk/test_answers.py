"""What is taken out of an answer."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.answers import MOST_CHARACTERS, clean, picked, read_document
from service_desk.errors import AnswerUnusable

# The document and the pointers of RFC 6901, section 5.
RFC = (
    b'{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\\\j": 5,'
    b' "k\\"l": 6, " ": 7, "m~n": 8}'
)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/foo/0", "bar"), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"),
        ("/g|h", "4"), ("/i\\j", "5"), ('/k"l', "6"), ("/ ", "7"), ("/m~0n", "8"),
        ("", None), ("/foo", None), ("/foo/2", None), ("/foo/-", None), ("/foo/00", None),
        ("/foo/-1", None), ("/foo/0/x", None), ("foo", None), ("/nothing", None),
        ("/foo/99999999999", None),
    ],
)  # fmt: skip
def test_pointer_finds_single_values_only(pointer: str, value: str | None) -> None:
    found = picked(read_document(RFC), {"x": pointer})
    assert found == ({} if value is None else {"x": value})


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12.10", "12.10"), ("-0.0", "-0.0"), ("1" * 5000, "1" * MOST_CHARACTERS),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("1E400", "1E400"), ("true", "true"), ("false", "false"), ('"x"', "x"),
        ('" a\\u0000\\nb\\u202e\\ud800 "', "a b"), ("null", None), ("{}", None), ("[]", None),
    ],
)  # fmt: skip
def test_value_is_its_text_as_written(written: str, value: str | None) -> None:
    document = read_document(f'{{"v": {written}}}'.encode())
    assert picked(document, {"v": "/v"}).get("v") == value


@pytest.mark.parametrize("content", [b"", b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_document_is_refused(content: bytes) -> None:
    with pytest.raises(AnswerUnusable):
        read_document(content)


@given(st.binary(max_size=300), st.text(max_size=20))
def test_no_content_and_no_pointer_raises_anything_else(content: bytes, pointer: str) -> None:
    try:
        document = read_document(content)
    except AnswerUnusable:
        return
    for text in picked(document, {"x": pointer}).values():
        assert len(text) <= MOST_CHARACTERS


@given(st.recursive(st.text() | st.integers() | st.booleans(), st.lists), st.text())
def test_text_is_one_line_that_can_be_said(value: Any, text: str) -> None:
    picked(read_document(json.dumps(value).encode()), {"x": "/0"})
    cleaned = clean(text)
    assert len(cleaned) <= MOST_CHARACTERS
    assert not any(unicodedata.category(one)[0] == "C" for one in cleaned)
    assert "\u2028" not in cleaned
