"""How the clips of numbers are made: tones of Mandarin, and no silence at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from ivr_flows.sayings import clip_names
from ivr_flows.speech.clips import pinyin, tight
from ivr_flows.speech.engine import TELEPHONE_HZ


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("一", "yi1"),
        ("一百", "yi4 bai3"),
        ("一千", "yi4 qian1"),
        ("一万", "yi2 wan4"),
        ("一亿", "yi2 yi4"),
        ("一元", "yi4 yuan2"),
        ("一角", "yi4 jiao3"),
        ("一个小时", "yi2 ge4 xiao3 shi2"),
        ("不到一分钟", "bu2 dao4 yi4 fen1 zhong1"),
        # In an ordinal, at the end of a number and digit by digit it stays yi1.
        ("一月", "yi1 yue4"),
        ("一日", "yi1 ri4"),
        ("一年", "yi1 nian2"),
        ("一九", "yi1 jiu3"),
        ("一十一", "yi1 shi2 yi1"),
        ("十一点", "shi2 yi1 dian3"),
        ("零一分", "ling2 yi1 fen1"),
        ("五百", "wu2 bai3"),
        ("两点", "liang2 dian3"),
        ("九角", "jiu2 jiao3"),
        ("五分", "wu3 fen1"),
    ],
)
def test_tones_are_those_that_are_spoken(text: str, syllables: str) -> None:
    assert pinyin(text) == syllables.split()


def test_every_mandarin_clip_can_be_spoken() -> None:
    for name, text in clip_names()["zh-CN"].items():
        if not name.startswith("say/letter-"):
            assert len(pinyin(text)) == len(text)


def test_edges_of_a_clip_are_cut_to_thirty_milliseconds() -> None:
    tone = 0.2 * np.sin(2 * np.pi * 400 * np.arange(TELEPHONE_HZ) / TELEPHONE_HZ)
    silence = np.zeros(TELEPHONE_HZ)
    cut = tight(np.concatenate([silence, tone, silence]).astype(np.float32))
    assert cut.size / TELEPHONE_HZ == pytest.approx(1.06, abs=0.005)
    assert cut[0] == cut[-1] == 0
