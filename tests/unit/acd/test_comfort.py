"""When a waiting caller is told where they stand, and when not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.comfort import MIN_APART_US
from cti.effects import KeepOnChannel, TellWaiting
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    MenuKeyTaken,
    OfferAnswered,
    OfferFailed,
    Overflow,
    QueueRecord,
    RoutingChanged,
    RoutingRules,
    SeatOffered,
    SeatRecord,
    WaitEnded,
    WaitKeyTaken,
    WaitResumed,
    WaitTold,
)
from cti.ids import CallId, QueueId, SeatId
from tests.unit.story import SECOND, Story, caller_seen

EVERY_S = 45


def busy(story: Story) -> None:
    """1001 is signed on and talks."""
    story.signs_on("1001")
    story.call_waits()
    story.rings("1001")
    story.answers("1001")


def told(story: Story, call: CallId) -> list[WaitTold]:
    return [one for one in story.all(WaitTold) if one.call == call]


def test_caller_for_whom_no_seat_is_free_is_told_at_once_that_all_are_busy() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    (first,) = told(story, call)
    assert (first.at, first.first, first.place) == (story.now, True, 1)
    effect = story.only(TellWaiting)
    assert (effect.call, effect.language, effect.first) == (call, "zh-CN", True)
    assert str(effect.channel) == call


def test_caller_for_whom_a_seat_rings_at_once_is_told_nothing() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.rings("1001")
    story.wait(10)
    assert not told(story, call)


def test_caller_hears_that_all_are_busy_when_the_only_seat_does_not_answer() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.rings("1001")
    story.does_not_answer("1001")
    (first,) = told(story, call)
    assert (first.first, first.at) == (True, story.now)


def test_place_is_told_again_every_45_seconds_and_follows_the_line() -> None:
    story = Story()
    busy(story)
    ahead, call = story.call_waits(), story.call_waits()
    story.wait(EVERY_S)
    story.caller_hangs_up(ahead)
    story.wait(EVERY_S)
    assert [(one.place, one.first) for one in told(story, call)] == [
        (2, True),
        (2, False),
        (1, False),
    ]
    gaps = {b.at - a.at for a, b in zip(told(story, call), told(story, call)[1:], strict=False)}
    assert gaps == {EVERY_S * SECOND}


def test_queue_without_announcements_tells_once_that_all_are_busy() -> None:
    story = Story(announce=0)
    busy(story)
    call = story.call_waits()
    story.wait(3600)
    assert [one.first for one in told(story, call)] == [True]


def test_setting_below_15_seconds_is_15_seconds() -> None:
    story = Story(announce=SECOND)
    busy(story)
    call = story.call_waits()
    story.wait(30)
    assert [one.at - told(story, call)[0].at for one in told(story, call)] == [
        0,
        MIN_APART_US,
        2 * MIN_APART_US,
    ]


def test_nothing_is_said_while_a_seat_rings_and_what_is_due_is_said_after() -> None:
    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.rings("1001")
    story.does_not_answer("1001")  # told: all busy
    story.wait(40)
    story.wishes("1001", "ready")
    story.rings("1001")
    story.wait(10)
    assert len(told(story, call)) == 1
    story.seat_rejects("1001")
    assert [one.first for one in told(story, call)] == [True, False]


def test_caller_aside_in_the_menu_is_told_nothing_and_keeps_the_place() -> None:
    story = Story()
    busy(story)
    call, later = story.call_waits(), story.call_waits()
    story.marks(call, "wait-key", key="1")
    assert story.only(WaitKeyTaken).key == "1"
    story.marks(call, "menu-key", flow="main", step="offer", key="2")
    story.wait(100)
    assert len(told(story, call)) == 1
    assert story.waiting() == [call, later]
    story.marks(call, "wait-again")
    assert story.only(WaitResumed).call == call
    assert [one.place for one in told(story, call)] == [1, 1]
    assert story.all(MenuKeyTaken)[-1].step == "offer"


def test_seat_takes_a_caller_out_of_the_menu_aside() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.marks(call, "wait-key", key="1")
    story.signs_on("1002")
    story.rings("1002")
    story.answers("1002")
    assert story.all(OfferAnswered)[-1].call == call


def test_queued_again_in_the_same_queue_is_no_news() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.queued(call)
    assert [one.call for one in story.all(CallQueued)].count(call) == 1


def test_menu_aside_moves_the_caller_to_another_queue_with_the_time_waited() -> None:
    story = Story()
    busy(story)
    call = story.call_waits("repairs")
    since = story.now
    story.wait(20)
    resident = story.call_waits("bills")
    story.queued(call, "bills")
    assert story.waiting("repairs") == []
    assert story.waiting("bills") == [call, resident]
    moved = story.all(CallQueued)[-1]
    assert (moved.queued_at, moved.queue) == (since, "bills")
    assert told(story, call)[-1].queue == "bills"


@pytest.mark.parametrize("mark", ["message-left"])
def test_caller_who_leaves_a_message_and_hangs_up_has_not_given_up(mark: str) -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.wait(20)
    story.marks(call, "wait-key", key="1")
    story.marks(call, mark, box="general")
    story.caller_hangs_up(call)
    ended = story.only(WaitEnded)
    assert (ended.call, ended.outcome, ended.wait_us) == (call, "message", 20 * SECOND)
    assert not story.all(CallAbandoned)
    assert story.only(CallEnded).outcome == "message"
    assert story.waiting() == []


def test_after_a_restart_who_waits_is_told_on_and_not_that_all_are_busy() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.daemon_restarts()
    story.snapshot(caller_seen(call, t_queued=str(story.now)))
    story.wait(EVERY_S)
    assert [one.first for one in told(story, call)] == [True, False]


def test_nobody_is_told_while_the_link_is_away_and_all_are_told_after() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.wait(10)
    story.link_lost()
    story.wait(100)
    assert len(told(story, call)) == 1
    story.snapshot(caller_seen(call))
    assert len(told(story, call)) == 2


def test_caller_who_came_back_unseen_is_taken_for_back() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.marks(call, "wait-key", key="1")
    story.link_lost()
    story.snapshot(caller_seen(call, "waiting-room"))
    assert story.only(WaitResumed).call == call


def test_after_a_restart_who_is_aside_stays_so_and_has_still_left_a_message() -> None:
    story = Story()
    busy(story)
    call = story.call_waits()
    story.marks(call, "wait-key", key="1")
    story.marks(call, "message-left", box="general")
    kept = dict(story.all(KeepOnChannel)[-1].variables)
    story.daemon_restarts()
    seen = {"t_queued": str(story.now), "wait_aside": "1", "in_hand": kept["CTI_IN_HAND"]}
    story.snapshot(caller_seen(call, "menu", **seen))
    story.wait(100)
    assert len(told(story, call)) == 1
    story.marks(call, "wait-again")
    assert len(told(story, call)) == 2
    story.caller_hangs_up(call)
    assert story.only(CallEnded).outcome == "message"


DEED = st.sampled_from(
    ["arrive", "leave", "ready", "ring", "reject", "aside", "back", "answer", "hang up", "restart"]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(DEED, st.integers(0, 20)), max_size=40))
def test_nobody_is_told_while_a_seat_rings_for_them_nor_too_often_nor_a_wrong_place(
    deeds: list[tuple[str, int]],
) -> None:
    story = Story(announce=20 * SECOND)
    story.signs_on("1001")
    callers: list[CallId] = []
    aside: set[CallId] = set()
    for deed, pause in deeds:
        story.wait(pause)
        offer = story.dispatcher.offer_of(story.seat("1001").seat)
        state = story.seat("1001").state
        match deed:
            case "arrive":
                callers.append(story.call_waits())
            case "leave" if callers:
                story.caller_hangs_up(callers.pop(0))
            case "ready" if state == "paused":
                story.wishes("1001", "ready")
            case "ring" if state == "ringing":
                story.rings("1001")
            case "reject" if state == "ringing" and offer:
                story.seat_rejects("1001")
            case "answer" if state == "ringing":
                story.answers("1001")
            case "hang up" if state == "talking" and offer:
                story.hang_up_begins(offer)
                story.channel_gone(offer)
            case "aside" if callers:
                story.marks(callers[-1], "wait-key", key="1")
                aside.add(callers[-1])
            case "back" if callers:
                story.marks(callers[-1], "wait-again")
    _check(story)


def _check(story: Story) -> None:
    ringing: set[CallId] = set()
    away: set[CallId] = set()
    last: dict[CallId, int] = {}
    waiting: list[CallId] = []
    for fact in story.facts:
        match fact:
            case CallQueued():
                waiting.append(fact.call)
            case OfferAnswered() | CallAbandoned():
                waiting = [call for call in waiting if call != fact.call]
                ringing.discard(fact.call)
            case SeatOffered():
                ringing.add(fact.call)
            case OfferFailed():
                ringing.discard(fact.call)
            case WaitKeyTaken():
                away.add(fact.call)
            case WaitResumed():
                away.discard(fact.call)
            case WaitTold():
                assert fact.call not in ringing | away
                assert fact.at - last.get(fact.call, 0) >= MIN_APART_US
                assert waiting.index(fact.call) + 1 == fact.place
                last[fact.call] = fact.at


def test_who_goes_to_another_queue_by_rule_is_told_the_new_place_without_waiting_for_the_turn() -> (
    None
):
    story = Story()
    busy(story)
    call = story.call_waits()
    story.wait(20)
    assert len(told(story, call)) == 1
    rule = Overflow("wait", "queue", "bills", after_us=20 * SECOND)
    queues = (
        QueueRecord(QueueId("repairs"), 15 * SECOND, 0, overflow=(rule,)),
        QueueRecord(QueueId("bills"), 15 * SECOND, 0),
    )
    seat = SeatRecord(SeatId("1001"), "", "PJSIP/1001", (QueueId("repairs"),))
    story.hear(
        RoutingChanged(at=story.now, seats=(seat,), queues=queues, rules=RoutingRules(), by="admin")
    )
    story.wait(1)
    assert [one.queue for one in told(story, call)] == ["repairs", "bills"]
