"""Errors of the service desk.

ServiceDeskError
├── AnswerUnusable      what a service answered is no JSON document that can be read
├── PathUnusable        a path that would leave the service's address
├── ImportRefused       a file of customers that cannot be taken in
└── SampleDataRefused   the sample billing system's data file is not what it should be
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cti.errors import JietongError


class ServiceDeskError(JietongError):
    """Base of this room's errors."""


class AnswerUnusable(ServiceDeskError):
    """Fields: `why`, free of the answer's content."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class PathUnusable(ServiceDeskError):
    """Fields: `why`; the path itself may hold an account and is kept out."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"a path that cannot be asked for: {why}")


@dataclass(frozen=True, slots=True)
class LineWrong:
    """One thing wrong with an imported file. `line` counts from 1, the heading included."""

    line: int
    column: str
    why: str

    def __str__(self) -> str:
        place = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{place}: {self.why}"


class ImportRefused(ServiceDeskError):
    """Nothing has been taken in. Fields: `file`, `wrong`."""

    def __init__(self, file: Path, wrong: tuple[LineWrong, ...]) -> None:
        self.file, self.wrong = file, wrong
        shown = [f"  {one}" for one in wrong[:20]]
        if len(wrong) > 20:
            shown.append(f"  and {len(wrong) - 20} more")
        super().__init__("\n".join((f"{file}: nothing was imported", *shown)))


class SampleDataRefused(ServiceDeskError):
    """Fields: `file`, `why`."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}")
