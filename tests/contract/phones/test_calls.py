"""A phone calls another: each way a call can begin, run and end."""

from __future__ import annotations

import asyncio

import pytest

from bench.phones.call import CallState, EndReason
from bench.phones.errors import CallIsOver, NotInTime, WrongMoment
from bench.phones.microphone import Microphone
from bench.phones.phone import AnswerAfter, Ignore, PhoneCall, RejectWith, Silence, Tone
from bench.phones.sdp import RemoteMedia
from bench.phones.udp import UdpSocket
from tests.contract.phones.peer import MakePhone

CALLER_HZ, SEAT_HZ = 700, 1300


async def talk(make_phone: MakePhone) -> tuple[PhoneCall, PhoneCall]:
    """Both ends of an answered call, each with its own tone."""
    seat = await make_phone("1001", microphone=Tone(SEAT_HZ))
    caller = await make_phone("13800001111", seat, local_ip="127.0.0.2")
    out = await caller.call("1001", audio=Tone(CALLER_HZ))
    ring = await seat.next_ring(deadline=2)
    await ring.answer()
    await out.answered(deadline=2)
    return out, ring


async def test_a_call_rings_is_answered_and_both_hear_each_other(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", microphone=Tone(SEAT_HZ))
    caller = await make_phone("13800001111", seat, local_ip="127.0.0.2", display_name="张三")
    out = await caller.call("1001", audio=Tone(CALLER_HZ))
    ring = await seat.next_ring(deadline=2)
    assert ring.caller_id == "张三 <13800001111>"
    assert (ring.caller_id.name, ring.caller_id.number) == ("张三", "13800001111")
    assert ring.state is CallState.RINGING
    assert not ring.heard.packets, "nobody talks before the answer"

    await ring.answer()
    await out.answered(deadline=2)
    assert (out.state, ring.state) == (CallState.TALKING, CallState.TALKING)
    begun = await ring.heard.wait_for_tone(CALLER_HZ, deadline=2)
    await out.heard.wait_for_tone(SEAT_HZ, deadline=2)
    assert ring.answered_us is not None
    assert begun - ring.answered_us < 100_000
    assert ring.heard.tone_level(CALLER_HZ) == pytest.approx(-10, abs=1)
    assert ring.heard.tone_level(SEAT_HZ) < -50


async def test_the_microphone_changes_its_sound_during_a_call(make_phone: MakePhone) -> None:
    out, ring = await talk(make_phone)
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=2)
    out.send(Tone(2000))
    begun = await ring.heard.wait_for_tone(2000, deadline=2)
    assert ring.heard.longest_gap_ms(since=begun - 100_000) < 40, "no packet is left out"
    out.send(Silence())
    with pytest.raises(NotInTime, match=r"2000 Hz \(heard: last packet 0\.0"):
        await ring.heard.wait_for_tone(2000, min_ms=200, deadline=0.3)


@pytest.mark.parametrize("caller_hangs_up", [True, False])
async def test_hanging_up_ends_the_call_at_both_ends(
    make_phone: MakePhone, caller_hangs_up: bool
) -> None:
    out, ring = await talk(make_phone)
    us, them = (out, ring) if caller_hangs_up else (ring, out)
    left_at = await us.hang_up()
    reason = await them.ended(deadline=2)
    assert (us.end_reason, reason.by, reason.code) == (EndReason("us"), "them", None)
    assert them.ended_us is not None
    assert 0 <= them.ended_us - left_at < 50_000
    assert await us.hang_up() == left_at, "hanging up again changes nothing"


async def test_sound_from_elsewhere_is_not_heard(make_phone: MakePhone) -> None:
    out, ring = await talk(make_phone)
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=2)
    stranger = UdpSocket("127.0.0.1", lambda data, source, at_us: None)
    microphone = Microphone(stranger.send, Tone(2000))
    microphone.aim(RemoteMedia(ring.media.address, "PCMA", None, "sendrecv"))
    for _ in range(20):
        microphone.tick()
    await out.press("1")  # what was sent before has arrived by now
    assert ring.media.strangers == 20
    assert ring.heard.tone_level(2000) < -50
    stranger.close()


async def test_keys_are_heard_once_each_also_the_same_key_twice(make_phone: MakePhone) -> None:
    out, ring = await talk(make_phone)
    await out.press("0019*#")
    await out.press("9", tone_ms=200)
    assert ring.heard.digits == "0019*#9"
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=2)
    assert ring.heard.longest_gap_ms(since=ring.answered_us) < 60, "keys leave no hole"


async def test_pressing_keys_ends_with_the_call(make_phone: MakePhone) -> None:
    out, ring = await talk(make_phone)
    pressing = asyncio.create_task(out.press("123456789"))
    await ring.heard.wait_for_sound(deadline=2)
    await ring.hang_up()
    with pytest.raises(CallIsOver):
        await pressing


@pytest.mark.parametrize("code", [486, 603])
async def test_a_rejected_call_ends_with_the_code(make_phone: MakePhone, code: int) -> None:
    seat = await make_phone("1001")
    caller = await make_phone("c", seat)
    out = await caller.call("1001")
    ring = await seat.next_ring(deadline=2)
    await ring.reject(code)
    with pytest.raises(CallIsOver):
        await out.answered(deadline=2)
    assert out.end_reason is not None
    assert (out.end_reason.by, out.end_reason.code) == ("them", code)
    assert ring.end_reason is not None
    assert (ring.end_reason.by, ring.end_reason.code) == ("us", code)
    with pytest.raises(CallIsOver):
        await ring.answer()


async def test_a_phone_told_to_reject_does_it_without_ringing(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", answer=RejectWith(480))
    caller = await make_phone("c", seat)
    out = await caller.call("1001")
    assert (await out.ended(deadline=2)).code == 480
    assert out.rang_us is None
    assert (await seat.next_ring(deadline=1)).state is CallState.ENDED


@pytest.mark.parametrize("seconds", [0, 0.2])
async def test_a_phone_told_to_answer_does_it_in_time(
    make_phone: MakePhone, seconds: float
) -> None:
    seat = await make_phone("1001", answer=AnswerAfter(seconds))
    caller = await make_phone("c", seat)
    out = await caller.call("1001")
    await out.answered(deadline=2)
    assert out.rang_us is not None
    assert out.answered_us is not None
    assert seconds <= (out.answered_us - out.rang_us) / 1e6 < seconds + 0.1


async def test_a_caller_who_gives_up_cancels_the_ringing(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", answer=Ignore())
    caller = await make_phone("c", seat)
    out = await caller.call("1001")
    ring = await seat.next_ring(deadline=2)
    with pytest.raises(NotInTime):
        await out.answered(deadline=0.1)
    await out.hang_up()
    reason = await ring.ended(deadline=2)
    assert (reason.by, reason.code) == ("them", 487)
    assert out.end_reason is not None
    assert (out.end_reason.by, out.end_reason.code) == ("us", 487)


async def test_a_caller_may_give_up_before_it_rings(make_phone: MakePhone) -> None:
    seat = await make_phone("1001")
    caller = await make_phone("c", seat)
    out = await caller.call("1001")
    await out.hang_up()
    assert out.end_reason is not None
    assert (out.end_reason.by, out.end_reason.code) == ("us", 487)
    assert seat.calls[0].end_reason is not None
    with pytest.raises(NotInTime):
        await seat.next_ring(deadline=0.05)


async def test_nobody_there_ends_in_408(make_phone: MakePhone) -> None:
    caller = await make_phone("c", ("127.0.0.1", 9), t1_s=0.005)
    out = await caller.call("1001")
    reason = await out.ended(deadline=2)
    assert (reason.by, reason.code) == ("them", 408)


async def test_a_call_in_the_wrong_state_refuses_a_command(make_phone: MakePhone) -> None:
    out, ring = await talk(make_phone)
    with pytest.raises(WrongMoment, match="cannot answer a call that is talking"):
        await ring.answer()
    with pytest.raises(WrongMoment):
        await out.reject()


async def test_a_phone_switched_off_hangs_up(make_phone: MakePhone) -> None:
    out, ring = await talk(make_phone)
    await ring.phone.stop()
    assert (await out.ended(deadline=2)).by == "them"


async def test_phones_without_a_common_codec_do_not_talk(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", codecs=("PCMU",), answer=AnswerAfter(0))
    caller = await make_phone("c", seat, codecs=("PCMA",))
    out = await caller.call("1001")
    assert (await out.ended(deadline=2)).code == 488


async def test_mu_law_sounds_the_same(make_phone: MakePhone) -> None:
    seat = await make_phone("1001", codecs=("PCMU", "PCMA"), answer=AnswerAfter(0))
    caller = await make_phone("c", seat, codecs=("PCMU",))
    await (await caller.call("1001", audio=Tone(CALLER_HZ))).answered(deadline=2)
    ring = await seat.next_ring(deadline=2)
    await ring.heard.wait_for_tone(CALLER_HZ, deadline=2)
    assert {packet.payload_type for packet in ring.heard.packets} == {0}


@pytest.mark.parametrize(
    "name",
    [
        '"; DROP <sip:666@evil>',
        "back\\slash\\",
        "${SHELL(id)}",
        "a,b;tag=x&c=d",
        "\u202e张三\u200b😀",
        "tab\tand\x01control\x7f",
        "<>",
    ],
)
async def test_a_strange_name_arrives_as_it_is(make_phone: MakePhone, name: str) -> None:
    seat = await make_phone("1001", answer=AnswerAfter(0))
    caller = await make_phone("c", seat)
    out = await caller.call("1001", caller_name=name, caller_number="+86 10;x@y")
    await out.answered(deadline=2)
    ring = await seat.next_ring(deadline=2)
    assert (ring.caller_id.name, ring.caller_id.number) == (name, "+86 10;x@y")
    await ring.hang_up()
    assert (await out.ended(deadline=2)).by == "them"


async def test_a_literal_from_line_is_sent_byte_for_byte(make_phone: MakePhone) -> None:
    seat = await make_phone("1001")
    caller = await make_phone("c", seat)
    out = await caller.call("1001", raw_from=b'"\xff\xfe" <sip:7@x>\r\nX-Injected: yes\r\nX-B: c')
    ring = await seat.next_ring(deadline=2)
    assert ring.caller_id.number == "7"
    await out.hang_up()
    assert (await ring.ended(deadline=2)).by == "them"


async def test_sixty_calls_at_once_each_hear_their_own_tone(make_phone: MakePhone) -> None:
    seats = [await make_phone(f"{n}", answer=AnswerAfter(0)) for n in range(30)]
    outs: list[PhoneCall] = []
    for n, seat in enumerate(seats):
        caller = await make_phone(f"c{n}", seat, local_ip="127.0.0.2")
        outs.append(await caller.call(f"{n}", audio=Tone(400 + 50 * n)))
    for out in outs:
        await out.answered(deadline=3)
    rings = [await seat.next_ring(deadline=1) for seat in seats]
    for n, ring in enumerate(rings):
        await ring.heard.wait_for_tone(400 + 50 * n, min_ms=500, deadline=3)
    longest = [ring.heard.longest_gap_ms() for ring in rings]
    assert max(longest) < 120, f"packets are paced: {longest}"
