from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.agi.errors import HeadersRefused, UnsafeValue
from cti.agi.server import check_script
from cti.agi.wire import (
    MAX_COMMAND_BYTES,
    application_name,
    command_line,
    quoted,
    user_event,
    variable_name,
)
from tests.fakes.agi_peer import split_command


class TestQuoting:
    @given(st.text())
    def test_text_is_one_word_and_the_same_word_or_refused(self, text: str) -> None:
        try:
            line = command_line("SET VARIABLE", "X", quoted("X", text))
        except UnsafeValue:
            return
        assert "\n" not in line
        assert "\r" not in line
        assert split_command(line) == ["SET", "VARIABLE", "X", text]

    @pytest.mark.parametrize(
        "text", ["a\nb", "a\rb", "a\0b", "a\tb", "\x85", "${SHELL(id)}", "$[1+1]"]
    )
    def test_what_could_leave_its_argument_is_refused(self, text: str) -> None:
        with pytest.raises(UnsafeValue) as refused:
            quoted("X", text)
        assert text not in str(refused.value)

    def test_line_longer_than_asterisks_buffer_is_refused(self) -> None:
        room = MAX_COMMAND_BYTES - len('SET VARIABLE X ""')
        assert command_line("SET VARIABLE", "X", quoted("X", "x" * room))
        with pytest.raises(UnsafeValue):
            command_line("SET VARIABLE", "X", quoted("X", "x" * (room + 1)))
        with pytest.raises(UnsafeValue):
            command_line("SET VARIABLE", "X", quoted("X", "水" * (room // 2)))

    def test_lone_surrogate_is_refused(self) -> None:
        with pytest.raises(UnsafeValue):
            command_line("SET VARIABLE", "X", quoted("X", "\ud800"))


class TestNames:
    @pytest.mark.parametrize("name", ["SHELL(id)", "A B", "A\n", "", "1A", "CHANNEL(hangup)", "Ａ"])
    def test_variable_that_is_a_function_or_no_name_is_refused(self, name: str) -> None:
        with pytest.raises(UnsafeValue):
            variable_name(name)

    @pytest.mark.parametrize("name", ["System(id)", "User Event", "Exec\n", ""])
    def test_application_that_is_no_name_is_refused(self, name: str) -> None:
        with pytest.raises(UnsafeValue):
            application_name(name)

    def test_own_names_pass(self) -> None:
        assert variable_name("CTI_NEXT") == "CTI_NEXT"
        assert variable_name("__CTI_CALL") == "__CTI_CALL"
        assert application_name("UserEvent") == "UserEvent"


class TestUserEvent:
    @given(st.dictionaries(st.text(), st.text()))
    def test_comes_apart_as_it_was_put_together_or_is_refused(
        self, headers: dict[str, str]
    ) -> None:
        try:
            event = user_event("CTI", headers)
        except UnsafeValue:
            return
        name, *parts = event.split(",")
        assert name == "CTI"
        assert dict(part.split(":", 1) for part in parts) == headers

    @pytest.mark.parametrize(
        "value", ["a,b", "a:b", 'a"b', "a\\b", "(a", "a b", "", "a\r\nAction: x", "水", "x" * 513]
    )
    def test_value_that_could_become_a_header_is_refused(self, value: str) -> None:
        with pytest.raises(UnsafeValue):
            user_event("CTI", {"Key": value})

    def test_ids_names_and_keys_pass(self) -> None:
        headers = {"Call": "jt1-1700000000.42", "Key": "#", "Prompt": "hours/closed"}
        written = "CTI,Call:jt1-1700000000.42,Key:#,Prompt:hours/closed"
        assert user_event("CTI", headers) == written


class TestScript:
    def test_only_call_is_served(self) -> None:
        good = {"agi_network_script": "call", "agi_request": "agi://127.0.0.1:4573/call"}
        check_script(good)
        for change in (
            {"agi_network_script": "x"},
            {"agi_request": "agi://127.0.0.1/x"},
            {"agi_request": "agi:async"},
            {"agi_request": "call"},
            {"agi_request": "hagi://127.0.0.1/call"},
        ):
            with pytest.raises(HeadersRefused):
                check_script(good | change)
        with pytest.raises(HeadersRefused):
            check_script({})
