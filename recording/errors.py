"""Errors of the recording room.

RecordingError
├── SegmentUnusable     a spool file that can never become a recording: missing, empty, too long
├── StoreFailed         the disk does not take or give it now; the file stays in the spool
└── StoreInterrupted    the daemon stops; the file stays in the spool
"""

from cti.errors import JietongError


class RecordingError(JietongError):
    """Base of all errors of the recording room. Fields: `file`, `why`."""

    def __init__(self, file: str, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}")


class SegmentUnusable(RecordingError):
    """Trying again does not help."""


class StoreFailed(RecordingError):
    """Trying again later may help."""


class StoreInterrupted(RecordingError):
    """The next start does it again from the beginning."""
