"""A seat at a registrar that is played by hand."""

from __future__ import annotations

import asyncio

import pytest
from aiosipua import SipRequest

from bench.phones.errors import NotInTime, Refused
from bench.phones.phone import Phone
from tests.contract.phones.peer import OFFER, MakePhone, Peer

CHALLENGE = 'Digest realm="r", nonce="{}", qop="auth", algorithm=MD5'


async def registrar(peer: Peer, *, expires: int = 60, nonce: str = "n1") -> SipRequest:
    """Challenge one REGISTER and grant the next, which is returned."""
    peer.reply(await peer.request("REGISTER"), 401, www_authenticate=CHALLENGE.format(nonce))
    request = await peer.request("REGISTER")
    contact = (request.get_header("contact") or "") + f";expires={expires}"
    peer.reply(request, 200, contact=contact)
    return request


async def registered(phone: Phone, peer: Peer, *, expires: int = 60) -> SipRequest:
    registering = asyncio.create_task(phone.register(60))
    request = await registrar(peer, expires=expires)
    await registering
    return request


async def test_registration_answers_the_challenge_and_stop_takes_it_back(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address, password="secret")
    request = await registered(phone, peer)
    assert 'username="1001"' in (request.get_header("authorization") or "")
    assert "nc=00000001" in (request.get_header("authorization") or "")
    assert request.get_header("contact") == f"<sip:1001@127.0.0.1:{phone.address[1]}>"
    stopping = asyncio.create_task(phone.stop())
    request = await registrar(peer)
    assert request.get_header("expires") == "0"
    await stopping


async def test_registration_is_renewed_before_it_expires(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("1001", peer.address, password="secret")
    first = await registered(phone, peer, expires=1)
    second = await registrar(peer, expires=60, nonce="n2")
    assert first.call_id == second.call_id
    await registrar_gone(phone)


async def test_a_stale_nonce_is_answered_with_the_new_one(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address, password="secret")
    registering = asyncio.create_task(phone.register())
    for challenge in (CHALLENGE.format("old"), CHALLENGE.format("new") + ", stale=true"):
        peer.reply(await peer.request("REGISTER"), 401, www_authenticate=challenge)
    peer.reply(await peer.request("REGISTER"), 200)
    await registering
    await registrar_gone(phone)


async def test_a_registrar_that_wants_longer_gets_it(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("1001", peer.address)
    registering = asyncio.create_task(phone.register(10))
    peer.reply(await peer.request("REGISTER"), 423, min_expires="30")
    request = await peer.request("REGISTER")
    assert request.get_header("expires") == "30"
    peer.reply(request, 200)
    await registering
    await registrar_gone(phone)


async def test_a_wrong_password_and_a_silent_registrar_raise(
    make_phone: MakePhone, peer: Peer
) -> None:
    phone = await make_phone("1001", peer.address, password="wrong")
    registering = asyncio.create_task(phone.register())
    for _ in range(2):
        peer.reply(await peer.request("REGISTER"), 401, www_authenticate=CHALLENGE.format("n"))
    with pytest.raises(Refused):
        await registering
    with pytest.raises(NotInTime):
        await phone.register(deadline=0.05)


async def test_a_seat_that_calls_answers_the_challenge(make_phone: MakePhone, peer: Peer) -> None:
    phone = await make_phone("1001", peer.address, password="secret")
    call = await phone.call("12345")
    first = await peer.request("INVITE")
    peer.reply(first, 407, proxy_authenticate=CHALLENGE.format("n"))
    await peer.request("ACK")
    second = await peer.request("INVITE")
    assert "response=" in (second.get_header("proxy-authorization") or "")
    assert second.get_header("cseq") == "2 INVITE"
    peer.reply(second, 200, OFFER)
    assert (await peer.request("ACK")).get_header("cseq") == "2 ACK"
    await call.answered(deadline=1)


async def registrar_gone(phone: Phone) -> None:
    """Stop without an answer: it must not hang."""
    assert phone._registration is not None
    phone._registration.granted_s = 0
    await phone.stop()
