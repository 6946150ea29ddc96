"""The store as the API's ports: past calls and people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast, get_args

import structlog

from cti.api.access import ROLES
from cti.api.errors import RecordsAway
from cti.api.port import CallFilter, CallKey, Outcome, PastCall, UserRecord
from cti.facts import EndedBy, Fact
from cti.ids import CallId
from cti.runtime.ports import CallCursor, CallSummary, Ledger
from cti.store.errors import StoreError
from cti.store.users import UserStore

log = structlog.get_logger(__name__)


@contextmanager
def away() -> Iterator[None]:
    """Turns what the store raises into RecordsAway."""
    try:
        yield
    except StoreError as error:
        log.warning("the API cannot read the database", problem=error.problem)
        raise RecordsAway from error


class LedgerHistory:
    """A `CallHistory`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def past_calls(
        self, wanted: CallFilter, *, before: CallKey | None, limit: int
    ) -> Sequence[PastCall]:
        # The list runs by time of arrival, so both ends of the time are places in it: it starts
        # at `to_us` and stops at the first call before `from_us`.
        start = CallCursor(before.arrived_us, before.call) if before else None
        if wanted.to_us:
            end = CallCursor(wanted.to_us, CallId(""))
            start = end if start is None else min(start, end)
        with away():
            found = await self._ledger.calls(
                limit=limit,
                before=start,
                number=wanted.number,
                queue=wanted.queue,
                seat=wanted.seat,
                outcome=wanted.outcome,
            )
        return [_past(one) for one in found if one.arrived_us >= wanted.from_us]

    async def past_call(self, call: CallId) -> PastCall | None:
        with away():
            found = await self._ledger.call(call)
        return None if found is None else _past(found)

    async def facts_of(self, call: CallId) -> Sequence[Fact]:
        with away():
            return [entry.fact for entry in await self._ledger.facts_of(call)]


class StoredUsers:
    """A `UserDirectory`."""

    def __init__(self, store: UserStore) -> None:
        self._store = store

    async def find(self, name: str) -> UserRecord | None:
        with away():
            user = await self._store.get(name)
        if user is None or user.role not in ROLES:
            return None
        return UserRecord(
            name=user.name,
            role=user.role,
            seat=user.seat,
            password_hash=user.password_hash,
            active=not user.disabled,
        )


def _past(call: CallSummary) -> PastCall:
    return PastCall(
        call=call.call,
        hotline=call.hotline,
        caller_number=call.caller_number,
        queue=call.queue,
        seat=call.seat,
        outcome=cast(Outcome | None, _one_of(Outcome, call.outcome)),
        ended_by=cast(EndedBy | None, _one_of(EndedBy, call.ended_by)),
        language=call.language,
        arrived_us=call.arrived_us,
        asked_us=call.asked_us or 0,
        prompt_ended_us=call.prompt_ended_us or 0,
        answered_us=call.answered_us or 0,
        ended_us=call.ended_us or 0,
        wait_us=call.wait_us,
        talk_us=call.talk_us,
        score=call.score,
    )


def _one_of(words: Any, value: str | None) -> str | None:
    """`value` when this version knows the word; the ledger may be older or newer than it."""
    return value if value in get_args(words) else None
