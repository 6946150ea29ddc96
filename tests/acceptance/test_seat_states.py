"""What a seat's phone does, as Asterisk sees it, is what the seat's state says; and a phone that
says nothing costs a caller three seconds at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.phones.audio import Tone
from bench.phones.phone import AnswerAfter, Ignore, Manual, NoSign, Phone
from config.asterisk import AMI_SECRET
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, FactStream, Json
from tests.acceptance.hotline import (
    CALLER_HZ,
    HOLD_MUSIC_HZ,
    SEAT_HZ,
    Hotline,
    call_in,
    hotline,
    talking,
)

SECOND = 1_000_000


@pytest.fixture
async def line(tmp_path: Path, asterisk_root: Path) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path, root_dir=asterisk_root, ring_seconds=15) as running:
        yield running


@pytest.fixture
async def api(line: Hotline) -> AsyncIterator[ApiClient]:
    async with ApiClient(line.api_url) as client:
        await client.log_in("admin", first_password(line.secrets, "admin"))
        yield client


async def seat_of(line: Hotline, api: ApiClient, name: str, answer: object = None) -> Phone:
    """A phone that sounds like a seat, signed on."""
    phone = await line.seat(name, answer or Manual())  # type: ignore[arg-type]
    phone.microphone = Tone(SEAT_HZ)
    await api.sign_on(name)
    return phone


async def turned(facts: FactStream, seat: str, new: str) -> Json:
    return await facts.wait_for("SeatStateChanged", seat=seat, new=new, deadline=6)


async def test_a_seat_that_holds_and_consults_is_on_hold_and_in_consultation(
    line: Hotline, api: ApiClient
) -> None:
    first = await seat_of(line, api, "1001")
    second = await line.seat("1002", Manual())
    second.microphone = Tone(SEAT_HZ)
    async with api.facts() as facts:
        caller = await call_in(line)
        ring = await first.next_ring(deadline=8)
        await ring.answer()
        await talking(caller, ring)
        told = await facts.wait_for("TalkStarted", deadline=5)

        await ring.hold()
        assert (await turned(facts, "1001", "hold"))["call"] == told["call"]
        await caller.heard.wait_for_tone(HOLD_MUSIC_HZ, min_ms=500, deadline=5)

        await api.sign_on("1002")
        asked = await first.call("1002")
        answering = await second.next_ring(deadline=5)
        await answering.answer()
        await turned(facts, "1001", "consult")
        # Who is asked for advice is not offered the next caller meanwhile.
        waiting = await call_in(line, number="13800002222")
        await facts.wait_for("CallQueued", caller_number="13800002222", deadline=8)
        assert (await api.seat("1002"))["state"] == "ready"
        assert [one.caller_id.number for one in second.calls] == ["1001"]

        await asked.hang_up()
        await turned(facts, "1001", "hold")
        # Free again, it is: for the one who waits.
        offered = await second.next_ring(deadline=5)
        assert offered.caller_id.number == "13800002222"
        await offered.answer()
        await turned(facts, "1002", "talking")

        await ring.resume()
        await turned(facts, "1001", "talking")
        await talking(caller, ring)
        await ring.hang_up()
        await facts.wait_for("CallEnded", call=told["call"], deadline=5)
        await waiting.hang_up()
    arrived = [one for one in facts.messages if one.get("kind") == "CallArrived"]
    assert len(arrived) == 2, "a call between seats is nobody's call"


async def test_a_caller_on_hold_is_on_hold_still_after_a_restart_of_the_daemon(
    line: Hotline, api: ApiClient
) -> None:
    phone = await seat_of(line, api, "1001")
    async with api.facts() as facts:
        caller = await call_in(line)
        ring = await phone.next_ring(deadline=8)
        await ring.answer()
        await facts.wait_for("TalkStarted", deadline=5)
        await ring.hold()
        await turned(facts, "1001", "hold")
    line.kill_daemon()
    await line.start_daemon()
    async with ApiClient(line.api_url) as back:
        await back.log_in("admin", first_password(line.secrets, "admin"))
        assert (await back.seat("1001"))["state"] == "hold"
        async with back.facts() as facts:
            await ring.resume()
            await turned(facts, "1001", "talking")
            await talking(caller, ring)


async def test_a_phone_that_gives_no_sign_costs_less_than_three_seconds(
    line: Hotline, api: ApiClient
) -> None:
    silent = await seat_of(line, api, "1001", NoSign())
    await seat_of(line, api, "1002", Ignore())
    async with api.facts() as facts:
        caller = await call_in(line)
        dead = await facts.wait_for("SeatOffered", seat="1001", deadline=8)
        failed = await facts.wait_for("OfferFailed", deadline=5)
        assert (failed["seat"], failed["reason"]) == ("1001", "no-response")
        again = await facts.wait_for("SeatOffered", deadline=3)
        assert (again["seat"], again["call"]) == ("1002", dead["call"])
        assert again["at"] - dead["at"] < 3 * SECOND
        aside = await api.seat("1001")
        assert (aside["state"], aside["reason"]) == ("paused", "no-response")
        rung = await facts.wait_for("OfferRang", seat="1002", deadline=5)
        # Picked up after all: it is hung up at once, and the caller hears nothing of it.
        late = silent.calls[-1]
        await late.answer()
        ended = await late.ended(deadline=5)
        assert ended.by == "them"
        assert caller.heard.longest_gap_ms(since=dead["at"], until=rung["at"]) < 200
        await caller.hang_up()
        gone = await facts.wait_for("CallEnded", deadline=5)
        assert gone["outcome"] == "abandoned"


async def test_a_phone_that_is_lost_while_it_rings_costs_less_than_three_seconds(
    line: Hotline, api: ApiClient
) -> None:
    lost = await seat_of(line, api, "1001", Ignore())
    await seat_of(line, api, "1002", Ignore())
    async with api.facts() as facts:
        caller = await call_in(line)
        await facts.wait_for("OfferRang", seat="1001", deadline=8)
        lost.plugged = False
        pulled_us = lost.calls[-1].rang_us
        assert pulled_us is not None
        failed = await facts.wait_for("OfferFailed", deadline=5)
        assert (failed["seat"], failed["reason"]) == ("1001", "unreachable")
        again = await facts.wait_for("SeatOffered", seat="1002", deadline=3)
        assert again["at"] - pulled_us < 3.2 * SECOND
        assert (await api.seat("1001"))["state"] == "unreachable"
        # It returns by itself when the phone is back.
        lost.plugged = True
        await turned(facts, "1001", "ready")
        await caller.hang_up()


async def test_a_phone_that_unregisters_while_it_rings_is_withdrawn_at_once(
    line: Hotline, api: ApiClient
) -> None:
    leaving = await seat_of(line, api, "1001", Ignore())
    await seat_of(line, api, "1002", Ignore())
    async with api.facts() as facts:
        caller = await call_in(line)
        await facts.wait_for("OfferRang", seat="1001", deadline=8)
        await leaving.unregister()
        failed = await facts.wait_for("OfferFailed", seat="1001", deadline=5)
        assert failed["reason"] == "unreachable"
        await facts.wait_for("SeatOffered", seat="1002", deadline=3)
        assert (await api.seat("1001"))["state"] == "unreachable"
        await caller.hang_up()


async def test_an_answer_that_crosses_the_withdrawal_is_a_talk_or_a_hang_up_never_both(
    line: Hotline, api: ApiClient
) -> None:
    """The phone answers, without having rung, just when it is given up, and before and after."""
    phone = await seat_of(line, api, "1001", NoSign())
    outcomes = []
    for turn, answers_after_s in enumerate((2.4, 2.486, 2.49, 2.493, 2.495, 2.497, 2.499, 2.6)):
        async with api.facts() as facts:
            caller = await call_in(line, number=f"1380000{turn:04d}")
            ring = await phone.next_ring(deadline=8)
            assert ring.rang_us is not None
            await asyncio.sleep(answers_after_s)
            ring.pick_up_if_ringing()  # type: ignore[attr-defined]
            came = await facts.wait_for(
                "SeatStateChanged",
                deadline=6,
                seat="1001",
                where=lambda fact: fact["new"] in ("talking", "paused"),
            )
            outcomes.append(came["new"])
            if came["new"] == "talking":
                await talking(caller, ring)
            else:
                await ring.ended(deadline=5)
                await api.ready("1001")
                ring = await phone.next_ring(deadline=5)
                await ring.answer()
                await talking(caller, ring)
            await ring.hang_up()
            ended = await facts.wait_for("CallEnded", deadline=8)
            assert ended["outcome"] == "answered"
            await turned(facts, "1001", "ready")
    assert (outcomes[0], outcomes[-1]) == ("talking", "paused"), outcomes


async def test_a_leg_that_is_withdrawn_before_it_bridges_leaves_the_caller_where_they_wait(
    line: Hotline, api: ApiClient
) -> None:
    """What Asterisk does with the two words that daemon and dialplan exchange, without luck."""
    phone = await seat_of(line, api, "1001")
    async with api.facts() as facts:
        caller = await call_in(line)
        ring = await phone.next_ring(deadline=8)
        rung = await facts.wait_for("OfferRang", seat="1001", deadline=5)
        assert await on_leg(line, rung["offer"], "Setvar", "CTI_WITHDRAWN", "1") == ""
        await ring.answer()
        assert (await ring.ended(deadline=5)).by == "them"
        failed = await facts.wait_for("OfferFailed", deadline=5)
        assert failed["reason"] == "seat-gone"
        assert caller.heard.longest_gap_ms(since=rung["at"], until=failed["at"]) < 200
        await api.ready("1001")
        ring = await phone.next_ring(deadline=5)
        await ring.answer()
        talk = await facts.wait_for("TalkStarted", deadline=5)
        await talking(caller, ring)
        assert await on_leg(line, talk["offer"], "Getvar", "CTI_TAKEN") == "1"


async def on_leg(line: Hotline, leg: str, action: str, variable: str, value: str = "") -> str:
    """Set or read a variable of a leg, as the daemon does; what is read."""
    asterisk = line.settings.asterisk
    reader, writer = await asyncio.open_connection(asterisk.host, asterisk.ami_port)
    secret = asterisk.ami_secret or line.secrets.get(AMI_SECRET)
    login = f"Action: Login\r\nUsername: {asterisk.ami_username}\r\nSecret: {secret}\r\n\r\n"
    asked = f"Action: {action}\r\nActionID: asked\r\nChannel: {leg}\r\nVariable: {variable}\r\n"
    writer.write(f"{login}{asked}Value: {value}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        await reader.readuntil(b"Response: Success\r\nActionID: asked\r\n")
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    return answer.partition("Value: ")[2].strip()


async def test_a_seats_answer_after_three_quarters_of_its_time_is_welcome(
    line: Hotline, api: ApiClient
) -> None:
    phone = await seat_of(line, api, "1001", AnswerAfter(4))
    caller = await call_in(line)
    ring = await phone.next_ring(deadline=8)
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=8)
    await caller.hang_up()
