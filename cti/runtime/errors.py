"""Errors of the engine's shell.

EngineError
├── CoreFailed      a bug of ours: a core could not take in what it was asked
└── LoopEnded       the engine's loop takes nothing any more
"""

from __future__ import annotations

from cti.errors import JietongError
from cti.facts import Report


class EngineError(JietongError):
    """Base of the errors of the engine's shell."""


class CoreFailed(EngineError):
    """Field: `report`."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"a core failed on {type(report).__name__}; the log tells more")


class LoopEnded(EngineError):
    """The daemon stops."""

    def __init__(self) -> None:
        super().__init__("the engine's loop has ended; the daemon stops")
