"""A seat sends its caller to a flow and gets them back; nobody is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Manual
from tests.acceptance.api_client import ApiFailed, FactStream, Json
from tests.acceptance.branches import (
    NOT_REACHED_HZ,
    VISIT_HZ,
    Branches,
    branches,
    logged_in,
)
from tests.acceptance.hotline import HOLD_MUSIC_HZ, OUTSIDE_HZ, SEAT_HZ, talking


@pytest.fixture
async def here(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Branches]:
    async with branches(tmp_path, asterisk_root) as one:
        yield one


async def ended(facts: FactStream, told: Json) -> Json:
    """The seat's end and the call's."""
    left = await facts.wait_for("SeatLeft", call=told["call"], deadline=5)
    assert left["offer"] == told["offer"]
    return await facts.wait_for("CallEnded", call=told["call"], deadline=5)


async def test_the_caller_hears_the_flow_the_seat_hears_music_and_then_they_talk_again(
    here: Branches,
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        answer = await here.send(told["call"])
        assert (answer["phase"], answer["flow"], answer["seat"]) == ("in-flow", "visit", "1001")
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await ring.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        seat = await here.api.seat("1001")
        assert (seat["state"], seat["reason"]) == ("talking", "flow visit")

        await call.press("1")  # the flow finds out who it is, and returns
        known = await facts.wait_for("CustomerKnown", call=told["call"], deadline=5)
        assert known["customer"] == "20240017"
        back = await facts.wait_for("CallerCameBack", call=told["call"], deadline=5)
        assert (back["seat"], back["flow"]) == ("1001", "visit")
        await talking(call, ring)
        assert (await here.live(told["call"]))["phase"] == "talking"
        assert (await here.api.seat("1001"))["reason"] == ""

        # And once more in the same talk.
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], deadline=5)
        await talking(call, ring)

        await ring.hang_up()
        end = await ended(facts, told)
        assert (end["outcome"], end["ended_by"]) == ("answered", "seat")
        await facts.wait_for("RecordingStored", call=told["call"], deadline=10)
        assert len([m for m in facts.messages if m.get("kind") == "SeatLeft"]) == 1
    texts = await here.api.timeline(told["call"], language="en")
    assert any("sent the caller to the flow visit" in text for text in texts), texts


async def test_the_caller_hangs_up_in_the_flow_and_the_seat_is_free(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "caller")
        await ring.ended(deadline=3)
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)


async def test_the_flow_ends_the_call_for_both(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("3")
        await call.ended(deadline=5)
        await ring.ended(deadline=3)
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "flow")


async def test_the_flow_hands_the_caller_to_a_queue_and_the_seat_is_free_for_others(
    here: Branches,
) -> None:
    other = await here.line.seat("1003", AnswerAfter(0))
    other.microphone = Tone(1570)
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await here.api.pause("1001", "lunch")  # after this talk
        await call.press("2")
        queued = await facts.wait_for("CallQueued", call=told["call"], queue="bills", deadline=5)
        await ring.ended(deadline=3)
        await facts.wait_for("SeatStateChanged", seat="1001", new="paused", deadline=5)
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        await here.api.sign_on("1003")
        answered = await facts.wait_for("OfferAnswered", call=told["call"], seat="1003", deadline=5)
        assert answered["wait_us"] == answered["at"] - queued["prompt_ended_at"]
        await call.heard.wait_for_tone(1570, deadline=5)
        # The second seat can send the caller to a flow as well.
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], seat="1003", deadline=5)
        await call.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert end["outcome"] == "answered"


async def test_the_seat_hangs_up_meanwhile_and_the_caller_comes_back_to_the_head_of_the_line(
    here: Branches,
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        first = await facts.wait_for("CallQueued", call=told["call"], deadline=5)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        later = await here.dial("13800002222")
        await here.api.pause("1001", "lunch")
        await later.press("0")
        behind = await facts.wait_for(
            "CallQueued", where=lambda f: f["call"] != told["call"], deadline=8
        )
        await ring.hang_up()
        await facts.wait_for("SeatStateChanged", seat="1001", new="paused", deadline=5)
        assert (await here.live(told["call"]))["phase"] == "in-flow"
        await call.press("1")
        lost = await facts.wait_for("CallerLostSeat", call=told["call"], deadline=5)
        assert (lost["seat"], lost["flow"]) == ("1001", "visit")
        queues = {one["queue"]: one for one in await here.api.queues()}
        assert queues["service"]["waiting_calls"] == [told["call"], behind["call"]]
        again = await facts.wait_for("CallQueued", call=told["call"], deadline=5)
        assert again["queued_at"] == first["at"]

        await here.api.ready("1001")
        ring = await here.seat.next_ring(deadline=5)
        await ring.answer()
        answered = await facts.wait_for(
            "OfferAnswered", call=told["call"], where=lambda f: f["at"] > lost["at"], deadline=5
        )
        assert answered["wait_us"] == answered["at"] - lost["at"]
        await talking(call, ring)
        await call.hang_up()
        await later.hang_up()


async def test_from_the_flow_to_a_number_outside_that_is_busy_and_back_to_the_seat(
    here: Branches,
) -> None:
    outside = await here.line.outside(Manual())
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("4")
        busy = await outside.next_ring(deadline=5)
        assert (await here.live(told["call"]))["phase"] == "outside"
        await ring.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        await busy.reject(486)
        await call.heard.wait_for_tone(NOT_REACHED_HZ, deadline=5)
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], deadline=5)
        await talking(call, ring)

        # And to one that answers: the seat is free then.
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("4")
        police = await outside.next_ring(deadline=5)
        await police.answer()
        await call.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        await ring.ended(deadline=3)
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
        await police.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "outside")


async def test_killed_in_the_flow_the_seat_waits_and_the_caller_goes_on_or_comes_back(
    here: Branches,
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
    await here.restart()
    async with here.api.facts() as facts:
        live = await here.live(told["call"])
        assert (live["phase"], live["flow"], live["seat"]) == ("in-flow", "visit", "1001")
        seat = await here.api.seat("1001")
        assert (seat["state"], seat["call"], seat["reason"]) == (
            "talking", told["call"], "flow visit",
        )  # fmt: skip
        await call.heard.wait_for_tone(VISIT_HZ, deadline=8)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], deadline=8)
        await talking(call, ring)
        await ring.hang_up()
        end = await ended(facts, told)
        assert (end["outcome"], end["ended_by"]) == ("answered", "seat")
        await facts.wait_for("RecordingStored", call=told["call"], deadline=10)


async def test_the_daemon_stays_away_and_the_caller_comes_back_to_the_seat_without_it(
    here: Branches,
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
    here.line.kill_daemon()
    await call.heard.wait_for_tone(SEAT_HZ, min_ms=300, deadline=12)
    await talking(call, ring)
    await here.line.start_daemon()
    await here.api.__aexit__()
    here.api = await logged_in(here.line)
    live = await here.live(told["call"])
    assert (live["phase"], live["seat"]) == ("talking", "1001")
    async with here.api.facts() as facts:
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.hang_up()
        await ended(facts, told)


async def test_killed_in_the_talk_after_the_visit_all_is_as_it_was(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], deadline=5)
    await here.restart()
    live = await here.live(told["call"])
    assert (live["phase"], live["seat"]) == ("talking", "1001")
    async with here.api.facts() as facts:
        await ring.hang_up()
        end = await ended(facts, told)
        assert (end["outcome"], end["ended_by"]) == ("answered", "seat")
    await call.ended(deadline=5)


async def test_killed_while_caller_and_seat_hang_up_in_the_flow_nothing_is_left_behind(
    here: Branches,
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
    here.line.kill_daemon()
    await call.hang_up()
    await ring.ended(deadline=3)
    await here.line.start_daemon()
    await here.api.__aexit__()
    here.api = await logged_in(here.line)
    assert await here.api.calls(state="live") == []
    assert (await here.api.seat("1001"))["state"] == "ready"
    assert (await here.api.call(told["call"]))["outcome"] == "lost-sight"


async def test_two_wishes_at_once_send_the_caller_once(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        answers = await asyncio.gather(
            here.send(told["call"]), here.send(told["call"]), return_exceptions=True
        )
        good = [one for one in answers if isinstance(one, dict)]
        refused = [one for one in answers if isinstance(one, ApiFailed)]
        assert (len(good), [one.status for one in refused]) == (1, [409])
        assert "already" in refused[0].problem["detail"]
        await facts.wait_for("CallerSentToFlow", call=told["call"], deadline=5)
        with pytest.raises(ApiFailed, match="is in the flow visit already"):
            await here.send(told["call"])
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], deadline=5)
        await talking(call, ring)
        await call.hang_up()


async def test_wishes_that_cannot_be_granted_change_nothing(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        with pytest.raises(ApiFailed) as unknown:
            await here.send(told["call"], "nowhere")
        assert (unknown.value.status, unknown.value.problem["type"]) == (
            404, "urn:jietong:problem:unknown-flow",
        )  # fmt: skip
        stranger = await logged_in(here.line, "liqiang")  # the seat 1002
        with pytest.raises(ApiFailed) as foreign:
            await stranger.request("POST", f"/calls/{told['call']}/flow", {"flow": "visit"})
        assert foreign.value.status == 404
        await stranger.__aexit__()
        own = await logged_in(here.line, "wangfang")  # the seat 1001
        answer = await own.request("POST", f"/calls/{told['call']}/flow", {"flow": "visit"})
        assert answer["phase"] == "in-flow"
        await own.__aexit__()
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await call.press("1")
        await facts.wait_for("CallerCameBack", call=told["call"], deadline=5)
        await talking(call, ring)
        await call.hang_up()
        await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        with pytest.raises(ApiFailed) as over:
            await here.send(told["call"])
        assert over.value.status == 404


@pytest.mark.parametrize("who", ["caller", "seat"])
@pytest.mark.parametrize("late_ms", [-3, 0, 3])
async def test_hanging_up_in_the_very_moment_of_the_wish_leaves_nobody_behind(
    here: Branches, who: str, late_ms: int
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)

        async def hang_up() -> None:
            await asyncio.sleep(max(0, late_ms) / 1000)
            await (call if who == "caller" else ring).hang_up()

        async def wish() -> None:
            await asyncio.sleep(max(0, -late_ms) / 1000)
            try:
                await here.send(told["call"])
            except ApiFailed as error:
                assert error.status in (404, 409)

        await asyncio.gather(hang_up(), wish())
        await facts.wait_for("SeatLeft", call=told["call"], deadline=5)
        if who == "seat":
            await asyncio.sleep(0.5)
            await call.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=8)
        assert end["outcome"] == "answered"
        await ring.ended(deadline=3)
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
        assert await here.api.calls(state="live") == []
        # And the seat serves the next caller.
        await here.talk(facts, "13800003333")
