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


def number_to_dial(written: str) -> str:
    """`written`, which begins with `+`, as it is dialled within China: `+862088887777` as
    `02088887777` (E.164, clause 6; the plan's own trunk prefix). What has no `+`, belongs to
    another country, or is no valid number stays as it is."""
    if not written.startswith("+"):
        return written
    try:
        number = phonenumbers.parse(written, None)
    except phonenumbers.NumberParseException:
        return written
    own = number.country_code == phonenumbers.country_code_for_region(REGION)
    if not own or not phonenumbers.is_valid_number(number):
        return written
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return _SEPARATORS.sub("", shown)
