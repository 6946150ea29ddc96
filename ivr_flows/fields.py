"""The types of the values in a flow's YAML: each reads what a person writes and says what is wrong
with it."""

from __future__ import annotations

import re
import unicodedata
from datetime import time
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from ivr_flows import model
from ivr_flows.says import KINDS, VALUE_NAME, Recorded, Say, Text, TextMisread, read_text
from ivr_flows.templates import Template

MAX_CHARACTERS: Final = 1000
"""Of one text: more than two minutes of speech."""
MAX_PARTS: Final = 10
_PROMPT: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+){0,3}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)
_SPAN: Final = re.compile(
    r"([01]?[0-9]|2[0-4]):([0-5][0-9])\s*-\s*([01]?[0-9]|2[0-4]):([0-5][0-9])"
)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEY_JSON: Final = {
    "type": ["string", "integer"],
    "pattern": "^[0-9*#]$",
    "minimum": 0,
    "maximum": 9,
}

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
"""A step, a flow, a queue or a thing of the site."""
ValueName = Annotated[str, Field(pattern=f"^{VALUE_NAME}$")]
LanguageTag = Annotated[
    str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$", max_length=16)
]
Seconds = Annotated[float, Field(ge=0.5, le=60)]
Attempts = Annotated[int, Field(ge=1, le=10)]


def read_key(value: Any) -> str:
    """`1` and `"1"` are the same key to a reader of YAML; a full-width １ is on no telephone."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9:
        return str(value)
    if isinstance(value, str) and len(value) == 1 and value in model.KEYS:
        return value
    meant = unicodedata.normalize("NFKC", value) if isinstance(value, str) else ""
    if meant != value and len(meant) == 1 and meant in model.KEYS:
        raise ValueError(f"is not a telephone key; did you mean {meant!r}?")
    raise ValueError('is not a telephone key; keys are "0" to "9", "*" and "#"')


def once(value: Any) -> Any:
    """To YAML `1` and `"1"` are two keys, so it does not notice that one of them would be lost."""
    if isinstance(value, dict):
        seen: set[str] = set()
        for text in map(str, value):
            if text in seen:
                raise ValueError(f"the key {text!r} is written twice")
            seen.add(text)
    return value


def read_say(value: Any) -> Say:
    """A prompt's name, a text by language, or a list of them."""
    if not isinstance(value, list):
        return (_say_part(value),)
    if not 1 <= len(value) <= MAX_PARTS:
        raise ValueError(f"has {len(value)} parts; 1 to {MAX_PARTS} are allowed")
    return tuple(map(_say_part, value))


def _say_part(value: Any) -> Recorded | Text:
    if isinstance(value, str):
        if len(value) > 64 or _PROMPT.fullmatch(value) is None:
            raise ValueError(
                f"{value[:40]!r} is not the name of a recorded prompt; a text is written by "
                "language, e.g. {zh-CN: 您好。, en: Hello.}"
            )
        return Recorded(value)
    if not isinstance(value, dict) or not value:
        raise ValueError("is neither the name of a recorded prompt nor a text by language")
    for language in value:
        if not isinstance(language, str) or _LANGUAGE.fullmatch(language) is None:
            raise ValueError(f"{language!r} is not a language tag such as zh-CN or en")
    return Text({language: _text(language, text) for language, text in value.items()})


def _text(language: str, text: Any) -> Any:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"the text in {language} is empty or no text")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"the text in {language} has {len(text)} characters; at most {MAX_CHARACTERS}"
        )
    if any(
        unicodedata.category(character) in ("Cc", "Cs") and character != "\n" for character in text
    ):
        raise ValueError(f"the text in {language} has control characters")
    try:
        parts = read_text(text)
    except TextMisread as misread:
        raise ValueError(f"the text in {language}: {misread.why}") from None
    if not parts:
        raise ValueError(f"the text in {language} has nothing that can be spoken")
    return parts


def read_template(value: Any) -> Template:
    text = str(value)
    if not text or isinstance(value, bool | dict | list | None):
        raise ValueError("is not a text")
    if len(text) > 200:
        raise ValueError(f"has {len(text)} characters; at most 200")
    try:
        return Template.read(text)
    except TextMisread as misread:
        raise ValueError(misread.why) from None


def read_path(value: Any) -> Template:
    template = read_template(value)
    fixed = "".join(part if isinstance(part, str) else "x" for part in template.parts)
    if not str(value).startswith("/") or re.fullmatch(r"[A-Za-z0-9/_.~-]*", fixed) is None:
        raise ValueError(
            f"{value!r} is not a path such as /accounts/{{account}}; a query has a key of its own"
        )
    if ".." in fixed or "//" in fixed:
        raise ValueError(f"{value!r} has empty segments or climbs up")
    return template


def read_span(value: Any) -> tuple[time, time]:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value!r} is no span of time such as "08:30-12:00"')
    first, first_minute, last, last_minute = map(int, match.groups())
    return time(first % 24, first_minute), time(last % 24, last_minute)


def read_days(value: Any) -> frozenset[int]:
    """`mon-fri`, `sat`, or a list of them."""
    found: set[int] = set()
    for part in value if isinstance(value, list) else [value]:
        first, _, last = str(part).partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"{part!r} is no day; write {', '.join(_DAYS)}, or mon-fri")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(found)


def listed(value: Any) -> Any:
    """A single one is a list of one."""
    return [value] if isinstance(value, str | int) and not isinstance(value, bool) else value


_SAY_ONE: Final = {
    "anyOf": [
        {
            "type": "string",
            "pattern": "^[a-z0-9-]+(/[a-z0-9-]+){0,3}$",
            "maxLength": 64,
            "description": "A recorded prompt: prompts/LANGUAGE/NAME.wav",
        },
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS},
            "description": f"The text by language; {{name}} or {{name:kind}} says a value of the "
            f"call, kind is one of {', '.join(KINDS)}",
            "examples": [
                {"zh-CN": "您的余额是{balance:amount}。", "en": "Your balance is {balance:amount}."}
            ],
        },
    ]
}
SAY_JSON: Final = {
    "anyOf": [
        *_SAY_ONE["anyOf"],
        {"type": "array", "minItems": 1, "maxItems": MAX_PARTS, "items": _SAY_ONE},
    ]
}

Key = Annotated[str, BeforeValidator(read_key), WithJsonSchema(_KEY_JSON)]
SayField = Annotated[Say, PlainValidator(read_say), WithJsonSchema(SAY_JSON)]
TemplateField = Annotated[
    Template,
    PlainValidator(read_template),
    WithJsonSchema({"type": ["string", "number"], "maxLength": 200}),
]
PathField = Annotated[
    Template,
    PlainValidator(read_path),
    WithJsonSchema({"type": "string", "pattern": "^/", "examples": ["/accounts/{account}"]}),
]
Span = Annotated[
    tuple[time, time],
    PlainValidator(read_span),
    WithJsonSchema({"type": "string", "examples": ["08:30-12:00", "22:00-06:00"]}),
]
Days = Annotated[
    frozenset[int],
    PlainValidator(read_days),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "examples": ["mon-fri", "sat"]},
                {"type": "array", "items": {"type": "string"}},
            ]
        }
    ),
]
