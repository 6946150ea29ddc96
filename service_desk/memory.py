"""A look-up service in memory, for tests and rehearsals: path to document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from service_desk.answers import picked
from service_desk.lookups import (
    LookupFailed,
    LookupFound,
    LookupNotFound,
    LookupOutcome,
    LookupRequest,
)

FAILED: Final = "failed"
"""The document of a path that does not answer."""


@dataclass(frozen=True, slots=True)
class MemoryService:
    """A document with `pin` is found by that PIN only. What is not there is not found."""

    documents: Mapping[str, Any] = field(default_factory=dict)

    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        document = self.documents.get(request.path)
        if document == FAILED:
            return LookupFailed("rehearsed")
        if document is None:
            return LookupNotFound()
        if request.pin is not None:
            right = isinstance(document, Mapping) and document.get("pin") == request.pin.reveal()
            return LookupFound() if right else LookupNotFound()
        return LookupFound(picked(document, request.wanted))
