"""The port to look-up services: what is asked, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Secret:
    """A text that is shown nowhere by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRequest:
    """`path` is filled and percent-encoded already. `wanted`: name of a value to its JSON pointer
    (RFC 6901). `pin`: sent as the body of a POST; None: a GET. `timeout_s`: None: the service's."""

    service: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    pin: Secret | None = None


@dataclass(frozen=True, slots=True)
class LookupFound:
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookupNotFound:
    """The service knows no such thing."""


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """No answer that can be used, within the time. `reason` is for people and logs."""

    reason: str


LookupOutcome = LookupFound | LookupNotFound | LookupFailed


class LookupService(Protocol):
    """One service. In memory, behind HTTP, or the customers of the service desk."""

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        """The answer, or why there is none, within the request's time (None: the service's own).
        Raises nothing but the CancelledError of a caller who has hung up."""
        ...
