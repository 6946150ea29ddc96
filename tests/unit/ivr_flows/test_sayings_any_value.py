"""Thousands of values against two libraries that count too, and rules that always hold.

What they decide differently is taken out before comparing: cn2an writes 二 everywhere (两 is
checked by its own rule here), num2words puts commas.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import cn2an
from hypothesis import example, given, settings
from hypothesis import strategies as st
from num2words import num2words

from ivr_flows.prompt_library import is_prompt_name
from ivr_flows.sayings import KINDS, LANGUAGES, PAUSE, SayingRefused, clip_names, say, text

ZH, EN = "zh-CN", "en"
MOST = 10**12 - 1
# Zeros inside are what goes wrong: numbers of few non-zero digits, besides all others.
SPARSE = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 11)), min_size=1, max_size=4).map(
    lambda parts: sum({power: digit * 10**power for digit, power in parts}.values())
)
WHOLE = st.one_of(st.integers(0, MOST), SPARSE, st.integers(0, 99_999))
SETTINGS = settings(max_examples=3000, deadline=None)


def mandarin(number: int) -> str:
    """By cn2an, but with the 零 for four empty digits of 万, which it leaves out: 一亿零一千."""
    said = str(cn2an.an2cn(str(number), "low"))
    above, below = divmod(number, 10**8)
    if above and 1000 <= below < 10_000:
        return f"{mandarin(above * 10**8)}零{mandarin(below)}"
    return said


@given(WHOLE)
@example(MOST)
@SETTINGS
def test_mandarin_numbers_are_those_of_cn2an(number: int) -> None:
    assert text("number", str(number), ZH).replace("两", "二") == mandarin(number)


@given(WHOLE)
@SETTINGS
def test_er_and_liang_are_each_in_their_place(number: int) -> None:
    said = text("number", str(number), ZH)
    before_bai_qian = [place for place in (2, 3, 6, 7, 10, 11) if number // 10**place % 10 == 2]
    alone = [size for size in (10**4, 10**8) if number // size % 10**4 == 2]
    assert said.count("两") == len(before_bai_qian) + len(alone)
    assert said.count("两") + said.count("二") == str(number).count("2")
    assert ("两万" in said) == (10**4 in alone)
    assert ("两亿" in said) == (10**8 in alone)


@given(WHOLE)
@example(MOST)
@SETTINGS
def test_english_numbers_are_those_of_num2words(number: int) -> None:
    assert text("number", str(number), EN) == num2words(number, lang="en").replace(",", "")


@given(st.decimals(min_value=-MOST, max_value=MOST, places=3, allow_nan=False))
@settings(max_examples=1000, deadline=None)
def test_decimals_and_negative_numbers_are_those_of_num2words(number: Decimal) -> None:
    written = f"{number:f}"
    sign, (whole, fraction) = written.startswith("-"), written.lstrip("-").split(".")
    zero = not int(whole + fraction)
    expected = "minus " if sign and not zero else ""
    expected += num2words(int(whole), lang="en").replace(",", "")
    expected += " point " + " ".join(num2words(int(digit)) for digit in fraction)
    assert text("number", written, EN) == expected


@given(st.dates(date(1000, 1, 1), date(2099, 12, 31)))
@settings(max_examples=1000, deadline=None)
def test_english_days_are_the_ordinals_of_num2words(day: date) -> None:
    month, ordinal = text("date", day.isoformat(), EN).partition(",")[0].split(" ")
    assert month == day.strftime("%B")
    assert ordinal == num2words(day.day, lang="en", to="ordinal")


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
@settings(max_examples=1000, deadline=None)
def test_mandarin_dates_can_be_read_back(day: date) -> None:
    year, month, rest = re.fullmatch(  # type: ignore[union-attr]
        "(.+)年(.+)月(.+)日", text("date", day.isoformat(), ZH)
    ).groups()
    assert int("".join(str("〇一二三四五六七八九".index(sign)) for sign in year)) == day.year
    assert (month, rest) == (mandarin(day.month), mandarin(day.day))


@given(st.integers(0, 10**14 - 1), st.booleans())
@SETTINGS
def test_mandarin_amounts_can_be_read_back(fen: int, negative: bool) -> None:
    value = f"{'-' if negative else ''}{fen // 100}.{fen % 100:02d}"
    said = text("amount", value, ZH)
    match = re.fullmatch("(负)?(?:(.+)元)?零?(?:(.)角)?(?:(.)分)?", said)
    assert match, said
    sign, yuan, jiao, rest = (part or "" for part in match.groups())
    digits = [
        "零一二三四五六七八九".index(part.replace("两", "二") or "零") for part in (jiao, rest)
    ]
    assert digits == [fen // 10 % 10, fen % 10]
    assert (yuan.replace("两", "二") or "零") == mandarin(fen // 100)
    assert bool(sign) == (negative and fen > 0)
    # A tenth that is left out between yuan and fen is heard as one 零.
    assert said.endswith(f"元零{rest}分") == (fen >= 100 and not jiao and bool(rest))


@given(st.integers(0, 24 * 60 - 1))
@settings(max_examples=1440, deadline=None)
def test_english_times_differ_from_each_other(minute: int) -> None:
    other = (minute + 12 * 60) % (24 * 60)
    times = [text("time", f"{at // 60:02d}:{at % 60:02d}", EN) for at in (minute, other)]
    assert times[0] != times[1]


@given(st.decimals(min_value=0, max_value=10**7, places=2))
@settings(max_examples=1000, deadline=None)
def test_rounding_of_a_duration_is_never_far_off(seconds: Decimal) -> None:
    (clip,) = say("minutes", f"{seconds:f}", ZH)
    rounded = clip.removeprefix("say/minutes-")
    if rounded == "more":
        assert seconds > timedelta(hours=1).total_seconds()
        return
    off = abs(int(rounded) * 60 - seconds)
    assert off <= (60 if rounded == "0" else 30 if int(rounded) < 10 else 150)


ANY_TEXT = st.one_of(
    st.text(max_size=80), st.from_regex(r"[-+]?[0-9:.TZ *#a-c-]{0,40}", fullmatch=True)
)


@given(st.sampled_from(KINDS), ANY_TEXT, st.sampled_from(LANGUAGES))
@SETTINGS
def test_any_value_is_said_in_known_clips_or_refused(kind: str, value: str, language: str) -> None:
    try:
        clips = say(kind, value, language)
    except SayingRefused as refused:
        assert refused.kind == kind
        return
    assert clips
    assert set(clips) <= {*clip_names()[language], PAUSE}
    assert text(kind, value, language)


def test_every_clip_is_used_and_its_name_is_a_prompts() -> None:
    """A clip that nothing says would be recorded for nothing."""
    values = {
        "digits": ["0123456789", "abcdefgh", "ijklmnopq", "rstuvwxyz", "*#+"],
        "number": [*map(str, range(1000)), "-0.5"]
        + [str(n * 10**power) for n in (*range(1, 11), 100) for power in range(3, 10)],
        "count": ["1", "2"],
        "amount": [f"{yuan}.{fen:02d}" for yuan in (0, 1, 2, 3) for fen in range(100)],
        "date": [f"2{n}24-{n + 1:02d}-{n + 1:02d}" for n in range(10)]
        + [f"200{n}-12-{day}" for n in range(10) for day in range(10, 32)]
        + ["2026-11-01", "1900-10-01", "1999-01-01"]
        + [f"190{n}-01-01" for n in range(1, 10)],
        "time": [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60)],
        "minutes": [str(minutes * 60) for minutes in range(70)],
    }
    for language, clips in clip_names().items():
        used = {
            clip
            for kind, said in values.items()
            for value in said
            for clip in say(kind, value, language)
        }
        assert used - {PAUSE} == set(clips)
        assert all(is_prompt_name(clip) for clip in {*clips, PAUSE})
        assert all(words.strip() == words and words for words in clips.values())
