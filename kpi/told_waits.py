"""How right the waits were that callers were told. Pure: facts in, errors out.

A telling (`WaitTold.wait_us`) at t, answered by a seat at a: error = told - (a - t). Each telling
counts by itself. Not counted: callers who gave up or went another way (how long they would have
waited is not known), who were moved to another queue meanwhile, and who were told no time. What is
measured is the estimate, not the whole minutes in which it is spoken.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    CallRecovered,
    Fact,
    OfferAnswered,
    WaitEnded,
    WaitOverflowed,
    WaitTold,
)
from cti.ids import CallId, QueueId

READS: Final[tuple[type[Fact], ...]] = (
    CallAbandoned, CallEnded, CallQueued, CallRecovered, OfferAnswered, WaitEnded, WaitOverflowed,
    WaitTold,
)  # fmt: skip
MOST: Final = 100_000
"""Callers whose answer is waited for; the oldest is forgotten when there are more."""
_CLOSE: Final = 0.25


@dataclass(frozen=True, slots=True)
class ToldWait:
    """A telling and what came. Microseconds; `told_at` since the epoch."""

    call: CallId
    queue: QueueId
    told_at: int
    told_us: int
    came_us: int

    @property
    def error_us(self) -> int:
        """Above 0: the caller was told more than it was."""
        return self.told_us - self.came_us

    @property
    def close(self) -> bool:
        """What came lies within a quarter of what was told."""
        return abs(self.error_us) <= _CLOSE * self.told_us


class ToldWaits:
    """Pairs tellings with answers. To be given every fact of `READS`, in order."""

    def __init__(self) -> None:
        self._told: OrderedDict[CallId, list[WaitTold]] = OrderedDict()

    def take(self, fact: Fact) -> list[ToldWait]:
        """What `fact` shows of tellings before it."""
        match fact:
            case WaitTold(wait_us=int()):
                self._told.setdefault(fact.call, []).append(fact)
                if len(self._told) > MOST:
                    self._told.popitem(last=False)
            case OfferAnswered():
                return list(self._answered(fact))
            case CallQueued() | CallRecovered():
                self._moved(fact)
            case CallAbandoned() | WaitEnded() | CallEnded() | WaitOverflowed():
                self._told.pop(fact.call, None)
        return []

    def _answered(self, fact: OfferAnswered) -> Iterable[ToldWait]:
        for told in self._told.pop(fact.call, ()):
            if told.wait_us is not None:
                came_us = max(0, fact.at - told.at)
                yield ToldWait(fact.call, told.queue, told.at, told.wait_us, came_us)

    def _moved(self, fact: CallQueued | CallRecovered) -> None:
        told = self._told.get(fact.call)
        if told and told[0].queue != fact.queue:
            del self._told[fact.call]


def told_waits(facts: Iterable[Fact]) -> list[ToldWait]:
    """All tellings in `facts` that an answer followed."""
    pairs = ToldWaits()
    return [one for fact in facts for one in pairs.take(fact)]


@dataclass(frozen=True, slots=True)
class ToldError:
    """Of some tellings, seconds: mean of told less came, mean of its absolute value, root of its
    mean square. `close`: share of those that were close, 0 to 1."""

    tellings: int
    bias_s: float
    mean_s: float
    rms_s: float
    close: float


def told_error(told: Iterable[ToldWait]) -> ToldError | None:
    """None when there is none."""
    errors = [(one.error_us / 1e6, one.close) for one in told]
    if not errors:
        return None
    count = len(errors)
    return ToldError(
        tellings=count,
        bias_s=sum(error for error, _ in errors) / count,
        mean_s=sum(abs(error) for error, _ in errors) / count,
        rms_s=math.sqrt(sum(error * error for error, _ in errors) / count),
        close=sum(close for _, close in errors) / count,
    )
