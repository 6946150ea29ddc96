"""Errors of the speech tool.

SpeechError
└── ModelMissing    a model file is not there or is not the pinned one
"""

from pathlib import Path

from cti.errors import JietongError


class SpeechError(JietongError):
    """Base of the speech tool's errors."""


class ModelMissing(SpeechError):
    """Fields: `file`, `why`."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}; docs/prompts.md says where the files come from")
