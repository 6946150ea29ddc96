"""Somebody listens to a talk from a phone of theirs: silently, heard by the seat, or by both.

`monitor` is the id of their phone's channel; `seat` is always the one that is listened to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cti.facts.base import Fact, Report
from cti.ids import CallId, MonitorId, OfferId, SeatId

MonitorMode = Literal["listen", "whisper", "barge"]
"""Listen: nobody hears them. Whisper: the seat does. Barge: seat and caller do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorWish(Report):
    """`by` wants to listen to the talk in `call` at `device`, a phone of the seat `at_seat`."""

    call: CallId
    mode: MonitorMode
    by: str
    at_seat: SeatId
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorModeWish(Report):
    monitor: MonitorId
    mode: MonitorMode
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorStopWish(Report):
    monitor: MonitorId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorNoted(Report):
    """That they are to hear the talk in that way stands in the ledger: it may begin."""

    monitor: MonitorId
    mode: MonitorMode


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorRefused(Fact):
    """Nothing has changed. `why` is for people."""

    call: CallId
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorGranted(Fact):
    """They may hear the talk in that way, and will once this is written down."""

    monitor: MonitorId
    call: CallId
    seat: SeatId
    offer: OfferId
    by: str
    mode: MonitorMode


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorBegun(Fact):
    """Their phone was answered: they hear the talk."""

    monitor: MonitorId
    call: CallId
    seat: SeatId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorEnded(Fact):
    """`heard_us`: from their phone's answer, microseconds; 0: it was not answered."""

    monitor: MonitorId
    call: CallId
    seat: SeatId
    by: str
    heard_us: int
