"""What the engine needs from the outside, as Protocols. Adapters live elsewhere (`cti.store`);
one contract suite runs on all of them, the in-memory one included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from cti.facts import Fact, FlowStepTaken, LastSeat, OpenCallback, OpenContact, SeatStateChanged
from cti.ids import CallId, QueueId, SeatId

MOST_LAST_SEATS: Final = 100_000


class EntryId(NamedTuple):
    """Names one entry for ever: writing it twice stores it once."""

    run: str
    seq: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One fact with its place: the `seq`-th fact of the daemon's life named `run`.

    `call` and `seat` say what the fact is about, also for raw reports that name a channel only.
    """

    run: str
    seq: int
    fact: Fact
    call: CallId | None = None
    seat: SeatId | None = None

    @property
    def id(self) -> EntryId:
        return EntryId(self.run, self.seq)


class WalkedSteps(NamedTuple):
    """A stretch of a caller's way through the menus. `outcome`: how the call ended, None while it
    has not."""

    call: CallId
    steps: tuple[FlowStepTaken, ...]
    outcome: str | None


class CallCursor(NamedTuple):
    """A place in the list of calls, newest first; calls that arrive later do not move it."""

    arrived_us: int
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """One call as the facts so far tell it.

    Clocks are microseconds since the epoch by Asterisk's clock, None where the call has not come
    that far. `wait_us` runs from the end of the prompt to the answer or to the hang-up.
    """

    call: CallId
    arrived_us: int
    hotline: str = ""
    caller_number: str = ""
    caller_name: str = ""
    queue: QueueId | None = None
    language: str = ""
    seat: SeatId | None = None
    """The first seat that answered."""
    outcome: str | None = None
    """`cti.facts.CallEnded.outcome`; None while it is not decided."""
    ended_by: str | None = None
    asked_us: int | None = None
    prompt_ended_us: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    wait_us: int | None = None
    talk_us: int | None = None
    """Sum over the seats that talked with the caller."""
    recording: str | None = None
    """File of the first stored segment, below the recordings' folder."""
    score: int | None = None
    """What the caller gave in the survey after the call; the last one when there were several."""

    @property
    def cursor(self) -> CallCursor:
        return CallCursor(self.arrived_us, self.call)


class Ledger(Protocol):
    """The append-only list of facts. Every method may raise `cti.store.errors.StoreError`."""

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Store the entries that are not there yet, in order, all or none."""

    async def calls(
        self,
        *,
        limit: int,
        before: CallCursor | None = None,
        number: str | None = None,
        queue: QueueId | None = None,
        seat: SeatId | None = None,
        outcome: str | None = None,
    ) -> list[CallSummary]:
        """At most `limit` calls that match, newest first, starting behind `before`."""

    async def call(self, call: CallId) -> CallSummary | None:
        """One call, or None when no fact tells of it."""

    async def calls_starting_with(self, prefix: str, *, limit: int) -> list[CallSummary]:
        """Calls whose id starts with `prefix`, newest first."""

    async def open_calls(self) -> list[CallSummary]:
        """Calls whose end is not in the ledger, oldest first."""

    async def facts_of(self, call: CallId) -> list[LedgerEntry]:
        """Everything about one call, in the order of the ledger."""

    async def last_seat_states(self) -> dict[SeatId, SeatStateChanged]:
        """For each seat the last change in the ledger."""

    async def open_callbacks(self, since_us: int) -> tuple[OpenCallback, ...]:
        """Callbacks booked since then that nothing has closed, in the order of their booking."""

    async def open_contacts(self) -> tuple[OpenContact, ...]:
        """Contacts other than calls that have not ended, the one that came first first."""

    async def last_seats(self, since_us: int) -> tuple[LastSeat, ...]:
        """For each caller's number the seat that answered it last, if that was since then; oldest
        first. Only the latest MOST_LAST_SEATS calls are looked at."""

    def facts_between(self, from_us: int, to_us: int) -> AsyncIterator[LedgerEntry]:
        """Entries with `from_us <= fact.at < to_us`, in the order of the ledger."""

    def flow_steps(self, from_us: int, to_us: int) -> AsyncIterator[WalkedSteps]:
        """What callers did in the menus with `from_us <= at < to_us`, by time."""
