"""What callers were told, held against what came."""

from __future__ import annotations

import pytest

from cti.facts import (
    CallAbandoned,
    CallQueued,
    CallRecovered,
    Fact,
    OfferAnswered,
    WaitOverflowed,
    WaitTold,
)
from cti.facts import CallPhase as Phase
from cti.ids import CallId, OfferId, QueueId, SeatId
from kpi.told_waits import MOST, ToldWaits, told_error, told_waits

S = 1_000_000
REPAIRS = QueueId("repairs")


def told(call: str, at_s: float, wait_s: float | None, queue: QueueId = REPAIRS) -> WaitTold:
    wait_us = None if wait_s is None else round(wait_s * S)
    return WaitTold(
        at=round(at_s * S), call=CallId(call), queue=queue, place=1, wait_us=wait_us, first=True
    )


def answered(call: str, at_s: float) -> OfferAnswered:
    return OfferAnswered(
        at=round(at_s * S),
        call=CallId(call),
        seat=SeatId("1001"),
        offer=OfferId("o"),
        queue=REPAIRS,
        wait_us=0,
        recording="",
    )


def gone(call: str, at_s: float) -> CallAbandoned:
    return CallAbandoned(at=round(at_s * S), call=CallId(call), queue=REPAIRS, wait_us=0)


def queued(call: str, at_s: float, queue: str) -> CallQueued:
    return CallQueued(
        at=round(at_s * S),
        call=CallId(call),
        queue=QueueId(queue),
        priority=5,
        language="",
        arrived_at=0,
        asked_at=0,
        prompt_ended_at=0,
        channel_name="",
        caller_number="",
        caller_name="",
    )


def test_each_telling_is_held_against_the_answer() -> None:
    pairs = told_waits([told("a", 0, 60), told("a", 45, 30), answered("a", 70)])
    assert [(one.told_us // S, one.came_us // S, one.error_us // S) for one in pairs] == [
        (60, 70, -10),
        (30, 25, 5),
    ]
    assert [one.close for one in pairs] == [True, True]
    error = told_error(pairs)
    assert error is not None
    assert (error.tellings, error.bias_s, error.mean_s) == (2, -2.5, 7.5)
    assert error.rms_s == pytest.approx(7.906, abs=0.001)


@pytest.mark.parametrize(
    "facts",
    [
        [told("a", 0, 60), gone("a", 30), answered("a", 70)],
        [told("a", 0, None), answered("a", 70)],
        [told("a", 0, 60), answered("b", 70)],
        [told("a", 0, 60), queued("a", 10, "bills"), answered("a", 70)],
    ],
)
def test_what_has_no_answer_of_its_own_is_not_counted(facts: list[Fact]) -> None:
    assert told_waits(facts) == []
    assert told_error(told_waits(facts)) is None


def test_who_is_found_again_in_the_same_queue_counts_on() -> None:
    found = CallRecovered(
        at=9 * S,
        call=CallId("a"),
        phase=Phase.WAITING,
        hotline="",
        channel_name="",
        caller_number="",
        caller_name="",
        queue=REPAIRS,
    )
    assert len(told_waits([told("a", 0, 60), found, answered("a", 70)])) == 1


def test_an_answer_that_comes_twice_counts_once_and_a_clock_that_jumps_gives_no_negative_wait() -> (
    None
):
    (one,) = told_waits([told("a", 50, 60), answered("a", 10), answered("a", 10)])
    assert one.came_us == 0


def test_memory_is_bounded() -> None:
    pairs = ToldWaits()
    for number in range(MOST + 1):
        pairs.take(told(f"c{number}", 0, 60))
    assert pairs.take(answered("c0", 9)) == []
    assert len(pairs.take(answered("c1", 9))) == 1


def test_what_was_told_of_a_queue_that_they_left_by_rule_is_not_held_against_the_other() -> None:
    moved = WaitOverflowed(
        at=50 * S,
        call=CallId("a"),
        queue=REPAIRS,
        cause="wait",
        to="queue",
        target="service",
        waited_us=50 * S,
    )
    pairs = told_waits([told("a", 0, 60), moved, told("a", 51, 10), answered("a", 60)])
    assert [one.told_us // S for one in pairs] == [10]
