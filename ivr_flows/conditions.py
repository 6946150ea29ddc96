"""Conditions of an `if` step. All parts of one condition must hold."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, tzinfo
from decimal import Decimal, InvalidOperation

from ivr_flows.world import NOBODY, World

UNKNOWN_CALLER = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """None (or empty): does not matter.

    `caller`: patterns of numbers (`139*`), or `unknown`. `between`: times of day in `zone`, over
    midnight when the first is the later one. `weekdays`: 0 is Monday. `queue`: the queue that
    `waiting_over`, `wait_over_s` and `staffed` are about. `value`: the value that `is_in`, `over`,
    `under` and `known` are about.
    """

    language: str | None = None
    caller: tuple[str, ...] = ()
    between: tuple[time, time] | None = None
    weekdays: frozenset[int] = frozenset()
    zone: tzinfo | None = None
    hours: str | None = None
    queue: str | None = None
    waiting_over: int | None = None
    wait_over_s: float | None = None
    staffed: bool | None = None
    value: str | None = None
    is_in: tuple[str, ...] = ()
    over: Decimal | None = None
    under: Decimal | None = None
    known: bool | None = None

    def holds(self, language: str, values: Mapping[str, str], world: World) -> bool:
        """Whether it is so now. A number that is none is neither over nor under anything; an
        estimated wait that cannot be told (nobody is signed on) is over any."""
        return (
            (self.language is None or self.language == language)
            and (not self.caller or self._calls(values.get("caller", "")))
            and self._time(world)
            and (self.hours is None or world.hours[self.hours].at(world.now).open)
            and (self.queue is None or self._line(self.queue, world))
            and (self.value is None or self._value(values.get(self.value, "")))
        )

    def _calls(self, number: str) -> bool:
        return any(
            not number if pattern == UNKNOWN_CALLER else fnmatch.fnmatchcase(number, pattern)
            for pattern in self.caller
        )

    def _time(self, world: World) -> bool:
        if self.between is None and not self.weekdays:
            return True
        here = world.now.astimezone(self.zone)
        if self.weekdays and here.weekday() not in self.weekdays:
            return False
        if self.between is None:
            return True
        first, last = self.between
        now = here.time()
        return first <= now < last if first <= last else now >= first or now < last

    def _line(self, queue: str, world: World) -> bool:
        figures = world.queues.get(queue, NOBODY)
        return (
            (self.waiting_over is None or figures.waiting > self.waiting_over)
            and (
                self.wait_over_s is None
                or figures.wait_s is None
                or figures.wait_s > self.wait_over_s
            )
            and (self.staffed is None or (figures.seats_signed_on > 0) == self.staffed)
        )

    def _value(self, value: str) -> bool:
        if self.known is not None and bool(value) != self.known:
            return False
        if self.is_in and value not in self.is_in:
            return False
        if self.over is None and self.under is None:
            return True
        try:
            number = Decimal(value)
        except InvalidOperation:
            return False
        if not number.is_finite():
            return False
        return (self.over is None or number > self.over) and (
            self.under is None or number < self.under
        )
