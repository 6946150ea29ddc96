"""Texts made safe to speak, the names of their sounds, and when an engine is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.speech.errors import EngineFailed, TextRefused
from ivr_flows.speech.rest import ENGINE_S, IN_A_ROW, SAME_TEXT_S, Rest
from ivr_flows.speech.text import MAX_TEXT, by_script, is_key, key_of, parts_of, speakable


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("  您好，\n\t再见。 ", "您好， 再见。"),
        ("NUL\x00, bell\x07, escape\x1b[31m", "NUL , bell , escape [31m"),
        ("left\u202eright\u200bzero", "left right zero"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("e\u0301", "é"),
        ("全角　空格", "全角 空格"),
    ],
)
def test_text_is_spoken_without_what_nobody_can_hear(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


@pytest.mark.parametrize("text", ["", " ", "。，！", "\x00", "😀", "[en]", "x" * (MAX_TEXT + 1)])
def test_text_without_words_or_with_too_many_is_refused(text: str) -> None:
    with pytest.raises(TextRefused):
        speakable(text)


def test_very_long_text_is_refused_without_being_looked_at() -> None:
    with pytest.raises(TextRefused, match="100000000 characters"):
        speakable("长" * 100_000_000)


@given(st.text(max_size=300))
def test_any_text_is_made_one_safe_line_or_refused(text: str) -> None:
    try:
        spoken = speakable(text)
    except TextRefused:
        return
    assert spoken == speakable(spoken)
    assert all(character.isprintable() for character in spoken if character != " ")
    assert len(spoken) <= MAX_TEXT


def test_key_is_the_texts_and_not_its_spacings() -> None:
    key = key_of("您好 再见", "zh-CN")
    assert is_key(key)
    assert key == key_of(" 您好\n再见 ", "zh-CN")
    others = (
        key_of("您好 再见", "en"),
        key_of("您好 再见", "zh-CN", "xiaoyan"),
        key_of("您好再见", "zh-CN"),
        key_of("您好 再见\nzh-CN", "zh-CN"),
    )
    assert len({key, *others}) == 5


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x" * 24, "A" * 24, "0" * 23, "0" * 25])
def test_key_is_nothing_else(name: str) -> None:
    assert not is_key(name)


@pytest.mark.parametrize(
    ("text", "language", "parts"),
    [
        (
            "人工请按零，For English press nine。",
            "zh-CN",
            [("zh-CN", "人工请按零，"), ("en", "For English press nine")],
        ),
        ("请打开App。", "zh-CN", [("zh-CN", "请打开"), ("en", "App")]),
        (
            "For Chinese, press nine. 中文服务，请按九。",
            "en",
            [("en", "For Chinese, press nine."), ("zh-CN", "中文服务，请按九。")],
        ),
        ("Bonjour 您好", "fr", [("fr", "Bonjour 您好")]),
    ],
)
def test_foreign_words_go_to_their_own_voice(
    text: str, language: str, parts: list[tuple[str, str]]
) -> None:
    assert list(by_script(text, language)) == parts


@given(
    st.text(st.sampled_from("您好，a B1. 。[en]"), max_size=60), st.sampled_from(["zh-CN", "en"])
)
def test_no_word_is_lost_between_the_voices(text: str, language: str) -> None:
    said = [part for one in parts_of(text, language) for part in by_script(one[1], one[0])]
    heard = "".join(character for _, part in said for character in part if character.isalnum())
    plain = text.replace("[en]", "")
    assert heard == "".join(character for character in plain if character.isalnum())


class TestRest:
    def test_a_text_that_failed_is_left_alone_for_a_while(self) -> None:
        rest = Rest()
        rest.ended("a", EngineFailed("http", "x"), 100)
        with pytest.raises(EngineFailed, match="a moment ago"):
            rest.check("http", "a", 100 + SAME_TEXT_S - 1)
        rest.check("http", "b", 101)
        rest.check("http", "a", 100 + SAME_TEXT_S)

    def test_an_engine_that_fails_again_and_again_is_not_asked_at_all(self) -> None:
        rest = Rest()
        for count in range(IN_A_ROW):
            rest.check("http", "new", 0)
            rest.ended(f"text {count}", EngineFailed("http", "x"), 0)
        with pytest.raises(EngineFailed):
            rest.check("http", "new", ENGINE_S - 1)
        rest.check("http", "new", ENGINE_S)

    def test_success_between_failures_keeps_the_engine(self) -> None:
        rest = Rest()
        for count in range(IN_A_ROW * 2):
            rest.ended(f"text {count}", EngineFailed("http", "x"), 0)
            rest.ended(f"good {count}", None, 0)
        rest.check("http", "new", 0)
