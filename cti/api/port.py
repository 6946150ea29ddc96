"""What the API needs from the rest of the house: the engine, past calls, people.

The API decides nothing about calls. It asks these ports and shows the answer. Clocks are
microseconds since the epoch by Asterisk's clock; 0 where a call has not come that far.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from cti.facts import (
    CallOutcome,
    CallPhase,
    DeviceState,
    EndedBy,
    Fact,
    SeatState,
    TransferTo,
)
from cti.ids import CallbackId, CallId, QueueId, SeatId

Role = Literal["seat", "lead", "admin", "auditor"]
Language = Literal["zh-CN", "en"]
Wish = Literal["sign-on", "sign-off", "ready", "pause"]
Outcome = CallOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatView:
    seat: SeatId
    name: str
    device: str
    queues: tuple[QueueId, ...]
    state: SeatState
    since_us: int
    reason: str = ""
    call: CallId | None = None
    until_us: int | None = None
    """When the state ends by itself; None when it does not."""
    device_state: DeviceState = DeviceState.UNKNOWN
    contacts: tuple[str, ...] = ()
    """Other contacts in its hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    queue: QueueId
    name: Mapping[str, str]
    """Language tag to name."""
    waiting: int
    longest_wait_us: int
    """How long the longest waiting caller waits now; 0 when nobody does."""
    seats_ready: int
    seats_signed_on: int
    waiting_calls: tuple[CallId, ...] = ()
    """In the order in which they will be served."""
    estimated_wait_us: int | None = None
    """For a caller without needs who came now; None when no seat is there."""
    open: bool = True
    """By its opening hours, or as a lead has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackView:
    """A callback that is still to be made. `state` as drawn in `acd/callbacks.py`."""

    callback: CallbackId
    call: CallId
    queue: QueueId
    number: str
    state: Literal["held", "due", "ringing", "dialling", "reached", "resting"]
    since_us: int
    """The place in line."""
    booked_us: int
    attempts: int
    not_before_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A call that is alive. `seat` is set from the moment that a seat rings."""

    call: CallId
    phase: CallPhase
    hotline: str
    caller_number: str
    queue: QueueId | None
    seat: SeatId | None
    arrived_us: int
    asked_us: int = 0
    prompt_ended_us: int = 0
    answered_us: int = 0
    language: str = ""
    flow: str = ""
    """Where the seat has sent the caller, while they are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call in the ledger. `seat` is the first one that answered; None when none did."""

    call: CallId
    hotline: str
    caller_number: str
    queue: QueueId | None
    seat: SeatId | None
    outcome: Outcome | None
    """None while nothing tells how it ended."""
    ended_by: EndedBy | None
    language: str
    arrived_us: int
    asked_us: int = 0
    prompt_ended_us: int = 0
    answered_us: int = 0
    ended_us: int = 0
    wait_us: int | None = None
    """From the end of the prompt to the answer or the hang-up; None when nobody was asked for."""
    talk_us: int | None = None
    score: int | None = None
    """What the caller gave in the survey after the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    ami_link: Literal["up", "connecting", "down"]
    database: Literal["up", "journal", "down"]
    """journal: the database is away and facts are kept in the local journal."""
    loop_lag_us: int
    ledger_backlog: int
    """Facts not yet in the database."""
    started_us: int
    version: str
    plans_on: tuple[str, ...] = ()
    """Emergency plans, the strongest last."""
    warnings: tuple[str, ...] = ()
    """What of site file, plans and changes does not count."""


class EnginePort(Protocol):
    """The engine. All methods that are not coroutines are plain reads and must not block."""

    def seats(self) -> tuple[SeatView, ...]: ...

    def queues(self) -> tuple[QueueView, ...]: ...

    def live_calls(self) -> tuple[CallView, ...]: ...

    def callbacks(self) -> tuple[CallbackView, ...]:
        """The open ones, in the order of their places."""
        ...

    async def cancel_callback(self, callback: CallbackId, by: str) -> None:
        """Raises `cti.api.errors.UnknownCallback`."""
        ...

    async def seat_command(
        self, seat: SeatId, wish: Wish, reason: str, by: str, device: str = ""
    ) -> SeatView:
        """Do what `by` wishes and return the seat as it is then. `device`: with which of its
        devices the seat signs on; empty: with the usual one.

        Raises `cti.api.errors.CommandRefused` or `cti.api.errors.UnknownSeat`.
        """
        ...

    def flows(self) -> Collection[str]:
        """Names of the flows that a caller may be sent to."""
        ...

    async def send_to_flow(
        self, call: CallId, flow: str, *, by: str, seat: SeatId | None
    ) -> CallView:
        """Send the caller to `flow`, as `by` at `seat` (None: a person without one) wishes; returns
        the call once they are there.

        Raises `cti.api.errors.CommandRefused` or `cti.api.errors.UnknownFlow`.
        """
        ...

    async def transfer(
        self, call: CallId, to: TransferTo, target: str, *, by: str, seat: SeatId | None
    ) -> CallView:
        """Give the caller away to `target`, as `by` at `seat` (None: a person without one) wishes;
        returns the call once they have left the seat.

        Raises `cti.api.errors.CommandRefused` or `cti.api.errors.UnknownTarget`.
        """
        ...

    async def release(self, call: CallId, *, by: str, seat: SeatId | None) -> CallView:
        """Hang up the seat's end of the talk; returns the call as it is then.

        Raises `cti.api.errors.CommandRefused`.
        """
        ...

    def subscribe(self) -> AbstractContextManager[AsyncIterator[Fact]]:
        """Every fact from now on, after the engine has acted on it.

        Bounded per subscriber: the iterator raises `cti.api.errors.SubscriberLagging` for a reader
        that falls behind. A reader never slows the engine. `cti.api.fanout.Fanout` is one.
        """
        ...

    def health(self) -> Health: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls; None and 0 mean any. `number` is matched as a whole, never in part, so that a
    masked number cannot be found out digit by digit."""

    queue: QueueId | None = None
    seat: SeatId | None = None
    outcome: Outcome | None = None
    number: str | None = None
    from_us: int = 0
    """Arrived at or after."""
    to_us: int = 0
    """Arrived before."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class CallKey:
    """A call's place in the list, which runs from the newest to the oldest."""

    arrived_us: int
    call: CallId


class CallHistory(Protocol):
    """Calls in the ledger. Every method may raise `cti.api.errors.RecordsAway`."""

    async def past_calls(
        self, wanted: CallFilter, *, before: CallKey | None, limit: int
    ) -> Sequence[PastCall]:
        """At most `limit` calls with a key below `before`, in falling order of the key."""
        ...

    async def past_call(self, call: CallId) -> PastCall | None: ...

    async def facts_of(self, call: CallId) -> Sequence[Fact]:
        """The facts of one call, alive or over, in the order in which they happened."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    name: str
    role: Role
    seat: SeatId | None
    password_hash: str
    """Argon2id in its own text form ($argon2id$...)."""
    active: bool = True


class UserDirectory(Protocol):
    """People. May raise `cti.api.errors.RecordsAway`."""

    async def find(self, name: str) -> UserRecord | None: ...


Narrate = Callable[[Fact, Language], str]
"""A sentence for people about one fact of a call; empty when there is none. Callers' numbers and
names in the fact are masked already where they must be."""


def say_nothing(fact: Fact, language: Language) -> str:
    """The `Narrate` of a house that has no words yet."""
    del fact, language
    return ""
