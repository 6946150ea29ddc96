"""Lost packets, and messages that cross on the way, played by hand."""

from __future__ import annotations

import asyncio

from aiosipua import SipRequest

from bench.phones.call import CallState
from bench.phones.phone import AnswerAfter, PhoneCall
from tests.contract.phones.peer import OFFER, T1_S, MakePhone, Peer, ack_of, incoming_call, tag_of


async def answered_call(make_phone: MakePhone, peer: Peer) -> tuple[PhoneCall, SipRequest]:
    """A call from the phone that the peer has answered, and its INVITE."""
    phone = await make_phone("c", peer.address, t1_s=T1_S)
    call = await phone.call("12345")
    invite = await peer.request("INVITE")
    peer.reply(invite, 200, OFFER)
    await peer.request("ACK")
    await call.answered(deadline=1)
    return call, invite


# ----------------------------------------------------------------------------------- lost packets


async def test_a_lost_invite_is_sent_again_until_something_is_heard(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("c", peer.address, t1_s=T1_S)
    call = await phone.call("12345")
    first, second = await peer.request("INVITE"), await peer.request("INVITE")
    assert bytes(first) == bytes(second)
    peer.reply(second, 100)
    peer.reply(second, 180)
    peer.reply(second, 486)
    ack = await peer.request("ACK")
    assert ack.via[0].branch == first.via[0].branch
    assert (await call.ended(deadline=1)).code == 486


async def test_a_lost_ack_is_sent_again_for_each_repeated_answer(
    make_phone: MakePhone, peer: Peer
) -> None:
    _, invite = await answered_call(make_phone, peer)
    for _ in range(2):
        peer.reply(invite, 200, OFFER)
        await peer.request("ACK")


async def test_a_repeated_invite_gets_the_same_answer_and_rings_once(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address)
    peer.phone = phone.address
    invite = peer.make("INVITE", "in", body=OFFER)
    for _ in range(3):
        peer.send(invite)
    tags = {tag_of(await peer.response(180)) for _ in range(3)}
    assert (len(tags), len(phone.calls)) == (1, 1)


async def test_an_answer_is_repeated_until_it_is_confirmed(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address, AnswerAfter(0), t1_s=T1_S)
    peer.phone = phone.address
    invite = peer.make("INVITE", "in", body=OFFER)
    peer.send(invite)
    await peer.response(180)
    await peer.response(200)
    ok = await peer.response(200)
    peer.send(ack_of(peer, invite, ok))
    bye = peer.make("BYE", "in", tag_of(ok))
    peer.send(bye)
    call = await phone.next_ring(deadline=1)
    assert (await call.ended(deadline=1)).by == "them"


async def test_an_answer_that_is_never_confirmed_is_hung_up(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address, AnswerAfter(0), t1_s=0.002)
    peer.phone = phone.address
    peer.send(peer.make("INVITE", "in", body=OFFER))
    call = await phone.next_ring(deadline=1)
    while True:
        message = await peer.got.get()
        if isinstance(message, SipRequest):
            assert message.method == "BYE"
            break
    peer.reply(message, 200)
    assert (await call.ended(deadline=1)).by == "us"


async def test_a_bye_that_nobody_answers_ends_the_call_all_the_same(
    make_phone: MakePhone, peer: Peer
) -> None:
    call, _ = await answered_call(make_phone, peer)
    await call.hang_up()
    assert call.state is CallState.ENDED


async def test_a_repeated_bye_is_answered_again(make_phone: MakePhone, peer: Peer) -> None:
    call, tag = await incoming_call(make_phone, peer)
    bye = peer.make("BYE", "in", tag)
    bye.set_header("Reason", 'Q.850;cause=31;text="Normal, unspecified"')
    peer.send(bye)
    peer.send(bye)
    await peer.response(200)
    await peer.response(200)
    assert (await call.ended(deadline=1)).cause == 31


async def test_noise_on_the_port_does_no_harm(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("1001", peer.address)
    peer.phone = phone.address
    for noise in (b"", b"\r\n\r\n", b"\x80\x08\x00", b"INVITE\r\n\r\n", b"SIP/2.0 x y\r\n\r\n"):
        peer.send_bytes(noise)
    peer.send(peer.make("OPTIONS", "q"))
    await peer.response(200)


# --------------------------------------------------------------------------------- crossing ways


async def test_cancel_waits_for_the_first_response(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("c", peer.address)
    call = await phone.call("12345")
    invite = await peer.request("INVITE")
    leaving = asyncio.create_task(call.hang_up())
    await asyncio.sleep(0)
    assert call.state is CallState.LEAVING
    peer.reply(invite, 100)
    cancel = await peer.request("CANCEL")
    assert cancel.via[0].branch == invite.via[0].branch
    assert cancel.get_header("cseq") == "1 CANCEL"
    assert cancel.get_header("to") == invite.get_header("to")
    peer.reply(cancel, 200)
    peer.reply(invite, 487)
    await peer.request("ACK")
    await leaving
    reason = await call.ended(deadline=1)
    assert (reason.by, reason.code) == ("us", 487)


async def test_an_answer_that_crosses_our_cancel_is_confirmed_and_hung_up(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("c", peer.address)
    call = await phone.call("12345")
    invite = await peer.request("INVITE")
    peer.reply(invite, 180)
    leaving = asyncio.create_task(call.hang_up())
    peer.reply(invite, 200, OFFER)  # was on its way before our CANCEL could arrive
    peer.reply(await peer.request("CANCEL"), 481)
    await peer.request("ACK")
    peer.reply(await peer.request("BYE"), 200)
    await leaving
    reason = await call.ended(deadline=1)
    assert (reason.by, call.answered_us) == ("us", None)


async def test_a_cancel_that_crosses_our_answer_changes_nothing(
    make_phone: MakePhone, peer: Peer
) -> None:
    invite = peer.make("INVITE", "in", body=OFFER)
    call, _ = await incoming_call(make_phone, peer, invite)
    cancel = peer.make("CANCEL", "in")
    cancel.set_header("Via", invite.get_header("via") or "")
    peer.send(cancel)
    await peer.response(200)
    assert call.state is CallState.TALKING


async def test_a_cancel_of_nothing_gets_481(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("1001", peer.address)
    peer.phone = phone.address
    peer.send(peer.make("CANCEL", "none"))
    await peer.response(481)
