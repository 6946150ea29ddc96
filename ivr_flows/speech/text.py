"""Texts as they are spoken: made safe, cut into stretches of one voice, and known by a short key.

Pure. The key names a text's sound file, so it holds no letter of the text itself.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from ivr_flows.speech.errors import TextRefused

MAX_TEXT: Final = 1000
"""Characters: some four minutes of speech, far beyond what a caller should hear in one piece."""
KEY_LENGTH: Final = 24
"""Hexadecimal digits: 96 bits."""
_KEY: Final = re.compile(r"[0-9a-f]{24}", re.ASCII)
_SWITCH: Final = re.compile(r"\[(zh-CN|en)\]")


def speakable(text: str) -> str:
    """`text` in Unicode's composed form (NFC), on one line, without control and format characters.

    Raises TextRefused when nothing is left to speak or it is longer than MAX_TEXT.
    """
    if len(text) > 4 * MAX_TEXT:
        # Not even looked at: normalising 100 MB would take seconds.
        raise TextRefused(f"{len(text)} characters; {MAX_TEXT} at most")
    shown = "".join(
        " " if unicodedata.category(character) in _UNSPOKEN else character
        for character in unicodedata.normalize("NFC", text)
    )
    spoken = " ".join(shown.split())
    if len(spoken) > MAX_TEXT:
        raise TextRefused(f"{len(spoken)} characters; {MAX_TEXT} at most")
    if not any(character.isalnum() for character in _SWITCH.sub("", spoken)):
        raise TextRefused("it has no letter and no digit")
    return spoken


_UNSPOKEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
"""Unicode categories: controls, direction marks, surrogates, private use, unassigned, spaces."""


def key_of(text: str, language: str, voice: str = "") -> str:
    """The name of the sound of `text`: the same for every engine, another for another voice.

    Raises TextRefused.
    """
    said = "\n".join((speakable(text), language, voice))
    return hashlib.sha256(said.encode()).hexdigest()[:KEY_LENGTH]


def is_key(name: str) -> bool:
    """Whether `name` may be what `key_of` gives."""
    return _KEY.fullmatch(name) is not None


def parts_of(text: str, language: str) -> Iterator[tuple[str, str]]:
    """(language, text) of each stretch that one voice speaks: `[en]` switches to English, `[zh-CN]`
    to Mandarin."""
    first, *rest = _SWITCH.split(text)
    if first.strip():
        yield language, first.strip()
    for switched, words in zip(rest[0::2], rest[1::2], strict=True):
        if words.strip():
            yield switched, words.strip()


def by_script(text: str, language: str) -> Iterator[tuple[str, str]]:
    """(language, text) of each stretch of one script: a Mandarin voice cannot read `App`, nor an
    English one `中文`. Other languages stay whole."""
    foreign = _FOREIGN.get(language)
    if foreign is None:
        yield language, text
        return
    other, pattern = foreign
    done = 0
    for match in pattern.finditer(text):
        yield from _worth_saying(language, text[done : match.start()])
        yield other, match.group()
        done = match.end()
    yield from _worth_saying(language, text[done:])


def _worth_saying(language: str, text: str) -> Iterator[tuple[str, str]]:
    if any(character.isalnum() for character in text):
        yield language, text.strip()


_FOREIGN: Final = {
    "zh-CN": ("en", re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ ,.'’&-]+[A-Za-z][A-Za-z0-9]*)*[.,!?]?")),
    "en": (
        "zh-CN",
        re.compile(r"[\u3400-\u9fff](?:[0-9，、。；：？！ ]*[\u3400-\u9fff])*[。？！]?"),
    ),
}
