"""What strangers can send by telephone: odd names and numbers, storms of keys, wrong passwords.

Whatever it is, the link to Asterisk stays up, each call ends once with its true outcome, and the
next caller is served.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bench.phones.phone import NotInTime, Phone, Refused
from tests.acceptance.desk import SEAT, Desk, Watch, a_desk
from tests.acceptance.hotline import TRUNK_ADDRESS

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


def fit_to_show(text: str) -> bool:
    return len(text) <= 80 and not any(unicodedata.category(c)[0] == "C" for c in text)


BY_NAME: dict[str, str | bytes] = {
    "percent": b'"x%0d%0aAction: Originate" <sip:138@127.0.0.2>',
    "expression": '"${SHELL(id)}" <sip:138@127.0.0.2>',
    "300 characters": f'"{"长" * 300}" <sip:138@127.0.0.2>',
    "broken UTF-8": b'"\xff\xfe\xe5\xbc \x80" <sip:138@127.0.0.2>',
    "quotes": b'"a\\"b\\\\c<sip:evil@x>,d" <sip:138@127.0.0.2>',
    "bidi": '"\u202e831\u2066abc\u2069" <sip:138@127.0.0.2>',
    "zero byte": b'"a\x00b" <sip:138@127.0.0.2>',
}


@pytest.mark.parametrize("raw_from", BY_NAME.values(), ids=BY_NAME)
async def test_a_caller_with_a_hostile_name_is_served_and_shown_harmlessly(
    watch: Watch, raw_from: str | bytes
) -> None:
    ring = await watch.served(raw_from=raw_from)
    assert fit_to_show(ring.caller_id.name)
    assert not set('"\\<>') & set(ring.caller_id.name)
    assert ring.caller_id.number == "138"


BY_NUMBER = {
    "300%26PJSIP/x": "300",
    "1;rm": "1",
    "": "anonymous",
    "1" * 64: "1" * 32,
    "../../etc": "anonymous",
}


@pytest.mark.parametrize(("number", "shown"), BY_NUMBER.items())
async def test_a_caller_with_a_hostile_number_is_served_and_only_digits_are_shown(
    watch: Watch, number: str, shown: str
) -> None:
    user = f"{number}@" if number else ""
    ring = await watch.served(raw_from=f'"n" <sip:{user}127.0.0.2>')
    assert ring.caller_id.number == shown


@pytest.mark.parametrize(
    "raw_from",
    [
        '"张三\r\n Action: Originate" <sip:138@127.0.0.2>',
        '"张三\r\nAction: Originate" <sip:138@127.0.0.2>',
        b'"x\\\r\\\nAction: Originate" <sip:138@127.0.0.2>',
        b'"n" <sip:${SHELL(id)}@127.0.0.2>',
    ],
    ids=["folded", "line break", "escaped line break", "expression as number"],
)
async def test_what_is_not_sip_reaches_nobody(watch: Watch, raw_from: str | bytes) -> None:
    call = await watch.dial(raw_from=raw_from)
    with pytest.raises(NotInTime):
        await call.ended(deadline=0.3)
    call.drop()
    assert not watch.arrived()


@pytest.mark.parametrize(
    "number",
    ["99999", "s", "h", "T", "123456", "1234", "_X.", "12345&PJSIP/1001", "..%2f..", "1" * 64],
)
async def test_a_number_that_is_no_hotline_is_refused(watch: Watch, number: str) -> None:
    call = await watch.dial(number)
    assert (await call.ended(deadline=5)).by == "them"
    assert call.answered_us is None


async def test_storms_of_keys_from_several_callers_disturb_nobody(desk: Desk, watch: Watch) -> None:
    async def storm(keys: str) -> None:
        call = await watch.in_menu()
        await call.press(keys, tone_ms=40, gap_ms=20)
        await call.hang_up()

    # Who presses only wrong keys gets a person in the end: here, a place in the queue.
    await desk.api.pause(SEAT, "lunch")
    await asyncio.gather(*(storm(keys * 70) for keys in ("*", "9", "A", "3")))
    ends = [await watch.fact("CallEnded") for _ in range(4)]
    assert sorted(end["call"] for end in ends) == sorted(watch.arrived())
    assert {end["outcome"] for end in ends} <= {"abandoned", "left-menu"}
    await desk.api.ready(SEAT)
    await watch.served()


# ----------------------------------------------------------------------- who may come in at all


async def test_a_wrong_password_registers_nobody_and_the_seat_keeps_its_phone(
    desk: Desk, watch: Watch
) -> None:
    for user in ("1001", "trunk", "1001-auth", "'; --"):
        thief = Phone(user=user, server=desk.line.sip, password="guess")
        await thief.start()
        with pytest.raises((Refused, NotInTime)):
            await thief.register(deadline=1)
        await thief.stop(patience_s=0.1)
    await watch.served()


@pytest.mark.parametrize("user", ["13800001111", "trunk", "1001"])
async def test_a_phone_without_password_cannot_call_in_from_elsewhere(
    desk: Desk, watch: Watch, user: str
) -> None:
    assert desk.seat.local_ip != TRUNK_ADDRESS
    stranger = Phone(user=user, server=desk.line.sip)
    await stranger.start()
    call = await stranger.call("12345")
    reason = await call.ended(deadline=5)
    assert (reason.by, reason.code) == ("them", 401)
    assert not watch.arrived()
    await stranger.stop()
