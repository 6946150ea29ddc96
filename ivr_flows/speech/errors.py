"""Errors of speech.

SpeechError
├── TextRefused     nothing to speak, or too much
├── ModelMissing    a model file is not there or is not the pinned one
├── EngineMissing   an engine is asked for that this machine does not have
├── EngineFailed    the engine died, refused, or could not be reached
├── EngineTooSlow   the engine took longer than it may
├── SoundUnusable   what the engine or a file gave is no sound that a caller could hear
└── SoundNotKept    a sound cannot be written: disk full, folder read-only
"""

from pathlib import Path

from cti.errors import JietongError


class SpeechError(JietongError):
    """Base of the errors of speech."""


class TextRefused(SpeechError):
    """Field: `why`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"this text cannot be spoken: {why}")


class ModelMissing(SpeechError):
    """Fields: `file`, `why`."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}; docs/prompts.md says where the files come from")


class EngineMissing(SpeechError):
    """Fields: `engine`, `why`."""

    def __init__(self, engine: str, why: str) -> None:
        self.engine, self.why = engine, why
        super().__init__(f"the speech engine {engine} is not available: {why}")


class EngineFailed(SpeechError):
    """Fields: `engine`, `why`."""

    def __init__(self, engine: str, why: str) -> None:
        self.engine, self.why = engine, why
        super().__init__(f"the speech engine {engine} failed: {why}")


class EngineTooSlow(SpeechError):
    """Fields: `engine`, `seconds` that it had."""

    def __init__(self, engine: str, seconds: float) -> None:
        self.engine, self.seconds = engine, seconds
        super().__init__(f"the speech engine {engine} was not ready within {seconds:g} s")


class SoundUnusable(SpeechError):
    """Field: `why`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"this is no sound that can be played: {why}")


class SoundNotKept(SpeechError):
    """Fields: `file`, `why`."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file} cannot be written: {why}")


def reason(error: OSError) -> str:
    """What the system says of `error`."""
    return error.strerror or str(error)
