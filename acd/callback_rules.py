"""When a customer may be rung, and when again. Pure.

not reached --> the queue's pause for that cause --> moved on to when customers may be rung
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from cti.facts import CallbackFailure, QueueRecord, RetryCause

_CAUSE: Final[dict[CallbackFailure, RetryCause]] = {
    "customer-busy": "busy",
    "customer-unreachable": "unreachable",
}
"""Every other end counts as no answer: the phone may have rung."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)
DAY_MINUTES: Final = 1440
MOST_OPEN: Final = 10_000
"""More open callbacks than this are booked by a machine, not by people."""


@dataclass(frozen=True, slots=True)
class RingingHours:
    """When customers may be rung: every day from `opens` to before `closes`, minutes after midnight
    in `zone`. `closes` is later than `opens`."""

    zone: tzinfo
    opens: int
    closes: int

    def next_open(self, at: int) -> int:
        """`at` when it lies within the hours, else when they begin next. Microseconds."""
        if self.opens == 0 and self.closes == DAY_MINUTES:
            return at
        begins, ends = self._on(at, 0)
        if at < begins:
            return begins
        return at if at < ends else self._on(at, 1)[0]

    def closes_at(self, at: int) -> int | None:
        """When the hours that `at` lies in end; None: never."""
        return None if self.opens == 0 and self.closes == DAY_MINUTES else self._on(at, 0)[1]

    def _on(self, at: int, days: int) -> tuple[int, int]:
        day = (_EPOCH + timedelta(microseconds=at)).astimezone(self.zone).date() + days * _DAY
        return self._moment(day, self.opens), self._moment(day, self.closes)

    def _moment(self, day: date, minutes: int) -> int:
        """By the clock on the wall, also on days on which it is put forward or back."""
        days, minutes = divmod(minutes, DAY_MINUTES)
        hour, minute = divmod(minutes, 60)
        wall = datetime.combine(day + days * _DAY, time(hour, minute), self.zone)
        return (wall - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """From the site file. Durations are microseconds."""

    prefixes: tuple[str, ...] = ()
    ring_us: int = 30_000_000
    """How long the customer's phone rings."""
    keep_us: int = 72 * 3600 * 1_000_000
    hours: RingingHours | None = None
    """None: at any time."""

    def next_open(self, at: int) -> int:
        """The first moment from `at` on at which a customer may be rung."""
        return self.hours.next_open(at) if self.hours else at

    def closes_at(self, at: int) -> int | None:
        """Until when customers may be rung, at a moment when they may be."""
        return self.hours.closes_at(at) if self.hours else None

    def again_at(self, queue: QueueRecord, reason: CallbackFailure, attempts: int, at: int) -> int:
        """When a customer is rung again who was not reached for `reason` at `at`; `attempts` have
        been made."""
        cause = _CAUSE.get(reason, "no-answer")
        pauses = next((one.after_us for one in queue.callback_retry if one.cause == cause), ())
        pause = pauses[min(attempts, len(pauses)) - 1] if pauses else queue.callback_retry_us
        return self.next_open(at + pause)
