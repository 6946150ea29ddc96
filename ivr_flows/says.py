"""What a caller hears, before and after it is known what the values are.

A flow says a `Say`: recorded prompts and texts in several languages, with places for values. In a
call it becomes an `Utterance`: the pieces of one language, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

Kind = Literal["text", "digits", "number", "amount", "date", "time", "minutes"]
"""How a value is said: as it is written, digit by digit, as a number, as yuan and fen, as a date
(ISO 8601), as a time of day, as a duration (given in seconds) rounded as people say it."""

KINDS: Final[tuple[str, ...]] = get_args(Kind)
VALUE_NAME: Final = r"[a-z][a-z0-9_]{0,31}"
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_VALUE: Final = re.compile(rf"\s*({VALUE_NAME})\s*(?::\s*([a-z]+)\s*)?")


class TextMisread(ValueError):
    """A text has a place for a value that cannot be understood. `why` names it."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded prompt by its name."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Words:
    """Fixed text, to be spoken by the site's voice."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """The place of a value of the call."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Text:
    """The same text in several languages; the places of values differ from language to language."""

    parts: Mapping[str, tuple[Words | Value, ...]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))


Say = tuple[Recorded | Text, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """Play the recorded prompt."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Spell:
    """Say the value of this call."""

    kind: Kind
    value: str


Piece = Clip | Words | Spell
Utterance = tuple[Piece, ...]


def read_text(text: str) -> tuple[Words | Value, ...]:
    """`"余额{balance:amount}"` as its parts. Raises TextMisread."""
    return tuple(_parts(text))


def _parts(text: str) -> Iterator[Words | Value]:
    done = 0
    for place in _PLACE.finditer(text):
        yield from _words(text[done : place.start()])
        match = _VALUE.fullmatch(place.group(1))
        if match is None:
            raise TextMisread(
                f"{place.group()} is no place for a value; write {{name}} or {{name:kind}}"
            )
        yield Value(match.group(1), _kind(match.group(2) or "text"))
        done = place.end()
    yield from _words(text[done:])


def _words(text: str) -> Iterator[Words]:
    if "{" in text or "}" in text:
        raise TextMisread("a curly bracket without its partner")
    # Punctuation alone is nothing to speak.
    if any(character.isalnum() for character in text):
        yield Words(" ".join(text.split()))


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise TextMisread(f"there is no kind of value {name!r}; known: {', '.join(KINDS)}")
    return name  # type: ignore[return-value]


def utterance(
    say: Say | None, language: str, main_language: str, values: Mapping[str, str]
) -> Utterance:
    """What `say` is in this call. A value that is not known is left out; a text that does not
    exist in `language` is said in the main one: better another language than silence."""
    if not say:
        return ()
    pieces: list[Piece] = []
    for part in say:
        if isinstance(part, Recorded):
            pieces.append(Clip(part.prompt))
            continue
        texts = part.parts
        chosen = texts.get(language) or texts.get(main_language) or next(iter(texts.values()), ())
        for word in chosen:
            if isinstance(word, Words):
                pieces.append(word)
            else:
                value = values.get(word.name, "")
                if value:
                    pieces.append(Spell(word.kind, value))
    return tuple(pieces)


def values_in(say: Say | None) -> Iterator[Value]:
    """Every place of a value in `say`, of all languages."""
    for part in say or ():
        if isinstance(part, Text):
            for words in part.parts.values():
                yield from (word for word in words if isinstance(word, Value))
