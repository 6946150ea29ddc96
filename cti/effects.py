"""What the cores want done, as imperatives. The shell does them in order and reports a failure
back as `EffectFailed`; it never decides on a retry."""

from __future__ import annotations

from dataclasses import dataclass

from cti.facts import MonitorMode, OverflowTarget, TransferTo
from cti.ids import CallbackId, CallId, ChannelId, MonitorId, OfferId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Base of all effects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateSeat(Effect):
    """Ring the seat's device; its dialplan starts the recording and bridges the caller.

    `device` comes from the seat's record only, never from what a caller or a browser sent.
    """

    offer: OfferId
    seat: SeatId
    device: str
    call: CallId
    queue: QueueId
    caller_channel: str
    caller_number: str
    caller_name: str
    ring_us: int
    recording: str
    auto_answer: bool = False
    """The phone is asked to answer by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp(Effect):
    channel: ChannelId
    cause: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawLeg(Effect):
    """Hang up a seat's leg, unless it has been answered and is just taking its caller: then it
    fails with the reason `refused: taken`, and the talk goes on."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOnChannel(Effect):
    """Write what must survive this daemon onto the channel itself."""

    channel: ChannelId
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnToWaitingRoom(Effect):
    """Take a caller out of the queue of last resort; the daemon is back."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepMember(Effect):
    """Add or update a member of Asterisk's queue of last resort."""

    queue: QueueId
    seat: SeatId
    device: str
    paused: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMember(Effect):
    queue: QueueId
    seat: SeatId
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRecording(Effect):
    """The segment's audio is complete: check it, hash it, index it."""

    call: CallId
    offer: OfferId
    seat: SeatId
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync(Effect):
    """Compare belief with Asterisk now."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSpool(Effect):
    """Store what an absence or a crash left in the spool: what belongs to no living leg."""

    living: tuple[str, ...]
    """Names of files that Asterisk may still be writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellWaiting(Effect):
    """Say to a waiting caller where they stand. `wait_us`: estimated, microseconds, or None."""

    channel: ChannelId
    call: CallId
    language: str
    place: int
    wait_us: int | None
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateCallback(Effect):
    """Ring the seat's device; its dialplan then rings `number` through the trunk and bridges both.

    `number` has passed `acd.numbers.refusal`, and is checked again where it goes to Asterisk.
    """

    offer: OfferId
    seat: SeatId
    device: str
    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    ring_us: int
    customer_ring_us: int
    recording: str
    say_seat: str = ""
    """Sounds that the seat hears before, and the customer on answering; filled in by the shell."""
    say_customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateCustomer(Effect):
    """Ring `number` through the trunk, as channel `offer`. Who answers goes to the waiting room at
    the place of `since`. `number` is checked as in OriginateCallback."""

    offer: OfferId
    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    skills: tuple[str, ...]
    since: int
    ring_us: int
    say_customer: str = ""
    """Sounds that the customer hears on answering; filled in by the shell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendToFlow(Effect):
    """Take the caller out of the talk into `flow`; the seat's leg `leg` waits for them."""

    channel: ChannelId
    leg: OfferId
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingMonitor(Effect):
    """Ring a phone that is to listen to the leg `spied` of `seat`."""

    monitor: MonitorId
    device: str
    spied: ChannelId
    seat: SeatId
    mode: MonitorMode
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMonitor(Effect):
    """Let who listens on `channel` do so in another way."""

    channel: ChannelId
    mode: MonitorMode


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCaller(Effect):
    """Move a caller out of the talk for good: to the outside number or flow `target`, or to the
    queue `target`, there to reach `seat`, if one is named. `priority`: in the queue, 0 the most
    urgent."""

    channel: ChannelId
    to: TransferTo
    target: str
    seat: str
    priority: int
    keep_skills: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWaiting(Effect):
    """Let a waiting caller go to the outside number, message box or flow `target`, by themselves:
    no action of ours may pull them out of a talk that begins in the same moment."""

    channel: ChannelId
    call: CallId
    to: OverflowTarget
    target: str
