"""One line an event, whatever strangers put into it."""

from __future__ import annotations

from cti.logs import on_one_line


def test_line_ends_and_terminal_commands_are_shown_and_not_obeyed() -> None:
    event = on_one_line(None, "info", {"event": "call", "name": "a\r\nfake\x1b[2J\u202e", "n": 1})
    assert event == {"event": "call", "name": "a\\r\\nfake\\x1b[2J\\u202e", "n": 1}


def test_chinese_stays_readable() -> None:
    assert on_one_line(None, "info", {"event": "张三 来电"}) == {"event": "张三 来电"}
