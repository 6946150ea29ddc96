"""Queues, seats and rules change while calls wait, ring and talk."""

from __future__ import annotations

from collections.abc import Sequence

from acd.last_resort import LastResortKeeper
from cti.calls.tracker import CallTracker, devices_of
from cti.effects import DropMember, KeepMember
from cti.facts import (
    AnomalySeen,
    DeviceChanged,
    DeviceState,
    Overflow,
    QueueRecord,
    Resynced,
    RoutingChanged,
    RoutingRules,
    SeatOffered,
    SeatRecord,
    SeatState,
    SeatStateChanged,
    Skill,
    SnapshotTaken,
    WaitOverflowed,
)
from cti.ids import QueueId, SeatId
from tests.unit.acd.life import SECOND, Life, a_queue, a_seat, hotline


def change(
    life: Life, seats: Sequence[SeatRecord], queues: Sequence[QueueRecord], **rules: str
) -> None:
    life.hear(
        RoutingChanged(
            at=life.now,
            seats=tuple(seats),
            queues=tuple(queues),
            rules=RoutingRules(**rules),  # type: ignore[arg-type]
            by="admin",
        )
    )


def two_waiting() -> tuple[Life, str, str]:
    """1 talks, two wait for it, ten seconds apart."""
    life = hotline([a_seat("1")], [a_queue(), a_queue("bills")])
    life.sign_on("1")
    life.call()
    life.answer("1")
    first = life.call()
    life.wait(10)
    return life, first, life.call()


def test_who_waits_keeps_the_place_and_new_seats_serve_them() -> None:
    life, first, second = two_waiting()
    life.wait(30)
    change(life, [a_seat("1"), a_seat("2")], [a_queue(), a_queue("bills")])
    assert life.dispatcher.order(QueueId("repairs")) == (first, second)
    life.sign_on("2")
    assert life.served()[-1] == (first, "2")
    why = life.all(SeatOffered)[-1].why
    assert why is not None
    assert why.waited_us > 40 * SECOND


def test_the_same_again_changes_nothing() -> None:
    life, *_ = two_waiting()
    said = len(life.facts)
    change(life, [a_seat("1")], [a_queue(), a_queue("bills")])
    change(life, [a_seat("1")], [a_queue(), a_queue("bills")])
    assert life.facts[said:] == []
    assert life.state("1") is SeatState.TALKING


def test_seat_that_is_removed_ends_its_call_and_goes() -> None:
    life, first, _ = two_waiting()
    change(life, [a_seat("2")], [a_queue(), a_queue("bills")])
    assert life.state("1") is SeatState.TALKING
    life.leave("1")
    assert [one.seat for one in life.dispatcher.seats()] == ["2"]
    assert len(life.served()) == 1, "it takes no further call"
    life.sign_on("2")
    assert life.served()[-1] == (first, "2")
    life.wishes("1", "sign-on")
    assert [one.seat for one in life.dispatcher.seats()] == ["2"]


def test_seat_that_is_removed_while_free_signs_off_and_one_that_comes_back_is_new() -> None:
    life = hotline([a_seat("1"), a_seat("2")])
    life.sign_on("1")
    change(life, [a_seat("2")], [a_queue()])
    assert life.all(SeatStateChanged)[-1].new is SeatState.SIGNED_OFF
    change(life, [a_seat("1"), a_seat("2")], [a_queue()])
    assert life.state("1") is SeatState.SIGNED_OFF


def test_seat_whose_phone_asterisk_does_not_know_is_not_rung_before_it_does() -> None:
    life = Life([a_seat("1")], [a_queue()])
    life.hear(SnapshotTaken(at=life.now, devices=(("PJSIP/1", DeviceState.UNREACHABLE),)))
    life.hear(Resynced(at=life.now))
    change(life, [a_seat("1"), a_seat("2")], [a_queue()])
    life.sign_on("2")
    call = life.call()
    assert life.state("2") is SeatState.UNREACHABLE
    assert life.served() == []
    life.hear(DeviceChanged(at=life.now, device="PJSIP/2", state=DeviceState.IDLE))
    assert life.served() == [(call, "2")]


def test_seat_that_rings_goes_on_ringing_and_its_skills_count_from_the_next_call_on() -> None:
    life = hotline([a_seat("1"), a_seat("2")])
    life.sign_on("1")
    call = life.call()
    change(life, [a_seat("1", "bills"), a_seat("2")], [a_queue(), a_queue("bills")])
    assert life.answer("1") == call
    life.leave("1")
    life.call()
    assert len(life.served()) == 1, "1 serves bills only from now on"


def test_skill_given_to_a_free_seat_finds_the_caller_who_waits_for_it() -> None:
    gas = (Skill("gas"),)
    life = hotline([a_seat("1", skills=gas), a_seat("2")])
    life.sign_on("1")
    life.call()
    life.answer("1")
    life.sign_on("2")
    call = life.call(skills=("gas",))
    assert len(life.served()) == 1
    change(life, [a_seat("1", skills=gas), a_seat("2", skills=gas)], [a_queue()])
    assert life.served()[-1] == (call, "2")


def test_callers_of_a_queue_that_is_removed_move_to_the_first_one_with_their_time() -> None:
    life = hotline([a_seat("1", "repairs")], [a_queue(), a_queue("bills")])
    waits = life.call("bills")
    life.wait(20)
    later = life.call("repairs")
    change(life, [a_seat("1", "repairs")], [a_queue()])
    moved = life.all(WaitOverflowed)
    assert [(one.call, one.queue, one.target) for one in moved] == [(waits, "bills", "repairs")]
    assert life.dispatcher.order(QueueId("repairs")) == (waits, later)
    life.sign_on("1")
    assert life.served() == [(waits, "1")]


def test_queues_merge_and_split_while_callers_wait() -> None:
    seats = [a_seat("1", "repairs"), a_seat("2", "bills")]
    life = hotline(seats, [a_queue(), a_queue("bills")])
    first = life.call("bills")
    second = life.call("repairs")
    change(life, seats, [a_queue(), a_queue("bills", merged_into=QueueId("repairs"))])
    assert life.dispatcher.order(QueueId("bills")) == (first, second)
    life.sign_on("1")
    assert life.served() == [(first, "1")]
    change(life, seats, [a_queue(), a_queue("bills")])
    assert life.dispatcher.order(QueueId("repairs")) == (second,)
    third = life.call("bills")
    life.answer("1")
    life.leave("1")
    assert life.served()[1:] == [(second, "1")]
    assert life.dispatcher.order(QueueId("bills")) == (third,)


def test_queue_that_is_closed_sends_who_waits_and_who_comes_by_its_rule_until_it_opens() -> None:
    seats = [a_seat("1", "bills")]
    rule = Overflow("closed", "queue", "bills")
    opened = [a_queue(overflow=(rule,)), a_queue("bills")]
    closed = [a_queue(overflow=(rule,), closed=True), a_queue("bills")]
    life = hotline(seats, opened)
    waits = life.call()
    life.wait(30)
    change(life, seats, closed)
    comes = life.call()
    assert life.dispatcher.order(QueueId("bills")) == (waits, comes)
    assert [one.cause for one in life.all(WaitOverflowed)] == ["closed", "closed"]
    assert life.all(WaitOverflowed)[0].waited_us > 29 * SECOND
    change(life, seats, opened)
    assert life.dispatcher.order(QueueId("repairs")) == ()
    last = life.call()
    assert life.dispatcher.order(QueueId("repairs")) == (last,)


def test_a_change_that_would_leave_no_queue_is_refused() -> None:
    life, first, _ = two_waiting()
    change(life, [a_seat("1")], [])
    assert len(life.all(AnomalySeen)) == 1
    assert life.dispatcher.queue_of(life.dispatcher.order(QueueId("repairs"))[0]) == "repairs"
    life.leave("1")
    assert life.served()[-1] == (first, "1")


def test_what_a_partial_change_does_not_name_stays_as_it_is() -> None:
    seats = [a_seat("1"), a_seat("2", "bills")]
    life = hotline(seats, [a_queue(), a_queue("bills")])
    waits = life.call()
    partial = RoutingChanged(
        at=life.now,
        seats=(a_seat("2", "repairs"),),
        queues=(),
        rules=RoutingRules(),
        by="lead",
        partial=True,
    )
    life.hear(partial)
    assert [(one.seat, one.queues) for one in life.dispatcher.seats()] == [
        ("1", ("repairs",)),
        ("2", ("repairs",)),
    ]
    assert life.dispatcher.order(QueueId("repairs")) == (waits,)
    life.sign_on("2")
    assert life.served() == [(waits, "2")]
    assert life.all(AnomalySeen) == []


def test_fixed_order_follows_the_order_of_the_file() -> None:
    queues = [a_queue(strategy="fixed-order")]
    life = hotline([a_seat("1"), a_seat("2")], queues)
    life.sign_on("1", "2")
    change(life, [a_seat("2"), a_seat("1")], queues)
    call = life.call()
    assert life.served() == [(call, "2")]


def test_members_of_the_queues_of_last_resort_follow() -> None:
    keeper = LastResortKeeper([a_seat("1", "repairs"), a_seat("2", "repairs")])

    def ready(seat: str) -> None:
        state = SeatStateChanged(
            at=1, seat=SeatId(seat), old=SeatState.SIGNED_OFF, new=SeatState.READY
        )
        list(keeper.handle(state))

    ready("1")
    ready("2")
    changed = RoutingChanged(
        at=2,
        seats=(a_seat("1", "bills"),),
        queues=(a_queue(), a_queue("bills")),
        rules=RoutingRules(),
        by="admin",
    )
    done = list(keeper.handle(changed))
    assert [(one.queue, one.seat) for one in done if isinstance(one, DropMember)] == [
        ("repairs", "1"),
        ("repairs", "2"),
    ]
    assert [(one.queue, one.seat) for one in done if isinstance(one, KeepMember)] == [
        ("bills", "1")
    ]
    assert list(keeper.handle(changed)) == []
    moved = RoutingChanged(
        at=3,
        seats=(a_seat("1", "repairs"),),
        queues=(),
        rules=RoutingRules(),
        by="admin",
        partial=True,
    )
    done = list(keeper.handle(moved))
    assert [type(one).__name__ for one in done] == ["DropMember", "KeepMember"]


def test_members_of_a_seat_that_a_partial_change_does_not_name_stay() -> None:
    keeper = LastResortKeeper([a_seat("1", "repairs"), a_seat("2", "repairs")])
    state = SeatStateChanged(at=1, seat=SeatId("2"), old=SeatState.SIGNED_OFF, new=SeatState.READY)
    assert len(list(keeper.handle(state))) == 1
    partial = RoutingChanged(
        at=2,
        seats=(a_seat("1", "bills"),),
        queues=(),
        rules=RoutingRules(),
        by="admin",
        partial=True,
    )
    assert list(keeper.handle(partial)) == []


def test_phone_of_a_seat_that_a_partial_change_does_not_name_is_known_still() -> None:
    tracker = CallTracker(devices_of([a_seat("1"), a_seat("2", devices=("PJSIP/home",))]))
    changed = SeatRecord(SeatId("2"), "2", "PJSIP/new", (QueueId("repairs"),))
    fact = RoutingChanged(
        at=1, seats=(changed,), queues=(), rules=RoutingRules(), by="admin", partial=True
    )
    assert list(tracker.handle(fact)) == []
    assert tracker._book.seat_of_device == {"PJSIP/1": "1", "PJSIP/new": "2"}
