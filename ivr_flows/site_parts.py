"""What a site has that its flows may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteParts:
    """`queues` maps each queue to its priority (0 first); `zone` is for times of day in flows."""

    queues: Mapping[str, int] = field(default_factory=dict)
    hours: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    zone: tzinfo = UTC
