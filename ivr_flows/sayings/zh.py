"""Mandarin as it is spoken on the telephone.

Numbers after 《现代汉语八百词》 on 二 and 两: 两 before 百 千 万 亿 when it stands alone before
them, and before a measure word (两元、两点、两分钟、两位); 二 in 十二, 二十, in an ordinal (二月、
二日、第二位) and digit by digit. A gap inside a number is one 零. In a string of digits 1 is 幺.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ivr_flows.sayings.common import in_breaths, minutes_clip, signed, with_fraction
from ivr_flows.sayings.values import (
    Amount,
    read_amount,
    read_count,
    read_date,
    read_digits,
    read_duration,
    read_number,
    read_time,
)

_DIGITS: Final = "零一二三四五六七八九"
_BEFORE_UNIT: Final = "零一两三四五六七八九"
_GROUP: Final = 10_000


def _below_100(number: int) -> str:
    tens, ones = divmod(number, 10)
    last = _DIGITS[ones] if ones or not tens else ""
    return last if not tens else f"{_DIGITS[tens] if tens > 1 else ''}十{last}"


def _clips() -> dict[str, str]:
    clips = {f"digit-{n}": name for n, name in enumerate("零幺二三四五六七八九")}
    clips |= {"digit-star": "星号", "digit-hash": "井号", "digit-plus": "加"}
    clips |= {f"letter-{letter}": letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}
    clips |= {f"number-{n}": _below_100(n) for n in range(100)}
    clips |= {f"tens-{n}": f"一{_below_100(n)}" for n in range(10, 20)}
    for n in range(1, 10):
        clips |= {f"hundred-{n}": f"{_BEFORE_UNIT[n]}百", f"thousand-{n}": f"{_BEFORE_UNIT[n]}千"}
        clips |= {f"ten-thousand-{n}": f"{_BEFORE_UNIT[n]}万"}
        clips |= {f"hundred-million-{n}": f"{_BEFORE_UNIT[n]}亿"}
        clips |= {f"jiao-{n}": f"{_BEFORE_UNIT[n]}角", f"fen-{n}": f"{_BEFORE_UNIT[n]}分"}
        clips |= {f"minute-{n}": f"零{_DIGITS[n]}分"}
    clips |= {"ten-thousand": "万", "hundred-million": "亿", "minus": "负", "point": "点"}
    clips |= {"count-1": "一", "count-2": "两"}
    clips |= {"yuan": "元", "yuan-1": "一元", "yuan-2": "两元"}
    clips |= {f"month-{n}": f"{_below_100(n)}月" for n in range(1, 13)}
    clips |= {f"day-{n}": f"{_below_100(n)}日" for n in range(1, 32)}
    clips |= {"century-19": "一九", "century-20": "二零"}
    clips |= {f"year-{n}": f"{_DIGITS[n]}年" for n in range(10)}
    clips |= {"small-hours": "凌晨", "morning": "上午", "noon": "中午"}
    clips |= {"afternoon": "下午", "evening": "晚上", "minute": "分", "half": "半"}
    clips |= {f"hour-{n}": f"{'两' if n == 2 else _below_100(n)}点" for n in range(13)}
    clips |= {f"minutes-{n}": f"{'两' if n == 2 else _below_100(n)}分钟" for n in range(1, 11)}
    clips |= {f"minutes-{n}": f"{_below_100(n)}分钟" for n in range(15, 60, 5)}
    clips |= {"minutes-0": "不到一分钟", "minutes-60": "一个小时", "minutes-more": "一个多小时"}
    return {f"say/{name}": text for name, text in clips.items()}


CLIPS: Final[Mapping[str, str]] = MappingProxyType(_clips())
"""Every clip that Mandarin uses, and what it says."""


def _digits(value: str) -> tuple[str, ...]:
    return in_breaths(read_digits(value))


def _integer(number: int) -> tuple[str, ...]:
    """Of 0 to 10^12 - 1, in groups of four digits as Chinese counts."""
    if number == 0:
        return ("say/number-0",)
    said: list[str] = []
    gap = False
    for unit, size in (("hundred-million", _GROUP**2), ("ten-thousand", _GROUP), ("", 1)):
        group = number // size % _GROUP
        if said and (gap or group < 1000) and group:
            said.append("say/number-0")
        gap = bool(said) and not group
        if unit and 0 < group < 10:
            said.append(f"say/{unit}-{group}")
        elif group:
            said += _group(group, first=not said)
            said += [f"say/{unit}"] if unit else []
    return tuple(said)


def _group(group: int, first: bool) -> list[str]:
    """Of 1 to 9999. `first`: nothing stands before it, so 10 is 十 and not 一十."""
    thousands, hundreds, rest = group // 1000, group // 100 % 10, group % 100
    said = [f"say/thousand-{thousands}"] if thousands else []
    if thousands and not hundreds and rest:
        said.append("say/number-0")
    if hundreds:
        said.append(f"say/hundred-{hundreds}")
        if 0 < rest < 10:
            said.append("say/number-0")
    if 10 <= rest < 20 and (said or not first):
        said.append(f"say/tens-{rest}")
    elif rest:
        said.append(f"say/number-{rest}")
    return said


def _number(value: str) -> tuple[str, ...]:
    number = read_number(value)
    return signed(number.negative, with_fraction(_integer(number.whole), number.fraction))


def _count(value: str) -> tuple[str, ...]:
    """Before 位 or 个: 两位, and 一 in its second tone."""
    count = read_count(value)
    return (f"say/count-{count}",) if count in {1, 2} else _integer(count)


def _amount(value: str) -> tuple[str, ...]:
    amount = read_amount(value)
    return signed(amount.negative, _yuan(amount) + _small_money(amount))


def _yuan(amount: Amount) -> tuple[str, ...]:
    if amount.yuan in {1, 2}:
        return (f"say/yuan-{amount.yuan}",)
    if amount.yuan == 0 and amount.fen:
        return ()
    return (*_integer(amount.yuan), "say/yuan")


def _small_money(amount: Amount) -> tuple[str, ...]:
    jiao, fen = divmod(amount.fen, 10)
    said = [f"say/jiao-{jiao}"] if jiao else []
    if fen and not jiao and amount.yuan:
        said.append("say/number-0")
    return (*said, *([f"say/fen-{fen}"] if fen else []))


def _date(value: str) -> tuple[str, ...]:
    day = read_date(value)
    written = str(day.year)
    before, last = written[:-1], written[-1]
    year = [f"say/number-{digit}" for digit in before]
    if len(before) == 3 and f"say/century-{before[:2]}" in CLIPS:
        year[:2] = [f"say/century-{before[:2]}"]
    return (*year, f"say/year-{last}", f"say/month-{day.month}", f"say/day-{day.day}")


def _part_of_day(hour: int) -> str:
    for before, name in ((6, "small-hours"), (12, "morning"), (13, "noon"), (18, "afternoon")):
        if hour < before:
            return f"say/{name}"
    return "say/evening"


def _time(value: str) -> tuple[str, ...]:
    hour, minute = read_time(value)
    said = (_part_of_day(hour), f"say/hour-{hour if hour <= 12 else hour - 12}")
    if minute == 0:
        return said
    if minute == 30:
        return (*said, "say/half")
    if minute < 10:
        return (*said, f"say/minute-{minute}")
    return (*said, f"say/number-{minute}", "say/minute")


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
