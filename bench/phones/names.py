"""Names and numbers in SIP headers: written correctly whatever they hold, read tolerantly.

aiosipua reads a display name up to the first `<` and keeps its escapes, so a caller named
`a <b> "c"` would be taken apart; callers here are strangers on purpose.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote


class NameAddr(NamedTuple):
    """One From, To or Contact value. `user` and `name` are unescaped."""

    name: str
    uri: str
    params: dict[str, str]

    @property
    def user(self) -> str:
        """The number: user part of a sip: URI, or the number of a tel: URI."""
        scheme, _, rest = self.uri.partition(":")
        if scheme.lower() == "tel":
            return unquote(rest.split(";")[0])
        user, at, _ = rest.rpartition("@")
        return unquote(user.split(";")[0].split(":")[0]) if at else ""

    @property
    def tag(self) -> str:
        return self.params.get("tag", "")


def quoted(name: str) -> str:
    """`name` as a quoted-string (RFC 3261 section 25.1); UTF-8 needs no escape.

    Raises ValueError for CR and LF: no quoted-string can hold them.
    """
    if "\r" in name or "\n" in name:
        raise ValueError("a quoted display name cannot hold CR or LF; send it as raw_from")
    return '"' + re.sub(r'["\\\x00-\x08\x0b-\x1f\x7f]', r"\\\g<0>", name) + '"'


def uri_user(number: str) -> str:
    """`number` as the user part of a SIP URI (RFC 3261 section 25.1: `user`)."""
    return quote(number, safe="-_.!~*'()&=+$,/")


def name_addr(name: str, uri: str) -> str:
    """`"name" <uri>`, without the name when it is empty."""
    return f"{quoted(name)} <{uri}>" if name else f"<{uri}>"


_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)


def parse_name_addr(value: str) -> NameAddr:
    """Take a From, To or Contact value apart. Never raises: what is not there is empty."""
    name, rest = "", value.strip()
    if match := _QUOTED.match(rest):
        name, rest = re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL), rest[match.end() :]
    if "<" in rest:
        before, _, after = rest.partition("<")
        uri, _, tail = after.partition(">")
        name = name or before.strip()
    else:
        uri, _, tail = rest.partition(";")
    params: dict[str, str] = {}
    for part in tail.split(";"):
        key, _, content = part.strip().partition("=")
        if key:
            params[key.strip().lower()] = content.strip()
    return NameAddr(name, uri.strip(), params)
