"""Finds the sound file of a prompt.

    DIR/studio/LANGUAGE/NAME.wav   a speaker's recording, wins
    DIR/LANGUAGE/NAME.wav          the voice that came with the system

A prompt that is missing in the caller's language is heard in the site's main language and
reported: a caller never meets silence because a file was forgotten. Files are looked up each
time, so a recording dropped into the folder is heard by the next caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from ivr_flows.errors import PromptMissing

_NAME: Final = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+){0,3}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}", re.ASCII)
_STUDIO: Final = "studio"
_MAX_NAME = 64


def is_prompt_name(name: str) -> bool:
    """Whether `name` may be a prompt's name: it ends up in a path and in an AGI command, so dots,
    a leading slash and everything outside `a-z 0-9 - /` are refused."""
    return len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None


def is_language(language: str) -> bool:
    """Whether `language` is a language tag such as `zh-CN`."""
    return _LANGUAGE.fullmatch(language) is not None


@dataclass(frozen=True, slots=True)
class PromptFallback:
    """The prompt `name` was asked for in `wanted` and heard in `used`."""

    name: str
    wanted: str
    used: str

    def __str__(self) -> str:
        return f"the prompt {self.name!r} is missing in {self.wanted}, {self.used} is played"


class Prompts(Protocol):
    """What the loader asks of the recordings."""

    def has(self, name: str, language: str) -> bool:
        """Whether there is a recording of `name` in `language` itself."""

    def names(self) -> frozenset[str]:
        """Every prompt recorded in any language."""


class PromptLibrary:
    """`dir_in_asterisk` is the folder `directory` as Asterisk sees it."""

    def __init__(self, directory: Path, dir_in_asterisk: str, main_language: str) -> None:
        self._directory = directory
        self._in_asterisk = dir_in_asterisk.rstrip("/")
        self._main_language = main_language
        self._fallbacks: dict[PromptFallback, None] = {}

    @property
    def fallbacks(self) -> tuple[PromptFallback, ...]:
        """Every prompt that had to be played in another language so far, each once."""
        return tuple(self._fallbacks)

    def has(self, name: str, language: str) -> bool:
        return self._find(name, language) is not None

    def names(self) -> frozenset[str]:
        found: set[str] = set()
        for file in self._directory.rglob("*.wav"):
            parts = file.relative_to(self._directory).with_suffix("").parts
            parts = parts[1:] if parts[0] == _STUDIO else parts
            name = "/".join(parts[1:])
            if len(parts) > 1 and is_language(parts[0]) and is_prompt_name(name):
                found.add(name)
        return frozenset(found)

    def path(self, name: str, language: str) -> str:
        """The sound as STREAM FILE wants it: absolute, without its extension.

        Raises PromptMissing when neither `language` nor the main language has it.
        """
        found = self._find(name, language)
        if found is None and language != self._main_language:
            found = self._find(name, self._main_language)
            if found is not None:
                self._fallbacks[PromptFallback(name, language, self._main_language)] = None
        if found is None:
            raise PromptMissing(name)
        return f"{self._in_asterisk}/{found}"

    def _find(self, name: str, language: str) -> str | None:
        """Path below the folder without extension, or None."""
        if not (is_prompt_name(name) and is_language(language)):
            return None
        for candidate in (f"{_STUDIO}/{language}/{name}", f"{language}/{name}"):
            if (self._directory / f"{candidate}.wav").is_file():
                return candidate
        return None
