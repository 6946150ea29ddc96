"""Errors of saying a value.

SayingError
├── SayingRefused     the value cannot be said as this kind
└── LanguageUnknown   nobody taught us to count in this language
"""

from __future__ import annotations

from ivr_flows.errors import FlowError


class SayingError(FlowError):
    """Base of the errors of saying a value."""


class SayingRefused(SayingError):
    """Fields: `kind`, `expected`. The value itself is left out: it may be private."""

    def __init__(self, kind: str, expected: str) -> None:
        self.kind, self.expected = kind, expected
        super().__init__(f"this value cannot be said as {kind}: expected {expected}")


class LanguageUnknown(SayingError):
    """Fields: `language`, `known`."""

    def __init__(self, language: str, known: tuple[str, ...]) -> None:
        self.language, self.known = language, known
        super().__init__(f"numbers cannot be said in {language!r}; known: {', '.join(known)}")
