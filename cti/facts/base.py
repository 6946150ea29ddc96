"""What every fact has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`at`: microseconds since the epoch, by Asterisk's clock."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Fact):
    """Input of the cores."""


class DeviceState(StrEnum):
    IDLE = "idle"
    IN_USE = "in-use"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__  # Enum's own is Python code
