"""After the call: who stays on the line when the seat has hung up is asked how it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.branches import (
    GOODBYE_HZ,
    SURVEY_HZ,
    VISIT_HZ,
    Branches,
    branches,
    logged_in,
)
from tests.acceptance.hotline import HOLD_MUSIC_HZ, talking


@pytest.fixture
async def here(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Branches]:
    async with branches(tmp_path, asterisk_root, survey=True) as one:
        yield one


async def test_the_score_of_a_caller_whose_seat_has_hung_up_is_the_calls(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await ring.hang_up()
        await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
        assert (await here.live(told["call"]))["phase"] == "after"
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
        await call.press("4")
        scored = await facts.wait_for("SurveyScored", call=told["call"], deadline=5)
        assert (scored["seat"], scored["survey"], scored["score"]) == ("1001", "service", 4)
        comment = await facts.wait_for("MessageLeft", call=told["call"], deadline=8)
        assert comment["box"] == "comments"
        assert 1_500_000 < comment["duration_us"] <= 2_100_000
        assert (await call.ended(deadline=8)).by == "them"
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "seat")
    assert (await here.api.call(told["call"]))["score"] == 4
    assert any("scored 4" in text for text in await here.api.timeline(told["call"], language="en"))


async def test_a_caller_who_hangs_up_first_is_not_asked(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await call.hang_up()
        await ring.ended(deadline=3)
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "caller")
    assert (await here.api.call(told["call"]))["score"] is None


async def test_a_caller_who_hangs_up_in_the_survey_leaves_no_score(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await ring.hang_up()
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
        await call.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "seat")
    assert (await here.api.call(told["call"]))["score"] is None
    # The seat has long been free for the next one.
    async with here.api.facts() as facts:
        await here.talk(facts, "13800002222")


async def test_keys_that_are_no_score_are_asked_again_and_then_let_be(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await ring.hang_up()
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
        await call.press("9")
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
        await call.press("*")
        await call.ended(deadline=10)
        await facts.wait_for("CallEnded", call=told["call"], deadline=5)
    assert (await here.api.call(told["call"]))["score"] is None


async def test_killed_in_the_survey_the_caller_hears_goodbye_and_the_call_is_known_as_answered(
    here: Branches,
) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await ring.hang_up()
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
    here.line.kill_daemon()
    await call.heard.wait_for_tone(GOODBYE_HZ, deadline=5)
    assert (await call.ended(deadline=5)).by == "them"
    await here.line.start_daemon()
    await here.api.__aexit__()
    here.api = await logged_in(here.line)
    ended = await here.api.call(told["call"])
    assert (ended["seat"], ended["outcome"]) == ("1001", "lost-sight")


async def test_without_a_daemon_there_is_a_goodbye_and_no_survey(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, _ = await here.talk(facts)
    here.line.kill_daemon()
    await ring.hang_up()
    await call.heard.wait_for_tone(GOODBYE_HZ, deadline=5)
    assert (await call.ended(deadline=5)).by == "them"
    await here.line.start_daemon()


async def test_the_survey_is_the_last_seats_also_after_a_restart(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
    await here.restart()
    async with here.api.facts() as facts:
        await ring.hang_up()
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
        await call.press("5")
        scored = await facts.wait_for("SurveyScored", call=told["call"], deadline=5)
        assert (scored["seat"], scored["score"]) == ("1001", 5)
        await facts.wait_for("CallEnded", call=told["call"], deadline=8)
    assert (await here.api.call(told["call"]))["score"] == 5


async def test_limits_of_menus_end_no_talk_and_leave_nobody_in_a_flow(here: Branches) -> None:
    async with here.api.facts() as facts:
        call = await here.dial()
        await here.api.pause("1001", "lunch")
        await call.press("0")
        queued = await facts.wait_for("CallQueued", deadline=8)
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        # As if the seat took the caller straight out of a menu: Bridge() drops the limit.
        await here.limit(queued["call"], 3)
        await here.api.ready("1001")
        ring = await here.seat.next_ring(deadline=5)
        await ring.answer()
        await talking(call, ring)
        await asyncio.sleep(4)
        await talking(call, ring)

        await here.api.request("POST", f"/calls/{queued['call']}/flow", {"flow": "visit"})
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await here.limit(queued["call"], 1)
        await facts.wait_for("CallerCameBack", call=queued["call"], deadline=5)
        await talking(call, ring)

        await ring.hang_up()
        await call.heard.wait_for_tone(SURVEY_HZ, deadline=5)
        await here.limit(queued["call"], 1)
        await call.heard.wait_for_tone(GOODBYE_HZ, deadline=5)
        assert (await call.ended(deadline=5)).by == "them"
