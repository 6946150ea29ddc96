"""The menu puts a caller through to a number outside: from the site's list, to no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from bench.phones.incoming import IncomingCall
from bench.phones.phone import CallIsOver, Ignore, Manual, RejectWith
from tests.acceptance.branches import (
    NOT_REACHED_HZ,
    POLICE,
    WELCOME_HZ,
    Branches,
    branches,
    logged_in,
)
from tests.acceptance.hotline import CALLER_HZ, OUTSIDE_HZ


@pytest.fixture
async def here(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Branches]:
    async with branches(tmp_path, asterisk_root) as one:
        yield one


async def test_the_caller_talks_to_the_number_of_the_list_and_the_call_ends_with_that_talk(
    here: Branches,
) -> None:
    outside = await here.line.outside(Manual())
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        ring = await outside.next_ring(deadline=8)
        assert ring.caller_id.number == "12345", "the hotline calls, not the caller"
        assert isinstance(ring, IncomingCall)
        assert f"sip:{POLICE}@" in ring.invite.uri
        rung = await facts.wait_for("OutsideRung", target="water-police", deadline=5)
        assert (await here.live(rung["call"]))["phase"] == "outside"
        await ring.answer()
        await call.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
        await ring.hang_up()
        await call.ended(deadline=5)
        dialled = await facts.wait_for("OutsideDialled", deadline=5)
        assert dialled["answered"] is True
        assert dialled["ring_us"] > 0
        assert ring.ended_us is not None
        assert ring.answered_us is not None
        assert abs(dialled["talk_us"] - (ring.ended_us - ring.answered_us)) < 50_000
        ended = await here.api.call(rung["call"])
    assert (ended["outcome"], ended["ended_by"]) == ("outside", "outside")
    texts = await here.api.timeline(rung["call"])
    assert any("外部号码 water-police 振铃" in text for text in texts), texts


@pytest.mark.parametrize(
    ("answer", "detail"), [(RejectWith(486), "busy"), (RejectWith(503), "failed")]
)
async def test_nobody_answers_and_the_caller_goes_on_in_the_menu(
    here: Branches, answer: RejectWith, detail: str
) -> None:
    await here.line.outside(answer)
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        dialled = await facts.wait_for("OutsideDialled", deadline=8)
        assert (dialled["answered"], dialled["detail"]) == (False, detail)
        await call.heard.wait_for_tone(NOT_REACHED_HZ, deadline=5)
        await call.heard.wait_for_tone(WELCOME_HZ, deadline=5)
        # The menu is whole: the caller can still ask for a person.
        await call.press("0")
        await facts.wait_for("CallQueued", call=dialled["call"], deadline=8)
        await call.hang_up()
        ended = await facts.wait_for("CallEnded", call=dialled["call"], deadline=5)
        assert ended["outcome"] == "abandoned"


async def test_the_ring_time_is_the_sites_and_then_the_menu_goes_on(here: Branches) -> None:
    outside = await here.line.outside(Ignore())
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        ring = await outside.next_ring(deadline=8)
        dialled = await facts.wait_for("OutsideDialled", deadline=18)
        assert dialled["detail"] == "no-answer"
        assert 11_900_000 < dialled["ring_us"] < 12_600_000
        await call.heard.wait_for_tone(NOT_REACHED_HZ, deadline=5)
        assert (await ring.ended(deadline=5)).by == "them"
        await call.hang_up()


async def test_nobody_behind_the_trunk_is_told_and_the_menu_goes_on(here: Branches) -> None:
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        dialled = await facts.wait_for("OutsideDialled", deadline=20)
        assert dialled["detail"] in ("failed", "no-answer")
        await call.heard.wait_for_tone(NOT_REACHED_HZ, deadline=5)
        await call.hang_up()


async def test_a_caller_who_hangs_up_while_it_rings_ends_the_ringing(here: Branches) -> None:
    outside = await here.line.outside(Ignore())
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        ring = await outside.next_ring(deadline=8)
        await call.hang_up()
        assert (await ring.ended(deadline=5)).by == "them"
        dialled = await facts.wait_for("OutsideDialled", deadline=5)
        assert (dialled["answered"], dialled["detail"]) == (False, "")
        ended = await facts.wait_for("CallEnded", deadline=5)
        assert (ended["outcome"], ended["ended_by"]) == ("left-menu", "caller")


async def test_a_caller_who_hangs_up_in_the_talk_ends_it(here: Branches) -> None:
    outside = await here.line.outside(Manual())
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        ring = await outside.next_ring(deadline=8)
        await ring.answer()
        await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
        await call.hang_up()
        await ring.ended(deadline=5)
        ended = await facts.wait_for("CallEnded", deadline=5)
        assert (ended["outcome"], ended["ended_by"]) == ("outside", "caller")


async def test_killed_while_it_rings_the_call_goes_through_and_is_told(here: Branches) -> None:
    outside = await here.line.outside(Manual())
    async with here.api.facts() as facts:
        call = await here.dial()
        await call.press("1")
        ring = await outside.next_ring(deadline=8)
        rung = await facts.wait_for("OutsideRung", deadline=5)
    await here.restart()
    async with here.api.facts() as facts:
        assert (await here.live(rung["call"]))["phase"] == "outside"
        await ring.answer()
        await call.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
        await ring.hang_up()
        dialled = await facts.wait_for("OutsideDialled", deadline=5)
        assert (dialled["target"], dialled["answered"]) == ("water-police", True)
        ended = await facts.wait_for("CallEnded", deadline=5)
        assert ended["outcome"] == "outside"


async def test_killed_in_the_talk_nothing_is_heard_of_it_and_its_length_is_known(
    here: Branches,
) -> None:
    outside = await here.line.outside(Manual())
    call = await here.dial()
    await call.press("1")
    ring = await outside.next_ring(deadline=8)
    await ring.answer()
    await call.heard.wait_for_tone(OUTSIDE_HZ, deadline=5)
    answered_us = ring.answered_us
    assert answered_us is not None
    await here.restart()
    async with here.api.facts() as facts:
        await call.heard.wait_for_tone(OUTSIDE_HZ, min_ms=500, deadline=5)
        await ring.hang_up()
        dialled = await facts.wait_for("OutsideDialled", deadline=5)
        assert ring.ended_us is not None
        assert abs(dialled["talk_us"] - (ring.ended_us - answered_us)) < 50_000


async def test_killed_while_it_rings_and_nobody_answers_the_next_daemon_goes_on_in_the_menu(
    here: Branches,
) -> None:
    outside = await here.line.outside(Ignore())
    call = await here.dial()
    await call.press("1")
    await outside.next_ring(deadline=8)
    await here.restart()
    await call.heard.wait_for_tone(NOT_REACHED_HZ, deadline=20)
    await call.hang_up()


@pytest.mark.parametrize("number", ["to-water-police", POLICE, "water-police", "outside", "s"])
async def test_a_stranger_cannot_dial_to_the_outside(here: Branches, number: str) -> None:
    outside = await here.line.outside(Manual())
    stranger = await (await here.line.caller()).call(number, audio=Tone(CALLER_HZ))
    with pytest.raises(CallIsOver):
        await stranger.answered(deadline=5)
    assert not outside.calls
    client = await logged_in(here.line, "lead")
    assert await client.calls() == []
    await client.__aexit__()
