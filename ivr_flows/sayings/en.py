"""English as British usage has it: "and" before the last two digits, months by name.

Years are said in pairs (nineteen ninety-nine), those of 2000 to 2099 as two thousand and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ivr_flows.sayings.common import PAUSE, in_breaths, minutes_clip, signed, with_fraction
from ivr_flows.sayings.values import (
    read_amount,
    read_count,
    read_date,
    read_digits,
    read_duration,
    read_number,
    read_time,
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ONES: Final = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS: Final = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_MONTHS: Final = _words(
    "January February March April May June July August September October November December"
)
_IRREGULAR: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}


def _below_100(number: int) -> str:
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


def _ordinal(number: int) -> str:
    head, hyphen, last = _below_100(number).rpartition("-")
    return head + hyphen + _IRREGULAR.get(last, f"{last}th")


def _clips() -> dict[str, str]:
    clips = {f"digit-{n}": _ONES[n] for n in range(10)}
    clips |= {"digit-star": "star", "digit-hash": "hash", "digit-plus": "plus"}
    clips |= {f"letter-{letter}": letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
    clips |= {f"number-{n}": _below_100(n) for n in range(100)}
    for n in range(1, 10):
        clips |= {f"hundred-{n}": f"{_ONES[n]} hundred", f"thousand-{n}": f"{_ONES[n]} thousand"}
        clips |= {f"oh-{n}": f"oh {_ONES[n]}"}
    clips |= {name: name for name in ("hundred", "thousand", "million", "billion", "and")}
    clips |= {name: name for name in ("minus", "point", "yuan", "fen", "noon", "midnight")}
    clips |= {"am": "a.m.", "pm": "p.m."}
    clips |= {f"month-{n}": name for n, name in enumerate(_MONTHS, start=1)}
    clips |= {f"day-{n}": _ordinal(n) for n in range(1, 32)}
    clips |= {
        f"minutes-{n}": f"{_below_100(n)} minutes" for n in (*range(2, 11), *range(15, 60, 5))
    }
    clips |= {"minutes-0": "less than one minute", "minutes-1": "one minute"}
    clips |= {"minutes-60": "one hour", "minutes-more": "more than one hour"}
    return {f"say/{name}": text for name, text in clips.items()}


CLIPS: Final[Mapping[str, str]] = MappingProxyType(_clips())
"""Every clip that English uses, and what it says."""


def _digits(value: str) -> tuple[str, ...]:
    return in_breaths(read_digits(value))


def _integer(number: int) -> tuple[str, ...]:
    """Of 0 to 10^12 - 1."""
    if number < 100:
        return (f"say/number-{number}",)
    said: list[str] = []
    for unit, size in (("billion", 10**9), ("million", 10**6), ("thousand", 1000)):
        group = number // size % 1000
        if unit == "thousand" and 0 < group < 10:
            said.append(f"say/thousand-{group}")
        elif group:
            said += [*_group(group, after=False), f"say/{unit}"]
    return (*said, *_group(number % 1000, after=bool(said)))


def _group(group: int, after: bool) -> tuple[str, ...]:
    """Of 0 to 999. `after`: thousands stand before it."""
    hundreds, rest = divmod(group, 100)
    said = (f"say/hundred-{hundreds}",) if hundreds else ()
    if not rest:
        return said
    return (*said, *(("say/and",) if said or after else ()), f"say/number-{rest}")


def _number(value: str) -> tuple[str, ...]:
    number = read_number(value)
    return signed(number.negative, with_fraction(_integer(number.whole), number.fraction))


def _count(value: str) -> tuple[str, ...]:
    return _integer(read_count(value))


def _amount(value: str) -> tuple[str, ...]:
    amount = read_amount(value)
    yuan = (*_integer(amount.yuan), "say/yuan")
    fen = (f"say/number-{amount.fen}", "say/fen")
    if not amount.fen:
        return signed(amount.negative, yuan)
    return signed(amount.negative, fen if not amount.yuan else (*yuan, "say/and", *fen))


def _year(year: int) -> tuple[str, ...]:
    century, rest = divmod(year, 100)
    thousand = year // 1000
    if year < 1000 or (rest == 0 and century % 10 == 0):
        return _integer(year)
    if century % 10 == 0 and (rest < 10 or century == 20):
        return (f"say/thousand-{thousand}", f"say/number-{rest}")
    if rest == 0:
        return (f"say/number-{century}", "say/hundred")
    return (f"say/number-{century}", f"say/oh-{rest}" if rest < 10 else f"say/number-{rest}")


def _date(value: str) -> tuple[str, ...]:
    day = read_date(value)
    return (f"say/month-{day.month}", f"say/day-{day.day}", PAUSE, *_year(day.year))


def _time(value: str) -> tuple[str, ...]:
    hour, minute = read_time(value)
    if minute == 0 and hour % 12 == 0:
        return ("say/noon",) if hour == 12 else ("say/midnight",)
    said = [f"say/number-{hour % 12 or 12}"]
    if minute:
        said.append(f"say/oh-{minute}" if minute < 10 else f"say/number-{minute}")
    return (*said, "say/am" if hour < 12 else "say/pm")


def _minutes(value: str) -> tuple[str, ...]:
    return minutes_clip(read_duration(value))


SAYERS: Final[Mapping[str, Callable[[str], tuple[str, ...]]]] = MappingProxyType(
    {
        "digits": _digits,
        "number": _number,
        "count": _count,
        "amount": _amount,
        "date": _date,
        "time": _time,
        "minutes": _minutes,
    }
)
"""Kind to what says it. Each raises SayingRefused."""
