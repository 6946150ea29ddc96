"""A speech engine of the site's own: any program that takes text and writes a WAV file.

    speech.command: [/opt/voice/speak, --lang, "{language}", --out, "{out}"]

The text comes on its standard input in UTF-8. Exit code 0 and a readable file mean success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ivr_flows.speech.errors import EngineMissing
from ivr_flows.speech.text import speakable
from ivr_flows.speech.tool import speak_with
from ivr_flows.speech.wav import Samples


class Command:
    """`{language}`, `{voice}` and `{out}` in `argv` are filled in."""

    mixes_languages: Final = True

    def __init__(
        self, argv: Sequence[str], *, voices: Mapping[str, str] | None = None, seconds: float
    ) -> None:
        if not argv:
            raise EngineMissing("command", "speech.command is empty")
        self._argv = tuple(argv)
        self._voices = dict(voices or {})
        self._seconds = seconds

    def speak(self, text: str, language: str) -> tuple[Samples, int]:
        """Raises SpeechError."""
        voice = self._voices.get(language, "")
        argv = [
            part.replace("{language}", language).replace("{voice}", voice) for part in self._argv
        ]
        return speak_with("command", argv, speakable(text), seconds=self._seconds)
