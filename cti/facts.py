"""Everything that can happen, as frozen facts named in the past tense.

Two families share one base. *Reports* are what Asterisk said (made by `cti.ami.translate` only)
and what people asked for; they are the input of the cores. *Decisions* are what the cores
concluded. Both go to the ledger, so a day can be replayed from its reports and compared with its
decisions.

`at` is always microseconds since the epoch. On reports from Asterisk it is the event's own
Timestamp header (manager.conf `timestampevents=yes`), so neither the network nor this daemon's
event loop is inside any duration that a KPI shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from cti.ids import BridgeId, CallbackId, CallId, ChannelId, OfferId, QueueId, SeatId


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`at`: microseconds since the epoch, by Asterisk's clock."""

    at: int


# ---------------------------------------------------------------- reports: Asterisk's own events


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Fact):
    """Input of the cores."""


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


class DeviceState(StrEnum):
    IDLE = "idle"
    IN_USE = "in-use"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


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


# ------------------------------------------------------------- reports: people, timers, effects


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call whose end is not in the ledger. `arrived_at`: microseconds since the epoch."""

    call: CallId
    arrived_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCallback:
    """A callback that was booked and is not closed. Times are microseconds since the epoch."""

    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    since: int
    """The place in line: when the caller began to wait."""
    booked_at: int
    skills: tuple[str, ...] = ()
    attempts: int = 0
    """How often the customer was rung in vain."""
    not_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted(Report):
    """The daemon came up, with what was written down and Asterisk does not keep: the seats' last
    states, the calls that had not ended, and the callbacks that are still to be made."""

    version: str
    seats: tuple[SeatStateChanged, ...] = ()
    open_calls: tuple[OpenCall, ...] = ()
    callbacks: tuple[OpenCallback, ...] = ()


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
    """What a seat (or a lead, or a program) asked for through the API."""

    seat: SeatId
    wish: Literal["sign-on", "sign-off", "ready", "pause"]
    reason: str = ""
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


# ------------------------------------------------------------------------- decisions: the call


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Fact):
    call: CallId
    hotline: str
    caller_number: str
    caller_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuKeyTaken(Fact):
    """A key that the menu took. Keys of steps marked private never come here."""

    call: CallId
    flow: str
    step: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStepTaken:
    """The caller came to `step` by the way `way` of the step before, e.g. `keys.1`, `next`."""

    flow: str
    step: str
    way: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStepsTaken(Fact):
    """The caller's way through the menu, a stretch of it, in order."""

    call: CallId
    steps: tuple[FlowStepTaken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAsked(Fact):
    call: CallId
    queue: QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEnded(Fact):
    """The end of the last prompt before the wait: the KPI's clock starts (DB51/T 2963 A.5)."""

    call: CallId
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(Fact):
    call: CallId
    queue: QueueId
    priority: int
    language: str
    arrived_at: int
    asked_at: int
    prompt_ended_at: int
    channel_name: str
    caller_number: str
    caller_name: str
    queued_at: int = 0
    """When the caller began to wait, for one who moves to another queue and keeps the time waited;
    0: now."""
    skills: tuple[str, ...] = ()
    """What a seat must be able to do for this caller, while one with all of it is signed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRang(Fact):
    call: CallId
    seat: SeatId
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswered(Fact):
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    wait_us: int
    """From the end of the prompt to this answer, microseconds."""
    recording: str
    """Name of the segment's file in the spool, without folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFailed(Fact):
    call: CallId
    seat: SeatId
    offer: OfferId
    reason: Literal["no-answer", "rejected", "unreachable", "caller-gone", "seat-gone", "failed"]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkStarted(Fact):
    """Both legs are in one bridge: the two can hear each other."""

    call: CallId
    seat: SeatId
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLeft(Fact):
    """The seat's leg of a call has ended."""

    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    talk_us: int
    """From answer to now, microseconds."""
    by_far_end: bool = False
    """The seat's phone has hung up: it can take a call, though Asterisk calls it in use still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLegGone(Fact):
    """The channel of the seat's leg is gone: nothing is written to its recording any more."""

    call: CallId
    seat: SeatId
    offer: OfferId
    recording: str
    """Empty when the leg was never connected to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned(Fact):
    """The caller gave up while waiting or while a seat rang."""

    call: CallId
    queue: QueueId
    wait_us: int
    """From the end of the prompt to the hang-up, microseconds."""


EndedBy = Literal["caller", "seat", "flow", "outside", "unknown"]
CallOutcome = Literal[
    "answered", "outside", "message", "callback",
    "abandoned", "self-service", "left-menu", "lost-sight",
]  # fmt: skip
"""answered: a seat talked with the caller. outside: somebody outside did. message, callback: left
a message, or booked a callback, instead of waiting on. abandoned: gave up waiting for a person.
self-service: the menu said good-bye. left-menu: hung up in the menu. lost-sight: ended unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Fact):
    call: CallId
    outcome: CallOutcome
    ended_by: EndedBy
    cause: int
    total_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitKeyTaken(Fact):
    """A waiting caller took an offer: they step aside into the menu and keep their place."""

    call: CallId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitResumed(Fact):
    """The caller is back from the menu, at the place they had."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(Fact):
    """A waiting caller went with something in hand: neither served nor given up."""

    call: CallId
    queue: QueueId
    outcome: Literal["message", "callback"]
    wait_us: int
    """From the end of the prompt to the hang-up, microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(Fact):
    """A caller asked to be called back. Whether it is booked is for `acd` to say."""

    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    since: int
    """When the caller began to wait, microseconds since the epoch; now, when they had not."""
    skills: tuple[str, ...] = ()


class CallPhase(StrEnum):
    """Drawn in `cti/calls/phase.py`."""

    MENU = "menu"
    WAITING = "waiting"
    TALKING = "talking"
    IN_FLOW = "in-flow"
    AFTER = "after"
    OUTSIDE = "outside"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecovered(Fact):
    """Found in Asterisk after the daemon or its link had been away, with its own clocks; or a call
    that was known, found to have gone on in a way that no other fact tells.

    `offer` is empty unless a seat rings (phase waiting), talks (phase talking), or waits for the
    caller to come back from `flow` (phase in-flow). Clocks are microseconds since the epoch; 0
    where the call has not come that far.
    """

    call: CallId
    phase: CallPhase
    hotline: str
    channel_name: str
    caller_number: str
    caller_name: str
    language: str = ""
    queue: QueueId = QueueId("")
    priority: int = 5
    arrived_at: int = 0
    asked_at: int = 0
    prompt_ended_at: int = 0
    queued_at: int = 0
    answered_at: int = 0
    seat: SeatId = SeatId("")
    offer: OfferId = OfferId("")
    recording: str = ""
    flow: str = ""
    aside: bool = False
    """Waiting, and in the menu meanwhile."""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resynced(Fact):
    """All that a snapshot told has been taken in: belief and Asterisk agree, offers may go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastResortEntered(Fact):
    """The daemon was away: Asterisk's own Queue() is serving this caller."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalySeen(Fact):
    """Asterisk said something that our picture does not allow; a resync follows."""

    about: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowWishRefused(Fact):
    """The caller cannot be sent to a flow now; nothing has changed. `why` is for people."""

    call: CallId
    flow: str
    why: str
    granted: bool = False
    """The wish was granted, and then Asterisk refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSentToFlow(Fact):
    """The seat has sent the caller to `flow` and waits for them."""

    call: CallId
    seat: SeatId
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerCameBack(Fact):
    """From the flow to the seat: the two can hear each other again."""

    call: CallId
    seat: SeatId
    flow: str
    away_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLostSeat(Fact):
    """The caller came back from the flow, and the seat had gone: they wait again."""

    call: CallId
    seat: SeatId
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRung(Fact):
    """The outside number `target` of the site's list is dialled for the caller."""

    call: CallId
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideDialled(Fact):
    """What came of it. `ring_us`: until the answer, or until it was given up; `talk_us`: from the
    answer to its end."""

    call: CallId
    target: str
    answered: bool
    ring_us: int
    talk_us: int
    detail: str = ""
    """When nobody answered: busy, no-answer or failed; empty: the caller hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyScored(Fact):
    """`seat` is the last one that talked with the caller; empty when none did."""

    call: CallId
    seat: SeatId
    survey: str
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft(Fact):
    """A spoken message, or a survey's comment. `file` is its name below the folder of messages."""

    call: CallId
    box: str
    file: str
    duration_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerKnown(Fact):
    """Who calls, as a flow found out. `verified`: by more than a number that anybody may know."""

    call: CallId
    customer: str
    verified: bool


# ------------------------------------------------------------------------ decisions: the seats


class SeatState(StrEnum):
    """Drawn in `acd/seats.py`."""

    SIGNED_OFF = "signed-off"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap-up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStateChanged(Fact):
    seat: SeatId
    old: SeatState
    new: SeatState
    reason: str = ""
    call: CallId | None = None
    until: int | None = None
    """When this state ends by itself, microseconds; None when it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOffered(Fact):
    """Why this seat: who fitted, how they ranked, which rule won."""

    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    device: str
    """From the seat's record."""
    ring_us: int
    """How long the seat may ring, microseconds."""
    rule: str
    ranking: tuple[SeatRank, ...] = ()
    waiting: int = 0
    """Callers waiting in that queue, this one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRank:
    seat: SeatId
    idle_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRefused(Fact):
    """A wish that does not fit the seat's state; nothing has changed."""

    seat: SeatId
    wish: str
    why: str


# ------------------------------------------------------------- decisions: comfort and callbacks


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTold(Fact):
    """A waiting caller is told where they stand."""

    call: CallId
    queue: QueueId
    place: int
    """1: the next one."""
    wait_us: int | None
    """Estimated wait from now, microseconds; None when nobody can say."""
    first: bool
    """Told for the first time, that all seats are busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBooked(Fact):
    """`since` is the place in line, microseconds since the epoch."""

    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    hotline: str
    language: str
    priority: int
    since: int
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRefused(Fact):
    """No callback: the number cannot be called, or one that was to be cancelled is not open."""

    call: CallId | None = None
    callback: CallbackId | None = None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOffered(Fact):
    """It is this callback's turn: a seat is rung, then the customer. Fields as in SeatOffered."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    device: str
    number: str
    hotline: str
    language: str
    ring_us: int
    customer_ring_us: int
    attempt: int
    """1: the first time that this customer is rung."""
    since: int
    rule: str
    ranking: tuple[SeatRank, ...] = ()
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDialled(Fact):
    """The seat has answered; Asterisk rings the customer now."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswered(Fact):
    """Customer and seat can hear each other."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    recording: str


CallbackFailure = Literal[
    "no-answer", "rejected", "unreachable", "seat-gone", "failed",
    "customer-busy", "customer-no-answer", "customer-unreachable", "customer-gone",
    "cancelled", "lost-sight",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFailed(Fact):
    """The two did not meet. `dialled`: the customer was (or may have been) rung, so it counts."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    reason: CallbackFailure
    dialled: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPutOff(Fact):
    """The customer was not reached; the next attempt is not before `until` (microseconds)."""

    callback: CallbackId
    call: CallId
    attempts: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackClosed(Fact):
    """Nothing more is done. called-back: they talked. served: a seat took the caller before they
    had hung up. replaced: booked anew for the same number. given-up: not reached so often.
    expired: too old to be of use."""

    callback: CallbackId
    call: CallId
    why: Literal["called-back", "served", "replaced", "given-up", "cancelled", "expired"]
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRecovered(Fact):
    """A seat found in Asterisk that is calling a customer back."""

    callback: CallbackId
    call: CallId
    seat: SeatId
    offer: OfferId
    queue: QueueId
    phase: Literal["ringing", "dialling", "talking"]
    recording: str = ""
