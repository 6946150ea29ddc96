"""All seats of a queue rung at once, phones that answer when asked to, seats with two phones."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.phones.audio import Tone
from bench.phones.phone import AnswerWhenAsked, CallState, Manual, NoSign, Phone
from config.site import sip_secret
from cti.people import first_password
from tests.acceptance.api_client import ApiClient, ApiFailed
from tests.acceptance.hotline import CALLER_HZ, Hotline, call_in, hotline, talking

SEATS = ("1001", "1002", "1003")
HZ = {"1001": 1300, "1002": 1500, "1003": 1900}
QUEUES = ["service", "repairs", "bills"]
HOME = "PJSIP/1001-home"


@asynccontextmanager
async def a_line(
    folder: Path, root: Path, **changes: Any
) -> AsyncIterator[tuple[Hotline, ApiClient]]:
    seats = {
        seat: {"name": seat, "device": f"PJSIP/{seat}", "queues": QUEUES}
        | ({"devices": [HOME]} if seat == "1001" else {})
        for seat in SEATS
    }
    async with (
        hotline(folder, root_dir=root, parts={"seats": seats}, **changes) as line,
        ApiClient(line.api_url) as api,
    ):
        await api.log_in("admin", first_password(line.secrets, "admin"))
        yield line, api


async def signed_on(line: Hotline, api: ApiClient, answer: object = None) -> dict[str, Phone]:
    phones = {seat: await line.seat(seat, answer or Manual()) for seat in SEATS}  # type: ignore[arg-type]
    for seat, phone in phones.items():
        phone.microphone = Tone(HZ[seat])
        await api.sign_on(seat)
    return phones


async def home_phone(line: Hotline) -> Phone:
    phone = Phone(
        user="1001-home",
        server=line.sip,
        password=line.secrets.get(sip_secret(HOME)),
        answer=Manual(),
        microphone=Tone(HZ["1001"]),
    )
    await phone.start()
    line.phones.append(phone)
    await phone.register()
    return phone


async def test_all_seats_are_rung_and_of_those_that_answer_at_the_same_time_one_has_the_caller(
    tmp_path: Path, asterisk_root: Path
) -> None:
    settings = {"strategy": "ring-all", "ring_seconds": 15}
    async with a_line(tmp_path, asterisk_root, **settings) as (line, api):
        phones = await signed_on(line, api)
        winners: Counter[str] = Counter()
        for turn in range(20):
            async with api.facts() as facts:
                caller = await call_in(line, number=f"1380000{turn:04d}")
                rings = {seat: await phone.next_ring(deadline=8) for seat, phone in phones.items()}
                for seat in SEATS:
                    await facts.wait_for("OfferRang", seat=seat, deadline=5)
                for ring in rings.values():  # in one turn of the event loop
                    ring.pick_up_if_ringing()  # type: ignore[attr-defined]
                answered = await facts.wait_for("OfferAnswered", deadline=5)
                seat = answered["seat"]
                winners[seat] += 1
                for _ in SEATS[1:]:
                    failed = await facts.wait_for("OfferFailed", deadline=5)
                    assert (failed["reason"], failed["call"]) == ("taken", answered["call"])
                    assert failed["seat"] != seat
                await caller.heard.wait_for_tone(HZ[seat], deadline=5)
                await rings[seat].heard.wait_for_tone(CALLER_HZ, deadline=5)
                for other in set(SEATS) - {seat}:
                    reason = await rings[other].ended(deadline=5)
                    assert reason.by == "them"
                    await facts.wait_for("SeatStateChanged", seat=other, new="ready", deadline=5)
                assert rings[seat].state is CallState.TALKING
                await rings[seat].hang_up()
                ended = await facts.wait_for("CallEnded", deadline=5)
                assert (ended["outcome"], ended["ended_by"]) == ("answered", "seat")
                await facts.wait_for("SeatStateChanged", seat=seat, new="ready", deadline=5)
                told = [one["kind"] for one in facts.messages if one["type"] == "fact"]
                assert told.count("OfferAnswered") == told.count("TalkStarted") == 1
                assert "AnomalySeen" not in told
        assert winners.total() == 20


async def test_one_of_all_seats_rung_answers_while_no_daemon_lives(
    tmp_path: Path, asterisk_root: Path
) -> None:
    settings = {"strategy": "ring-all", "ring_seconds": 15}
    async with a_line(tmp_path, asterisk_root, **settings) as (line, api):
        phones = await signed_on(line, api)
        async with api.facts() as facts:
            caller = await call_in(line)
            rings = {seat: await phone.next_ring(deadline=8) for seat, phone in phones.items()}
            for seat in SEATS:
                await facts.wait_for("OfferRang", seat=seat, deadline=5)
        line.kill_daemon()
        for seat in ("1001", "1002"):
            rings[seat].pick_up_if_ringing()  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            both = [asyncio.create_task(rings[seat].ended(10)) for seat in ("1001", "1002")]
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1, "who came second is hung up by its own dialplan"
        winner = next(s for s in ("1001", "1002") if rings[s].state is CallState.TALKING)
        await caller.heard.wait_for_tone(HZ[winner], deadline=5)
        await line.start_daemon()
        async with ApiClient(line.api_url) as back:
            await back.log_in("admin", first_password(line.secrets, "admin"))
            async with back.facts() as facts:
                seats = {one["seat"]: one["state"] for one in facts.snapshot["seats"]}
                assert seats[winner] == "talking"
                await rings["1003"].ended(deadline=5)
                await rings[winner].hang_up()
                ended = await facts.wait_for("CallEnded", deadline=5)
                assert ended["outcome"] == "answered"
        for task in both:
            task.cancel()


async def test_all_seats_rung_are_known_again_after_a_restart(
    tmp_path: Path, asterisk_root: Path
) -> None:
    settings = {"strategy": "ring-all", "ring_seconds": 20}
    async with a_line(tmp_path, asterisk_root, **settings) as (line, api):
        phones = await signed_on(line, api)
        async with api.facts() as facts:
            caller = await call_in(line)
            rings = {seat: await phone.next_ring(deadline=8) for seat, phone in phones.items()}
            for seat in SEATS:
                await facts.wait_for("OfferRang", seat=seat, deadline=5)
        line.kill_daemon()
        await line.start_daemon()
        async with ApiClient(line.api_url) as back:
            await back.log_in("admin", first_password(line.secrets, "admin"))
            assert {one["state"] for one in await back.seats()} == {"ringing"}
            async with back.facts() as facts:
                await rings["1002"].answer()
                answered = await facts.wait_for("OfferAnswered", deadline=5)
                assert answered["seat"] == "1002"
                for _ in range(2):
                    failed = await facts.wait_for("OfferFailed", deadline=5)
                    assert failed["reason"] == "taken"
                await caller.heard.wait_for_tone(HZ["1002"], deadline=5)


async def test_a_queue_whose_calls_are_answered_by_the_phones_themselves(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with a_line(tmp_path, asterisk_root, auto_answer=True) as (line, api):
        phones = await signed_on(line, api, AnswerWhenAsked())
        caller = await call_in(line)
        ring = await phones["1001"].next_ring(deadline=8)
        invite = ring.invite  # type: ignore[attr-defined]
        assert invite.get_header("call-info").endswith(";answer-after=0")
        assert "info=alert-autoanswer" in invite.get_header("alert-info")
        await ring.answered(deadline=5)
        await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
        await caller.hang_up()


async def test_a_seat_works_with_the_phone_it_signed_on_with_also_after_a_restart(
    tmp_path: Path, asterisk_root: Path
) -> None:
    async with a_line(tmp_path, asterisk_root, ring_seconds=15) as (line, api):
        desk = await line.seat("1001", NoSign())
        home = await home_phone(line)
        try:
            await api.sign_on("1001", "PJSIP/1002")
        except ApiFailed as refused:
            assert refused.status == 409
        else:
            raise AssertionError("another seat's phone")
        assert (await api.sign_on("1001", HOME))["device"] == HOME
        caller = await call_in(line)
        ring = await home.next_ring(deadline=8)
        await ring.answer()
        await talking(caller, ring)
        line.kill_daemon()
        await line.start_daemon()
        async with ApiClient(line.api_url) as back:
            await back.log_in("admin", first_password(line.secrets, "admin"))
            known = await back.seat("1001")
            assert (known["state"], known["device"]) == ("talking", HOME)
            async with back.facts() as facts:
                await ring.hang_up()
                await facts.wait_for("SeatStateChanged", seat="1001", new="ready", deadline=5)
            # Asterisk's own queue knows it, too: nobody else is there to ring it.
            line.kill_daemon()
            second = await call_in_without_daemon(line)
            ring = await home.next_ring(deadline=20)
            await ring.answer()
            await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
            await second.hang_up()
        assert not desk.calls


async def call_in_without_daemon(line: Hotline) -> Any:
    phone = await line.caller("13800003333")
    call = await phone.call("12345", audio=Tone(CALLER_HZ))
    await call.answered(deadline=5)
    return call
