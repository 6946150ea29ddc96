"""Which numbers a callback may ring. The one place that decides it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_DIGITS: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_USUAL: Final = range(7, 16)
"""Digits of a subscriber's number: from a local one to the longest of E.164 (clause 6.1)."""
_ABROAD: Final = "00"
EMERGENCY: Final = ("110", "119", "120", "122")
"""Police, fire, ambulance, traffic police in China. Longer numbers that begin so are nobody's, and
an exchange that dials digit by digit would stop at the first three."""


def refusal(number: str, prefixes: Sequence[str] = ()) -> str:
    """Why `number` is not to be rung; empty when it may be.

    Without `prefixes` any number of 7 to 15 digits may be, none abroad. With them, only what
    begins with one of them. Emergency numbers never. A number of this country comes without `+`:
    whoever takes it in writes it as it is dialled.
    """
    if number.startswith("+"):
        return "is abroad, or no valid number of this country"
    if _DIGITS.fullmatch(number) is None:
        return "is not 3 to 20 digits"
    if number.startswith(EMERGENCY):
        return "is an emergency number"
    if prefixes:
        return "" if number.startswith(tuple(prefixes)) else "begins with none of the allowed ones"
    if len(number) not in _USUAL:
        return "is not 7 to 15 digits"
    return "is abroad" if number.startswith(_ABROAD) else ""
