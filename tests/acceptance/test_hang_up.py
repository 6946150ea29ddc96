"""A caller may hang up anywhere: each call ends once, with its true outcome, and the seat is ready
for the next one, who is served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bench.phones.phone import AnswerAfter, CallIsOver, Manual, PhoneCall
from tests.acceptance.desk import SEAT, Desk, Watch, a_desk
from tests.acceptance.hotline import PROMPTS

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(
    tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path
) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path_factory.mktemp("desk"), asterisk_root) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def watch(desk: Desk) -> AsyncIterator[Watch]:
    async with desk.watched() as one:
        yield one


async def before_the_answer(watch: Watch) -> PhoneCall:
    return await watch.dial()


async def in_the_greeting(watch: Watch) -> PhoneCall:
    call = await watch.in_menu()
    await call.heard.wait_for_tone(PROMPTS["greeting"][0], deadline=5)
    return call


async def in_the_main_menu(watch: Watch) -> PhoneCall:
    call = await watch.in_menu()
    await call.heard.wait_for_tone(PROMPTS["main-menu"][0], deadline=5)
    return call


async def while_a_key_is_waited_for(watch: Watch) -> PhoneCall:
    call = await in_the_main_menu(watch)
    await asyncio.sleep(PROMPTS["main-menu"][1] / 8000)  # the prompt is over by then
    return call


async def right_after_the_key(watch: Watch) -> PhoneCall:
    return await watch.queued()


async def while_being_transferred(watch: Watch) -> PhoneCall:
    call = await watch.queued()
    await call.heard.wait_for_tone(PROMPTS["transferring"][0], deadline=5)
    return call


Step = Callable[[Watch], Awaitable[PhoneCall]]


@pytest.mark.parametrize(
    "step",
    [
        before_the_answer,
        in_the_greeting,
        in_the_main_menu,
        while_a_key_is_waited_for,
        right_after_the_key,
        while_being_transferred,
    ],
)
async def test_hanging_up_before_the_queue_counts_as_left_in_the_menu_and_rings_no_seat(
    watch: Watch, step: Step
) -> None:
    call = await step(watch)
    await call.hang_up()
    arrived = await watch.fact("CallArrived")
    await watch.ended(arrived["call"], "left-menu", offers=0)
    await watch.served()


async def test_hanging_up_while_waiting_is_abandoned(desk: Desk, watch: Watch) -> None:
    await desk.api.pause(SEAT, "lunch")
    call = await watch.queued()
    queued = await watch.fact("CallQueued")
    await call.hang_up()
    # The seat's wish takes another way than the caller's BYE: it must not overtake it.
    await watch.fact("CallAbandoned", call=queued["call"])
    await desk.api.ready(SEAT)
    await watch.ended(queued["call"], "abandoned", offers=0)
    await watch.served()


async def test_hanging_up_while_the_seat_rings_is_abandoned_and_the_ringing_stops(
    desk: Desk, watch: Watch
) -> None:
    desk.seat.answer = Manual()
    call = await watch.queued()
    ring = await desk.seat.next_ring(deadline=5)
    rang = await watch.fact("OfferRang")
    await call.hang_up()
    assert (await ring.ended(deadline=5)).by == "them"
    await watch.ended(rang["call"], "abandoned", offers=1)
    await watch.served()


@pytest.mark.parametrize("late_ms", [-2, 0, 2])
async def test_hanging_up_in_the_very_moment_of_the_answer_leaves_nobody_behind(
    desk: Desk, watch: Watch, late_ms: int
) -> None:
    async def after(seconds: float, what: Awaitable[object]) -> None:
        await asyncio.sleep(max(seconds, 0))
        with contextlib.suppress(CallIsOver):  # the other one was faster
            await what

    desk.seat.answer = Manual()
    call = await watch.queued()
    ring = await desk.seat.next_ring(deadline=5)
    rang = await watch.fact("OfferRang")
    await asyncio.gather(
        after(late_ms / 1000, call.hang_up()), after(-late_ms / 1000, ring.answer())
    )
    await ring.ended(deadline=5)
    await watch.ended(rang["call"], "answered", "abandoned", offers=1)
    await watch.served()


async def test_hanging_up_in_the_talk_is_answered(watch: Watch) -> None:
    await watch.served()


async def test_hanging_up_in_the_goodbye_is_answered_and_ended_by_the_seat(
    desk: Desk, watch: Watch
) -> None:
    desk.seat.answer = AnswerAfter(0)
    call = await watch.queued()
    ring = await desk.seat.next_ring(deadline=5)
    talk = await watch.fact("TalkStarted")
    await ring.hang_up()
    await call.heard.wait_for_tone(PROMPTS["goodbye"][0], deadline=5)
    await call.hang_up()
    await watch.ended(talk["call"], "answered", offers=1, by="seat")
    await watch.served()
