"""All seats are busy: callers hear so, then their place and how long it will take; they take an
offer without losing the place, or are called back in their turn.

Each clip is a tone at a pitch of its own, so a phone tells by ear which sentence it hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Manual, Phone, PhoneCall, RejectWith
from bench.phones.udp import now_us
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, FactStream
from tests.acceptance.hotline import (
    CALLER_HZ,
    HOLD_MUSIC_HZ,
    OUTSIDE_HZ,
    PROMPTS,
    SEAT_HZ,
    Hotline,
    hotline,
    talking,
)

BUSY_HZ: Final = PROMPTS["all-busy"][0]
NEXT_HZ: Final = 1500
ONE_AHEAD_HZ: Final = 1620
ABOUT_HZ: Final = 1740
MINUTES_HZ: Final = 1860
THANKS_HZ: Final = 1980
OFFER_HZ: Final = 2100
ASIDE_HZ: Final = 2220
TO_SEAT_HZ: Final = 2340
TO_CUSTOMER_HZ: Final = 2460
BOOKED_HZ: Final = 2580
TONE_HZ: Final = 2700
SENT_HZ: Final = 2820
BEEP_HZ: Final = 1400
CLIPS: Final = {
    "wait/next": (NEXT_HZ, 3200),
    "wait/one-ahead": (ONE_AHEAD_HZ, 3200),
    "wait/about-before": (ABOUT_HZ, 3200),
    **{f"say/minutes-{n}": (MINUTES_HZ, 1600) for n in range(1, 31)},
    "wait/about-after": (THANKS_HZ, 3200),
    "offer": (OFFER_HZ, 8000),
    "aside": (ASIDE_HZ, 40000),
    "callback/seat": (TO_SEAT_HZ, 3200),
    "callback/answer": (TO_CUSTOMER_HZ, 3200),
    "callback/booked": (BOOKED_HZ, 4000),
    "message/after-tone": (TONE_HZ, 3200),
    "message/sent": (SENT_HZ, 3200),
    "message/empty": (900, 1600),
    "beep": (BEEP_HZ, 1600),
}
FLOW: Final = """
languages: [zh-CN, en]
start: person
steps:
  person:
    do: queue
    queue: service
    say: transferring
    offers: {"1": book, "2": look, "3": leave}
    offer_say: offer
  look:
    do: play
    say: aside
    barge_in: false
    next: person
  book:
    do: callback
    number: "{caller}"
    next: bye
    otherwise: person
  leave:
    do: message
    box: general
    confirm: false
    next: bye
    otherwise: person
  bye:
    do: hangup
    say: goodbye
"""


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text(FLOW, "utf-8")
    async with hotline(
        tmp_path,
        root_dir=asterisk_root,
        flows=flows,
        prompts=CLIPS,
        announce_every_seconds=15,
        callback_retry_minutes=0.05,
        # Longer than a daemon takes to come up again on a busy machine.
        ring_seconds=20,
        callback_attempts=2,
    ) as running:
        yield running


async def logged_in(line: Hotline) -> ApiClient:
    client = ApiClient(line.api_url)
    await client.__aenter__()
    await client.log_in("admin", first_password(line.secrets, "admin"))
    return client


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    client = await logged_in(line)
    yield client
    await client.__aexit__()


async def waiting(line: Hotline, facts: FactStream, number: str) -> tuple[PhoneCall, str]:
    """A caller who asks for a person; their call's id."""
    call = await (await line.caller(number)).call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    queued = await facts.wait_for("CallQueued", caller_number=number, deadline=8)
    return call, str(queued["call"])


async def one_busy_seat(
    line: Hotline, api: ApiClient, facts: FactStream
) -> tuple[Phone, PhoneCall]:
    """1001 talks with a caller of its own; the seat's phone and that caller."""
    seat = await line.seat("1001", AnswerAfter(0))
    seat.microphone = Tone(SEAT_HZ)
    await api.sign_on("1001")
    served, call = await waiting(line, facts, "13800000001")
    await facts.wait_for("TalkStarted", call=call, deadline=8)
    seat.answer = Manual()
    await seat.next_ring(deadline=1)
    return seat, served


async def hears(call: PhoneCall, *pitches: int, since: int) -> int:
    """The tones, one after the other; when the last one began."""
    for hz in pitches:
        since = await call.heard.wait_for_tone(hz, min_ms=60, since=since, deadline=25)
    return since


async def test_two_callers_hear_that_all_are_busy_then_place_and_wait_and_the_offer(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        _, served = await one_busy_seat(line, api, facts)
        start = now_us()
        first, first_id = await waiting(line, facts, "13800000002")
        second, second_id = await waiting(line, facts, "13800000003")
        # At once: all busy, the place, the wait, the offer; then music.
        for call, place in ((first, NEXT_HZ), (second, ONE_AHEAD_HZ)):
            about = (BUSY_HZ, place, ABOUT_HZ, MINUTES_HZ, THANKS_HZ, OFFER_HZ, HOLD_MUSIC_HZ)
            await hears(call, *about, since=start)
        told = await facts.wait_for("WaitTold", call=second_id, deadline=1)
        assert (told["place"], told["first"], told["wait_us"]) == (2, True, 360_000_000)
        # 15 seconds later again, without "all busy"; the music between them has no gap.
        quiet_from = now_us()
        again = await facts.wait_for("WaitTold", call=first_id, first=False, deadline=16)
        assert abs(again["at"] - told["at"] - 15_000_000) < 3_000_000
        assert first.heard.longest_gap_ms(since=quiet_from, until=again["at"]) < 100
        await hears(first, NEXT_HZ, ABOUT_HZ, OFFER_HZ, HOLD_MUSIC_HZ, since=quiet_from)
        # Who was first is gone: the second one moves up.
        await first.hang_up()
        moved = await facts.wait_for("WaitTold", call=second_id, place=1, deadline=32)
        await hears(second, NEXT_HZ, since=moved["at"])
        await second.hang_up()
        await served.hang_up()


async def test_seat_takes_a_caller_out_in_the_middle_of_a_sentence_and_nothing_plays_into_the_talk(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, _ = await waiting(line, facts, "13800000002")
        await hears(call, BUSY_HZ, NEXT_HZ, since=start)
        await served.hang_up()
        ring = await seat.next_ring(deadline=5)
        await ring.answer()
        await talking(call, ring)
        met = now_us()
        assert not call.heard.tone_level(OFFER_HZ) > -40
        await asyncio.sleep(3)
        for hz in (ABOUT_HZ, MINUTES_HZ, THANKS_HZ, OFFER_HZ, HOLD_MUSIC_HZ):
            assert call.heard.tone_level(hz, last_ms=2500) < call.heard.tone_level(SEAT_HZ) - 20, hz
        assert call.heard.longest_gap_ms(since=met) < 200
        await call.hang_up()


async def test_wrong_keys_do_nothing_and_an_offer_keeps_the_place(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, call_id = await waiting(line, facts, "13800000002")
        later, later_id = await waiting(line, facts, "13800000003")
        await hears(call, OFFER_HZ, HOLD_MUSIC_HZ, since=start)
        for key in "9#*5":
            await call.press(key)
        assert (await api.queues())[0] is not None
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
        pressed = await call.press("2")
        await facts.wait_for("WaitKeyTaken", call=call_id, key="2", deadline=5)
        await hears(call, ASIDE_HZ, since=pressed)
        places = {queue["queue"]: queue["waiting_calls"] for queue in await api.queues()}
        assert places["service"] == [call_id, later_id]
        await facts.wait_for("WaitResumed", call=call_id, deadline=10)
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=8)
        # In the menu again when the seat becomes free: it takes them out of there.
        pressed = await call.press("2")
        await hears(call, ASIDE_HZ, since=pressed)
        await served.hang_up()
        ring = await seat.next_ring(deadline=5)
        await ring.answer()
        await talking(call, ring)
        await asyncio.sleep(1)
        assert call.heard.tone_level(ASIDE_HZ, last_ms=800) < call.heard.tone_level(SEAT_HZ) - 20
        answered = await facts.wait_for("OfferAnswered", call=call_id, deadline=2)
        assert answered["seat"] == "1001"
        await call.hang_up()
        await later.hang_up()


async def test_a_message_instead_of_waiting_is_no_abandoned_call(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        _, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, call_id = await waiting(line, facts, "13800000002")
        later, later_id = await waiting(line, facts, "13800000003")
        await hears(call, BUSY_HZ, since=start)
        pressed = await call.press("3")
        await hears(call, TONE_HZ, BEEP_HZ, since=pressed)
        await asyncio.sleep(1.5)
        places = {queue["queue"]: queue["waiting_calls"] for queue in await api.queues()}
        assert places["service"] == [call_id, later_id], "the place is kept while they speak"
        pressed = await call.press("#")
        await hears(call, SENT_HZ, PROMPTS["goodbye"][0], since=pressed)
        ended = await facts.wait_for("CallEnded", call=call_id, deadline=8)
        assert (ended["outcome"], ended["ended_by"]) == ("message", "flow")
        left = await facts.wait_for("WaitEnded", call=call_id, deadline=1)
        assert left["outcome"] == "message"
        assert (await api.call(call_id))["outcome"] == "message"
        await later.hang_up()
        ended = await facts.wait_for("CallEnded", call=later_id, deadline=5)
        assert ended["outcome"] == "abandoned"
        await served.hang_up()


@pytest.mark.parametrize("moment", ["all busy", "offer", "music", "aside"])
async def test_caller_who_hangs_up_while_something_is_said_has_given_up_once(
    line: Hotline, api: ApiClient, moment: str
) -> None:
    pitch = {"all busy": BUSY_HZ, "offer": OFFER_HZ, "music": HOLD_MUSIC_HZ, "aside": ASIDE_HZ}
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, call_id = await waiting(line, facts, "13800000002")
        await hears(call, BUSY_HZ, since=start)
        if moment == "aside":
            await call.press("2")
        await hears(call, pitch[moment], since=start)
        await call.hang_up()
        ended = await facts.wait_for("CallEnded", call=call_id, deadline=5)
        assert (ended["outcome"], ended["ended_by"]) == ("abandoned", "caller")
        kinds = [one["kind"] for one in facts.messages if one["type"] == "fact"]
        assert kinds.count("CallAbandoned") == 1
        await served.hang_up()
        async with asyncio.timeout(5):
            while (await api.seat("1001"))["state"] != "ready":
                pass
        assert len(seat.calls) == 1, "nobody is rung for a caller who has gone"


async def test_many_wrong_keys_and_a_missing_sound_stop_neither_the_wait_nor_its_offers(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        _, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, call_id = await waiting(line, facts, "13800000002")
        await hears(call, BUSY_HZ, since=start)
        for _ in range(10):
            for key in "9#5*7":
                await call.press(key)
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
        # The sound of the offer vanishes: what is said next ends before it, and music follows.
        for language in ("zh-CN", "en"):
            (line.settings.prompts.dir / language / "offer.wav").unlink()
        told = await facts.wait_for("WaitTold", call=call_id, first=False, deadline=20)
        await hears(call, NEXT_HZ, THANKS_HZ, HOLD_MUSIC_HZ, since=told["at"])
        pressed = await call.press("2")
        await hears(call, ASIDE_HZ, since=pressed)
        await call.hang_up()
        await served.hang_up()


async def test_key_while_the_daemon_is_away_loses_nothing_asterisk_serves_the_caller(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        start = now_us()
        call, _ = await waiting(line, facts, "13800000002")
        await hears(call, OFFER_HZ, HOLD_MUSIC_HZ, since=start)
    line.kill_daemon()
    await call.press("2")
    await call.heard.wait_for_tone(HOLD_MUSIC_HZ, deadline=5)
    await served.hang_up()
    ring = await seat.next_ring(deadline=25)
    await ring.answer()
    await talking(call, ring)
    await line.start_daemon()
    back = await logged_in(line)
    try:
        assert (await back.seat("1001"))["state"] == "talking"
        await call.hang_up()
    finally:
        await back.__aexit__()


async def book(line: Hotline, facts: FactStream, number: str = "13800000002") -> str:
    """A waiting caller books a callback and is gone; the callback's id."""
    start = now_us()
    call, call_id = await waiting(line, facts, number)
    await hears(call, BUSY_HZ, since=start)
    pressed = await call.press("1")
    await hears(call, BOOKED_HZ, PROMPTS["goodbye"][0], since=pressed)
    booked = await facts.wait_for("CallbackBooked", call=call_id, deadline=5)
    assert booked["number"] == number
    ended = await facts.wait_for("CallEnded", call=call_id, deadline=5)
    assert ended["outcome"] == "callback"
    return str(booked["callback"])


async def test_callback_in_its_turn_rings_the_seat_then_the_customer_and_both_talk(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        behind, behind_id = await waiting(line, facts, "13800000003")
        told = await facts.wait_for("WaitTold", call=behind_id, deadline=5)
        assert told["place"] == 2, "the callback stands before them"
        await served.hang_up()
        ring = await seat.next_ring(deadline=5)
        offered = await facts.wait_for("CallbackOffered", callback=callback, deadline=5)
        assert (offered["seat"], offered["number"]) == ("1001", "13800000002")
        start = now_us()
        await ring.answer()
        await hears(ring, TO_SEAT_HZ, since=start)
        customer = await outside.next_ring(deadline=5)
        await customer.answer()
        await customer.heard.wait_for_tone(TO_CUSTOMER_HZ, deadline=5)
        await customer.heard.wait_for_tone(SEAT_HZ, deadline=5)
        await ring.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert closed["why"] == "called-back"
        assert (await api.seat("1001"))["state"] == "talking"
        await asyncio.sleep(1)
        await customer.hang_up()
        await ring.ended(deadline=5)
        stored = await facts.wait_for("RecordingStored", offer=offered["offer"], deadline=10)
        assert stored["duration_us"] >= 900_000
        # And the one behind is next.
        ring = await seat.next_ring(deadline=5)
        await ring.answer()
        await talking(behind, ring)
        await behind.hang_up()


async def test_customer_not_reached_is_tried_again_and_then_given_up(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside(RejectWith(486))
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        seat.answer = AnswerAfter(0)
        await served.hang_up()
        for attempt in (1, 2):
            offered = await facts.wait_for("CallbackOffered", attempt=attempt, deadline=10)
            failed = await facts.wait_for("CallbackFailed", offer=offered["offer"], deadline=10)
            assert failed["reason"] == "customer-busy"
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert closed["why"] == "given-up"
        assert len(outside.calls) == 2
        assert (await api.seat("1001"))["state"] == "ready"


async def test_daemon_killed_with_an_open_callback_still_calls_back_once(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside(AnswerAfter(0))
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
    await asyncio.sleep(1)  # written down
    line.kill_daemon()
    await line.start_daemon()
    back = await logged_in(line)
    try:
        async with back.facts() as facts:
            await served.hang_up()
            ring = await seat.next_ring(deadline=10)
            # Killed again while the seat rings for it.
            line.kill_daemon()
        await line.start_daemon()
        await back.__aexit__()
        back = await logged_in(line)
        async with back.facts() as facts:
            await ring.answer()
            closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=10)
            assert closed["why"] == "called-back"
            await ring.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
            await ring.hang_up()
            await facts.wait_for("RecordingStored", deadline=10)
            await asyncio.sleep(2)
        assert len(outside.calls) == 1
    finally:
        await back.__aexit__()


async def test_lead_sees_the_callback_and_cancels_it_while_the_seat_rings(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        (shown,) = (await api.request("GET", "/callbacks"))["callbacks"]
        assert (shown["callback"], shown["state"]) == (callback, "due")
        assert shown["number"] == "13800000002"
        await served.hang_up()
        ring = await seat.next_ring(deadline=5)
        await api.request("POST", f"/callbacks/{callback}/cancel")
        await ring.ended(deadline=5)
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert (closed["why"], closed["by"]) == ("cancelled", "admin")
        failed = await facts.wait_for("CallbackFailed", callback=callback, deadline=5)
        assert failed["reason"] == "cancelled"
        assert (await api.seat("1001"))["state"] == "ready"
        assert (await api.request("GET", "/callbacks"))["callbacks"] == []
        assert not outside.calls


async def test_seat_or_customer_that_hangs_up_before_both_talk_is_an_attempt_in_vain(
    line: Hotline, api: ApiClient
) -> None:
    outside = await line.outside()
    async with api.facts() as facts:
        seat, served = await one_busy_seat(line, api, facts)
        callback = await book(line, facts)
        await served.hang_up()
        ring = await seat.next_ring(deadline=5)
        await ring.answer()
        customer = await outside.next_ring(deadline=5)
        await ring.hang_up()
        await customer.ended(deadline=5)
        failed = await facts.wait_for("CallbackFailed", callback=callback, deadline=5)
        assert (failed["reason"], failed["dialled"]) == ("seat-gone", True)
        ring = await seat.next_ring(deadline=10)
        await ring.answer()
        customer = await outside.next_ring(deadline=5)
        await customer.answer()
        await customer.heard.wait_for_tone(TO_CUSTOMER_HZ, deadline=5)
        await customer.hang_up()
        await ring.ended(deadline=5)
        closed = await facts.wait_for("CallbackClosed", callback=callback, deadline=5)
        assert closed["why"] == "given-up"
