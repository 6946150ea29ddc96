"""One way to write a telephone number."""

from __future__ import annotations

import re
from typing import Final

import phonenumbers

REGION: Final = "CN"
_DIGITS: Final = re.compile(r"[0-9]{2,20}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[ ()./-]+")
MOST_CHARACTERS: Final = 40


def normal_number(written: str) -> str | None:
    """`written` as E.164 (`+8613800001111`) when it is a number of a numbering plan, read from
    within China; else its bare digits (an extension, a short code, a local number without its
    area code). None when it is no number at all.

    A trunk, a list and a caller write the same number in three ways; compared is this one.
    """
    written = written.strip()
    if len(written) > MOST_CHARACTERS:
        return None
    digits = _SEPARATORS.sub("", written)
    if _DIGITS.fullmatch(digits.removeprefix("+")) is None:
        return None
    try:
        number = phonenumbers.parse(digits, REGION)
    except phonenumbers.NumberParseException:
        return digits.removeprefix("+")
    if not phonenumbers.is_valid_number(number):
        return digits.removeprefix("+")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
