"""What is said, to be read: for the terminal, the drawing and the tests of flows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ivr_flows.actions import Clip, Piece, Spell, Utterance, Words
from ivr_flows.sayings import SayingError
from ivr_flows.sayings import text as read_value

_SWITCH: Final = re.compile(r"\s*\[(?:zh-CN|en)\]")
"""In the catalogue: another voice goes on."""


class CatalogueReader:
    """`catalogue`: what the recorded prompts say, by name and language."""

    def __init__(self, catalogue: Mapping[str, Mapping[str, str]]) -> None:
        self._catalogue = catalogue

    def text(self, utterance: Utterance, language: str) -> str:
        """The pieces as one text. A recorded prompt that the catalogue does not have is shown by
        its name, a value that cannot be said as its kind as it is."""
        joint = "" if language.startswith("zh") else " "
        return joint.join(self._piece(piece, language) for piece in utterance)

    def _piece(self, piece: Piece, language: str) -> str:
        match piece:
            case Words(text=text):
                return text
            case Clip(prompt=prompt):
                spoken = self._catalogue.get(prompt, {}).get(language, f"({prompt})")
                return _SWITCH.sub(" ", spoken)
            case Spell(kind="text", value=value):
                return value
            case Spell(kind=kind, value=value):
                try:
                    return read_value(kind, value, language)
                except SayingError:
                    return value
