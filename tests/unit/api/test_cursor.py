"""The cursor of the list of calls is opaque, whole, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.api.calls import read_cursor, write_cursor
from cti.api.errors import Problem
from cti.api.port import CallKey
from cti.ids import CallId


@given(
    st.integers(0, 2**53 - 1),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
)
def test_a_cursor_comes_back_as_it_was(arrived_us: int, call: str) -> None:
    key = CallKey(arrived_us=arrived_us, call=CallId(call))

    assert read_cursor(write_cursor(key)) == key


@given(st.from_regex(r"[A-Za-z0-9_-]{1,200}", fullmatch=True))
def test_any_other_word_is_refused_or_is_a_key(word: str) -> None:
    try:
        key = read_cursor(word)
    except Problem as problem:
        assert problem.status == 400
    else:
        assert read_cursor(write_cursor(key)) == key


@pytest.mark.parametrize("word", ["A", "AAAA", "MTIz", "OTk5OTk5OTk5OTk5OTk5OTk6YQ"])
def test_words_that_are_not_cursors(word: str) -> None:
    with pytest.raises(Problem):
        read_cursor(word)
