"""Callers go elsewhere by their queue's rules: after a wait, when too many wait, when it is closed
or nobody is there."""

from __future__ import annotations

from typing import Any

import pytest

from cti.effects import SendWaiting
from cti.facts import (
    CallPhase,
    CallQueued,
    CallRecovered,
    ContactCame,
    LinkLost,
    OutsideRung,
    Overflow,
    QueueDoorMoved,
    Resynced,
    RoutingChanged,
    RoutingRules,
    WaitOverflowed,
    WaitResumed,
    WaitSentOn,
)
from cti.ids import CallId, ContactId, QueueId
from tests.unit.acd.life import SECOND, Life, a_queue, a_seat, hotline


def rule(when: Any, to: str = "bills", *, kind: Any = "queue", **parts: int) -> Overflow:
    return Overflow(when, kind, to, **parts)


def door(life: Life, *, open_: bool, queue: str = "repairs") -> None:
    life.hear(QueueDoorMoved(at=life.now, queue=QueueId(queue), open=open_))


def told(life: Life) -> list[tuple[str, str, str]]:
    """Who was told to go where."""
    effects = [one for one in life.effects if isinstance(one, SendWaiting)]
    return [(one.call, one.to, one.target) for one in effects]


def gone(life: Life, call: CallId, to: Any) -> WaitSentOn:
    return WaitSentOn(at=life.now, call=call, to=to, target="somewhere")


def found_waiting(
    life: Life, call: CallId, seconds: int, *, sent_on: bool = False
) -> CallRecovered:
    since = life.now - seconds * SECOND
    return CallRecovered(
        at=life.now,
        call=call,
        phase=CallPhase.WAITING,
        hotline="12345",
        channel_name="",
        caller_number="",
        caller_name="",
        language="",
        queue=QueueId("repairs"),
        priority=5,
        arrived_at=since,
        asked_at=since,
        prompt_ended_at=since,
        queued_at=since,
        aside=sent_on,
        sent_on=sent_on,
    )


def life_with(*rules: Overflow, bills: tuple[Overflow, ...] = ()) -> Life:
    """1 serves repairs, 2 bills; both talk."""
    queues = [a_queue(overflow=rules), a_queue("bills", overflow=bills)]
    life = hotline([a_seat("1", "repairs"), a_seat("2", "bills")], queues)
    life.sign_on("1", "2")
    for seat, queue in (("1", "repairs"), ("2", "bills")):
        life.call(queue)
        life.answer(seat)
    return life


def where(life: Life, call: str) -> str | None:
    return life.dispatcher.queue_of(call)  # type: ignore[arg-type]


def test_after_the_wait_the_caller_moves_with_the_time_waited() -> None:
    life = life_with(rule("wait", after_us=60 * SECOND))
    call = life.call("repairs")
    life.wait(30)
    other = life.call("bills")
    life.wait(29)
    assert where(life, call) == "repairs"
    life.wait(2)
    assert where(life, call) == "bills"
    assert life.dispatcher.order(QueueId("bills")) == (call, other)
    (moved,) = life.all(WaitOverflowed)
    assert (moved.queue, moved.cause, moved.target, moved.waited_us) == (
        "repairs",
        "wait",
        "bills",
        60 * SECOND,
    )
    life.leave("2")
    assert life.served()[-1] == (call, "2")


def test_who_finds_too_many_moves_at_once_and_who_was_there_stays() -> None:
    life = life_with(rule("length", length=2))
    first, second = life.call("repairs"), life.call("repairs")
    third = life.call("repairs")
    assert [where(life, one) for one in (first, second, third)] == ["repairs", "repairs", "bills"]


def test_no_places_at_all_still_lets_a_free_seat_take_the_call() -> None:
    life = life_with(rule("length", length=0))
    life.leave("1")
    call = life.call("repairs")
    assert life.served()[-1] == (call, "1")
    other = life.call("repairs")
    assert where(life, other) == "bills"


def test_who_had_stepped_aside_before_an_absence_is_not_sent_again() -> None:
    life = life_with(rule("wait", "busy", kind="flow", after_us=5 * SECOND))
    life.wait(60)
    found = found_waiting(life, CallId("found"), 30, sent_on=True)
    said = life.hear(found)
    life.wait(30)
    said += life.hear(WaitResumed(at=life.now, call=found.call, sent_on=True))
    assert not [one for one in said if isinstance(one, SendWaiting)]
    other = life.call("repairs")
    life.wait(6)
    assert [one.call for one in life.all(WaitOverflowed)] == [other]


def test_closed_queue_sends_who_comes_and_who_waits() -> None:
    life = life_with(rule("closed", after_us=0))
    waits = life.call("repairs")
    door(life, open_=False)
    assert where(life, waits) == "bills"
    comes = life.call("repairs")
    assert where(life, comes) == "bills"
    door(life, open_=True)
    assert where(life, life.call("repairs")) == "repairs"


def test_who_waits_at_closing_time_has_the_time_that_the_rule_gives() -> None:
    life = life_with(rule("closed", after_us=120 * SECOND))
    waits = life.call("repairs")
    door(life, open_=False)
    life.wait(119)
    assert where(life, waits) == "repairs"
    life.wait(2)
    assert where(life, waits) == "bills"


def test_queue_that_nobody_serves_any_more() -> None:
    life = life_with(rule("no-seats", after_us=20 * SECOND))
    life.wishes("1", "sign-off")
    waits = life.call("repairs")
    life.wait(30)
    assert where(life, waits) == "repairs", "1 talks still, and might take it"
    life.leave("1")
    life.wait(19)
    assert where(life, waits) == "repairs", "somebody may come back"
    life.wait(1)
    assert where(life, waits) == "bills"


def test_rules_in_a_circle_end() -> None:
    life = life_with(
        rule("wait", after_us=10 * SECOND), bills=(rule("wait", "repairs", after_us=10 * SECOND),)
    )
    call = life.call("repairs")
    life.wait(600)
    assert where(life, call) == "bills"
    assert len(life.all(WaitOverflowed)) == 1


def test_never_while_a_seat_rings_but_right_after_it_did_not_answer() -> None:
    life = life_with(rule("wait", after_us=10 * SECOND))
    call = life.call("repairs")
    life.wait(5)
    life.leave("1")
    assert life.served()[-1] == (call, "1")
    life.wait(8)
    assert where(life, call) == "repairs"
    life.fail("1")
    assert where(life, call) == "bills"


@pytest.mark.parametrize("kind", ["outside", "message", "flow"])
def test_out_of_the_line_the_caller_goes_by_themselves_and_once(kind: str) -> None:
    life = life_with(rule("wait", "somewhere", kind=kind, after_us=10 * SECOND))
    call = life.call("repairs")
    life.wait(10)
    assert where(life, call) == "repairs", "until they have gone"
    life.hear(gone(life, call, kind))
    for _ in range(4):
        before = life.now
        life.wait(10)
        assert life.now > before
    assert told(life) == [(call, kind, "somewhere")]
    life.leave("1")
    assert life.served()[-1] == (call, "1"), "a seat that is free in the moment has them"


def test_who_does_not_go_is_told_again_until_they_go_or_a_seat_has_them() -> None:
    life = life_with(rule("wait", "menu", kind="flow", after_us=10 * SECOND))
    call = life.call("repairs")
    life.wait(10)
    assert len(told(life)) == 1
    life.wait(5)
    assert told(life) == [(call, "flow", "menu")] * 2
    life.leave("1")
    life.wait(12)
    assert len(told(life)) == 2, "not while a seat rings for them"
    life.fail("1")
    assert len(told(life)) == 3
    assert len(life.all(WaitOverflowed)) == 1
    life.hear(gone(life, call, "flow"))
    life.wait(60)
    assert len(told(life)) == 3


def test_who_went_to_a_menu_meanwhile_is_told_when_they_are_back() -> None:
    """The waiting room forgets what it was to say to them, and where to send them."""
    life = life_with(rule("wait", "menu", kind="flow", after_us=10 * SECOND))
    call = life.call("repairs")
    life.wait(10)
    life.hear(WaitResumed(at=life.now, call=call, sent_on=False))
    assert told(life) == [(call, "flow", "menu")] * 2
    assert len(life.all(WaitOverflowed)) == 1


def test_link_was_lost_between_the_rule_and_its_reading() -> None:
    life = life_with(rule("wait", "menu", kind="flow", after_us=10 * SECOND))
    call = life.call("repairs")
    life.wait(10)
    life.hear(LinkLost(at=life.now))
    life.wait(60)
    assert len(told(life)) == 1, "nobody hears it now"
    life.hear(found_waiting(life, call, 70))
    life.hear(Resynced(at=life.now))
    assert told(life) == [(call, "flow", "menu")] * 2


def test_first_rule_that_applies_wins_and_a_target_that_is_not_there_is_none() -> None:
    life = life_with(
        rule("wait", "nowhere", after_us=5 * SECOND),
        rule("wait", "repairs", after_us=6 * SECOND),
        rule("wait", after_us=30 * SECOND),
    )
    call = life.call("repairs")
    life.wait(20)
    assert where(life, call) == "repairs"
    life.wait(11)
    assert where(life, call) == "bills"


def queued_again(life: Life, call: CallId, queue: str, since: int = 0) -> None:
    """A menu, or the flow to which a seat has sent them, hands the caller to `queue`."""
    life.hear(
        CallQueued(
            at=life.now,
            call=call,
            queue=QueueId(queue),
            queued_at=since,
            priority=5,
            language="",
            arrived_at=life.now,
            asked_at=life.now,
            prompt_ended_at=life.now,
            channel_name="",
            caller_number="",
            caller_name="",
        )
    )


def told_and_served(life: Life, *, left: bool) -> CallId:
    """Told to go, and a seat has them all the same; `left`: it has fetched them out of there."""
    call = life.call("repairs")
    life.wait(61)
    assert told(life) == [(call, "flow", "busy")]
    if left:
        life.hear(gone(life, call, "flow"))
    life.leave("1")
    assert life.answer("1") == call
    life.wait(30)
    return call


def test_told_as_a_seat_took_them_is_not_told_again_when_they_wait_once_more() -> None:
    life = life_with(rule("wait", "busy", kind="flow", after_us=60 * SECOND))
    call = told_and_served(life, left=False)
    queued_again(life, call, "bills")
    life.wait(60)
    assert told(life) == [(call, "flow", "busy")]


@pytest.mark.parametrize("left", [True, False])
def test_rules_count_for_who_waits_once_more_after_a_seat(left: bool) -> None:
    life = life_with(
        rule("wait", "busy", kind="flow", after_us=60 * SECOND),
        bills=(rule("wait", "evening", kind="flow", after_us=10 * SECOND),),
    )
    call = told_and_served(life, left=left)
    queued_again(life, call, "bills")
    life.wait(11)
    assert told(life)[1:] == [(call, "flow", "evening")]


def test_whom_the_menu_has_moved_meanwhile_is_not_told_what_the_other_queue_says() -> None:
    life = life_with(
        rule("wait", "box", kind="message", after_us=60 * SECOND),
        bills=(rule("wait", "evening", kind="flow", after_us=90 * SECOND),),
    )
    call = life.call("repairs")
    life.wait(61)
    assert told(life) == [(call, "message", "box")]
    queued_again(life, call, "bills")
    life.hear(WaitResumed(at=life.now, call=call))
    life.wait(89)
    assert told(life) == [(call, "message", "box")]
    life.wait(2)
    assert told(life)[1:] == [(call, "flow", "evening")]


def test_told_while_the_menu_dialled_in_vain_is_told_again_and_then_sent_by_the_next_rule() -> None:
    life = life_with(
        rule("wait", "box", kind="message", after_us=60 * SECOND),
        rule("wait", "evening", kind="flow", after_us=90 * SECOND),
    )
    call = life.call("repairs")
    since = life.now - 1
    life.wait(61)
    life.hear(OutsideRung(at=life.now, call=call, target="police"))
    life.wait(10)
    assert told(life) == [(call, "message", "box")]
    queued_again(life, call, "repairs", since)
    life.hear(WaitResumed(at=life.now, call=call))
    life.hear(gone(life, call, "message"))
    life.hear(WaitResumed(at=life.now, call=call, sent_on=True))
    life.wait(20)
    assert list(dict.fromkeys(told(life))) == [(call, "message", "box"), (call, "flow", "evening")]


def test_nothing_is_kept_of_those_who_are_no_callers() -> None:
    life = life_with(rule("closed"))
    text = ContactCame(
        at=life.now,
        contact=ContactId("contact.1"),
        kind="text",
        queue=QueueId("repairs"),
        sender="13800001111",
        by="gateway",
    )
    life.hear(text)
    door(life, open_=False)
    life.hear(
        RoutingChanged(
            at=life.now,
            seats=tuple(life.seats),
            queues=tuple(life.queues),
            rules=RoutingRules(),
            by="admin",
        )
    )
    assert life.dispatcher.contacts.all()
    overflows = life.dispatcher._overflows
    assert len(overflows) == 2, "the callers who talk"
