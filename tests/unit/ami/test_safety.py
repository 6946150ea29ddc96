from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ami.actions import Action
from cti.ami.errors import UnsafeValue
from cti.ami.safety import (
    MAX_CALLER_TEXT,
    caller_id,
    check_channel_id,
    check_channel_name,
    check_context,
    check_dial_target,
    check_extension,
    check_value,
    clean_caller_text,
    encode_action,
    variable_header,
)


class TestEncoding:
    def test_headers_stand_in_order_with_action_first(self) -> None:
        action = Action.build("Originate", [("Variable", ["A=1", "B=2"]), ("Async", True)])
        assert action.encode("7") == (
            b"Action: Originate\r\nActionID: 7\r\nVariable: A=1\r\nVariable: B=2\r\n"
            b"Async: true\r\n\r\n"
        )

    def test_an_own_action_id_is_written_once(self) -> None:
        action = Action.of("Ping", ActionID="offer.1")
        assert action.encode("offer.1") == b"Action: Ping\r\nActionID: offer.1\r\n\r\n"

    def test_chinese_text_passes(self) -> None:
        assert "王小明".encode() in Action.of("Setvar", Value="王小明").encode("1")

    @pytest.mark.parametrize("code", [*range(0x20), 0x7F, *range(0x80, 0xA0)])
    def test_every_control_character_is_refused_by_name_of_its_key(self, code: int) -> None:
        with pytest.raises(UnsafeValue) as caught:
            Action.of("Setvar", Value=f"a{chr(code)}b").encode("1")
        assert caught.value.key == "Value"
        assert f"U+{code:04X}" in caught.value.why

    @given(st.text())
    def test_whatever_passes_is_one_line(self, text: str) -> None:
        try:
            data = Action.of("Setvar", Value=text).encode("1")
        except UnsafeValue:
            return
        assert data.splitlines()[:3] == data.split(b"\r\n")[:3]
        assert data.count(b"\n") == data.count(b"\r") == 4

    @pytest.mark.parametrize("key", ["", "A: b\r\nC", "A b", "A:", "名", "1A"])
    def test_a_header_name_must_be_one(self, key: str) -> None:
        with pytest.raises(UnsafeValue):
            encode_action([(key, "v")])

    def test_a_name_of_an_action_is_checked_too(self) -> None:
        with pytest.raises(UnsafeValue):
            Action.of("Ping\r\nAction: Command").encode("1")

    def test_a_second_action_header_is_refused(self) -> None:
        with pytest.raises(UnsafeValue):
            Action.build("Ping", [("action", "Command")]).encode("1")

    def test_lone_surrogates_are_refused(self) -> None:
        with pytest.raises(UnsafeValue) as caught:
            Action.of("Setvar", Value="\ud800").encode("1")
        assert caught.value.key == "Value"

    def test_a_line_may_fill_asterisks_buffer_and_not_one_byte_more(self) -> None:
        room = 1024 - len("Value: \r\n")
        assert Action.of("Setvar", Value="x" * room).encode("1")
        with pytest.raises(UnsafeValue):
            Action.of("Setvar", Value="x" * (room + 1)).encode("1")
        with pytest.raises(UnsafeValue):
            Action.of("Setvar", Value="王" * (room // 3 + 1)).encode("1")

    def test_no_more_headers_than_asterisk_takes(self) -> None:
        assert Action.of("Setvar", Variable=["A=1"] * 126).encode("1")
        with pytest.raises(UnsafeValue):
            Action.of("Setvar", Variable=["A=1"] * 127).encode("1")

    @pytest.mark.parametrize("how", [{}, {"Async": "false"}, {"Async": False}])
    def test_an_originate_that_waits_is_refused(self, how: dict[str, str]) -> None:
        with pytest.raises(UnsafeValue) as caught:
            Action.of("Originate", Channel="PJSIP/8001", **how)
        assert caught.value.key == "Async"

    def test_values_are_kept_out_of_the_error(self) -> None:
        with pytest.raises(UnsafeValue) as caught:
            check_value("Secret", "hunter2\n")
        assert "hunter2" not in str(caught.value)


class TestChecks:
    @pytest.mark.parametrize(
        ("check", "value"),
        [
            (check_dial_target, "PJSIP/8001"),
            (check_dial_target, "PJSIP/seat_1.a-b"),
            (check_channel_name, "PJSIP/8001-0000001f"),
            (check_channel_name, "Local/s@seat-leg-00000001;2"),
            (check_channel_id, "offer.8001.1732312345123456"),
            (check_context, "waiting-room"),
            (check_extension, "*97"),
        ],
    )
    def test_good_values_come_back_unchanged(self, check: Callable[[str], str], value: str) -> None:
        assert check(value) == value

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "PJSIP/",
            "8001",
            "SIP/8001",
            "PJSIP/8001&PJSIP/8002",
            "PJSIP/8001@trunk",
            "PJSIP/8001/sip:evil@example.net",
            "PJSIP/8001,30",
            "PJSIP/${X}",
            "PJSIP/8001\n",
            "PJSIP/８００１",
            "PJSIP/" + "8" * 65,
            "Local/8001@x",
        ],
    )
    def test_only_a_plain_pjsip_endpoint_can_be_dialled(self, value: str) -> None:
        with pytest.raises(UnsafeValue) as caught:
            check_dial_target(value)
        assert caught.value.key == "Channel"

    @pytest.mark.parametrize(
        ("check", "value"),
        [
            (check_channel_name, "/PJSIP.*/"),
            (check_channel_name, "PJSIP/a,b"),
            (check_channel_name, "all"),
            (check_channel_id, "a b"),
            (check_channel_id, "a\n"),
            (check_context, "a,b"),
            (check_context, "${X}"),
            (check_extension, "s,1"),
            (check_extension, "_X."),
            (check_extension, ""),
        ],
    )
    def test_bad_values_are_refused(self, check: Callable[[str], str], value: str) -> None:
        with pytest.raises(UnsafeValue):
            check(value)


class TestVariables:
    def test_commas_quotes_and_backslashes_are_escaped(self) -> None:
        assert variable_header("NAME", 'a,B=1"\\') == ("Variable", 'NAME=a\\,B=1\\"\\\\')

    @given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
    def test_asterisk_reads_back_the_value_as_one_variable(self, value: str) -> None:
        header = variable_header("NAME", value)[1]
        assert _separate_args(header) == [f"NAME={value}"]

    @pytest.mark.parametrize("name", ["SHELL(id)", "A=B", "A,B", "", "1A", "___A", "A B"])
    def test_a_name_cannot_be_a_function_or_two(self, name: str) -> None:
        with pytest.raises(UnsafeValue):
            variable_header(name, "x")

    def test_inherited_names_and_with_variables(self) -> None:
        action = Action.of("Ping").with_variables(__CTI_CALL="1,2")
        assert action.headers == (("Variable", "__CTI_CALL=1\\,2"),)

    def test_control_characters_are_refused_by_the_variables_name(self) -> None:
        with pytest.raises(UnsafeValue) as caught:
            variable_header("NAME", "a\nb")
        assert caught.value.key == "NAME"


class TestCallerText:
    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ("王小明", "王小明"),
            ("  a \t b\r\nAction: x ", "a b Action: x"),
            ("abc\u202egnp.exe", "abcgnp.exe"),
            ("\u2066a\u2069\u200b\ufeff\x00\x1b[31m", "a[31m"),
            ("\ud800x\ue000", "x"),
            ("\u2028a\u3000b", "a b"),
            ("", ""),
        ],
    )
    def test_only_what_can_be_seen_on_one_line_stays(self, sent: str, shown: str) -> None:
        assert clean_caller_text(sent) == shown

    @given(st.text())
    def test_is_always_short_clean_and_stable(self, text: str) -> None:
        shown = clean_caller_text(text)
        assert len(shown) <= MAX_CALLER_TEXT
        assert check_value("x", shown) == shown
        assert clean_caller_text(shown) == shown

    @pytest.mark.parametrize(
        ("name", "number", "header"),
        [
            ("王小明", "13800000000", '"王小明" <13800000000>'),
            ('a" <110> \\', "+86 10-1234", '"a 110 " <+86101234>'),
            ("", "", '"" <>'),
            ("x", "1" * 99, f'"x" <{"1" * 32}>'),
            ("x\r\ny", "1\r\n2", '"x y" <12>'),
        ],
    )
    def test_a_caller_cannot_move_the_border_of_name_and_number(
        self, name: str, number: str, header: str
    ) -> None:
        assert caller_id(name, number) == header


def _separate_args(text: str) -> list[str]:
    """Asterisk's `__ast_app_separate_args` with a comma and removal of quotes and backslashes."""
    args, now = [], ""
    paren = quote = bracket = 0
    chars = iter(text)
    for c in chars:
        if c == "(":
            paren += 1
        elif c == ")":
            paren = max(0, paren - 1)
        elif c == "[":
            bracket += 1
        elif c == "]":
            bracket = max(0, bracket - 1)
        elif c == '"':
            quote = 1 - quote
            continue
        elif c == "\\":
            c = next(chars, "")  # noqa: PLW2901
        elif c == "," and not (paren or quote or bracket):
            args.append(now)
            now = ""
            continue
        now += c
    return [*args, now]
