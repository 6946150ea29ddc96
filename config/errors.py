"""SettingsRefused: a settings or site file cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from cti.errors import JietongError


@dataclass(frozen=True)
class Complaint:
    """One thing wrong: where, what, and what is allowed."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.key}: {self.message}"
            if self.key
            else f"{self.where}: {self.message}"
        )


class SettingsRefused(JietongError):
    """Fields: `complaints`, one for each thing that is wrong, each with file and line."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(str(complaint) for complaint in complaints))
