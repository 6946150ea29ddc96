"""Opening hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Verdict:
    open: bool
    why: Literal["hours", "closed", "holiday", "make-up-day", "closure"]
    until: datetime | None = None


class Hours(Protocol):
    def at(self, now: datetime) -> Verdict: ...
