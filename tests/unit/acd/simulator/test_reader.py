"""A day read from facts: what is seen, what is not known, and what a ledger's oddities do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from random import Random

import pytest

from acd.simulator.day import Contact, DayRefused
from acd.simulator.observed import Observed, ObservedDay, completed
from acd.simulator.reader import READS, DayReader
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallPhase,
    CallQueued,
    CallRecovered,
    Fact,
    OfferAnswered,
    SeatLeft,
    SeatOffered,
    SeatState,
    SeatStateChanged,
    WaitEnded,
)
from cti.ids import CallId, OfferId, QueueId, SeatId
from tests.unit.acd.simulator.hotline import LINE, SECOND

MIDNIGHT = 1_790_006_400 * SECOND
DAY = 86_400 * SECOND
CALL = CallId("call")
SEAT = SeatId("1001")
OFFER = OfferId("offer.1001.1")
S = SeatState


def at(seconds: float) -> int:
    return MIDNIGHT + round(seconds * SECOND)


def queued(seconds: float, call: CallId = CALL, queue: QueueId = LINE) -> CallQueued:
    return CallQueued(
        at=at(seconds),
        call=call,
        queue=queue,
        priority=4,
        language="en",
        arrived_at=at(seconds - 9),
        asked_at=at(seconds - 3),
        prompt_ended_at=at(seconds - 0.1),
        channel_name="PJSIP/x",
        caller_number="13800138001",
        caller_name="",
        skills=("english",),
        customer_class="gold",
    )


def offered(seconds: float) -> SeatOffered:
    return SeatOffered(
        at=at(seconds), call=CALL, seat=SEAT, offer=OFFER, queue=LINE, device="", ring_us=9, rule=""
    )


def answered(seconds: float) -> OfferAnswered:
    return OfferAnswered(
        at=at(seconds), call=CALL, seat=SEAT, offer=OFFER, queue=LINE, wait_us=0, recording=""
    )


def left(seconds: float, offer: OfferId = OFFER) -> SeatLeft:
    return SeatLeft(at=at(seconds), call=CALL, seat=SEAT, offer=offer, queue=LINE, talk_us=0)


def seat(
    seconds: float, old: SeatState, new: SeatState, *, until: float | None = None, reason: str = ""
) -> SeatStateChanged:
    return SeatStateChanged(
        at=at(seconds),
        seat=SEAT,
        old=old,
        new=new,
        reason=reason,
        call=CALL if new is S.WRAP_UP else None,
        until=None if until is None else at(until),
    )


def read(facts: Sequence[Fact]) -> ObservedDay:
    reader = DayReader(MIDNIGHT, MIDNIGHT + DAY)
    for fact in facts:
        reader.take(fact)
    return reader.day()


def only(facts: Sequence[Fact]) -> Observed:
    callers = read(facts).callers
    assert len(callers) == 1
    return callers[0]


TALK = [queued(100), offered(130), answered(134), left(234)]


def test_a_call_from_queue_to_hang_up() -> None:
    seen = only(TALK)
    assert (seen.answered, seen.gave_up, seen.handled) == (True, False, True)
    assert seen.wait_us == 34 * SECOND
    assert seen.contact == Contact(
        at=at(100),
        queue=LINE,
        talk_us=100 * SECOND,
        patience_us=None,
        wrapup_us=0,
        priority=4,
        skills=("english",),
        language="en",
        ring_us=4 * SECOND,
        lead_us=SECOND // 10,
        number="13800138001",
        customer_class="gold",
    )


@pytest.mark.parametrize(("ended", "wrapup_s"), [(240, 6), (263.9, None), (264, None)])
def test_a_wrap_up_is_as_long_as_it_was_or_the_queues_limit(
    ended: float, wrapup_s: float | None
) -> None:
    wrapped = [seat(234, S.TALKING, S.WRAP_UP, until=264), seat(ended, S.WRAP_UP, S.READY)]
    seen = only([*TALK, *wrapped])
    expected = None if wrapup_s is None else wrapup_s * SECOND
    assert seen.contact.wrapup_us == expected
    assert seen.worked_us == 100 * SECOND + at(ended) - at(234)


def test_a_call_whose_talk_has_not_ended_is_answered_but_not_handled() -> None:
    seen = only([queued(100), answered(134)])
    assert (seen.answered, seen.handled) == (True, False)


def test_who_gave_up_shows_their_patience() -> None:
    seen = only([queued(100), CallAbandoned(at=at(160), call=CALL, queue=LINE, wait_us=1)])
    assert (seen.gave_up, seen.contact.patience_us) == (True, 60 * SECOND)
    assert not seen.contact.elsewhere


def test_who_left_a_message_has_not_given_up() -> None:
    gone = WaitEnded(at=at(160), call=CALL, queue=LINE, outcome="message", wait_us=1)
    seen = only([queued(100), gone])
    assert (seen.gave_up, seen.contact.elsewhere) == (False, True)
    assert seen.contact.patience_us == 60 * SECOND


def test_who_ended_unseen_has_left_then() -> None:
    ended = CallEnded(
        at=at(190), call=CALL, outcome="lost-sight", ended_by="unknown", cause=0, total_us=1
    )
    seen = only([queued(100), ended])
    assert (seen.wait_us, seen.gave_up, seen.contact.elsewhere) == (90 * SECOND, False, True)


def test_who_was_answered_while_the_daemon_was_away_counts_as_answered_then() -> None:
    found = CallRecovered(
        at=at(300),
        call=CALL,
        phase=CallPhase.TALKING,
        hotline="",
        channel_name="",
        caller_number="",
        caller_name="",
        answered_at=at(150),
        seat=SEAT,
        offer=OFFER,
    )
    seen = only([queued(100), found, left(350)])
    assert (seen.answered, seen.wait_us) == (True, 50 * SECOND)
    assert seen.contact.talk_us == 200 * SECOND


def test_who_still_waits_has_waited_so_far() -> None:
    seen = only([queued(100), seat(400, S.SIGNED_OFF, S.READY)])
    assert (seen.answered, seen.gave_up, seen.wait_us) == (False, False, 300 * SECOND)


def test_a_move_to_another_queue_is_one_wait_and_a_second_wait_is_none() -> None:
    moved = [queued(100), queued(120, queue=QueueId("other")), answered(134), left(234)]
    again = [queued(240), CallAbandoned(at=at(250), call=CALL, queue=LINE, wait_us=1)]
    seen = only([*moved, *again])
    assert (seen.contact.queue, seen.contact.at) == ("other", at(100))
    assert seen.wait_us == 34 * SECOND
    assert seen.answered


def test_facts_told_twice_change_nothing() -> None:
    signed_on = [seat(0, S.SIGNED_OFF, S.READY)]
    wrapped = [seat(234, S.TALKING, S.WRAP_UP, until=264), seat(240, S.WRAP_UP, S.READY)]
    facts = [*signed_on, *TALK, *wrapped]
    twice = [fact for fact in facts for _ in range(2)]
    assert read(twice).callers == read(facts).callers
    assert read(twice).moves == read(facts).moves


def test_facts_out_of_order_make_no_negative_time() -> None:
    seen = only([queued(100), answered(90), left(80)])
    assert seen.wait_us == 0
    assert seen.contact.talk_us == 0


def test_only_callers_of_the_day_are_its_callers() -> None:
    yesterday, tomorrow = CallId("yesterday"), CallId("tomorrow")
    day = read([queued(-5, yesterday), queued(100), queued(86_400, tomorrow)])
    assert [caller.contact.at for caller in day.callers] == [at(100)]


def test_seats_that_were_there_at_midnight_begin_the_day() -> None:
    day = read(
        [
            seat(-7200, S.SIGNED_OFF, S.READY),
            seat(-60, S.READY, S.PAUSED, reason="tea"),
            queued(100),
            seat(200, S.PAUSED, S.READY),
            seat(300, S.READY, S.TALKING),
            seat(400, S.TALKING, S.SIGNED_OFF),
        ]
    )
    assert [(move.at - MIDNIGHT, move.wish, move.reason) for move in day.moves] == [
        (0, "sign-on", ""),
        (0, "pause", "tea"),
        (200 * SECOND, "ready", ""),
        (400 * SECOND, "sign-off", ""),
    ]
    assert day.changes[0].at == MIDNIGHT


def test_a_restart_of_the_daemon_is_no_new_shift() -> None:
    """Seats are found again as if they signed on, from signed off to ready."""
    day = read([seat(50, S.SIGNED_OFF, S.READY), queued(100), seat(200, S.SIGNED_OFF, S.READY)])
    assert [move.wish for move in day.moves] == ["sign-on"]


def test_a_phone_that_was_lost_is_a_pause() -> None:
    day = read(
        [
            seat(50, S.SIGNED_OFF, S.READY),
            seat(60, S.READY, S.UNREACHABLE),
            seat(70, S.UNREACHABLE, S.READY),
            queued(100),
        ]
    )
    assert [move.wish for move in day.moves] == ["sign-on", "pause", "ready"]
    assert day.moves[1].reason


def test_what_is_not_known_is_drawn_from_the_same_queue() -> None:
    def caller(queue: str, talk_s: int, *, handled: bool, gave_up: bool = False) -> Observed:
        contact = Contact(
            at=at(1),
            queue=QueueId(queue),
            talk_us=talk_s * SECOND,
            patience_us=20 * SECOND if gave_up else None,
        )
        return Observed(contact, 20 * SECOND, not gave_up, gave_up, handled)

    callers = [
        caller("a", 100, handled=True),
        caller("a", 0, handled=False, gave_up=True),
        caller("b", 900, handled=True),
        caller("b", 0, handled=False, gave_up=True),
        caller("c", 0, handled=False, gave_up=True),
    ]
    contacts, drawn = completed(callers, Random(1))
    talks = [contact.talk_us // SECOND for contact in contacts]
    assert talks[:4] == [100, 100, 900, 900]
    assert talks[4] in (100, 900)
    assert (drawn.talks, drawn.patiences) == (3, 2)
    served = [contact.patience_us for contact in contacts[:3:2]]
    assert all(patience is not None and patience > 20 * SECOND for patience in served)
    assert contacts[1].patience_us == 20 * SECOND


def test_a_day_without_callers_or_talks_is_refused() -> None:
    with pytest.raises(DayRefused, match="no caller"):
        read([seat(1, S.SIGNED_OFF, S.READY)])
    with pytest.raises(DayRefused, match="no talk"):
        completed(read([queued(100)]).callers, Random(1))


def test_facts_of_other_kinds_tell_nothing() -> None:
    """READS is all that a ledger is asked for, so it must be all that the reader listens to."""
    heard = set(re.findall(r"case ([A-Za-z]+)\(", inspect.getsource(DayReader.take)))
    heard |= set(re.findall(r"\| ([A-Za-z]+)\(", inspect.getsource(DayReader.take)))
    assert heard == {kind.__name__ for kind in READS}
