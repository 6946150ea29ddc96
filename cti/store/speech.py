"""What the sentences of the time line are made with: names, times, and text that is safe to show.

Callers choose their names and numbers. Everything from outside goes through `plain`, so that no
sentence can steer a terminal, turn its reading direction or break a line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from cti.ids import QueueId, SeatId

Language = Literal["zh-CN", "en"]
HOME_ZONE: Final = ZoneInfo("Asia/Shanghai")
LONGEST_TEXT: Final = 80
"""Characters of a text from outside that a sentence shows."""

_NOT_SHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def plain(text: str, longest: int = LONGEST_TEXT) -> str:
    """`text` on one line without control, format and private characters."""
    shown = "".join(
        "\ufffd" if unicodedata.category(char) in _NOT_SHOWN else char for char in text[:longest]
    )
    return shown + "…" if len(text) > longest else shown


def clock(at_us: int, zone: tzinfo = HOME_ZONE) -> str:
    """`10:00:20.800`: the time of day in `zone`, to the millisecond (cut, not rounded)."""
    return f"{moment(at_us, zone):%H:%M:%S}.{at_us // 1000 % 1000:03d}"


def moment(at_us: int, zone: tzinfo = HOME_ZONE) -> datetime:
    """The moment in `zone`; the epoch when `at_us` is beyond what a calendar has."""
    try:
        return (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone)
    except OverflowError:
        return _EPOCH.astimezone(zone)


def seconds(us: int) -> str:
    """`19.800`: seconds to the millisecond (cut, like the stamps beside it)."""
    sign = "-" if us < 0 else ""
    return f"{sign}{abs(us) // 1_000_000}.{abs(us) // 1000 % 1000:03d}"


@dataclass(frozen=True, slots=True)
class Names:
    """What seats and queues are called: `queues` by queue and language tag."""

    seats: Mapping[SeatId, str] = field(default_factory=dict)
    queues: Mapping[QueueId, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speech:
    """What a sentence needs besides its fact."""

    names: Names
    language: Language
    zone: tzinfo

    def seat(self, seat: SeatId) -> str:
        """`1002 李强`."""
        return plain(f"{seat} {self.names.seats.get(seat, '')}".strip())

    def queue(self, queue: QueueId) -> str:
        return plain(self.names.queues.get(queue, {}).get(self.language, queue))

    def clock(self, at_us: int) -> str:
        return clock(at_us, self.zone)


Sentence = Callable[[Any, Speech], str]
