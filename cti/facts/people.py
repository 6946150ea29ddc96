"""What people asked for, what became of an effect, and time: reports, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cti.facts.base import Report
from cti.facts.site import QueueRecord, RoutingRules, SeatRecord
from cti.ids import CallbackId, CallId, OfferId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed(Report):
    """A deadline that a core published has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(Report):
    """An effect was refused, timed out, or its link was lost. Only cores decide on a retry."""

    effect: str
    subject: str
    """The offer, channel or seat that the effect was about."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCommand(Report):
    """What a seat (or a lead, or a program) asked for through the API. `device`: with which of its
    devices a seat signs on; empty: the usual one. extend: a longer wrap-up."""

    seat: SeatId
    wish: Literal["sign-on", "sign-off", "ready", "pause", "extend"]
    reason: str = ""
    by: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingChanged(Report):
    """Queues, seats and rules are these from now on: all of them, also what has not changed; or,
    when `partial`, only those that are not as before, and all others stay."""

    seats: tuple[SeatRecord, ...]
    queues: tuple[QueueRecord, ...]
    rules: RoutingRules
    by: str
    why: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSwitched(Report):
    """Somebody switched an emergency plan of the site file; what changes of routing by it is in the
    `RoutingChanged` that follows."""

    plan: str
    on: bool
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDoorMoved(Report):
    """A queue's opening hours have begun or ended, or somebody opened or closed it."""

    queue: QueueId
    open: bool
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowWish(Report):
    """Somebody wants the caller, who talks with a seat, to go through a flow and come back.

    `seat` is that of the asking person; empty when it was no seat.
    """

    call: CallId
    flow: str
    by: str
    seat: SeatId = SeatId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStored(Report):
    """The file of one segment has been checked, hashed and indexed."""

    call: CallId
    offer: OfferId
    file: str
    duration_us: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMissed(Report):
    """A segment that should exist does not, or cannot be read."""

    call: CallId
    offer: OfferId
    file: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlayed(Report):
    """`by` is given the sound of a message; written down before they are."""

    call: CallId
    message: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSwitched(Report):
    """Somebody switched a notice, wrote it or removed it (`change`); `on`: callers hear it from now
    on."""

    notice: str
    on: bool
    by: str
    notice_kind: str
    text: str
    """In the first of its languages."""
    change: Literal["switched", "written", "removed"] = "switched"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackCancelAsked(Report):
    """Somebody wants a callback not to be made."""

    callback: CallbackId
    by: str
