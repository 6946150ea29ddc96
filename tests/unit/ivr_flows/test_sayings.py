"""What is said, against tables written by hand. Values that nobody may say are refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ivr_flows.sayings import (
    KINDS,
    LANGUAGES,
    PAUSE,
    LanguageUnknown,
    SayingRefused,
    clip_names,
    say,
    text,
)

ZH, EN = "zh-CN", "en"

NUMBERS = [
    ("0", "零", "zero"),
    ("2", "二", "two"),
    ("10", "十", "ten"),
    ("11", "十一", "eleven"),
    ("20", "二十", "twenty"),
    ("99", "九十九", "ninety-nine"),
    ("100", "一百", "one hundred"),
    ("101", "一百零一", "one hundred and one"),
    ("110", "一百一十", "one hundred and ten"),
    ("111", "一百一十一", "one hundred and eleven"),
    ("200", "两百", "two hundred"),
    ("202", "两百零二", "two hundred and two"),
    ("220", "两百二十", "two hundred and twenty"),
    ("1000", "一千", "one thousand"),
    ("1001", "一千零一", "one thousand and one"),
    ("1010", "一千零一十", "one thousand and ten"),
    ("1100", "一千一百", "one thousand one hundred"),
    ("2022", "两千零二十二", "two thousand and twenty-two"),
    ("10000", "一万", "ten thousand"),
    ("10001", "一万零一", "ten thousand and one"),
    ("10010", "一万零一十", "ten thousand and ten"),
    ("10100", "一万零一百", "ten thousand one hundred"),
    ("20002", "两万零二", "twenty thousand and two"),
    ("22000", "两万两千", "twenty-two thousand"),
    ("100000", "十万", "one hundred thousand"),
    ("105000", "十万五千", "one hundred and five thousand"),
    ("120000", "十二万", "one hundred and twenty thousand"),
    ("1000001", "一百万零一", "one million and one"),
    ("1100010", "一百一十万零一十", "one million one hundred thousand and ten"),
    ("20000000", "两千万", "twenty million"),
    ("100000000", "一亿", "one hundred million"),
    ("200000000", "两亿", "two hundred million"),
    ("100000001", "一亿零一", "one hundred million and one"),
    ("100001000", "一亿零一千", "one hundred million one thousand"),
    ("100010000", "一亿零一万", "one hundred million ten thousand"),
    ("1000100010", "十亿零一十万零一十", "one billion one hundred thousand and ten"),
    (
        "999999999999",
        "九千九百九十九亿九千九百九十九万九千九百九十九",
        "nine hundred and ninety-nine billion nine hundred and ninety-nine million "
        "nine hundred and ninety-nine thousand nine hundred and ninety-nine",
    ),
    ("007", "七", "seven"),
    ("-0", "零", "zero"),
    ("-0.00", "零点零零", "zero point zero zero"),
    ("-12.5", "负十二点五", "minus twelve point five"),
    ("0.05", "零点零五", "zero point zero five"),
    ("3.1416", "三点一四一六", "three point one four one six"),
    ("12.50", "十二点五零", "twelve point five zero"),
]
AMOUNTS = [
    ("0", "零元", "zero yuan"),
    ("-0.00", "零元", "zero yuan"),
    ("0.01", "一分", "one fen"),
    ("0.05", "五分", "five fen"),
    ("0.2", "两角", "twenty fen"),
    ("0.50", "五角", "fifty fen"),
    ("0.22", "两角两分", "twenty-two fen"),
    ("1", "一元", "one yuan"),
    ("2.00", "两元", "two yuan"),
    ("10.05", "十元零五分", "ten yuan and five fen"),
    ("12.5", "十二元五角", "twelve yuan and fifty fen"),
    ("12.50", "十二元五角", "twelve yuan and fifty fen"),
    ("12.500000", "十二元五角", "twelve yuan and fifty fen"),
    ("36.78", "三十六元七角八分", "thirty-six yuan and seventy-eight fen"),
    ("102", "一百零二元", "one hundred and two yuan"),
    ("200.20", "两百元两角", "two hundred yuan and twenty fen"),
    ("-8.1", "负八元一角", "minus eight yuan and ten fen"),
    ("20000", "两万元", "twenty thousand yuan"),
    # As a float this one is 0.289999..., and as cents 28.999...
    ("0.29", "两角九分", "twenty-nine fen"),
    ("1.15", "一元一角五分", "one yuan and fifteen fen"),
]
DATES = [
    ("2026-11-23", "二〇二六年十一月二十三日", "November twenty-third, two thousand twenty-six"),
    ("2000-02-29", "二〇〇〇年二月二十九日", "February twenty-ninth, two thousand"),
    ("2005-01-01", "二〇〇五年一月一日", "January first, two thousand five"),
    ("2010-10-10", "二〇一〇年十月十日", "October tenth, two thousand ten"),
    ("1999-12-31", "一九九九年十二月三十一日", "December thirty-first, nineteen ninety-nine"),
    ("1905-05-02", "一九〇五年五月二日", "May second, nineteen oh five"),
    ("1900-08-08", "一九〇〇年八月八日", "August eighth, nineteen hundred"),
    ("2100-03-03", "二一〇〇年三月三日", "March third, twenty-one hundred"),
    ("2026-11-23T14:30:00+08:00", "二〇二六年十一月二十三日", None),
    ("2026-11-23 14:30", "二〇二六年十一月二十三日", None),
    ("2026-11-23T14:30:00.123456Z", "二〇二六年十一月二十三日", None),
]
TIMES = [
    ("00:00", "凌晨零点", "midnight"),
    ("00:30", "凌晨零点半", "twelve thirty a.m."),
    ("02:02", "凌晨两点零二分", "two oh two a.m."),
    ("06:00", "上午六点", "six a.m."),
    ("09:10", "上午九点十分", "nine ten a.m."),
    ("12:00", "中午十二点", "noon"),
    ("12:59", "中午十二点五十九分", "twelve fifty-nine p.m."),
    ("13:00", "下午一点", "one p.m."),
    ("14:22", "下午两点二十二分", "two twenty-two p.m."),
    ("18:00", "晚上六点", "six p.m."),
    ("23:45:10", "晚上十一点四十五分", "eleven forty-five p.m."),
    ("24:00", "晚上十二点", "midnight"),
    ("2026-11-23T22:15:00+08:00", "晚上十点十五分", "ten fifteen p.m."),
]
DURATIONS = [
    ("0", "不到一分钟", "less than one minute"),
    ("59.999", "不到一分钟", "less than one minute"),
    ("60", "一分钟", "one minute"),
    ("89", "一分钟", "one minute"),
    ("90", "两分钟", "two minutes"),
    ("600", "十分钟", "ten minutes"),
    ("629", "十分钟", "ten minutes"),
    ("630", "十分钟", "ten minutes"),
    ("749", "十分钟", "ten minutes"),
    ("750", "十五分钟", "fifteen minutes"),
    ("3449", "五十五分钟", "fifty-five minutes"),
    ("3450", "一个小时", "one hour"),
    ("3749", "一个小时", "one hour"),
    ("3750", "一个多小时", "more than one hour"),
    ("999999999999", "一个多小时", "more than one hour"),
]
COUNTS = [
    ("1", "一", "one"),
    ("2", "两", "two"),
    ("12", "十二", "twelve"),
    ("22", "二十二", "twenty-two"),
]
TABLES: dict[str, Sequence[tuple[str, str, str | None]]] = {
    "number": NUMBERS,
    "amount": AMOUNTS,
    "date": DATES,
    "time": TIMES,
    "minutes": DURATIONS,
    "count": COUNTS,
}


@pytest.mark.parametrize(
    ("kind", "value", "mandarin", "english"),
    [(kind, *row) for kind, rows in TABLES.items() for row in rows],
)
def test_is_said_as_people_say_it(
    kind: str, value: str, mandarin: str, english: str | None
) -> None:
    assert text(kind, value, ZH) == mandarin
    assert english is None or text(kind, value, EN) == english


def test_clips_of_an_amount_follow_each_other() -> None:
    assert say("amount", "12.05", ZH) == (
        "say/number-12",
        "say/yuan",
        "say/number-0",
        "say/fen-5",
    )


def test_one_is_yao_in_a_string_of_digits_and_yi_in_a_number() -> None:
    words = clip_names()[ZH]
    assert "".join(words[clip] for clip in say("digits", "110", ZH)) == "幺幺零"
    assert "".join(words[clip] for clip in say("number", "1.1", ZH)) == "一点一"


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("7", "7"),
        ("95598", "95598"),
        ("123456", "123 456"),
        ("12345678", "1234 5678"),
        ("123456789", "123 456 789"),
        ("13800138000", "138 0013 8000"),
        ("010-12345678", "010 1234 5678"),
        (" 12 - 34 ", "12 34"),
        ("+86 13800138000", "+86 138 0013 8000"),
        ("a-1*#x", "A 1*#X"),
    ],
)
def test_digits_are_said_in_breaths(value: str, groups: str) -> None:
    for language in LANGUAGES:
        assert text("digits", value, language) == groups
        clips = say("digits", value, language)
        assert clips.count(PAUSE) == groups.count(" ")
        assert len(clips) == len(groups)


HUGE = "1" * 10**6
REFUSED: dict[str, tuple[str, ...]] = {
    "number": (
        *("", " 1", "1 ", "x", "1e3", "1,000", "+1", "--1", "1.", ".5", "1.2.3", "nan", "inf"),
        *("9" * 40, "9" * 13, "1." + "1" * 10, "１２", "一", "1\n", HUGE),
    ),
    "count": ("-1", "1.0", "", "x", "9" * 13),
    "amount": ("", "12.345", "0.001", "12元", "￥5", "1e2", "9" * 40, "NaN", "-"),
    "date": (
        *("", "0000-01-01", "2026-02-29", "2026-13-01", "2026-1-1", "20261123", "2026-11-31"),
        *("2026-11-23T25:61", "2026-11-23T", "tomorrow", "2026-11-23T10:00+8", "10:00"),
    ),
    "time": (
        *("", "25:61", "24:01", "24:00:01", "12:60", "0930", "-1:00", "12:00 pm", "9:3"),
        *("2026-02-30T10:00", "12:00:61", "2026-11-23"),
    ),
    "minutes": ("", "-1", "x", "9" * 40, "5 min", "inf"),
    "digits": ("", " ", "--", "1.5", "é", "１２", "1" * 33, "1\n2", "1/2", HUGE),
    "text": ("hello",),
    "": ("1",),
}


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in REFUSED.items() for value in values]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_value_that_nobody_can_say_is_refused(kind: str, value: str, language: str) -> None:
    for asked in (say, text):
        with pytest.raises(SayingRefused) as refused:
            asked(kind, value, language)
        assert refused.value.kind == kind
        assert refused.value.expected
        # An account number in a log is a leak.
        assert not value.strip() or len(value) < 4 or value not in str(refused.value)


@pytest.mark.parametrize("language", ["zh", "zh-TW", "EN", "en-GB", "", "../en"])
def test_language_that_nobody_taught_us_is_typed(language: str) -> None:
    for asked in (say, text):
        with pytest.raises(LanguageUnknown) as unknown:
            asked("number", "1", language)
        assert unknown.value.language == language


def test_kinds_are_those_of_a_flow_and_the_count() -> None:
    assert set(KINDS) == {"digits", "number", "count", "amount", "date", "time", "minutes"}
