"""espeak-ng, the last resort: a voice of rules, not pleasant, and there in 50 ms on any machine.

Mandarin goes in as Pinyin with tone numbers (ISO 7098; pypinyin knows the readings of words), which
espeak-ng reads far better than its own guess at characters.
"""

from __future__ import annotations

from typing import Final

from ivr_flows.speech.choice import espeak_program
from ivr_flows.speech.errors import EngineMissing
from ivr_flows.speech.text import speakable
from ivr_flows.speech.tool import OUT, speak_with
from ivr_flows.speech.wav import Samples

VOICES: Final = {"zh-CN": "cmn-latn-pinyin", "en": "en-us"}
WORDS_A_MINUTE: Final = {"zh-CN": 150, "en": 155}
_SECONDS: Final = 10.0
_PAUSES: Final = str.maketrans(
    {"，": ", ", "。": ". ", "、": ", ", "；": "; ", "：": ": ", "？": "? ", "！": "! "}
)


class Espeak:
    """Raises EngineMissing without the program."""

    mixes_languages: Final = False

    def __init__(self, *, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._program = espeak_program()
        if not self._program:
            raise EngineMissing("espeak", "install the Debian package espeak-ng")

    def speak(self, text: str, language: str) -> tuple[Samples, int]:
        """Raises SpeechError."""
        voice = VOICES.get(language)
        if voice is None:
            raise EngineMissing("espeak", f"no voice for {language}")
        said = speakable(text)
        if language == "zh-CN":
            said = pinyin(said)
        speed = str(WORDS_A_MINUTE[language])
        argv = [self._program, "-v", voice, "-s", speed, "-b", "1", "--stdin", "-w", OUT]
        return speak_with("espeak", argv, said, seconds=self._seconds)


def pinyin(text: str) -> str:
    """`您好，10号。` as `nin2 hao3, 10 hao4.`; what is no Chinese character stays as it is."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - half a second, only where it is used

    return " ".join(
        lazy_pinyin(text.translate(_PAUSES), style=Style.TONE3, neutral_tone_with_five=True)
    )
