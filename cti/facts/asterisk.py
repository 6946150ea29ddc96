"""What Asterisk said: reports, made by `cti.ami.translate` only."""

from __future__ import annotations

from dataclasses import dataclass

from cti.facts.base import DeviceState, Report
from cti.ids import BridgeId, ChannelId, OfferId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCreated(Report):
    channel: ChannelId
    name: str
    linked: ChannelId
    context: str
    exten: str
    caller_number: str
    caller_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRang(Report):
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAnswered(Report):
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHangupAsked(Report):
    """Hang-up has begun. `Hangup` itself can come two seconds late when the channel is spied on."""

    channel: ChannelId
    cause: int
    by_far_end: bool = False
    """The far end has hung up (SIP BYE); else Asterisk ends the channel, by itself or on demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHungUp(Report):
    channel: ChannelId
    cause: int
    """Q.850 cause, e.g. 16 normal clearing, 17 busy, 19 no answer, 20 subscriber absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeJoined(Report):
    bridge: BridgeId
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeLeft(Report):
    bridge: BridgeId
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHeld(Report):
    """Its far end put Asterisk on hold (SDP sendonly or inactive), or took it back."""

    channel: ChannelId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiCommandEnded(Report):
    """The end of a `STREAM FILE` is the end of its sound as the caller hears it, to about 3 ms."""

    channel: ChannelId
    command: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowMarked(Report):
    """A milestone that the menu session wrote into Asterisk's event stream (UserEvent `CTI`).

    It travels through Asterisk so that one ordered stream tells the whole call; its place in the
    stream, right behind the AGI command it belongs to, gives the milestone its time.
    """

    channel: ChannelId
    mark: str
    data: tuple[tuple[str, str], ...] = ()

    def get(self, key: str) -> str:
        """The value sent under `key`, or an empty string."""
        return next((value for name, value in self.data if name == key), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateEnded(Report):
    """Asterisk's last word on an Originate (OriginateResponse)."""

    offer: OfferId
    accepted: bool
    reason: int
    """Asterisk's AST_CONTROL reason: 0 no such device, 1 hang-up, 3 ring time-out, 4 answer,
    5 busy, 8 congestion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Report):
    device: str
    """Dial string, e.g. `PJSIP/1001`."""
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost(Report):
    """The AMI link is gone: nothing is known from here until the next snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSeen:
    """One channel in a snapshot. Times are microseconds, 0 where Asterisk has none."""

    channel: ChannelId
    name: str
    linked: ChannelId
    context: str
    application: str
    up: bool
    bridge: BridgeId
    caller_number: str
    caller_name: str
    variables: tuple[tuple[str, str], ...] = ()

    def get(self, variable: str) -> str:
        """The channel variable's value, or an empty string."""
        return next((value for name, value in self.variables if name == variable), "")

    def time(self, variable: str) -> int:
        """A clock kept in a channel variable, in microseconds; 0 when absent or not a number."""
        value = self.get(variable)
        return int(value) if value.isascii() and value.isdigit() else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """One member of a last-resort queue in a snapshot."""

    queue: QueueId
    seat: SeatId
    device: str
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken(Report):
    """What Asterisk holds right now; every belief is checked against it."""

    channels: tuple[ChannelSeen, ...] = ()
    members: tuple[MemberSeen, ...] = ()
    devices: tuple[tuple[str, DeviceState], ...] = ()
