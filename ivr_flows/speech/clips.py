"""`python -m ivr_flows.speech.clips MODEL_FOLDER [NAME ...]`: make the clips of `say/`, the prompts
that meet a number, and the sounds without words.

A clip is one word of a sentence that is put together in the call, so it is made otherwise than a
prompt: short words faster, since the model draws out a word that stands alone; almost no silence
at the edges; and in Mandarin by pinyin, because the tones of 一, 不 and of two third tones in a
row depend on the neighbours that the clip will have in the call.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from ivr_flows.sayings import PAUSE, clip_names
from ivr_flows.speech.catalogue import PROMPTS, read_catalogue
from ivr_flows.speech.engine import (
    TARGET_RMS_DBFS,
    TELEPHONE_HZ,
    Samples,
    to_telephone,
    write_wav,
)
from ivr_flows.speech.kokoro import RATE_HZ, Kokoro

_EDGE_S: Final = 0.03
_AUDIBLE: Final = 10 ** (-40 / 20)
_PAUSE_S: Final = 0.25
_BEEP_S: Final = 0.25
_BEEP_HZ: Final = 1000
SOUNDS: Final = ("beep", PAUSE)
"""Made by arithmetic: the same in every language, and nothing of the catalogue."""
MEETS_A_NUMBER: Final = frozenset(
    f"wait/{name}"
    for name in (
        *("you-are-number", "in-line", "next", "one-ahead", "ahead-before", "ahead-after"),
        "about-before",
    )
) | {"ask/confirm-digits-before"}
_SPELLED: Final = {"一位": "移位"}
"""Texts whose tones are not those of the single characters, spelled as they sound."""

_PINYIN: Final = {
    "零": "ling2", "幺": "yao1", "一": "yi1", "二": "er4", "两": "liang3", "三": "san1",
    "四": "si4", "五": "wu3", "六": "liu4", "七": "qi1", "八": "ba1", "九": "jiu3", "十": "shi2",
    "百": "bai3", "千": "qian1", "万": "wan4", "亿": "yi4", "星": "xing1", "号": "hao4",
    "井": "jing3", "加": "jia1", "负": "fu4", "点": "dian3", "元": "yuan2", "角": "jiao3",
    "分": "fen1", "月": "yue4", "日": "ri4", "年": "nian2", "凌": "ling2", "晨": "chen2",
    "上": "shang4", "午": "wu3", "中": "zhong1", "下": "xia4", "晚": "wan3", "半": "ban4",
    "钟": "zhong1", "不": "bu4", "到": "dao4", "个": "ge4", "小": "xiao3", "时": "shi2",
    "多": "duo1",
}  # fmt: skip
_ENGLISH: Final = {"yuan": "juˈɑːn"}
"""Phonemes where espeak-ng's rules are wrong (it says you-un)."""
_COUNTED: Final = "百千万亿元角分点个"
"""After these 一 changes its tone when it stands alone before them; in 十一点 and 一月 it does not
(《现代汉语词典》, 一)."""

_LAST: Final = tuple(
    f"say/{name}" for name in ("jiao-", "fen-", "day-", "minutes-", "minute", "half")
)
"""What a sentence ends with; all others get the melody of a word before a comma."""


def pinyin(text: str) -> list[str]:
    """The syllables of a Mandarin clip with the tones that are spoken."""
    said = [_PINYIN[sign] for sign in text]
    for place, sign in enumerate(text):
        after = said[place + 1] if place + 1 < len(said) else ""
        alone = place == 0 or text[place - 1] == "到"
        if (sign == "一" and alone and text[place + 1 : place + 2] in set(_COUNTED)) or (
            sign == "不" and after.endswith("4")
        ):
            said[place] = said[place][:-1] + ("2" if after.endswith("4") else "4")
    for place in range(len(said) - 1):
        if said[place].endswith("3") and said[place + 1].endswith("3"):
            said[place] = said[place][:-1] + "2"
    return said


class ClipSpeaker(Kokoro):
    """Speaks one clip. Raises ModelMissing."""

    def clip(self, name: str, text: str, language: str) -> Samples:
        """At 8 kHz, at the common loudness."""
        phonemes, syllables = self._phonemes(name, text, language)
        speed = {1: 1.25, 2: 1.15, 3: 1.05}.get(syllables, 1.0)
        return tight(to_telephone(self._sound(phonemes, language, speed), RATE_HZ))

    def fragment(self, text: str, language: str) -> Samples:
        """A prompt that meets a number."""
        for written, sounded in _SPELLED.items():
            text = text.replace(written, sounded)
        return tight(to_telephone(*self.speak(text, language)))

    def _phonemes(self, name: str, text: str, language: str) -> tuple[str, int]:
        if language == "en" or name.startswith("say/letter-"):
            # The Mandarin voice names Latin letters as English does.
            phonemes = _ENGLISH.get(text) or self._to_phonemes["en"](text)[0]
            return phonemes, sum(phonemes.count(vowel) for vowel in "ɑæʌɔəɛɜɪiʊuAIOWYɐ")
        from misaki.zh import ZHG2P  # noqa: PLC0415 - the optional extra `speech`

        # 一位, 一个: before a fourth tone, which is in another clip.
        syllables = ["yi2"] if name == "say/count-1" else pinyin(text)
        # U+032F marks a diphthong for pinyin's tables and is no symbol of the model.
        phonemes = "".join(map(ZHG2P.py2ipa, syllables)).replace("\u032f", "")
        return phonemes + ("." if name.startswith(_LAST) else ","), len(syllables)

    def _sound(self, phonemes: str, language: str, speed: float) -> Samples:
        tokens = [self._vocab[symbol] for symbol in phonemes if symbol in self._vocab]
        styles = self._styles[language]
        sound = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": styles[min(len(tokens), len(styles)) - 1].reshape(1, -1),
                "speed": np.array([speed], np.float32),
            },
        )[0]
        return np.asarray(sound, np.float32).ravel()


def tight(samples: Samples) -> Samples:
    """Without silence at the edges but for 30 ms: clips follow each other as words do."""
    heard = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    if heard.size == 0:
        return samples
    edge = int(_EDGE_S * TELEPHONE_HZ)
    inner = samples[max(0, int(heard[0]) - edge) : int(heard[-1]) + edge]
    fade = np.minimum(1.0, np.arange(inner.size) / (0.01 * TELEPHONE_HZ))
    faded: Samples = (inner * fade * fade[::-1]).astype(np.float32)
    return faded


def sound(name: str) -> Samples:
    """One of SOUNDS."""
    if name == PAUSE:
        return np.zeros(int(_PAUSE_S * TELEPHONE_HZ), np.float32)
    time = np.arange(int(_BEEP_S * TELEPHONE_HZ)) / TELEPHONE_HZ
    # A sine's peak is 3 dB above its RMS.
    loud = np.sqrt(2) * 10 ** (TARGET_RMS_DBFS / 20)
    tone = loud * np.sin(2 * np.pi * _BEEP_HZ * time)
    fade = np.minimum(1.0, np.arange(tone.size) / (0.005 * TELEPHONE_HZ))
    faded: Samples = (tone * fade * fade[::-1]).astype(np.float32)
    return faded


def is_made_here(name: str) -> bool:
    """Whether the prompt `name` is made by this module and not by `ivr_flows.speech.build`."""
    return name.startswith("say/") or name in MEETS_A_NUMBER


def main(model_folder: str, *names: str) -> None:
    speaker = ClipSpeaker(Path(model_folder))
    wanted = [
        (name, language, text)
        for name, texts in read_catalogue().items()
        if is_made_here(name) and (not names or name in names)
        for language, text in texts.items()
    ]
    for name, language, text in track(wanted, description="Speaking"):
        spoken = (
            speaker.fragment(text, language)
            if name in MEETS_A_NUMBER
            else speaker.clip(name, text, language)
        )
        write_wav(PROMPTS / language / f"{name}.wav", spoken)
    for name in SOUNDS:
        for language in clip_names():
            write_wav(PROMPTS / language / f"{name}.wav", sound(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
