"""The call: caller, menu, queue, seat, recording, on a real Asterisk with real phones."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Ignore, Phone, RejectWith
from bench.phones.tones import tone_level
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import (
    CALLER_HZ,
    HOLD_MUSIC_HZ,
    SEAT_HZ,
    Hotline,
    call_in,
    hotline,
    talking,
)

HEARD_DB = -35.0
"""A tone counts as heard above this level relative to full scale."""


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path, root_dir=asterisk_root, wrapup_seconds=1) as running:
        yield running


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    async with ApiClient(line.api_url) as client:
        await client.log_in("admin", first_password(line.secrets, "admin"))
        yield client


def sides_of(recording: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Caller (left) and seat (right) of a stored recording."""
    with wave.open(str(recording)) as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getsampwidth()) == (2, 8000, 2)
        samples = np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2")
    return samples[0::2], samples[1::2]


async def test_a_caller_is_put_to_the_seat_idle_longest_and_the_talk_is_recorded_on_two_channels(
    line: Hotline, api: ApiClient
) -> None:
    first, second = await line.seat("1001"), await line.seat("1002")
    await api.sign_on("1001")
    await api.sign_on("1002")

    caller = await call_in(line)
    ring = await first.next_ring(deadline=5)
    assert "13800001111" in ring.caller_id
    ring.send(Tone(SEAT_HZ))
    await ring.answer()
    await talking(caller, ring)
    async with api.facts() as facts:
        await ring.hang_up()
        await caller.ended(deadline=5)
        stored = await facts.wait_for("RecordingStored", deadline=10)
    left, right = sides_of(line.settings.path(line.settings.recording.store_dir) / stored["file"])
    assert tone_level(left, CALLER_HZ) > HEARD_DB > tone_level(left, SEAT_HZ)
    assert tone_level(right, SEAT_HZ) > HEARD_DB > tone_level(right, CALLER_HZ)

    # The seat that has just talked is not idle longest any more.
    again = await call_in(line, number="13800002222")
    other = await second.next_ring(deadline=5)
    await other.answer()
    await again.hang_up()
    await other.ended(deadline=5)

    call = await api.call(stored["call"])
    assert call["outcome"] == "answered"
    assert call["seat"] == "1001"
    assert call["ended_by"] == "seat"
    assert any("idle longest" in text for text in await api.timeline(stored["call"], language="en"))


async def test_a_seat_is_in_wrap_up_after_a_call_and_then_takes_the_next_one(
    line: Hotline, api: ApiClient
) -> None:
    await line.seat("1001", AnswerAfter(0))
    await api.sign_on("1001")
    async with api.facts() as facts:
        caller = await call_in(line)
        await facts.wait_for("TalkStarted", deadline=8)
        await caller.hang_up()
        await facts.wait_for("SeatStateChanged", new="wrap-up", deadline=5)
        waiting = await call_in(line, number="13800002222")
        await facts.wait_for("SeatStateChanged", new="ready", deadline=5)
        talk = await facts.wait_for("TalkStarted", deadline=8)
        ended = await api.calls(number="13800001111")
        assert (ended[0]["outcome"], ended[0]["ended_by"]) == ("answered", "caller")
        assert talk["seat"] == "1001"
        await waiting.hang_up()


async def test_a_caller_waits_on_music_until_a_seat_signs_on(line: Hotline, api: ApiClient) -> None:
    await line.seat("1001", AnswerAfter(0))
    async with api.facts() as facts:
        caller = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)
        await caller.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=1000, deadline=8)
        await api.sign_on("1001")
        answered = await facts.wait_for("OfferAnswered", deadline=5)
    assert answered["call"] == queued["call"]
    assert answered["wait_us"] == answered["at"] - queued["prompt_ended_at"]
    assert queued["arrived_at"] < queued["asked_at"] < queued["prompt_ended_at"]
    await caller.hang_up()


async def test_a_seat_that_does_not_answer_is_set_aside_and_the_caller_keeps_place_and_music(
    line: Hotline, api: ApiClient
) -> None:
    await line.seat("1001", Ignore())
    await line.seat("1002", AnswerAfter(0))
    await api.sign_on("1001")
    async with api.facts() as facts:
        first = await call_in(line)
        offered = await facts.wait_for("SeatOffered", deadline=8)
        second = await call_in(line, number="13800002222")
        await facts.wait_for("CallQueued", deadline=8)
        failed = await facts.wait_for("OfferFailed", deadline=8)
        assert (failed["seat"], failed["reason"]) == ("1001", "no-answer")
        aside = await facts.wait_for("SeatStateChanged", seat="1001", new="paused", deadline=5)
        assert aside["reason"] == "no-answer"
        await first.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=500, deadline=5)
        await api.sign_on("1002")
        answered = await facts.wait_for("OfferAnswered", deadline=5)
    assert answered["call"] == offered["call"], "the caller who was first is served first"
    # Music that stops and begins anew leaves more than this; a busy machine's pauses leave less.
    assert first.heard.longest_gap_ms(since=offered["at"], until=answered["at"]) < 200
    seats = {seat["seat"]: seat for seat in await api.seats()}
    assert (seats["1001"]["state"], seats["1001"]["reason"]) == ("paused", "no-answer")
    await first.hang_up()
    await second.hang_up()


async def test_a_seat_that_rejects_or_cannot_be_reached_is_set_aside_with_its_reason(
    line: Hotline, api: ApiClient
) -> None:
    await line.seat("1001", RejectWith(486))
    await api.sign_on("1001")
    await api.sign_on("1002")  # no phone is registered there
    async with api.facts() as facts:
        caller = await call_in(line)
        await facts.wait_for("OfferFailed", seat="1001", reason="rejected", deadline=8)
        seats = {seat["seat"]: seat for seat in await api.seats()}
        assert seats["1001"]["reason"] == "rejected"
        assert seats["1002"]["device_state"] == "unreachable"
        await caller.hang_up()
        await facts.wait_for("CallAbandoned", deadline=5)


async def test_a_caller_who_gives_up_is_abandoned_with_the_exact_wait(
    line: Hotline, api: ApiClient
) -> None:
    await line.seat("1001", Ignore())
    await api.sign_on("1001")
    async with api.facts() as facts:
        caller = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)
        await facts.wait_for("OfferRang", deadline=5)
        left_at = await caller.hang_up()
        abandoned = await facts.wait_for("CallAbandoned", deadline=5)
        ended = await facts.wait_for("CallEnded", deadline=5)
        ready = await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
    assert abandoned["wait_us"] == abandoned["at"] - queued["prompt_ended_at"]
    assert abs(abandoned["at"] - left_at) < 20_000, "the wait ends when the caller hangs up"
    assert (ended["outcome"], ended["ended_by"]) == ("abandoned", "caller")
    assert ready["reason"] == "", "the seat rang for nobody: that is not its fault"


async def test_a_caller_who_hangs_up_in_the_menu_is_not_counted_as_waiting(
    line: Hotline, api: ApiClient
) -> None:
    phone: Phone = await line.caller()
    async with api.facts() as facts:
        call = await phone.call("12345")
        await call.answered(deadline=5)
        await call.heard.wait_for_sound(deadline=5)
        await call.hang_up()
        ended = await facts.wait_for("CallEnded", deadline=5)
    assert (ended["outcome"], ended["ended_by"]) == ("left-menu", "caller")


async def test_four_seats_wishes_during_calls_are_granted_after_them(
    line: Hotline, api: ApiClient
) -> None:
    await line.seat("1001", AnswerAfter(0))
    await api.sign_on("1001")
    async with api.facts() as facts:
        caller = await call_in(line)
        await facts.wait_for("TalkStarted", deadline=8)
        await api.pause("1001", "lunch")
        assert (await api.seat("1001"))["state"] == "talking"
        await caller.hang_up()
        paused = await facts.wait_for("SeatStateChanged", seat="1001", new="paused", deadline=8)
    assert paused["reason"] == "lunch"


async def test_forty_calls_at_once_each_reach_a_seat_or_wait_and_none_is_lost(
    line: Hotline, api: ApiClient
) -> None:
    for seat in ("1001", "1002", "1003"):
        await line.seat(seat, AnswerAfter(0))
        await api.sign_on(seat)
    async with api.facts() as facts:
        calls = await asyncio.gather(*(call_in(line, number=f"1390000{n:04d}") for n in range(40)))
        for _ in range(3):
            await facts.wait_for("TalkStarted", deadline=20)
        for _ in range(40 - 3):
            await facts.wait_for("CallQueued", deadline=30)
        for call in calls:
            await call.hang_up()
        for _ in range(40):
            await facts.wait_for("CallEnded", deadline=20)
    queues = await api.queues()
    assert sum(queue["waiting"] for queue in queues) == 0
