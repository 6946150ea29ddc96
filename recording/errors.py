"""Errors of the recording room.

RecordingError
└── SegmentUnusable     a spool file that cannot become a recording: empty, missing, not writable
"""

from cti.errors import JietongError


class RecordingError(JietongError):
    """Base of all errors of the recording room."""


class SegmentUnusable(RecordingError):
    """Fields: `file`, `why`."""

    def __init__(self, file: str, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}")
