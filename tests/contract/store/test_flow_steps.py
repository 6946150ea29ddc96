"""What callers did in the menus, as every ledger tells it to the drawing of a flow."""

from __future__ import annotations

from cti.facts import CallArrived, CallEnded, CallOutcome, Fact, FlowStepsTaken, FlowStepTaken
from cti.ids import CallId
from cti.runtime.ports import Ledger, WalkedSteps
from tests.contract.store.calls import NOON, SECOND, answered_call, entries_of

HELLO = FlowStepTaken(flow="main", step="hello", way="start")
MENU = FlowStepTaken(flow="main", step="menu", way="next")


def walked(call: str, at: int, *steps: FlowStepTaken) -> FlowStepsTaken:
    return FlowStepsTaken(at=at, call=CallId(call), steps=steps)


def menu_call(call: str, at: int, outcome: CallOutcome | None) -> list[Fact]:
    arrived = CallArrived(
        at=at, call=CallId(call), hotline="12345", caller_number="139", caller_name=""
    )
    facts: list[Fact] = [arrived, walked(call, at + 1, HELLO), walked(call, at + SECOND, MENU)]
    if outcome is not None:
        facts.append(
            CallEnded(
                at=at + 2 * SECOND,
                call=CallId(call),
                outcome=outcome,
                ended_by="caller",
                cause=16,
                total_us=2 * SECOND,
            )
        )
    return facts


async def test_steps_come_by_time_with_how_the_call_ended(ledger: Ledger) -> None:
    first = menu_call("jt1-1.1", NOON, "left-menu")
    second = menu_call("jt1-1.2", NOON + SECOND // 2, None)
    await ledger.append(entries_of([*second, *answered_call("jt1-1.3"), *first]))
    found = [one async for one in ledger.flow_steps(NOON, NOON + 60 * SECOND)]
    assert found == [
        WalkedSteps(CallId("jt1-1.1"), (HELLO,), "left-menu"),
        WalkedSteps(CallId("jt1-1.2"), (HELLO,), None),
        WalkedSteps(CallId("jt1-1.1"), (MENU,), "left-menu"),
        WalkedSteps(CallId("jt1-1.2"), (MENU,), None),
    ]


async def test_steps_outside_the_time_are_left_out(ledger: Ledger) -> None:
    await ledger.append(entries_of(menu_call("jt1-1.1", NOON, "left-menu")))
    first = [one async for one in ledger.flow_steps(NOON, NOON + SECOND)]
    assert [one.steps for one in first] == [(HELLO,)]
    second = [one async for one in ledger.flow_steps(NOON + SECOND, NOON + SECOND + 1)]
    assert [one.steps for one in second] == [(MENU,)]
    assert [one async for one in ledger.flow_steps(NOON + SECOND + 1, 1 << 62)] == []


async def test_steps_of_a_call_that_nobody_saw_arrive_are_told_too(ledger: Ledger) -> None:
    await ledger.append(entries_of([walked("jt1-9.9", NOON, HELLO)]))
    found = [one async for one in ledger.flow_steps(NOON, NOON + 1)]
    assert found == [WalkedSteps(CallId("jt1-9.9"), (HELLO,), None)]


async def test_more_steps_than_are_read_at_a_time_come_once_each(ledger: Ledger) -> None:
    # Many at one moment: the place of reading on is a time and a place in the ledger.
    facts: list[Fact] = [walked(f"jt1-1.{n}", NOON + n // 1500, HELLO) for n in range(2500)]
    await ledger.append(entries_of(facts))
    found = [one.call async for one in ledger.flow_steps(NOON, NOON + 9)]
    assert found == [CallId(f"jt1-1.{n}") for n in range(2500)]
