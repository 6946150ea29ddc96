"""Whether keyed digits can be what they are said to be."""

from __future__ import annotations

from typing import Final

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: bank cards and many account numbers."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) < 2:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def id_card(digits: str) -> bool:
    """GB 11643-1999, check character by ISO 7064 MOD 11-2; X is keyed as `*`."""
    if len(digits) != 18 or not (digits[:17].isascii() and digits[:17].isdigit()):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _ID_WEIGHTS, strict=True))
    return digits[17].upper().replace("*", "X") == _ID_CHECKS[total % 11]


CHECKS: Final = {"luhn": luhn, "id-card": id_card}
