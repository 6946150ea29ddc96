"""Requests of the other end inside a call and outside of any, played by hand."""

from __future__ import annotations

import pytest

from bench.phones import sdp
from bench.phones.call import CallState
from bench.phones.microphone import Microphone
from bench.phones.pacer import pacer
from bench.phones.phone import AnswerAfter, Tone
from bench.phones.udp import UdpSocket
from tests.contract.phones.peer import OFFER, MakePhone, Peer, ack_of, incoming_call, tag_of


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_a_new_offer_in_a_call_is_answered_and_sound_goes_there(
    make_phone: MakePhone, peer: Peer, method: str
) -> None:
    call, tag = await incoming_call(make_phone, peer)
    offer = sdp.describe(("127.0.0.1", 11), ("PCMU",), event=97, direction="sendonly")
    peer.send(peer.make(method, "in", tag, offer))
    ok = await peer.response(200)
    answer = sdp.understand(ok.text, ("PCMU",))
    assert answer is not None
    assert (answer.codec, answer.event, answer.direction) == ("PCMU", 97, "recvonly")
    assert call.media.remote is not None
    assert (call.media.remote.address, call.media.remote.listens) == (("127.0.0.1", 11), False)


async def test_a_new_offer_that_we_cannot_speak_gets_488_and_the_call_goes_on(
    make_phone: MakePhone, peer: Peer
) -> None:
    call, tag = await incoming_call(make_phone, peer)
    peer.send(peer.make("UPDATE", "in", tag, OFFER.replace(b"m=audio", b"m=video")))
    await peer.response(488)
    assert call.state is CallState.TALKING


async def test_an_invite_without_an_offer_gets_ours_and_the_ack_brings_the_answer(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address, AnswerAfter(0))
    peer.phone = phone.address
    invite = peer.make("INVITE", "in")
    peer.send(invite)
    await peer.response(180)
    ok = await peer.response(200)
    assert sdp.understand(ok.text, ("PCMA",)) is not None
    peer.send(ack_of(peer, invite, ok, OFFER))
    again = peer.make("INVITE", "in", tag_of(ok))
    peer.send(again)
    ok = await peer.response(200)
    assert ok.body
    call = await phone.next_ring(deadline=1)
    assert call.media.remote is not None


@pytest.mark.parametrize(
    ("method", "code"),
    [("OPTIONS", 200), ("INFO", 200), ("NOTIFY", 200), ("UPDATE", 200), ("REFER", 603)],
)
async def test_other_requests_in_a_call_are_answered(
    make_phone: MakePhone, peer: Peer, method: str, code: int
) -> None:
    call, tag = await incoming_call(make_phone, peer)
    peer.send(peer.make(method, "in", tag))
    await peer.response(code)
    assert call.state is CallState.TALKING


async def test_session_timers_asked_for_by_the_other_end_are_left_to_it(
    make_phone: MakePhone, peer: Peer
) -> None:
    invite = peer.make("INVITE", "in", body=OFFER)
    invite.set_header("Supported", "timer, 100rel, replaces")
    invite.set_header("Session-Expires", "90;refresher=uas")
    call, tag = await incoming_call(make_phone, peer, invite)
    refresh = peer.make("UPDATE", "in", tag)
    refresh.set_header("Session-Expires", "90;refresher=uac")
    peer.send(refresh)
    ok = await peer.response(200)
    assert ok.get_header("session-expires") is None
    assert ok.get_header("require") is None
    assert call.state is CallState.TALKING


@pytest.mark.parametrize("method", ["BYE", "INVITE", "INFO"])
async def test_a_request_for_a_call_that_we_do_not_have_gets_481(
    make_phone: MakePhone, peer: Peer, method: str
) -> None:
    call, _ = await incoming_call(make_phone, peer)
    peer.send(peer.make(method, "in", "another-tag"))
    await peer.response(481)
    peer.send(peer.make(method, "another-call", "tag"))
    await peer.response(481)
    assert call.state is CallState.TALKING


@pytest.mark.parametrize(
    ("method", "code"), [("OPTIONS", 200), ("NOTIFY", 200), ("SUBSCRIBE", 405)]
)
async def test_requests_outside_calls_are_answered(
    make_phone: MakePhone, peer: Peer, method: str, code: int
) -> None:
    phone = await make_phone("1001", peer.address)
    peer.phone = phone.address
    peer.send(peer.make(method, "q"))
    response = await peer.response(code)
    assert "UPDATE" in ", ".join(response.get_header_values("allow"))


async def test_early_media_is_heard_before_the_answer(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("c", peer.address)
    call = await phone.call("12345")
    invite = await peer.request("INVITE")
    ear = sdp.understand(invite.text, ("PCMA",))
    assert ear is not None
    voice = UdpSocket("127.0.0.1", lambda data, source, at_us: None)
    microphone = Microphone(voice.send, Tone(1500))
    microphone.aim(ear)
    pacer().add(microphone)
    peer.reply(invite, 183, sdp.describe(voice.address, ("PCMA",)))
    await call.heard.wait_for_tone(1500, deadline=2)
    assert (call.rang_us, call.answered_us) == (None, None)
    pacer().remove(microphone)
    voice.close()
