"""A seat gives its caller away: what each report says about call and seat, in any order."""

from __future__ import annotations

from typing import Any

import pytest

from cti.effects import HangUp, Resync, TransferCaller
from cti.facts import (
    AnomalySeen,
    CallEnded,
    CallerTransferred,
    CallPhase,
    CallQueued,
    ChannelHangupAsked,
    EffectFailed,
    OutsideDialled,
    ReleaseRefused,
    ReleaseWish,
    SeatLeft,
    SeatState,
    TransferRefused,
    TransferWish,
)
from cti.ids import ChannelId, QueueId, SeatId
from tests.unit.calls.test_flow_visits import Talk
from tests.unit.story import caller_seen


class Giving(Talk):
    """A caller and seat 1001 talk, and 1001 wants to give the caller away."""

    def asks(self, to: Any = "queue", target: str = "bills", seat: str = "") -> None:
        queue = {"queue": target, "seat": "repairs"}.get(to, "")
        self.hear(
            TransferWish(
                at=self.now,
                call=self.caller,
                to=to,
                target=target,
                by="wang",
                queue=QueueId(queue),
                seat=SeatId(seat),
            )
        )

    def fails_to(self, reason: str) -> None:
        self.hear(
            EffectFailed(at=self.now, effect="TransferCaller", subject=self.caller, reason=reason)
        )


def test_a_wish_is_asked_of_asterisk_and_nothing_changes_before_it_happens() -> None:
    talk = Giving()
    talk.asks()
    assert talk.only(TransferCaller) == TransferCaller(
        channel=ChannelId(talk.caller),
        to="queue",
        target="bills",
        seat="",
        priority=1,
        keep_skills=False,
    )
    assert talk.phase() is CallPhase.TALKING
    assert not talk.all(CallerTransferred)


@pytest.mark.parametrize("leg_first", [False, True])
def test_once_apart_the_seat_is_free_and_the_call_goes_on(leg_first: bool) -> None:
    talk = Giving()
    talk.asks()
    talk.parts(leg_first=leg_first)
    given = talk.only(CallerTransferred)
    assert (given.seat, given.to, given.target) == ("1001", "queue", "bills")
    assert talk.only(SeatLeft).at == given.at
    assert talk.seat("1001").state is not SeatState.TALKING
    assert talk.phase() is CallPhase.AFTER
    talk.wait(1)
    talk.marks(talk.caller, "queued", queue="bills", priority="1")
    again = talk.all(CallQueued)[-1]
    assert (again.queue, again.transferred_by, again.priority) == ("bills", "1001", 1)
    assert again.prompt_ended_at == again.at, "the wait that counts begins now"
    assert talk.phase() is CallPhase.WAITING


def test_to_a_seat_in_the_queue_of_the_call_keeps_what_the_caller_needs() -> None:
    talk = Giving()
    talk.asks("seat", "1002")
    asked = talk.only(TransferCaller)
    assert (asked.target, asked.seat, asked.keep_skills) == ("repairs", "1002", True)


def test_end_of_the_seats_leg_is_not_the_end_of_the_call() -> None:
    talk = Giving()
    talk.asks("outside", "police")
    talk.parts()
    talk.hear(
        ChannelHangupAsked(at=talk.now, channel=ChannelId(talk.leg), cause=16, by_far_end=False)
    )
    talk.marks(talk.caller, "outside-dials", target="police")
    assert talk.phase() is CallPhase.OUTSIDE
    talk.marks(talk.caller, "outside-failed", target="police", outcome="busy")
    assert talk.only(OutsideDialled).detail == "busy"
    talk.marks(talk.caller, "queued", queue="repairs", priority="1")
    assert talk.phase() is CallPhase.WAITING
    assert len(talk.all(SeatLeft)) == 1
    talk.caller_hangs_up(talk.caller)
    assert talk.only(CallEnded).ended_by == "caller"


def test_seat_hangs_up_in_the_same_moment_and_the_caller_still_goes_there() -> None:
    talk = Giving()
    talk.asks()
    talk.hear(
        ChannelHangupAsked(at=talk.now, channel=ChannelId(talk.leg), cause=16, by_far_end=True)
    )
    talk.parts()
    talk.marks(talk.caller, "queued", queue="bills", priority="1")
    assert talk.phase() is CallPhase.WAITING
    again = talk.all(CallQueued)[-1]
    assert (again.queue, again.transferred_by) == ("bills", "1001")
    assert talk.only(CallerTransferred).seat == "1001"
    talk.caller_hangs_up(talk.caller)
    assert talk.only(CallEnded).ended_by == "caller"
    assert not talk.all(AnomalySeen)


def test_caller_hangs_up_in_the_same_moment() -> None:
    talk = Giving()
    talk.asks()
    talk.caller_hangs_up(talk.caller)
    assert not talk.all(CallerTransferred)
    assert talk.only(CallEnded).outcome == "answered"


def test_asterisk_refuses_and_the_talk_goes_on() -> None:
    talk = Giving()
    talk.asks()
    talk.fails_to("refused: Channel does not exist")
    refused = talk.only(TransferRefused)
    assert (refused.granted, refused.target) == (True, "bills")
    talk.asks("queue", "repairs")
    assert len(talk.all(TransferCaller)) == 2


def test_no_word_from_asterisk_asks_what_is_really_there() -> None:
    talk = Giving()
    talk.asks()
    talk.fails_to("timed out")
    assert talk.only(Resync)
    assert not talk.all(TransferRefused)


@pytest.mark.parametrize(
    ("context", "stage", "phase"),
    [
        ("waiting-room", "", CallPhase.WAITING),
        ("transferred", "transferred", CallPhase.AFTER),
        ("outside", "transferred", CallPhase.OUTSIDE),
    ],
)
def test_it_happened_while_the_link_was_away(context: str, stage: str, phase: CallPhase) -> None:
    talk = Giving()
    talk.asks("queue" if context == "waiting-room" else "outside", "bills")
    talk.link_lost()
    talk.wait(3)
    talk.snapshot(caller_seen(talk.caller, context, stage=stage, outside="bills", queue="bills"))
    assert talk.only(CallerTransferred).seat == "1001"
    assert len(talk.all(SeatLeft)) == 1
    assert talk.phase() is phase
    if phase is CallPhase.WAITING:
        assert talk.all(CallQueued)[-1].transferred_by == "1001"


@pytest.mark.parametrize(
    ("to", "target", "seat", "why"),
    [
        ("seat", "1001", "", "talks with that seat"),
        ("queue", "bills", "1002", "talks with another seat"),
    ],
)
def test_what_cannot_be_is_refused(to: str, target: str, seat: str, why: str) -> None:
    talk = Giving()
    talk.asks(to, target, seat)
    assert why in talk.only(TransferRefused).why
    assert not talk.all(TransferCaller)


def test_release_hangs_up_the_seat_and_nobody_elses() -> None:
    talk = Giving()
    other = ReleaseWish(at=talk.now, call=talk.caller, by="li", seat=SeatId("1002"))
    talk.hear(other)
    assert "does not talk" in talk.only(ReleaseRefused).why
    talk.hear(ReleaseWish(at=talk.now, call=talk.caller, by="li"))
    assert talk.hung_up() == [talk.leg]
    talk.hang_up_begins(talk.leg)
    talk.hear(ReleaseWish(at=talk.now, call=talk.caller, by="li"))
    assert len(talk.all(ReleaseRefused)) == 2


def test_neither_twice_nor_on_the_way_to_a_flow_nor_after_the_talk() -> None:
    talk = Giving()
    talk.wish()
    talk.asks()
    assert "on the way already" in talk.all(TransferRefused)[-1].why
    talk.wait(6)
    talk.asks()
    talk.asks()
    assert len(talk.all(TransferCaller)) == 1
    talk.parts()
    talk.asks()
    assert "does not talk" in talk.all(TransferRefused)[-1].why
    assert not talk.all(HangUp)
