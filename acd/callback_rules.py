"""What the site allows of callbacks. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """From the site file. Durations are microseconds."""

    prefixes: tuple[str, ...] = ()
    ring_us: int = 30_000_000
    """How long the customer's phone rings."""
    keep_us: int = 72 * 3600 * 1_000_000
