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
STUDIO: Final = "studio"
"""The folder of recordings by a speaker."""
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
        return bool(self._found(name, language))

    def names(self) -> frozenset[str]:
        found: set[str] = set()
        for file in self._directory.rglob("*.wav"):
            parts = file.relative_to(self._directory).with_suffix("").parts
            parts = parts[1:] if parts[0] == STUDIO else parts
            name = "/".join(parts[1:])
            if len(parts) > 1 and is_language(parts[0]) and is_prompt_name(name):
                found.add(name)
        return frozenset(found)

    def paths(self, name: str, language: str) -> tuple[str, ...]:
        """The sounds to try, best first, as STREAM FILE wants them: absolute, without extension.

        More than one, because Asterisk may see another copy of the folder than this process, a
        little older. Raises PromptMissing when there is none, in `language` or the main language.
        """
        own = self._found(name, language)
        main = () if language == self._main_language else self._found(name, self._main_language)
        if not (own or main):
            raise PromptMissing(name)
        if not own:
            self._fallbacks[PromptFallback(name, language, self._main_language)] = None
        return tuple(f"{self._in_asterisk}/{found}" for found in (*own, *main))

    def file(self, name: str, language: str) -> Path | None:
        """The file that a caller hears for `name` in `language` itself."""
        found = self._found(name, language)
        return self._directory / f"{found[0]}.wav" if found else None

    def is_studio(self, file: Path) -> bool:
        """Whether `file` is a speaker's recording."""
        return file.is_relative_to(self._directory / STUDIO)

    def _found(self, name: str, language: str) -> tuple[str, ...]:
        """Paths below the folder without extension, the studio's first."""
        if not (is_prompt_name(name) and is_language(language)):
            return ()
        candidates = (f"{STUDIO}/{language}/{name}", f"{language}/{name}")
        return tuple(found for found in candidates if (self._directory / f"{found}.wav").is_file())
