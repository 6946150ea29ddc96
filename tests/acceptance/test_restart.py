"""The daemon may die at any moment: nobody is dropped, and it goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Manual
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import (
    CALLER_HZ,
    HOLD_MUSIC_HZ,
    PROMPTS,
    SEAT_HZ,
    Hotline,
    call_in,
    hotline,
    talking,
)


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path, root_dir=asterisk_root, ring_seconds=20) as running:
        yield running


async def logged_in(line: Hotline) -> ApiClient:
    """A client of the daemon that runs now."""
    client = ApiClient(line.api_url)
    await client.__aenter__()
    await client.log_in("admin", first_password(line.secrets, "admin"))
    return client


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    client = await logged_in(line)
    yield client
    await client.__aexit__()


async def test_killed_with_callers_in_menu_waiting_ringing_and_talking_nobody_is_dropped(
    line: Hotline, api: ApiClient
) -> None:
    first = await line.seat("1001", AnswerAfter(0))
    second = await line.seat("1002", Manual())
    first.microphone = second.microphone = Tone(SEAT_HZ)
    await api.sign_on("1001")
    async with api.facts() as facts:
        in_talk = await call_in(line, number="13800000001")
        before = await facts.wait_for("OfferAnswered", deadline=8)
        await in_talk.heard.wait_for_tone(SEAT_HZ, deadline=5)
        await api.sign_on("1002")
        in_ring = await call_in(line, number="13800000002")
        ring = await second.next_ring(deadline=8)
        waiting = []
        queued = []
        for number in ("13800000003", "13800000004"):
            waiting.append(await call_in(line, number=number))
            queued.append(await facts.wait_for("CallQueued", caller_number=number, deadline=8))
        menu_phone = await line.caller("13800000005")
        in_menu = await menu_phone.call("12345", audio=Tone(CALLER_HZ))
        await in_menu.answered(deadline=5)
        await in_menu.heard.wait_for_sound(deadline=5)

    line.kill_daemon()
    await line.start_daemon()
    back = await logged_in(line)
    try:
        # The one in the talk and its seat.
        seats = {seat["seat"]: seat for seat in await back.seats()}
        assert (seats["1001"]["state"], seats["1001"]["call"]) == ("talking", before["call"])
        assert seats["1002"]["state"] == "ringing"
        live = {call["caller_number"]: call for call in await back.calls(state="live")}
        # Answered: by the dialplan's own stamp, taken beside the event's.
        assert abs(live["13800000001"]["answered_us"] - before["at"]) < 20_000
        # Those who wait have their place and, to the microsecond, their clocks.
        for fact, number in zip(queued, ("13800000003", "13800000004"), strict=True):
            for kept, name in (
                ("arrived_us", "arrived_at"),
                ("asked_us", "asked_at"),
                ("prompt_ended_us", "prompt_ended_at"),
            ):
                assert live[number][kept] == fact[name]
        queues = {queue["queue"]: queue for queue in await back.queues()}
        assert queues["service"]["waiting_calls"][-2:] == [fact["call"] for fact in queued]
        async with back.facts() as facts:
            # The seat that rang answers: it talks to the one it rang for.
            await ring.answer()
            await talking(in_ring, ring)
            # The one in the menu goes on in the menu, at the step that came next.
            await in_menu.heard.wait_for_tone(PROMPTS["main-menu"][0], deadline=15)
            await in_menu.press("0")
            await facts.wait_for("CallQueued", caller_number="13800000005", deadline=15)
            # The talk of before ends, and the one who waited longest is next.
            await in_talk.hang_up()
            answered = await facts.wait_for("OfferAnswered", seat="1001", deadline=8)
            assert answered["call"] == queued[0]["call"]
            assert answered["wait_us"] == answered["at"] - queued[0]["prompt_ended_at"]
            assert waiting[1].heard.longest_gap_ms(since=queued[1]["at"]) < 100
            await waiting[0].heard.wait_for_tone(SEAT_HZ, deadline=5)
            for call in (in_menu, waiting[1], waiting[0], in_ring):
                await call.hang_up()
            for _ in range(5):
                ended = await facts.wait_for("CallEnded", deadline=8)
                assert ended["outcome"] in ("answered", "abandoned")
            for _ in range(3):
                await facts.wait_for("RecordingStored", deadline=15)
    finally:
        await back.__aexit__()


async def test_away_for_longer_than_five_seconds_asterisk_serves_and_the_daemon_takes_over_again(
    line: Hotline, api: ApiClient
) -> None:
    seat = await line.seat("1001", Manual())
    seat.microphone = Tone(SEAT_HZ)
    await api.sign_on("1001")
    async with api.facts() as facts:
        served = await call_in(line, number="13800000001")
        ring = await seat.next_ring(deadline=8)
        await ring.answer()
        await facts.wait_for("TalkStarted", deadline=5)
        waiting = await call_in(line, number="13800000002")
        queued = await facts.wait_for("CallQueued", caller_number="13800000002", deadline=8)
        later = await call_in(line, number="13800000003")
        last = await facts.wait_for("CallQueued", caller_number="13800000003", deadline=8)

    line.kill_daemon()
    await served.hang_up()
    # Nobody decides now but Asterisk: within seconds its own queue rings the seat.
    ring = await seat.next_ring(deadline=15)
    await ring.answer()
    await talking(waiting, ring)

    # A new caller who comes while the daemon is away is served too, later.
    stranger = await (await line.caller("13800000009")).call("12345", audio=Tone(CALLER_HZ))
    await stranger.answered(deadline=5)
    await stranger.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=500, deadline=15)

    await line.start_daemon()
    back = await logged_in(line)
    try:
        live = {call["caller_number"]: call for call in await back.calls(state="live")}
        assert live["13800000002"]["phase"] == "talking"
        assert live["13800000002"]["prompt_ended_us"] == queued["prompt_ended_at"]
        assert live["13800000003"]["prompt_ended_us"] == last["prompt_ended_at"]
        async with back.facts() as facts:
            await ring.hang_up()
            ended = await facts.wait_for("CallEnded", call=queued["call"], deadline=10)
            assert ended["outcome"] == "answered"
            # The daemon offers again, in the order of before.
            ring = await seat.next_ring(deadline=8)
            await ring.answer()
            answered = await facts.wait_for("OfferAnswered", deadline=5)
            assert answered["call"] == last["call"]
            await talking(later, ring)
            await ring.hang_up()
            ring = await seat.next_ring(deadline=8)
            await ring.answer()
            await talking(stranger, ring)
            await ring.hang_up()
            for _ in range(3):
                await facts.wait_for("RecordingStored", deadline=15)
    finally:
        await back.__aexit__()


async def test_stopped_in_order_and_started_again_seats_and_callers_are_as_they_were(
    line: Hotline, api: ApiClient
) -> None:
    await line.seat("1001", AnswerAfter(0))
    await line.seat("1002", AnswerAfter(0))
    await api.sign_on("1001")
    await api.sign_on("1002")
    await api.pause("1001", "lunch")
    await api.pause("1002", "training")
    async with api.facts() as facts:
        caller = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)

    line.stop_daemon()
    await line.start_daemon()
    back = await logged_in(line)
    try:
        seats = {seat["seat"]: seat for seat in await back.seats()}
        assert (seats["1001"]["state"], seats["1001"]["reason"]) == ("paused", "lunch")
        assert (seats["1002"]["state"], seats["1002"]["reason"]) == ("paused", "training")
        assert seats["1003"]["state"] == "signed-off"
        async with back.facts() as facts:
            await back.ready("1002")
            answered = await facts.wait_for("OfferAnswered", deadline=5)
            assert (answered["call"], answered["seat"]) == (queued["call"], "1002")
            await caller.hang_up()
    finally:
        await back.__aexit__()


async def test_a_call_that_ends_while_nobody_looks_is_closed_in_the_ledger_at_the_next_start(
    line: Hotline, api: ApiClient
) -> None:
    async with api.facts() as facts:
        caller = await call_in(line)
        queued = await facts.wait_for("CallQueued", deadline=8)
    line.stop_daemon()
    await caller.hang_up()
    await line.start_daemon()
    back = await logged_in(line)
    try:
        ended = await back.call(queued["call"], deadline=5)
        assert (ended["outcome"], ended["ended_by"]) == ("lost-sight", "unknown")
        assert await back.calls(state="live") == []
    finally:
        await back.__aexit__()
