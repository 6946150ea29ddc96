"""A seat gives its caller away: to a queue, a seat, a number outside, a flow. Real Asterisk."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from bench.phones.audio import Tone
from bench.phones.errors import CallIsOver
from bench.phones.phone import Manual, RejectWith
from tests.acceptance.api_client import ApiFailed, Json
from tests.acceptance.branches import VISIT_HZ, Branches, branches
from tests.acceptance.hotline import CALLER_HZ, HOLD_MUSIC_HZ, OUTSIDE_HZ, talking

OTHER_HZ: Final = 1570


@pytest.fixture
async def here(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Branches]:
    async with branches(tmp_path, asterisk_root) as one:
        yield one


async def give(here: Branches, call: str, **to: str) -> Json:
    answer: Json = await here.api.request("POST", f"/calls/{call}/transfer", to)
    return answer


async def test_to_a_queue_ahead_of_who_waits_there_and_the_seat_is_free(here: Branches) -> None:
    other = await here.line.seat("1003", Manual())
    other.microphone = Tone(OTHER_HZ)
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        answer = await give(here, told["call"], queue="bills")
        assert answer["phase"] in {"after", "waiting"}
        given = await facts.wait_for("CallerTransferred", call=told["call"], deadline=5)
        assert (given["seat"], given["to"], given["target"]) == ("1001", "queue", "bills")
        queued = await facts.wait_for("CallQueued", call=told["call"], queue="bills", deadline=5)
        assert (queued["transferred_by"], queued["priority"]) == ("1001", 1)
        assert queued["prompt_ended_at"] >= given["at"], "the wait that counts begins now"
        await ring.ended(deadline=3)
        left = await facts.wait_for("SeatLeft", call=told["call"], deadline=5)
        assert (left["seat"], left["at"]) == ("1001", given["at"])
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        await here.api.sign_on("1003")
        again = await other.next_ring(deadline=5)
        await again.answer()
        answered = await facts.wait_for("OfferAnswered", call=told["call"], seat="1003", deadline=5)
        assert answered["wait_us"] == answered["at"] - queued["prompt_ended_at"]
        await call.heard.wait_for_tone(OTHER_HZ, deadline=5)
        await call.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "caller")
        for _ in range(2):
            await facts.wait_for("RecordingStored", call=told["call"], deadline=10)
    said = await here.api.timeline(told["call"], language="en")
    assert any("transferred the caller to the queue bills" in text for text in said), said


async def test_to_a_seat_that_is_free_and_to_no_other(here: Branches) -> None:
    other = await here.line.seat("1002", Manual())
    other.microphone = Tone(OTHER_HZ)
    async with here.api.facts() as facts:
        call, _, told = await here.talk(facts)
        with pytest.raises(ApiFailed, match="takes no calls now: signed-off"):
            await give(here, told["call"], seat="1002")
        await here.api.sign_on("1002")
        await give(here, told["call"], seat="1002")
        again = await other.next_ring(deadline=5)
        await again.answer()
        await facts.wait_for("OfferAnswered", call=told["call"], seat="1002", deadline=5)
        await call.heard.wait_for_tone(OTHER_HZ, deadline=5)
        await again.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert (end["outcome"], end["ended_by"]) == ("answered", "seat")
    said = await here.api.timeline(told["call"], language="en")
    assert any("the seat that the caller was transferred to" in text for text in said), said


async def test_from_hold_the_caller_hears_whom_they_are_given_to(here: Branches) -> None:
    other = await here.line.seat("1002", Manual())
    other.microphone = Tone(OTHER_HZ)
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.api.sign_on("1002")
        await ring.hold()
        await facts.wait_for("SeatHeld", call=told["call"], on=True, deadline=5)
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        await give(here, told["call"], seat="1002")
        await ring.ended(deadline=3)
        again = await other.next_ring(deadline=5)
        await call.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
        await again.answer()
        await call.heard.wait_for_tone(OTHER_HZ, min_ms=500, deadline=5)
        await again.heard.wait_for_tone(CALLER_HZ, deadline=5)
        assert (await here.api.seat("1001"))["state"] == "ready"
        await call.hang_up()
        await facts.wait_for("CallEnded", call=told["call"], deadline=5)


async def test_to_a_number_outside_that_answers(here: Branches) -> None:
    outside = await here.line.outside(Manual())
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await give(here, told["call"], outside="water-police")
        await ring.ended(deadline=3)
        rings = await outside.next_ring(deadline=5)
        await rings.answer()
        await call.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        await rings.hang_up()
        tried = await facts.wait_for("OutsideDialled", call=told["call"], deadline=5)
        assert tried["answered"] is True
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert end["ended_by"] == "outside"


async def test_outside_is_busy_and_the_caller_comes_back_to_the_head_of_the_line(
    here: Branches,
) -> None:
    await here.line.outside(RejectWith(486))
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.api.pause("1001", "lunch")  # after this talk
        await give(here, told["call"], outside="water-police")
        await ring.ended(deadline=3)
        tried = await facts.wait_for("OutsideDialled", call=told["call"], deadline=5)
        assert (tried["answered"], tried["detail"]) == (False, "busy")
        queued = await facts.wait_for(
            "CallQueued", call=told["call"], where=lambda f: f["transferred_by"], deadline=5
        )
        assert (queued["queue"], queued["priority"]) == ("service", 1)
        await here.api.request("POST", "/seats/1001/ready")
        ring = await here.seat.next_ring(deadline=5)
        await ring.answer()
        await talking(call, ring)
        await call.hang_up()


async def test_to_a_flow_for_good_and_from_there_to_the_line(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        await here.api.pause("1001", "lunch")  # after this talk
        await give(here, told["call"], flow="visit")
        await ring.ended(deadline=3)
        await call.heard.wait_for_tone(VISIT_HZ, deadline=5)
        await facts.wait_for("SeatStateChanged", seat="1001", new="paused", deadline=5)
        await call.press("1")  # `return`: to nobody, so to the line
        queued = await facts.wait_for(
            "CallQueued", call=told["call"], where=lambda f: f["transferred_by"], deadline=5
        )
        assert queued["queue"] == "service"
        await call.hang_up()
        end = await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        assert end["outcome"] == "answered"


async def test_what_cannot_be_is_refused_and_the_talk_goes_on(here: Branches) -> None:
    async with here.api.facts() as facts:
        call, ring, told = await here.talk(facts)
        for target, why in (
            ({"queue": "nowhere"}, "no such queue"),
            ({"outside": "nobody"}, "no such outside"),
            ({"seat": "9999"}, "no such seat"),
            ({"flow": "nothing"}, "no such flow"),
            ({"seat": "1001"}, "talks with that seat"),
            ({}, "one of them"),
            ({"queue": "bills", "seat": "1002"}, "one of them"),
        ):
            with pytest.raises(ApiFailed, match=why):
                await give(here, told["call"], **target)
        await talking(call, ring)
        await call.hang_up()
        await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        with pytest.raises(ApiFailed, match="no such call"):
            await give(here, told["call"], queue="bills")


async def test_the_daemon_dies_while_the_caller_is_dialled_outside_and_while_they_wait(
    here: Branches,
) -> None:
    outside = await here.line.outside(Manual())
    async with here.api.facts() as facts:
        call, _, told = await here.talk(facts)
        await give(here, told["call"], outside="water-police")
        rings = await outside.next_ring(deadline=5)
    await here.restart()
    with contextlib.suppress(CallIsOver):  # or it has rung for as long as it may by now
        await rings.reject(486)
    await call.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=300, deadline=5)
    async with asyncio.timeout(5):
        while (await here.live(told["call"]))["phase"] != "waiting":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await here.restart()
    live = await here.live(told["call"])
    assert (live["phase"], live["queue"]) == ("waiting", "service")
    await call.hang_up()
