"""What a flow may know besides what the caller keys: the time, the lines, the hours, the notices.

The shell takes one look for each turn; the interpreter sees nothing else of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ivr_flows.hours import Hours
from ivr_flows.notices import Notice


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue now. `wait_s`: the estimated wait of a caller who came now; None when nobody is
    signed on."""

    waiting: int = 0
    seats_ready: int = 0
    seats_signed_on: int = 0
    wait_s: float | None = None


NOBODY = QueueFigures()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`now` is aware."""

    now: datetime
    queues: Mapping[str, QueueFigures] = field(default_factory=dict)
    hours: Mapping[str, Hours] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
