"""The one place where values are checked before they reach Asterisk.

AMI is a line protocol without quoting: a CR or LF inside a value starts a new header, an empty
line starts a new action, and the AMI account is as good as a shell on the box. A bare LF ends a
line too, and a NUL hides the rest of it (`get_input` in Asterisk's main/manager.c).

Two families: `check_*` refuse with `UnsafeValue` and return the value unchanged; `clean_*` make
something showable out of whatever a stranger sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from cti.ami.errors import UnsafeValue

MAX_LINE_BYTES = 1024
"""Asterisk's input buffer for one line, CR and LF included; a longer line voids the action."""

MAX_HEADERS = 128
"""AST_MAX_MANHEADERS: the rest of a longer action is dropped and the action refused."""

MAX_CALLER_TEXT = 80

MAX_CALLER_NUMBER = 32
"""E.164 has 15 digits; the rest is room for prefixes of trunks."""

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIAL_TARGET = re.compile(r"PJSIP/[A-Za-z0-9_.-]{1,64}", re.ASCII)
_CHANNEL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}/[A-Za-z0-9_.@:/;+-]{1,128}", re.ASCII)
_CHANNEL_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
_DIALPLAN_WORD = re.compile(r"[A-Za-z0-9_-]{1,79}", re.ASCII)
_EXTENSION = re.compile(r"[A-Za-z0-9*#+-]{1,79}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{3,20}", re.ASCII)
_VARIABLE_NAME = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,78}", re.ASCII)
_SIP_VALUE = re.compile(r"[A-Za-z0-9<>:/;=._-]{1,120}", re.ASCII)
_VARIABLE_ESCAPES = str.maketrans({"\\": r"\\", ",": r"\,", '"': r"\""})
_CALLER_NAME_DROPS = str.maketrans(dict.fromkeys('"<>\\'))
_NUMBER_CHARACTERS = frozenset("0123456789+*#")
_UNSHOWABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def check_value(key: str, value: str) -> str:
    """Refuse what would break out of its line: CR, LF, NUL, any other control character."""
    found = _CONTROL.search(value)
    if found is not None:
        raise UnsafeValue(key, f"control character U+{ord(found.group()):04X}")
    return value


def encode_action(headers: Iterable[tuple[str, str]]) -> bytes:
    """The bytes of one action, every rule checked. Raises UnsafeValue naming the key."""
    lines: list[bytes] = []
    for key, value in headers:
        if _KEY.fullmatch(key) is None:
            raise UnsafeValue(ascii(key[:64]), "not a header name")
        check_value(key, value)
        try:
            line = f"{key}: {value}\r\n".encode()
        except UnicodeEncodeError:
            raise UnsafeValue(key, "not text: lone surrogate") from None
        if len(line) > MAX_LINE_BYTES:
            raise UnsafeValue(key, f"line of {len(line)} bytes, Asterisk reads {MAX_LINE_BYTES}")
        lines.append(line)
        if len(lines) > MAX_HEADERS:
            raise UnsafeValue(key, f"more than {MAX_HEADERS} headers")
    lines.append(b"\r\n")
    return b"".join(lines)


def check_dial_target(value: str, key: str = "Channel") -> str:
    """Only `PJSIP/<endpoint>`, as built from a seat's record.

    `&` would ring more devices, a second `/` or `@` would choose a foreign address, `,` would add
    options: none of them can be written.
    """
    return _must_match(_DIAL_TARGET, value, key, "not PJSIP/<endpoint>")


def trunk_target(number: str) -> str:
    """The dial string that rings `number` through the trunk. Raises UnsafeValue when it holds
    anything but digits: no option, address or second device can be written."""
    return f"PJSIP/{check_number(number)}@trunk"


def check_channel_name(value: str, key: str = "Channel") -> str:
    """A channel's name as Asterisk reports it, such as `PJSIP/8001-0000001f`.

    A leading `/` makes Hangup take the value as a regular expression over all channels.
    """
    return _must_match(_CHANNEL_NAME, value, key, "not a channel name")


def check_channel_id(value: str, key: str = "ChannelId") -> str:
    """A Uniqueid, Asterisk's or ours."""
    return _must_match(_CHANNEL_ID, value, key, "not a channel id")


def check_context(value: str, key: str = "Context") -> str:
    """The name of a dialplan context (AST_MAX_CONTEXT is 80 with its end mark)."""
    return _must_match(_DIALPLAN_WORD, value, key, "not a context name")


def check_extension(value: str, key: str = "Exten") -> str:
    """A dialplan extension; never a pattern (`_X.`) or an expression."""
    return _must_match(_EXTENSION, value, key, "not an extension")


def check_number(value: str, key: str = "Number") -> str:
    """A number that is to be dialled outside: digits only."""
    return _must_match(_NUMBER, value, key, "not 3 to 20 digits")


def variable_header(name: str, value: str) -> tuple[str, str]:
    """The header that sets one channel variable, as `("Variable", "NAME=value")`.

    Asterisk splits a Variable header at commas (`man_do_variable_value`), so a comma in a caller's
    name would set a second variable; quotes and backslashes are eaten. All three are escaped, and
    names that are dialplan functions (`SHELL(...)`) cannot be written.
    """
    if _VARIABLE_NAME.fullmatch(name) is None:
        raise UnsafeValue("Variable", "not a variable name")
    check_value(name, value)
    return "Variable", f"{name}={value.translate(_VARIABLE_ESCAPES)}"


def sip_header(name: str, value: str) -> tuple[str, str]:
    """The header that adds a SIP header to an Originate's INVITE (PJSIP_HEADER). Asterisk takes the
    parentheses together, so the comma in them parts nothing; what the value may hold is narrow."""
    if _KEY.fullmatch(name) is None:
        raise UnsafeValue("Variable", "not a SIP header's name")
    _must_match(_SIP_VALUE, value, name, "not a plain value of a SIP header")
    return "Variable", f"PJSIP_HEADER(add,{name})={value}"


def clean_caller_text(text: str, limit: int = MAX_CALLER_TEXT) -> str:
    """What a stranger sent, made fit to show: one line, at most `limit` characters.

    Control characters and invisible formatting (bidi overrides, zero-width characters) go, any
    white space becomes one space. This is for the eye; it makes nothing fit for a dial string, a
    file name or a dialplan expression.
    """
    head = text[: limit * 8]
    spaced = "".join(" " if c.isspace() else c for c in head)
    shown = "".join(c for c in spaced if unicodedata.category(c) not in _UNSHOWABLE)
    return " ".join(shown.split())[:limit].rstrip()


def caller_id(name: str, number: str) -> str:
    """A stranger's name and number as the value of a CallerID header: `"name" <number>`.

    Quotes, angle brackets and backslashes would move the border between name and number
    (`ast_callerid_parse`), so they go; of the number only what can be dialled stays.
    """
    shown = clean_caller_text(name).translate(_CALLER_NAME_DROPS)
    dialled = "".join(c for c in number if c in _NUMBER_CHARACTERS)[:MAX_CALLER_NUMBER]
    return f'"{shown}" <{dialled}>'


def _must_match(pattern: re.Pattern[str], value: str, key: str, why: str) -> str:
    if pattern.fullmatch(value) is None:
        raise UnsafeValue(key, why)
    return value
