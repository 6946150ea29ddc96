"""Phone numbers for those who need not see them (Personal Information Protection Law, article 6:
no more than the purpose needs)."""

from __future__ import annotations

import re

_NO_NUMBER = frozenset({"", "anonymous", "private", "restricted", "unavailable", "unknown"})
_NUMBER = re.compile(r"\+?[0-9][0-9 ()./-]*")
_HOME = "86"
_HIDDEN = "****"


def mask_number(number: str) -> str:
    """`number` with at least four digits hidden: 13800001111 becomes 138****1111.

    Words for "no number" stay, since they hide nothing. Six digits or fewer, and anything that is
    not a number, are hidden whole, length included. The plus and China's own country code stay.
    """
    if number.strip().lower() in _NO_NUMBER:
        return number
    if not _NUMBER.fullmatch(number):
        return _HIDDEN
    digits = "".join(character for character in number if character in "0123456789")
    front = ""
    if number.startswith("+"):
        front = "+"
        if digits.startswith(_HOME):
            front, digits = f"+{_HOME}", digits.removeprefix(_HOME)
    head, tail = _shown(len(digits))
    if not tail:
        return _HIDDEN
    hidden = len(digits) - head - tail
    return f"{front}{digits[:head]}{'*' * hidden}{digits[-tail:]}"


def mask_name(name: str) -> str:
    """A caller's name by its first character. Trunks often send the number as the name."""
    if name.strip().lower() in _NO_NUMBER:
        return name
    if name[0].isdigit() or name[0] == "+":
        return mask_number(name)
    return f"{name[0]}**"


def _shown(length: int) -> tuple[int, int]:
    """How many digits stay in front and at the end."""
    if length >= 11:
        return 3, 4
    if length >= 8:
        return 2, 2
    if length == 7:
        return 1, 2
    return 0, 0
