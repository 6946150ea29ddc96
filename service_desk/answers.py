"""What is taken out of a service's answer. Pure.

An answer is JSON (RFC 8259), values are named by JSON pointers (RFC 6901). Numbers stay as they
were written: 12.10 is said as 12.10, and no amount goes through binary floating point.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from service_desk.errors import AnswerUnusable

MOST_CHARACTERS: Final = 200
"""Of one value: more than anybody listens to."""
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_MISSING: Final = object()


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _no_number(word: str) -> Any:
    raise AnswerUnusable(f"{word} is not JSON")


def read_document(content: bytes) -> Any:
    """The document in `content`. Raises AnswerUnusable."""
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, parse_float=_Number, parse_int=_Number, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise AnswerUnusable("the answer is not UTF-8") from None
    except RecursionError:
        raise AnswerUnusable("the answer is nested too deeply") from None
    except ValueError:
        raise AnswerUnusable("the answer is not JSON") from None


def picked(document: Any, wanted: Mapping[str, str]) -> dict[str, str]:
    """The values at the pointers of `wanted`, by name. One that is not there, is null or is no
    single value is left out."""
    found = {name: _text(_at(document, pointer)) for name, pointer in wanted.items()}
    return {name: text for name, text in found.items() if text is not None}


def _at(document: Any, pointer: str) -> Any:
    if not pointer:
        return document
    if not pointer.startswith("/"):
        return _MISSING
    for part in pointer[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(key, _MISSING)
        elif isinstance(document, list) and _INDEX.fullmatch(key) and int(key) < len(document):
            document = document[int(key)]
        else:
            return _MISSING
    return document


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int):  # of a document that was not read from JSON
        return str(value)
    return None


def clean(text: str) -> str:
    """`text` as one line without control characters, at most MOST_CHARACTERS of it. Format
    characters (direction marks and the like) go too: they are not said, and they lie in a log."""
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return "".join(kept).strip()[:MOST_CHARACTERS]
