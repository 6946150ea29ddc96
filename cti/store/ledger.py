"""The ledger on SQLAlchemy: SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, Select, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.facts import (
    FlowStepsTaken,
    LastSeat,
    OpenCallback,
    OpenContact,
    RecordingMissed,
    RecordingStored,
    SeatStateChanged,
)
from cti.ids import CallId, QueueId, SeatId
from cti.runtime.ports import (
    MOST_LAST_SEATS,
    CallCursor,
    CallSummary,
    EntryId,
    LedgerEntry,
    WalkedSteps,
)
from cti.store import contact_rows
from cti.store.callbacks import TOLD_BY, open_callbacks
from cti.store.codec import clean_entry, clean_text, decode, kind_of
from cti.store.database import Database
from cti.store.projection import PROJECTED, fold, is_told
from cti.store.tables import Base, CallRow, ContactRow, LedgerRow, RecordingRow, SeatStateRow

_READ_AHEAD: Final = 1_000
"""Entries read at a time: some 400 kB, while others use the database in between."""

_LONGEST_CALL_US: Final = 86_400 * 1_000_000
"""So that the index on arrivals is of use where the answer counts."""
_MANY: Final = 500
"""Keys in one IN (...); SQLite takes 32,766 parameters in all."""

Record = dict[str, Any]


class SqlLedger:
    """The `Ledger` port on a database; append is one transaction with the tables read from it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Store what is not there yet. Raises StoreRefused or StoreUnavailable; then nothing is."""
        if not entries:
            return
        cleaned = [clean_entry(entry) for entry in entries]
        async with self._database.writing() as connection:
            fresh = await self._insert(connection, [_record(*pair) for pair in cleaned])
            new: list[LedgerEntry] = []
            for entry, _body in cleaned:
                if entry.id in fresh:
                    fresh.remove(entry.id)
                    new.append(entry)
            await self._project_calls(connection, new)
            contacts = await contact_rows.folded(connection, (entry.fact for entry in new))
            await self._upsert(connection, ContactRow, contacts)
            await self._upsert(connection, SeatStateRow, _seat_states(new))
            await self._upsert(connection, RecordingRow, _recordings(new))

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
        wanted = select(CallRow.__table__).limit(limit)
        if before is not None:
            place = tuple_(CallRow.arrived_us, CallRow.call)
            wanted = wanted.where(place < tuple_(before.arrived_us, clean_text(before.call)))
        for column, value in (
            (CallRow.caller_number, number),
            (CallRow.queue, queue),
            (CallRow.seat, seat),
            (CallRow.outcome, outcome),
        ):
            if value is not None:
                wanted = wanted.where(column == clean_text(value))
        return await self._summaries(_newest_first(wanted))

    async def call(self, call: CallId) -> CallSummary | None:
        found = await self._summaries(
            select(CallRow.__table__).where(CallRow.call == clean_text(call))
        )
        return found[0] if found else None

    async def calls_starting_with(self, prefix: str, *, limit: int) -> list[CallSummary]:
        prefix = clean_text(prefix)
        # A range, not LIKE: it needs no escapes, is exact about case and uses the key's index.
        wanted = select(CallRow.__table__).where(
            CallRow.call >= prefix, CallRow.call < prefix + "\U0010ffff"
        )
        return await self._summaries(_newest_first(wanted.limit(limit)))

    async def open_calls(self) -> list[CallSummary]:
        wanted = select(CallRow.__table__).where(CallRow.ended_us.is_(None))
        return await self._summaries(wanted.order_by(CallRow.arrived_us, CallRow.call))

    async def facts_of(self, call: CallId) -> list[LedgerEntry]:
        wanted = (
            select(LedgerRow.__table__)
            .where(LedgerRow.call_id == clean_text(call))
            .order_by(LedgerRow.id)
        )
        async with self._database.reading() as connection:
            return [_entry(row) for row in await connection.execute(wanted)]

    async def last_seat_states(self) -> dict[SeatId, SeatStateChanged]:
        states: dict[SeatId, SeatStateChanged] = {}
        async with self._database.reading() as connection:
            for row in await connection.execute(select(SeatStateRow.__table__)):
                fact = decode(SeatStateChanged.__name__, row.at_us, row.body)
                if isinstance(fact, SeatStateChanged):
                    states[fact.seat] = fact
        return states

    async def open_callbacks(self, since_us: int) -> tuple[OpenCallback, ...]:
        """From the facts themselves, by the index on kind and time."""
        wanted = (
            select(LedgerRow.__table__)
            .where(LedgerRow.kind.in_(TOLD_BY), LedgerRow.at_us >= since_us)
            .order_by(LedgerRow.id)
        )
        async with self._database.reading() as connection:
            facts = [_entry(row).fact for row in await connection.execute(wanted)]
        return open_callbacks(facts)

    async def open_contacts(self) -> tuple[OpenContact, ...]:
        async with self._database.reading() as connection:
            return await contact_rows.open_ones(connection)

    async def last_seats(self, since_us: int) -> tuple[LastSeat, ...]:
        newest_first = (
            select(CallRow.caller_number, CallRow.seat, CallRow.answered_us)
            .where(
                CallRow.arrived_us >= since_us - _LONGEST_CALL_US,
                CallRow.answered_us >= since_us,
                CallRow.seat.is_not(None),
                CallRow.caller_number != "",
            )
            .order_by(CallRow.answered_us.desc())
            .limit(MOST_LAST_SEATS)
        )
        last: dict[str, LastSeat] = {}
        async with self._database.reading() as connection:
            for number, seat, at in await connection.execute(newest_first):
                if seat and at:
                    last.setdefault(number, LastSeat(number=number, seat=SeatId(seat), at=at))
        return tuple(last.values())[::-1]

    async def facts_between(
        self, from_us: int, to_us: int, kinds: Collection[str] = ()
    ) -> AsyncIterator[LedgerEntry]:
        """`kinds`: only facts of these; a tool that needs few of them reads ten times as fast."""
        within = (LedgerRow.at_us >= from_us) & (LedgerRow.at_us < to_us)
        if kinds:
            within &= LedgerRow.kind.in_(sorted(kinds))
        async with self._database.reading() as connection:
            bounds = select(func.min(LedgerRow.id), func.max(LedgerRow.id)).where(within)
            first, last = (await connection.execute(bounds)).one()
        place: int | None = first - 1 if first is not None else None
        while place is not None:
            wanted = (
                select(LedgerRow.__table__)
                .where(within, LedgerRow.id > place, LedgerRow.id <= last)
                .order_by(LedgerRow.id)
                .limit(_READ_AHEAD)
            )
            async with self._database.reading() as connection:
                rows = (await connection.execute(wanted)).all()
            for row in rows:
                yield _entry(row)
            place = rows[-1].id if len(rows) == _READ_AHEAD else None

    async def flow_steps(self, from_us: int, to_us: int) -> AsyncIterator[WalkedSteps]:
        # By time and not by place in the ledger: the index of kinds and times has both, and these
        # are few among the reports.
        place: tuple[int, int] = (from_us, -1)
        while True:
            wanted = (
                select(LedgerRow.id, LedgerRow.at_us, LedgerRow.body, CallRow.outcome)
                .join(CallRow, CallRow.call == LedgerRow.call_id, isouter=True)
                .where(
                    LedgerRow.kind == FlowStepsTaken.__name__,
                    LedgerRow.at_us >= place[0],
                    LedgerRow.at_us < to_us,
                    tuple_(LedgerRow.at_us, LedgerRow.id) > place,
                )
                .order_by(LedgerRow.at_us, LedgerRow.id)
                .limit(_READ_AHEAD)
            )
            async with self._database.reading() as connection:
                rows = (await connection.execute(wanted)).all()
            for row in rows:
                fact = decode(FlowStepsTaken.__name__, row.at_us, row.body)
                if isinstance(fact, FlowStepsTaken):
                    yield WalkedSteps(fact.call, fact.steps, row.outcome)
            if len(rows) < _READ_AHEAD:
                return
            place = (rows[-1].at_us, rows[-1].id)

    async def rebuild_calls(self) -> int:
        """Make the table of calls anew from the facts alone, and return how many calls it has.

        One transaction: readers see the old table until the new one is complete.
        """
        async with self._database.writing() as connection:
            await connection.execute(delete(CallRow))
            place: int = 0
            while True:
                wanted = (
                    select(LedgerRow.__table__)
                    .where(LedgerRow.id > place, LedgerRow.kind.in_(PROJECTED))
                    .order_by(LedgerRow.id)
                    .limit(_READ_AHEAD)
                )
                rows = (await connection.execute(wanted)).all()
                await self._project_calls(connection, [_entry(row) for row in rows])
                if len(rows) < _READ_AHEAD:
                    break
                place = int(rows[-1].id)
            count = await connection.execute(select(func.count()).select_from(CallRow))
            return int(count.scalar_one())

    # ------------------------------------------------------------------------- in a transaction

    async def _insert(self, connection: AsyncConnection, records: list[Record]) -> set[EntryId]:
        """Insert the ledger's rows; returns the ids of those that were not there."""
        stored = await connection.execute(_insertion(self._database.is_sqlite), records)
        return {EntryId(row.run, row.seq) for row in stored}

    async def _project_calls(
        self, connection: AsyncConnection, entries: Iterable[LedgerEntry]
    ) -> None:
        facts = [entry.fact for entry in entries if is_told(entry.fact)]
        touched = list(dict.fromkeys(_call_of(fact) for fact in facts))
        calls: dict[CallId, CallSummary | None] = {}
        for start in range(0, len(touched), _MANY):
            some = touched[start : start + _MANY]
            known = select(CallRow.__table__).where(CallRow.call.in_(some))
            calls |= {CallId(row.call): _summary(row) for row in await connection.execute(known)}
        for fact in facts:
            call = _call_of(fact)
            calls[call] = fold(calls.get(call), fact)
        await self._upsert(
            connection, CallRow, [asdict(call) for call in calls.values() if call is not None]
        )

    async def _upsert(
        self, connection: AsyncConnection, table: type[Base], records: list[Record]
    ) -> None:
        if not records:
            return
        await connection.execute(_upsertion(table, self._database.is_sqlite), records)

    async def _summaries(self, wanted: Select[Any]) -> list[CallSummary]:
        async with self._database.reading() as connection:
            return [_summary(row) for row in await connection.execute(wanted)]


# Made once: putting a statement together holds up the loop longer than having it carried out.
@cache
def _insertion(is_sqlite: bool) -> Any:
    """Into the ledger; what is there already stays, and is not returned."""
    insert = sqlite.insert if is_sqlite else postgresql.insert
    statement = insert(LedgerRow).on_conflict_do_nothing(index_elements=["run", "seq"])
    return statement.returning(LedgerRow.run, LedgerRow.seq)


@cache
def _upsertion(table: type[Base], is_sqlite: bool) -> Any:
    """Into `table`; what is there already under the same key becomes this."""
    statement = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    keys = [column.name for column in table.__table__.primary_key]
    over = {
        column.name: statement.excluded[column.name]
        for column in table.__table__.columns
        if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=over)


def _newest_first(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(CallRow.arrived_us.desc(), CallRow.call.desc())


def _record(entry: LedgerEntry, body: str) -> Record:
    return {
        "run": entry.run,
        "seq": entry.seq,
        "at_us": entry.fact.at,
        "kind": kind_of(entry.fact),
        "call_id": entry.call,
        "seat_id": entry.seat,
        "body": body,
    }


def _entry(row: Row[Any]) -> LedgerEntry:
    fact = decode(row.kind, row.at_us, row.body)
    return LedgerEntry(row.run, row.seq, fact, row.call_id, row.seat_id)


def _summary(row: Row[Any]) -> CallSummary:
    return CallSummary(**row._mapping)


def _call_of(fact: Any) -> CallId:
    call: CallId = fact.call
    return call


def _seat_states(entries: Iterable[LedgerEntry]) -> list[Record]:
    last = {
        entry.fact.seat: {
            "seat": entry.fact.seat,
            "at_us": entry.fact.at,
            "body": clean_entry(entry)[1],
        }
        for entry in entries
        if isinstance(entry.fact, SeatStateChanged)
    }
    return list(last.values())


def _recordings(entries: Iterable[LedgerEntry]) -> list[Record]:
    last: dict[str, Record] = {}
    for entry in entries:
        fact = entry.fact
        if not isinstance(fact, RecordingStored | RecordingMissed):
            continue
        known = {
            "offer": fact.offer,
            "call": fact.call,
            "file": fact.file,
            "stored_at_us": fact.at,
        }
        if isinstance(fact, RecordingStored):
            found = {
                "duration_us": fact.duration_us,
                "size_bytes": fact.size_bytes,
                "sha256": fact.sha256,
            }
            last[fact.offer] = known | found | {"state": "stored", "reason": ""}
        else:
            nothing = {"duration_us": 0, "size_bytes": 0, "sha256": ""}
            last[fact.offer] = known | nothing | {"state": "missed", "reason": fact.reason}
    return list(last.values())
