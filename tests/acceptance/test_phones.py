"""The phones against a real Asterisk, without the daemon: other acceptance tests rely on them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bench.phones.call import CallState
from bench.phones.names import quoted
from bench.phones.phone import AnswerAfter, Ignore, Phone, PhoneCall, Refused, RejectWith, Tone
from tests.acceptance.conftest import Pbx

CALLER_HZ, SEAT_HZ = 700, 1300
TRUNK = "127.0.0.2"

Make = Callable[..., Awaitable[Phone]]


@pytest.fixture
async def seat(asterisk: Pbx) -> AsyncIterator[Make]:
    """Makes registered seats: `await seat("1001", AnswerAfter(0))`."""
    phones: list[Phone] = []

    async def make(user: str, answer: AnswerAfter | Ignore | RejectWith | None = None) -> Phone:
        phone = phone_of(asterisk, user, password=asterisk.secrets.get(f"sip:{user}"))
        phone.answer = answer or phone.answer
        phones.append(phone)
        await phone.start()
        await phone.register()
        return phone

    yield make
    for phone in phones:
        await phone.stop()


@pytest.fixture
async def caller(asterisk: Pbx) -> AsyncIterator[Phone]:
    phone = phone_of(asterisk, "13800001111", local_ip=TRUNK)
    await phone.start()
    yield phone
    await phone.stop()


def phone_of(
    asterisk: Pbx, user: str, *, local_ip: str = "127.0.0.1", password: str | None = None
) -> Phone:
    address = asterisk.settings.asterisk
    return Phone(
        user=user,
        server=(address.sip_host, address.sip_port),
        local_ip=local_ip,
        password=password,
        microphone=Tone(SEAT_HZ if password else CALLER_HZ),
    )


async def ring_seat(asterisk: Pbx, user: str, application: str, data: str = "") -> None:
    """Have Asterisk call the seat; answered, it runs `application`."""
    address = asterisk.settings.asterisk
    reader, writer = await asyncio.open_connection(address.host, address.ami_port)
    secret = address.ami_secret or asterisk.secrets.get("ami")
    for action in (
        f"Action: Login\r\nUsername: {address.ami_username}\r\nSecret: {secret}\r\n\r\n",
        f"Action: Originate\r\nActionID: o\r\nChannel: PJSIP/{user}\r\nAsync: true\r\n"
        f"Application: {application}\r\nData: {data}\r\n\r\n",
    ):
        writer.write(action.encode())
    answer = await reader.readuntil(b"ActionID: o\r\n")
    assert b"Response: Error" not in answer, answer
    writer.close()


async def channel_of(asterisk: Pbx, endpoint: str) -> str:
    shown = await asterisk.sandbox.cli("core show channels concise")
    found = re.search(rf"^PJSIP/{endpoint}-[0-9a-f]+", shown, re.M)
    assert found, shown
    return found[0]


async def in_the_waiting_music(caller: Phone) -> PhoneCall:
    """A caller who hears hold music: the menu's daemon is away."""
    call = await caller.call("12345")
    await call.answered(deadline=5)
    await call.heard.wait_for_sound(deadline=5)
    return call


async def test_a_seat_registers_with_its_password_and_is_reachable(
    asterisk: Pbx, seat: Make
) -> None:
    phone = await seat("1001")
    async with asyncio.timeout(5):  # a new contact is asked (OPTIONS) whether it is there
        while not re.search(
            rf"1001/{phone.contact} .* Avail ", await asterisk.sandbox.cli("pjsip show contacts")
        ):
            pass
    await phone.unregister()
    assert "1001/sip" not in await asterisk.sandbox.cli("pjsip show contacts")


async def test_a_phone_that_registers_again_takes_the_place_of_the_old_one(
    asterisk: Pbx, seat: Make
) -> None:
    old, new = await seat("1001"), await seat("1001", AnswerAfter(0))
    await ring_seat(asterisk, "1001", "Echo")
    await new.next_ring(deadline=5)
    assert not old.calls


async def test_a_wrong_password_is_refused(asterisk: Pbx) -> None:
    phone = phone_of(asterisk, "1001", password="guess")
    await phone.start()
    with pytest.raises(Refused) as refused:
        await phone.register()
    assert refused.value.code in (401, 403)
    await phone.stop()


async def test_a_seat_answers_and_hears_its_own_voice_from_the_echo(
    asterisk: Pbx, seat: Make
) -> None:
    phone = await seat("1001")
    await ring_seat(asterisk, "1001", "Echo")
    ring = await phone.next_ring(deadline=5)
    assert ring.state is CallState.RINGING
    await ring.answer()
    await ring.heard.wait_for_tone(SEAT_HZ, min_ms=500, deadline=5)
    await ring.hang_up()
    assert ring.end_reason is not None
    assert ring.end_reason.by == "us"


async def test_a_caller_hears_music_without_a_gap_and_hangs_up(caller: Phone) -> None:
    call = await in_the_waiting_music(caller)
    begun = call.heard.packets[-1].arrival_us
    await call.heard.wait_for_sound(min_ms=1000, deadline=5, since=begun)
    assert call.heard.longest_gap_ms(since=begun) < 60
    assert call.media.strangers == 0
    await call.hang_up()


async def test_an_unknown_number_is_refused_with_404(caller: Phone) -> None:
    call = await caller.call("99999")
    reason = await call.ended(deadline=5)
    assert (reason.by, reason.code) == ("them", 404)


async def test_caller_and_seat_talk_press_keys_and_the_caller_hangs_up(
    asterisk: Pbx, seat: Make, caller: Phone
) -> None:
    phone = await seat("1001", AnswerAfter(0))
    call = await in_the_waiting_music(caller)
    await ring_seat(asterisk, "1001", "Bridge", await channel_of(asterisk, "trunk"))
    ring = await phone.next_ring(deadline=5)
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
    await call.heard.wait_for_tone(SEAT_HZ, deadline=5)

    await call.press("0055*")
    await ring.press("9")
    # The sound after a key tells that the key has come through.
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=5)
    await call.heard.wait_for_tone(SEAT_HZ, deadline=5)
    assert (ring.heard.digits, call.heard.digits) == ("0055*", "9")

    await call.hang_up()
    reason = await ring.ended(deadline=5)
    assert (reason.by, reason.cause) == ("them", 16)


async def test_asterisk_hanging_up_ends_the_call_with_its_cause(
    asterisk: Pbx, caller: Phone
) -> None:
    call = await in_the_waiting_music(caller)
    await asterisk.sandbox.cli(f"channel request hangup {await channel_of(asterisk, 'trunk')}")
    reason = await call.ended(deadline=5)
    assert (reason.by, reason.code) == ("them", None)
    assert reason.cause is not None


async def test_ringing_that_asterisk_gives_up_is_cancelled(asterisk: Pbx, seat: Make) -> None:
    phone = await seat("1001", Ignore())
    await ring_seat(asterisk, "1001", "Echo")
    ring = await phone.next_ring(deadline=5)
    await asterisk.sandbox.cli(f"channel request hangup {await channel_of(asterisk, '1001')}")
    reason = await ring.ended(deadline=5)
    assert (reason.by, reason.code) == ("them", 487)


async def test_a_seat_that_rejects_does_not_ring(asterisk: Pbx, seat: Make) -> None:
    phone = await seat("1001", RejectWith(486))
    await ring_seat(asterisk, "1001", "Echo")
    ring = await phone.next_ring(deadline=5)
    assert ring.end_reason is not None
    assert ring.end_reason.code == 486


async def test_a_seat_may_call_the_hotline_with_its_password(seat: Make) -> None:
    phone = await seat("1002")
    call = await in_the_waiting_music(phone)
    await call.hang_up()


@pytest.mark.parametrize("name", ['"; ${SHELL(id)} <sip:x@y>', "王小明", "a\\b,c&d|e/f"])
async def test_a_strange_caller_name_reaches_asterisk_with_its_escapes(
    asterisk: Pbx, caller: Phone, name: str
) -> None:
    call = await caller.call("12345", caller_name=name)
    await call.answered(deadline=5)
    shown = await asterisk.sandbox.cli(f"core show channel {await channel_of(asterisk, 'trunk')}")
    # PJSIP takes the quotes off and leaves the backslashes in.
    assert re.findall("Caller ID Name: (.*)", shown) == [quoted(name)[1:-1]]
    await call.hang_up()
