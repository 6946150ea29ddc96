"""Overflow while seats come and go, rules change, and the daemon is away."""

from __future__ import annotations

from typing import Any

import pytest

from cti.facts import (
    CallPhase,
    CallRecovered,
    LinkLost,
    Overflow,
    OverflowCause,
    RoutingChanged,
    RoutingRules,
    SeatRecord,
    SeatState,
    WaitOverflowed,
)
from cti.ids import CallId, QueueId
from tests.unit.acd.life import SECOND, Life, a_queue, a_seat, hotline


def rule(
    when: OverflowCause, target: str = "service", *, s: float = 0, length: int = 0
) -> Overflow:
    return Overflow(when, "queue", target, after_us=round(s * SECOND), length=length)


def two_queues(*rules: Overflow, seats: list[SeatRecord] | None = None, **parts: Any) -> Life:
    """1 serves repairs, which has the rules; 2 serves service."""
    queues = [a_queue(overflow=rules), a_queue("service", **parts)]
    return hotline(seats or [a_seat("1"), a_seat("2", "service")], queues)


def place(life: Life, queue: str) -> tuple[str, ...]:
    return life.dispatcher.order(QueueId(queue))


def moves(life: Life) -> list[tuple[str, str, str]]:
    return [(one.call, one.queue, one.target) for one in life.all(WaitOverflowed)]


def test_no_waiting_place_is_no_hindrance_while_a_seat_is_free() -> None:
    life = two_queues(rule("length", length=0))
    life.sign_on("1")
    first, second = life.call(), life.call()
    assert life.served() == [(first, "1")]
    assert moves(life) == [(second, "repairs", "service")]
    life.fail("1")
    assert place(life, "repairs") == (first,), "it came when there was room"


@pytest.mark.parametrize("how", ["sign-off", "pause"])
def test_nobody_at_work_for_the_time_of_grace(how: str) -> None:
    life = two_queues(rule("no-seats", s=20))
    life.sign_on("1", "2")
    life.call("service")
    life.answer("2")
    life.call()
    life.answer("1")
    call = life.call()
    life.wait(300)
    assert moves(life) == [], "a seat that talks is there"
    life.wishes("1", how, reason="lunch")
    life.leave("1")
    life.wait(19)
    assert moves(life) == []
    life.wait(1)
    assert moves(life) == [(call, "repairs", "service")]


def test_seat_that_comes_within_the_grace_keeps_them_and_the_grace_begins_anew() -> None:
    life = two_queues(rule("no-seats", s=20))
    call = life.call()
    life.wait(15)
    life.wishes("1", "sign-on")
    assert life.served() == [(call, "1")]
    life.wishes("1", "sign-off")
    life.fail("1")
    assert life.state("1") is SeatState.SIGNED_OFF
    life.wait(19)
    assert moves(life) == []
    life.wait(1)
    assert moves(life) == [(call, "repairs", "service")]


def test_rule_that_is_written_while_they_wait_counts_for_them() -> None:
    life = two_queues()
    call = life.call()
    life.wait(100)
    life.hear(
        RoutingChanged(
            at=life.now,
            seats=tuple(life.seats),
            queues=(a_queue(overflow=(rule("wait", s=120),)), a_queue("service")),
            rules=RoutingRules(),
            by="admin",
        )
    )
    life.wait(19)
    assert moves(life) == []
    life.wait(1)
    assert moves(life) == [(call, "repairs", "service")]


def test_call_found_after_a_restart_has_not_just_come_and_has_waited_since_it_was_queued() -> None:
    life = two_queues(rule("length", length=0), rule("wait", s=100))
    life.hear(LinkLost(at=life.now))
    life.hear(
        CallRecovered(
            at=life.now,
            call=CallId("found"),
            channel_name="",
            hotline="",
            caller_number="",
            caller_name="",
            phase=CallPhase.WAITING,
            queue=QueueId("repairs"),
            priority=5,
            language="",
            arrived_at=life.now - 60 * SECOND,
            queued_at=life.now - 60 * SECOND,
        )
    )
    life.link_up()
    assert moves(life) == []
    life.wait(39)
    assert moves(life) == []
    life.wait(1)
    assert moves(life) == [("found", "repairs", "service")]


def test_free_seat_of_the_next_queue_comes_before_that_queues_own_rules() -> None:
    queues = [
        a_queue(overflow=(rule("no-seats"),)),
        a_queue("service", overflow=(rule("length", "bills", length=0),)),
        a_queue("bills"),
    ]
    life = hotline([a_seat("2", "service"), a_seat("3", "bills")], queues)
    life.sign_on("2")
    call = life.call()
    assert moves(life) == [(call, "repairs", "service")]
    assert life.served() == [(call, "2")]
