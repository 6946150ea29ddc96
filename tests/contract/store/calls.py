"""Facts for the suite: whole calls, numbered by one run."""

from __future__ import annotations

from cti.facts import (
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallQueued,
    Fact,
    OfferAnswered,
    OfferRang,
    PersonAsked,
    PromptEnded,
    RecordingStored,
    SeatLeft,
    SeatOffered,
    SeatRank,
    SeatState,
    SeatStateChanged,
    TalkStarted,
)
from cti.ids import CallId, OfferId, QueueId, SeatId, offer_id
from cti.runtime.ports import LedgerEntry
from cti.store.entries import EntryMaker

NOON = 1_781_236_800_000_000
SECOND = 1_000_000


def entries_of(facts: list[Fact], run: str = "run-a") -> list[LedgerEntry]:
    maker = EntryMaker(run)
    return [maker.entry(fact) for fact in facts]


def ticks(count: int, run: str = "run-a", start: int = NOON) -> list[LedgerEntry]:
    """Small facts about one seat, a millisecond apart."""
    return entries_of([pause(start + number * 1000) for number in range(count)], run)


def pause(at: int, seat: str = "1001", new: SeatState = SeatState.PAUSED) -> SeatStateChanged:
    return SeatStateChanged(at=at, seat=SeatId(seat), old=SeatState.READY, new=new, reason="tea")


def answered_call(
    call: str,
    at: int = NOON,
    *,
    number: str = "13800138000",
    name: str = "张三",
    queue: str = "repairs",
    seat: str = "1002",
) -> list[Fact]:
    """Arrives, asks after 4 s, prompt ends after 6 s, answered after 25.8 s, talks 60 s."""
    call_id, queue_id, seat_id = CallId(call), QueueId(queue), SeatId(seat)
    offer: OfferId = offer_id(seat_id, at + 20 * SECOND)
    answer = at + 25_800_000
    ends = answer + 60 * SECOND
    return [
        CallArrived(at=at, call=call_id, hotline="12345", caller_number=number, caller_name=name),
        PersonAsked(at=at + 4 * SECOND, call=call_id, queue=queue_id),
        PromptEnded(at=at + 6 * SECOND, call=call_id, prompt="please-wait"),
        CallQueued(
            at=at + 6_010_000,
            call=call_id,
            queue=queue_id,
            priority=5,
            language="zh-CN",
            arrived_at=at,
            asked_at=at + 4 * SECOND,
            prompt_ended_at=at + 6 * SECOND,
            channel_name="PJSIP/trunk-00000001",
            caller_number=number,
            caller_name=name,
        ),
        SeatOffered(
            at=at + 20 * SECOND,
            call=call_id,
            seat=seat_id,
            offer=offer,
            queue=queue_id,
            device=f"PJSIP/{seat}",
            ring_us=15 * SECOND,
            rule="longest-idle",
            ranking=(
                SeatRank(seat=seat_id, idle_us=35_200_000),
                SeatRank(seat=SeatId("1001"), idle_us=12_000_000),
                SeatRank(seat=SeatId("1003"), idle_us=3_000_000),
            ),
            waiting=1,
        ),
        OfferRang(at=at + 20_100_000, call=call_id, seat=seat_id, offer=offer),
        OfferAnswered(
            at=answer,
            call=call_id,
            seat=seat_id,
            offer=offer,
            queue=queue_id,
            wait_us=19_800_000,
            recording=f"{call}--{offer}.raw",
        ),
        TalkStarted(at=answer + 3000, call=call_id, seat=seat_id, offer=offer),
        SeatLeft(
            at=ends, call=call_id, seat=seat_id, offer=offer, queue=queue_id, talk_us=60 * SECOND
        ),
        CallEnded(
            at=ends + SECOND,
            call=call_id,
            outcome="answered",
            ended_by="caller",
            cause=16,
            total_us=ends + SECOND - at,
        ),
        RecordingStored(
            at=ends + 2 * SECOND,
            call=call_id,
            offer=offer,
            file=f"2026/06/12/{call}.wav",
            duration_us=60 * SECOND,
            size_bytes=960_044,
            sha256="0" * 64,
        ),
    ]


def abandoned_call(call: str, at: int, *, queue: str = "bills", number: str = "110") -> list[Fact]:
    """Gives up 9 s after the end of the prompt."""
    asked = answered_call(call, at, queue=queue, number=number)[:4]
    gone = at + 15 * SECOND
    return [
        *asked,
        CallAbandoned(at=gone, call=CallId(call), queue=QueueId(queue), wait_us=9 * SECOND),
        CallEnded(
            at=gone + SECOND,
            call=CallId(call),
            outcome="abandoned",
            ended_by="caller",
            cause=16,
            total_us=16 * SECOND,
        ),
    ]
