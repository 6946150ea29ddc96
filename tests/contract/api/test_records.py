"""The store as the API sees it."""

from __future__ import annotations

from typing import Any

import pytest

from cti import facts
from cti.api.errors import RecordsAway
from cti.api.port import CallFilter, CallKey
from cti.api.records import LedgerHistory
from cti.facts import Fact
from cti.ids import CallId, QueueId
from cti.runtime.ports import LedgerEntry
from cti.store.errors import StoreUnavailable
from cti.store.memory import MemoryLedger


def call(number: int) -> CallId:
    return CallId(f"jt1-{number}.1")


async def ledger(*numbers: int) -> MemoryLedger:
    """Calls that arrive at `number` microseconds and end with the hang-up of the caller."""
    made = MemoryLedger()
    told: list[Fact] = []
    for number in numbers:
        told += [
            facts.CallArrived(
                at=number,
                call=call(number),
                hotline="12345",
                caller_number="13800001111",
                caller_name="",
            ),
            facts.PersonAsked(at=number + 1, call=call(number), queue=QueueId("repairs")),
            facts.CallEnded(
                at=number + 2,
                call=call(number),
                outcome="abandoned",
                ended_by="caller",
                cause=16,
                total_us=2,
            ),
        ]
    await made.append(
        [
            LedgerEntry(run="r", seq=place, fact=fact, call=fact.call)  # type: ignore[attr-defined]
            for place, fact in enumerate(told)
        ]
    )
    return made


async def found(history: LedgerHistory, before: CallKey | None = None, **wanted: Any) -> list[int]:
    calls = await history.past_calls(CallFilter(**wanted), before=before, limit=3)
    return [one.arrived_us for one in calls]


async def test_calls_come_newest_first_within_both_ends_of_the_time() -> None:
    history = LedgerHistory(await ledger(10, 20, 30, 40, 50))

    assert await found(history) == [50, 40, 30]
    assert await found(history, from_us=20, to_us=40) == [30, 20]
    assert await found(history, to_us=41) == [40, 30, 20]
    key = CallKey(arrived_us=40, call=call(40))
    assert await found(history, before=key) == [30, 20, 10]
    assert await found(history, before=key, to_us=30) == [20, 10]
    assert await found(history, before=key, from_us=25, to_us=50) == [30]


async def test_filters_are_handed_on() -> None:
    history = LedgerHistory(await ledger(10))

    assert await found(history, queue=QueueId("repairs"), outcome="abandoned") == [10]
    assert await found(history, queue=QueueId("bills")) == []
    assert await found(history, number="13800001111") == [10]


async def test_one_call_with_its_facts() -> None:
    history = LedgerHistory(await ledger(10))

    one = await history.past_call(call(10))
    assert one is not None
    assert (one.outcome, one.ended_by, one.asked_us) == ("abandoned", "caller", 11)
    assert [type(fact).__name__ for fact in await history.facts_of(call(10))] == [
        "CallArrived",
        "PersonAsked",
        "CallEnded",
    ]
    assert await history.past_call(CallId("never")) is None


async def test_a_database_that_is_away_is_told_as_such() -> None:
    class Away(MemoryLedger):
        async def calls(self, **wanted: Any) -> Any:
            raise StoreUnavailable("sqlite://", "locked")

    with pytest.raises(RecordsAway):
        await found(LedgerHistory(Away()))
