"""AGI on the wire: what is written is checked and quoted here, the opening block is read here.

Rules are those of Asterisk's res/res_agi.c: `parse_args` splits a command at blanks, `"` opens and
closes a quoted stretch, a backslash takes the next character as it is, a line feed ends the
command; `run_agi` reads at most AGI_BUF_LEN bytes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cti.agi.errors import HeadersRefused, UnsafeValue

MAX_COMMAND_BYTES: Final = 8192 - 2
"""AGI_BUF_LEN less the line feed and C's end mark; the rest of a longer line would be read as a
command of its own."""

MAX_ANSWER_BYTES: Final = 16 * 1024
"""Of one line: whatever a command could set can be read again, twice over."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\""})
_VARIABLE_NAME: Final = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,78}", re.ASCII)
_APPLICATION: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)
_MARK_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,31}", re.ASCII)
MAX_MARK_VALUE: Final = 512
"""Well below what an AMI line holds (1,024 bytes)."""
_MARK_VALUE: Final = re.compile(rf"[A-Za-z0-9._*#/+-]{{1,{MAX_MARK_VALUE}}}", re.ASCII)


# ------------------------------------------------------------------------------------- commands


def quoted(what: str, text: str) -> str:
    """`text` as one argument of a command. Raises UnsafeValue.

    `${...}` and `$[...]` are refused: EXEC substitutes variables when a dialplan sets AGIEXECFULL,
    and a channel variable's value may meet an expression later.
    """
    found = _CONTROL.search(text)
    if found is not None:
        raise UnsafeValue(what, f"control character U+{ord(found.group()):04X}")
    if "${" in text or "$[" in text:
        raise UnsafeValue(what, "looks like a dialplan expression")
    return f'"{text.translate(_ESCAPES)}"'


def command_line(verb: str, *arguments: str) -> str:
    """A command without its line feed. `arguments` are quoted or checked already."""
    line = " ".join((verb, *arguments))
    try:
        size = len(line.encode())
    except UnicodeEncodeError:
        raise UnsafeValue(verb, "not text: lone surrogate") from None
    if size > MAX_COMMAND_BYTES:
        raise UnsafeValue(verb, f"{size} bytes, Asterisk reads {MAX_COMMAND_BYTES}")
    return line


def variable_name(name: str) -> str:
    """A plain channel variable. Names in parentheses are dialplan functions, `SHELL(...)` among
    them, which SET VARIABLE and GET VARIABLE would call."""
    if _VARIABLE_NAME.fullmatch(name) is None:
        raise UnsafeValue("variable", "not a variable name")
    return name


def application_name(name: str) -> str:
    """A dialplan application's name, for EXEC."""
    if _APPLICATION.fullmatch(name) is None:
        raise UnsafeValue("application", "not an application name")
    return name


def user_event(name: str, headers: Mapping[str, str]) -> str:
    """The argument of the application UserEvent: `NAME,Key:value,Key:value`.

    `userevent_exec` splits at commas, then each part at its first colon, and the value goes into
    an AMI event as it is. So a value may hold neither comma, colon, quote, bracket nor backslash:
    only ids, names and keys of ours can be told.
    """
    parts = [name]
    for key, value in headers.items():
        if _MARK_NAME.fullmatch(key) is None:
            raise UnsafeValue("header", "not a header name")
        if _MARK_VALUE.fullmatch(value) is None:
            raise UnsafeValue(key, "not an id, a name or a key")
        parts.append(f"{key}:{value}")
    if _MARK_NAME.fullmatch(name) is None:
        raise UnsafeValue("event", "not an event name")
    return ",".join(parts)


# -------------------------------------------------------------------------------------- headers


@dataclass(frozen=True, slots=True)
class HeaderLimits:
    """Asterisk 22 opens with about 23 lines; names of callers are the only long ones."""

    lines: int = 64
    line_bytes: int = 4096
    total_bytes: int = 32 * 1024
    deadline_s: float = 5.0
    """For the whole block, so that a peer that trickles bytes gains nothing."""


async def read_headers(reader: asyncio.StreamReader, limits: HeaderLimits) -> dict[str, str]:
    """The `agi_*` lines up to the blank line. Raises HeadersRefused.

    `reader` must have been made with a limit of at least `limits.line_bytes`. Of a line twice there
    the first counts: Asterisk writes its own before those that carry what a stranger sent.
    """
    try:
        async with asyncio.timeout(limits.deadline_s):
            return await _read_block(reader, limits)
    except TimeoutError:
        raise HeadersRefused(f"no end within {limits.deadline_s:g} s") from None
    except asyncio.IncompleteReadError:
        raise HeadersRefused("closed before the blank line") from None
    except asyncio.LimitOverrunError:
        raise HeadersRefused(f"a line of more than {limits.line_bytes} bytes") from None
    except ConnectionError:
        raise HeadersRefused("connection lost") from None


async def _read_block(reader: asyncio.StreamReader, limits: HeaderLimits) -> dict[str, str]:
    headers: dict[str, str] = {}
    total = 0
    for _ in range(limits.lines + 1):
        line = await reader.readuntil(b"\n")
        total += len(line)
        if len(line) > limits.line_bytes:
            raise HeadersRefused(f"a line of more than {limits.line_bytes} bytes")
        if total > limits.total_bytes:
            raise HeadersRefused(f"more than {limits.total_bytes} bytes")
        # Decoded as a whole line; names in another encoding than UTF-8 are not ours to refuse.
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return headers
        name, separator, value = text.partition(": ")
        if separator:
            headers.setdefault(name, value)
        elif text.endswith(":"):
            headers.setdefault(text[:-1], "")
    raise HeadersRefused(f"more than {limits.lines} lines")
