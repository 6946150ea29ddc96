"""What every ledger promises, on all three."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from cti.facts import (
    CallArrived,
    CallbackAnswered,
    CallbackBooked,
    CallbackClosed,
    CallbackPutOff,
    CallEnded,
    CallPhase,
    CallQueued,
    CallRecovered,
    ContactAccepted,
    ContactCame,
    ContactClosed,
    ContactQueued,
    Fact,
    PersonAsked,
    RecordingMissed,
    SeatLeft,
    SeatState,
    SurveyScored,
)
from cti.ids import CallId, OfferId, QueueId, SeatId, callback_id, contact_id
from cti.runtime.ports import CallCursor, CallSummary, Ledger, LedgerEntry
from cti.store.codec import UnknownFact
from cti.store.ledger import SqlLedger
from cti.store.memory import MemoryLedger
from tests.contract.store.calls import (
    NOON,
    SECOND,
    abandoned_call,
    answered_call,
    entries_of,
    pause,
    ticks,
)


async def _all(ledger: Ledger) -> list[LedgerEntry]:
    return [entry async for entry in ledger.facts_between(0, 1 << 62)]


async def test_entries_come_back_as_written_in_order(ledger: Ledger) -> None:
    entries = entries_of([*answered_call("jt1-1.1"), pause(NOON)])
    await ledger.append(entries)
    assert await _all(ledger) == entries
    assert await ledger.facts_of(CallId("jt1-1.1")) == entries[:-1]
    assert await ledger.facts_of(CallId("jt1-1")) == []


async def test_same_batch_twice_is_stored_once(ledger: Ledger) -> None:
    entries = entries_of(answered_call("jt1-1.1"))
    await ledger.append(entries)
    before = await ledger.calls(limit=10)
    await ledger.append(entries)
    await ledger.append([entries[3], entries[3]])
    assert await _all(ledger) == entries
    assert await ledger.calls(limit=10) == before


async def test_batch_that_overlaps_adds_only_what_is_new(ledger: Ledger) -> None:
    entries = entries_of(answered_call("jt1-1.1"))
    await ledger.append(entries[:9])
    await ledger.append(entries[5:])
    assert await _all(ledger) == entries
    call = await ledger.call(CallId("jt1-1.1"))
    assert call is not None
    assert call.talk_us == 60 * SECOND


async def test_empty_ledger_answers_with_nothing(ledger: Ledger) -> None:
    await ledger.append([])
    assert await _all(ledger) == []
    assert await ledger.calls(limit=5) == []
    assert await ledger.open_calls() == []
    assert await ledger.last_seat_states() == {}
    assert await ledger.call(CallId("nobody")) is None
    assert await ledger.facts_of(CallId("nobody")) == []


async def test_answered_call_is_summed_up_with_its_clocks(ledger: Ledger) -> None:
    await ledger.append(entries_of(answered_call("jt1-1.1")))
    assert await ledger.call(CallId("jt1-1.1")) == CallSummary(
        call=CallId("jt1-1.1"),
        arrived_us=NOON,
        hotline="12345",
        caller_number="13800138000",
        caller_name="张三",
        queue=QueueId("repairs"),
        language="zh-CN",
        seat=SeatId("1002"),
        outcome="answered",
        ended_by="caller",
        asked_us=NOON + 4 * SECOND,
        prompt_ended_us=NOON + 6 * SECOND,
        answered_us=NOON + 25_800_000,
        ended_us=NOON + 86_800_000,
        wait_us=19_800_000,
        talk_us=60 * SECOND,
        recording="2026/06/12/jt1-1.1.wav",
    )


async def test_a_second_wait_and_a_survey_leave_the_first_waits_clocks_alone(
    ledger: Ledger,
) -> None:
    call = "jt1-1.1"
    first = answered_call(call)
    queued = next(fact for fact in first if isinstance(fact, CallQueued))
    late = NOON + 200 * SECOND
    more: list[Fact] = [
        PersonAsked(at=late, call=queued.call, queue=QueueId("bills")),
        replace(queued, at=late, asked_at=late, prompt_ended_at=late, queue=QueueId("bills")),
        SurveyScored(at=late, call=queued.call, seat=SeatId("1002"), survey="service", score=3),
        SurveyScored(at=late, call=queued.call, seat=SeatId("1002"), survey="service", score=5),
    ]
    await ledger.append(entries_of(first))
    before = await ledger.call(queued.call)
    assert before is not None
    assert before.score is None
    await ledger.append(entries_of(more, "run-b"))
    assert await ledger.call(queued.call) == replace(before, score=5)


async def test_abandoned_call_has_its_wait_and_no_seat(ledger: Ledger) -> None:
    await ledger.append(entries_of(abandoned_call("jt1-2.1", NOON)))
    call = await ledger.call(CallId("jt1-2.1"))
    assert call is not None
    assert (call.outcome, call.wait_us, call.seat) == ("abandoned", 9 * SECOND, None)


async def test_call_found_again_after_lost_sight_is_open_again(ledger: Ledger) -> None:
    call = CallId("jt1-3.1")
    lost = CallEnded(
        at=NOON + 50, call=call, outcome="lost-sight", ended_by="unknown", cause=0, total_us=50
    )
    found = CallRecovered(
        at=NOON + 90,
        call=call,
        phase=CallPhase.TALKING,
        hotline="12345",
        channel_name="PJSIP/trunk-1",
        caller_number="110",
        caller_name="",
        queue=QueueId("repairs"),
        arrived_at=NOON,
        prompt_ended_at=NOON + 10,
        answered_at=NOON + 30,
        seat=SeatId("1001"),
    )
    arrived = answered_call("jt1-3.1")[0]
    await ledger.append(entries_of([arrived, lost]))
    assert await ledger.open_calls() == []
    await ledger.append(entries_of([found], run="run-b"))
    (again,) = await ledger.open_calls()
    assert (again.seat, again.wait_us, again.outcome) == (SeatId("1001"), 20, None)
    assert again.hotline == "12345"


async def test_open_calls_are_those_without_an_end_oldest_first(ledger: Ledger) -> None:
    facts = [
        *answered_call("jt1-2.1", NOON + SECOND)[:6],
        *answered_call("jt1-1.1", NOON)[:2],
        *answered_call("jt1-3.1", NOON),
    ]
    await ledger.append(entries_of(facts))
    assert [call.call for call in await ledger.open_calls()] == ["jt1-1.1", "jt1-2.1"]


async def test_last_seat_state_is_the_last_written_of_each_seat(ledger: Ledger) -> None:
    last = pause(NOON + 3, "1001", SeatState.READY)
    other = pause(NOON + 2, "1002")
    await ledger.append(entries_of([pause(NOON, "1001"), other]))
    await ledger.append(entries_of([pause(NOON + 1, "1001"), last], run="run-b"))
    assert await ledger.last_seat_states() == {SeatId("1001"): last, SeatId("1002"): other}


async def test_facts_between_takes_the_start_and_leaves_the_end(ledger: Ledger) -> None:
    entries = ticks(10)
    await ledger.append(entries)
    found = [entry async for entry in ledger.facts_between(NOON + 2000, NOON + 5000)]
    assert found == entries[2:5]


async def test_order_is_that_of_writing_also_when_clocks_go_back(ledger: Ledger) -> None:
    entries = entries_of([pause(NOON + 5), pause(NOON + 1), pause(NOON + 3)])
    await ledger.append(entries)
    assert await _all(ledger) == entries


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ["c4", "c3", "c2", "c1"]),
        ({"number": "110"}, ["c4"]),
        ({"number": "11"}, []),
        ({"queue": QueueId("bills")}, ["c4", "c3"]),
        ({"seat": SeatId("1001")}, ["c2"]),
        ({"outcome": "abandoned"}, ["c4"]),
        ({"queue": QueueId("bills"), "outcome": "answered"}, ["c3"]),
        ({"number": "x' OR 1=1 --"}, []),
        ({"number": "nul\x00"}, []),
    ],
)
async def test_list_of_calls_is_filtered(
    ledger: MemoryLedger | SqlLedger, where: dict[str, str], expected: list[str]
) -> None:
    facts = [
        *answered_call("c1", NOON),
        *answered_call("c2", NOON + 1, seat="1001"),
        *answered_call("c3", NOON + 2, queue="bills"),
        *abandoned_call("c4", NOON + 3),
    ]
    await ledger.append(entries_of(facts))
    found = await ledger.calls(limit=10, **where)  # type: ignore[arg-type]
    assert [call.call for call in found] == expected


async def test_ten_thousand_facts_page_through_stably_while_calls_arrive(ledger: Ledger) -> None:
    facts: list[Fact] = []
    for number in range(1000):
        # Three calls share each arrival time: the id breaks the tie.
        facts += answered_call(f"jt1-{number}.{number}", NOON + number // 3 * SECOND)[:10]
    entries = entries_of(facts)
    for start in range(0, len(entries), 400):
        await ledger.append(entries[start : start + 400])
    assert await _all(ledger) == entries
    seen: list[CallId] = []
    before: CallCursor | None = None
    while page := await ledger.calls(limit=70, before=before, outcome="answered"):
        seen += [call.call for call in page]
        before = page[-1].cursor
        late = f"late-{len(seen)}"
        await ledger.append(entries_of(answered_call(late, NOON + 5000 * SECOND)[:10], run=late))
    wanted = {call.call: call.arrived_us for call in await ledger.calls(limit=5000)}
    assert len(seen) == len(set(seen)) == 1000
    assert seen == sorted(seen, key=lambda call: (wanted[call], call), reverse=True)


async def test_ids_are_found_by_their_beginning(ledger: Ledger) -> None:
    facts = [fact for call in ("jt1-12.1", "jt1-12.10", "jt1-1_.5") for fact in answered_call(call)]
    await ledger.append(entries_of(facts))

    async def found(prefix: str) -> list[str]:
        return sorted(call.call for call in await ledger.calls_starting_with(prefix, limit=9))

    assert await found("jt1-12") == ["jt1-12.1", "jt1-12.10"]
    assert await found("jt1-1_") == ["jt1-1_.5"]
    assert await found("%") == []
    assert len(await ledger.calls_starting_with("", limit=2)) == 2


async def test_text_that_no_database_holds_is_replaced(ledger: Ledger) -> None:
    nasty = CallArrived(
        at=NOON,
        call=CallId("jt1-\x009.1"),
        hotline="12345",
        caller_number="1\x002",
        caller_name="\ud83d王\udcff😀\\u0000' \x1b[31m",
    )
    await ledger.append(entries_of([nasty]))
    call = await ledger.call(nasty.call)
    assert call is not None
    assert call.caller_number == "1␀2"
    assert call.caller_name == "�王�😀\\u0000' \x1b[31m"
    (entry,) = await ledger.facts_of(nasty.call)
    assert entry.fact == replace(
        nasty, call=CallId("jt1-␀9.1"), caller_number="1␀2", caller_name=call.caller_name
    )


async def test_very_long_number_is_kept_whole_in_the_ledger(ledger: Ledger) -> None:
    fact = answered_call("jt1-1.1", number="9" * 10_000)[0]
    await ledger.append(entries_of([fact]))
    call = await ledger.call(CallId("jt1-1.1"))
    assert call is not None
    assert call.caller_number == "9" * 64
    assert (await ledger.facts_of(CallId("jt1-1.1")))[0].fact == fact


async def test_unknown_kind_of_fact_is_kept_and_given_back(ledger: Ledger) -> None:
    fact = UnknownFact(at=NOON, kind="CallCloned", body='{"at":1,"call":"jt1-1.1","x":[1]}')
    entry = LedgerEntry("run-a", 1, fact, CallId("jt1-1.1"))
    await ledger.append([entry])
    assert await ledger.facts_of(CallId("jt1-1.1")) == [entry]
    assert await ledger.calls(limit=9) == []


async def test_known_kind_that_does_not_fit_is_kept_and_tells_nothing(
    ledger: MemoryLedger | SqlLedger,
) -> None:
    misfit = UnknownFact(at=NOON, kind="CallArrived", body='{"at":1}', why="no call")
    seat = UnknownFact(at=NOON, kind="SeatStateChanged", body="[]", why="no seat")
    await ledger.append(entries_of([misfit, seat, *answered_call("jt1-1.1")]))
    assert await ledger.rebuild_calls() == 1
    kinds = [type(entry.fact) for entry in await _all(ledger)]
    assert kinds[:2] == [UnknownFact, UnknownFact]
    assert await ledger.last_seat_states() == {}


async def test_calls_can_be_made_anew_from_the_facts(ledger: MemoryLedger | SqlLedger) -> None:
    facts: list[Fact] = []
    for number in range(150):
        facts += answered_call(f"a{number}", NOON + number)
        facts += abandoned_call(f"b{number}", NOON + number)
    entries = entries_of(facts)
    for start in range(0, len(entries), 7):
        await ledger.append(entries[start : start + 7])
    before = await ledger.calls(limit=1000)
    assert await ledger.rebuild_calls() == 300
    assert await ledger.calls(limit=1000) == before


async def test_two_writers_at_once_store_each_entry_once(ledger: Ledger) -> None:
    shared = entries_of(answered_call("jt1-1.1"), run="shared")
    await asyncio.gather(
        *(
            ledger.append(batch)
            for number in range(8)
            for batch in (shared, ticks(20, run=f"run-{number}"))
        )
    )
    found = await _all(ledger)
    assert [entry for entry in found if entry.run == "shared"] == shared
    for number in range(8):
        own = [entry for entry in found if entry.run == f"run-{number}"]
        assert own == ticks(20, run=f"run-{number}")
    call = await ledger.call(CallId("jt1-1.1"))
    assert call is not None
    assert call.talk_us == 60 * SECOND


async def test_missed_recording_leaves_the_call_without_a_file(ledger: Ledger) -> None:
    missed = RecordingMissed(
        at=NOON, call=CallId("jt1-1.1"), offer=OfferId("o"), file="x.raw", reason="not there"
    )
    await ledger.append(entries_of([*answered_call("jt1-1.1")[:-1], missed]))
    call = await ledger.call(CallId("jt1-1.1"))
    assert call is not None
    assert call.recording is None


async def test_open_callbacks_are_those_booked_and_not_closed(ledger: Ledger) -> None:
    def booked(call: str, at: int) -> CallbackBooked:
        return CallbackBooked(
            at=at,
            callback=callback_id(CallId(call)),
            call=CallId(call),
            queue=QueueId("repairs"),
            number="13800001111",
            hotline="12345",
            language="zh-CN",
            priority=5,
            since=at - SECOND,
        )

    old, kept, done = (booked(f"jt1-1.{n}", NOON + n) for n in (1, 2, 3))
    put_off = CallbackPutOff(
        at=NOON + 4, callback=kept.callback, call=kept.call, attempts=1, until=NOON + 600 * SECOND
    )
    closed = CallbackClosed(at=NOON + 5, callback=done.callback, call=done.call, why="called-back")
    await ledger.append(entries_of([old, kept, done, put_off, closed]))
    assert [one.callback for one in await ledger.open_callbacks(0)] == [old.callback, kept.callback]
    (found,) = await ledger.open_callbacks(NOON + 2)
    assert (found.number, found.since, found.booked_at) == (kept.number, kept.since, kept.at)
    assert (found.attempts, found.not_before) == (1, put_off.until)


async def test_call_with_a_callback_shows_who_called_back_and_the_talk(ledger: Ledger) -> None:
    call, offer = CallId("jt1-1.1"), OfferId("callback.1002.5")
    facts: list[Fact] = [
        *abandoned_call(call, NOON),
        CallbackAnswered(
            at=NOON + 900 * SECOND,
            callback=callback_id(call),
            call=call,
            seat=SeatId("1002"),
            offer=offer,
            queue=QueueId("repairs"),
            recording="a--b.raw",
        ),
        SeatLeft(
            at=NOON + 960 * SECOND,
            call=call,
            seat=SeatId("1002"),
            offer=offer,
            queue=QueueId("repairs"),
            talk_us=60 * SECOND,
        ),
    ]
    before = facts[:-2]
    await ledger.append(entries_of(facts))
    found = await ledger.call(call)
    assert found is not None
    assert (found.seat, found.talk_us, found.answered_us) == ("1002", 60 * SECOND, None)
    ended = next(fact for fact in before if isinstance(fact, CallEnded))
    assert (found.outcome, found.ended_us) == (ended.outcome, ended.at)


async def test_last_seats_are_those_that_answered_each_number_last(ledger: Ledger) -> None:
    facts = [
        *answered_call("jt1-1.1", NOON, number="13800000001", seat="1001"),
        *answered_call("jt1-1.2", NOON + 100 * SECOND, number="13800000002", seat="1002"),
        *answered_call("jt1-1.3", NOON + 200 * SECOND, number="13800000001", seat="1003"),
        *answered_call("jt1-1.4", NOON + 300 * SECOND, number="", seat="1003"),
        *answered_call("jt1-1.0", NOON - 900 * SECOND, number="13800000003", seat="1001"),
    ]
    await ledger.append(entries_of(facts))
    found = await ledger.last_seats(NOON)
    assert [(one.number, one.seat) for one in found] == [
        ("13800000002", "1002"),
        ("13800000001", "1003"),
    ]
    assert found[1].at == NOON + 200 * SECOND + 25_800_000


async def test_open_contacts_are_those_that_came_and_have_not_ended(ledger: Ledger) -> None:
    def came(name: str, at: int, **more: Any) -> list[Fact]:
        contact, queue = contact_id(name), QueueId("repairs")
        return [
            ContactCame(
                at=at, contact=contact, kind="text", queue=queue, sender="1380", by="sms", **more
            ),
            ContactQueued(
                at=at, contact=contact, kind="text", queue=queue, priority=5, until=at + SECOND
            ),
        ]

    def accepted(name: str, at: int) -> Fact:
        return ContactAccepted(
            at=at,
            contact=contact_id(name),
            kind="text",
            queue=QueueId("repairs"),
            seat=SeatId("1001"),
            offer=OfferId("contact-offer.1001.1"),
            wait_us=at - NOON,
            by="wangfang",
        )

    closed = ContactClosed(
        at=NOON + 9,
        contact=contact_id("done"),
        kind="text",
        queue=QueueId("repairs"),
        seat=SeatId("1001"),
        handling_us=1,
        by="wangfang",
    )
    late, held = came("late", NOON + 5, skills=("gas:3", "night")), came("held", NOON)
    done = [*came("done", NOON + 1), accepted("done", NOON + 8), closed]
    await ledger.append(entries_of([*held, *done, accepted("held", NOON + 7), *late]))
    found = await ledger.open_contacts()
    assert [(one.contact, one.seat, one.accepted_at) for one in found] == [
        (contact_id("held"), "1001", NOON + 7),
        (contact_id("late"), "", 0),
    ]
    assert found[1].skills == ("gas:3", "night")
    assert (found[0].came_at, found[0].until, found[0].sender) == (NOON, NOON + SECOND, "1380")
    assert [entry.fact for entry in await ledger.facts_of(CallId(contact_id("late")))] == late
