"""What `cti doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    FINE = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` is empty when it is fine."""

    what: str
    verdict: Verdict
    detail: str
    advice: str = ""


def fine(what: str, detail: str) -> Finding:
    return Finding(what, Verdict.FINE, detail)


def warning(what: str, detail: str, advice: str) -> Finding:
    return Finding(what, Verdict.WARNING, detail, advice)


def broken(what: str, detail: str, advice: str) -> Finding:
    return Finding(what, Verdict.BROKEN, detail, advice)
