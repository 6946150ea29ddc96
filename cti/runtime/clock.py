"""The host's clock, for what does not come from Asterisk: people's wishes and timers.

Asterisk stamps its events by the clock of its host. On one machine that is this clock; on two,
`cti doctor` measures the difference. Durations that end in a KPI use Asterisk's stamps only.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_us(self) -> int:
        """Microseconds since the epoch."""
        ...


class HostClock:
    def now_us(self) -> int:
        """Microseconds since the epoch."""
        return time.time_ns() // 1000
