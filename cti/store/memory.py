"""The ledger in memory: for tests and simulations. It keeps every promise of the port except to
be there after the process, and passes the same contract suite as the databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from cti.facts import (
    FlowStepsTaken,
    LastSeat,
    OpenCallback,
    OpenContact,
    SeatStateChanged,
)
from cti.ids import CallId, ContactId, QueueId, SeatId
from cti.runtime.ports import (
    MOST_LAST_SEATS,
    CallCursor,
    CallSummary,
    EntryId,
    LedgerEntry,
    WalkedSteps,
)
from cti.store.callbacks import open_callbacks
from cti.store.codec import clean_entry, clean_text
from cti.store.contact_projection import (
    ContactSummary,
    fold_contact,
    is_of_contacts,
    open_contact,
)
from cti.store.projection import fold


class MemoryLedger:
    def __init__(self) -> None:
        self._entries: list[LedgerEntry] = []
        self._ids: set[EntryId] = set()
        self._calls: dict[CallId, CallSummary] = {}

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        for dirty in entries:
            entry, _body = clean_entry(dirty)
            if entry.id not in self._ids:
                self._ids.add(entry.id)
                self._entries.append(entry)
                self._project(entry)

    def _project(self, entry: LedgerEntry) -> None:
        call: CallId | None = getattr(entry.fact, "call", None)
        if call is not None:
            after = fold(self._calls.get(call), entry.fact)
            if after is not None:
                self._calls[call] = after

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
        def matches(call: CallSummary) -> bool:
            return (
                (before is None or call.cursor < before)
                and (number is None or call.caller_number == clean_text(number))
                and (queue is None or call.queue == queue)
                and (seat is None or call.seat == seat)
                and (outcome is None or call.outcome == outcome)
            )

        return self._newest(matches)[:limit]

    async def call(self, call: CallId) -> CallSummary | None:
        return self._calls.get(CallId(clean_text(call)))

    async def calls_starting_with(self, prefix: str, *, limit: int) -> list[CallSummary]:
        start = clean_text(prefix)
        return self._newest(lambda call: call.call.startswith(start))[:limit]

    async def open_calls(self) -> list[CallSummary]:
        return self._newest(lambda call: call.ended_us is None)[::-1]

    async def facts_of(self, call: CallId) -> list[LedgerEntry]:
        wanted = clean_text(call)
        return [entry for entry in self._entries if entry.call == wanted]

    async def last_seat_states(self) -> dict[SeatId, SeatStateChanged]:
        facts = (entry.fact for entry in self._entries)
        return {fact.seat: fact for fact in facts if isinstance(fact, SeatStateChanged)}

    async def open_callbacks(self, since_us: int) -> tuple[OpenCallback, ...]:
        facts = (entry.fact for entry in self._entries)
        return open_callbacks(fact for fact in facts if fact.at >= since_us)

    async def open_contacts(self) -> tuple[OpenContact, ...]:
        found: dict[ContactId, ContactSummary] = {}
        for entry in self._entries:
            if is_of_contacts(entry.fact):
                contact = ContactId(getattr(entry.fact, "contact"))  # noqa: B009
                after = fold_contact(found.get(contact), entry.fact)
                if after is not None:
                    found[contact] = after
        alive = [one for one in found.values() if one.ended_us is None and one.until_us]
        alive.sort(key=lambda one: (one.came_us, one.contact))
        return tuple(open_contact(one) for one in alive)

    async def last_seats(self, since_us: int) -> tuple[LastSeat, ...]:
        answered = [
            LastSeat(number=one.caller_number, seat=one.seat, at=one.answered_us)
            for one in self._calls.values()
            if one.seat and one.caller_number and one.answered_us and one.answered_us >= since_us
        ]
        last: dict[str, LastSeat] = {}
        for one in sorted(answered, key=lambda one: one.at)[-MOST_LAST_SEATS:]:
            last.pop(one.number, None)
            last[one.number] = one
        return tuple(last.values())

    async def facts_between(self, from_us: int, to_us: int) -> AsyncIterator[LedgerEntry]:
        for entry in list(self._entries):
            if from_us <= entry.fact.at < to_us:
                yield entry

    async def flow_steps(self, from_us: int, to_us: int) -> AsyncIterator[WalkedSteps]:
        within = [entry async for entry in self.facts_between(from_us, to_us)]
        for entry in sorted(within, key=lambda entry: entry.fact.at):
            fact = entry.fact
            if isinstance(fact, FlowStepsTaken):
                call = self._calls.get(fact.call)
                yield WalkedSteps(fact.call, fact.steps, call.outcome if call else None)

    async def rebuild_calls(self) -> int:
        """Like SqlLedger's: the calls from the facts alone."""
        self._calls.clear()
        for entry in self._entries:
            self._project(entry)
        return len(self._calls)

    def _newest(self, wanted: Callable[[CallSummary], bool]) -> list[CallSummary]:
        found = [call for call in self._calls.values() if wanted(call)]
        return sorted(found, key=lambda call: call.cursor, reverse=True)
