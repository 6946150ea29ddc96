"""Numbers, amounts, dates, times and digits as sequences of recorded clips.

    say("amount", "12.50", "zh-CN")  -> ("say/number-12", "say/yuan", "say/jiao-5")
    text("amount", "12.50", "zh-CN") -> "十二元五角"

Pure. Values are text as it comes from outside. A value that cannot be said raises SayingRefused,
never something else, and nothing is ever said that only resembles it.

    kind      value                          e.g. zh-CN, en
    digits    0-9 A-Z * # +, groups          1 3 8, 0 0 1 3 (a breath between groups)
    number    -12.50                         负十二点五零, minus twelve point five zero
    count     2, before 位 or 个             两, two
    amount    yuan, two decimals             十二元五角, twelve yuan and fifty fen
    date      ISO 8601, also with a time     二〇二六年十一月二十三日, November twenty-third, ...
    time      HH:MM, ISO 8601                下午两点半, two thirty p.m.
    minutes   seconds, rounded               十五分钟, fifteen minutes
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ivr_flows.sayings import en, zh
from ivr_flows.sayings.common import PAUSE as PAUSE
from ivr_flows.sayings.errors import LanguageUnknown as LanguageUnknown
from ivr_flows.sayings.errors import SayingError as SayingError
from ivr_flows.sayings.errors import SayingRefused as SayingRefused
from ivr_flows.sayings.values import read_digits

LANGUAGES: Final = ("zh-CN", "en")
KINDS: Final = tuple(zh.SAYERS)
_SAYERS: Final = {"zh-CN": zh.SAYERS, "en": en.SAYERS}
_CLIPS: Final = {"zh-CN": zh.CLIPS, "en": en.CLIPS}


def say(kind: str, value: str, language: str) -> tuple[str, ...]:
    """Names of the clips to play one after the other. Raises SayingRefused, LanguageUnknown."""
    if language not in _SAYERS:
        raise LanguageUnknown(language, LANGUAGES)
    sayer = _SAYERS[language].get(kind)
    if sayer is None:
        raise SayingRefused(kind, f"one of the kinds {', '.join(KINDS)}")
    return sayer(value)


def text(kind: str, value: str, language: str) -> str:
    """What `say` says, to be read: digits stay digits. Raises SayingRefused, LanguageUnknown."""
    clips = say(kind, value, language)
    if kind == "digits":
        return " ".join(read_digits(value)).upper()
    words = _CLIPS[language]
    if language == "zh-CN":
        spoken = "".join(words[clip] for clip in clips)
        # GB/T 15835-2011, 4.3: the zero of a year is written 〇.
        return spoken.replace("零", "〇") if kind == "date" else spoken
    return " ".join("," if clip == PAUSE else words[clip] for clip in clips).replace(" ,", ",")


def clip_names() -> Mapping[str, Mapping[str, str]]:
    """Language to every clip that it can ever use, with its words; PAUSE, which has none, is left
    out."""
    return MappingProxyType(_CLIPS)
