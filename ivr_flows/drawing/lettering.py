"""How wide a text is, where its lines break, and what of it may stand in an SVG.

Nothing here knows the fonts of whoever looks at the drawing, so widths are those of the usual sans
serif faces, rounded up: Chinese characters are one em wide in all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_NOT_FIRST: Final = frozenset("，。、；：？！）》」』】〉”’…,.;:?!)]}%")
"""Must not begin a line (GB/T 15834-2011, 5.1)."""
_NARROW: Final = frozenset("ijlI.,:;'|!()[]{} -ftr/\\")
_WIDE: Final = frozenset("mwMW@%")
_UNSAFE: Final = re.compile(
    # What XML 1.0 (2.2) does not know, and marks that turn the order of what follows.
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
)
ELLIPSIS: Final = "…"


def clean(text: str) -> str:
    """`text` as one line, without characters that XML refuses or that turn the reading order."""
    return " ".join(_UNSAFE.sub("", text).split())


def escape(text: str) -> str:
    """`text` for the inside of an element or of a quoted attribute."""
    return clean(text).translate(_ESCAPES)


def width(text: str, size: float) -> float:
    """How wide `text` is in letters of `size`, in the same unit."""
    return size * sum(map(_em, text))


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF" or character in "“”‘’…—·":
        return 1.0
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.92
    return 0.68 if character.isupper() else 0.58


def wrap(text: str, size: float, room: float, most: int) -> tuple[str, ...]:
    """`text` in at most `most` lines, none wider than `room`; what does not fit ends in an
    ellipsis."""
    lines: list[str] = []
    line = ""
    for word in _words(clean(text)):
        if width((line + word).rstrip(), size) <= room:
            line += word
            continue
        if line.strip():
            lines.append(line.strip())
        line = word.lstrip()
        while width(line.rstrip(), size) > room:
            fits = _fitting(line, size, room)
            lines.append(line[:fits])
            line = line[fits:]
        if len(lines) > most:
            break
    if line.strip():
        lines.append(line.strip())
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] = _cut(lines[-1], size, room)
    return tuple(lines)


def shorten(text: str, size: float, room: float) -> str:
    """`text` in one line of `room`."""
    text = clean(text)
    return text if width(text, size) <= room else _cut(text, size, room)


def _cut(line: str, size: float, room: float) -> str:
    fits = _fitting(line, size, room - width(ELLIPSIS, size))
    return line[:fits].rstrip("，。、；：,.;: ") + ELLIPSIS


def _fitting(line: str, size: float, room: float) -> int:
    """How many characters of `line` fit, at least one."""
    used = 0.0
    for place, character in enumerate(line):
        used += size * _em(character)
        if used > room and place:
            return place
    return len(line)


def _words(text: str) -> Iterator[str]:
    """Pieces that must not be broken: a Chinese character, or a Latin word, each with the
    punctuation after it."""
    word = ""
    for character in text:
        if character in _NOT_FIRST:
            word += character
        elif character == " ":
            yield from (word,) if word else ()
            word = " "
        elif unicodedata.east_asian_width(character) in "WF":
            yield from (word,) if word.strip() else ()
            word = (" " if word == " " else "") + character
        elif (
            word
            and unicodedata.east_asian_width(word.rstrip("".join(_NOT_FIRST))[-1:] or " ") in "WF"
        ):
            yield word
            word = character
        else:
            word += character
    if word.strip():
        yield word
