"""The other end of a phone's line, played by hand message by message: loses, repeats, insists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from aiosipua import SipMessage, SipRequest, SipResponse

from bench.phones import sdp
from bench.phones.dialog import response_to
from bench.phones.names import parse_name_addr
from bench.phones.phone import AnswerAfter, Phone, PhoneCall
from bench.phones.udp import Address, UdpSocket

MakePhone = Callable[..., Awaitable[Phone]]
T1_S = 0.02
"""Repetitions come 25 times faster than in life."""
OFFER = sdp.describe(("127.0.0.1", 9), ("PCMA", "PCMU"))
"""Sound that goes nowhere."""


class Peer:
    """`got` holds every message that arrived, repetitions included."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[SipRequest | SipResponse] = asyncio.Queue()
        self._socket = UdpSocket("127.0.0.1", self._received)
        self.address = self._socket.address
        self.phone: Address = ("", 0)
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    async def request(self, method: str) -> SipRequest:
        """The next request, which must be `method`."""
        message = await self._next()
        assert isinstance(message, SipRequest), message
        assert message.method == method, message
        return message

    async def response(self, code: int) -> SipResponse:
        """The next response, which must have `code`."""
        message = await self._next()
        assert isinstance(message, SipResponse), message
        assert message.status_code == code, message
        return message

    def reply(
        self, request: SipRequest, code: int, body: bytes = b"", **headers: str
    ) -> SipResponse:
        """Answer a request as a server with the tag `peer` would."""
        response = response_to(request, code, "x", tag="peer", contact=self.contact)
        for name, value in headers.items():
            response.set_header(name.replace("_", "-"), value)
        response.body = body
        self.send(response)
        return response

    @property
    def contact(self) -> str:
        return f"sip:peer@{self.address[0]}:{self.address[1]}"

    def make(self, method: str, call_id: str, to_tag: str = "", body: bytes = b"") -> SipRequest:
        """A new request to the phone, not sent yet."""
        self._number += 1
        request = SipRequest(method=method, uri="sip:phone@127.0.0.1")
        ip, port = self.address
        request.set_header("Via", f"SIP/2.0/UDP {ip}:{port};branch=z9hG4bK{call_id}{self._number}")
        request.set_header("From", "<sip:peer@127.0.0.1>;tag=peer")
        request.set_header("To", "<sip:phone@127.0.0.1>" + (f";tag={to_tag}" if to_tag else ""))
        request.set_header("Call-ID", call_id)
        request.set_header("CSeq", f"{self._number} {method}")
        request.set_header("Contact", f"<{self.contact}>")
        request.body = body
        return request

    def send(self, message: SipMessage) -> None:
        self._socket.send(bytes(message), self.phone)

    def send_bytes(self, data: bytes) -> None:
        self._socket.send(data, self.phone)

    async def _next(self) -> SipRequest | SipResponse:
        async with asyncio.timeout(3):
            return await self.got.get()

    def _received(self, data: bytes, source: Address, at_us: int) -> None:
        self.phone = source
        self.got.put_nowait(SipMessage.parse(data))


async def incoming_call(
    make_phone: MakePhone, peer: Peer, invite: SipRequest | None = None
) -> tuple[PhoneCall, str]:
    """A call to the phone that it has answered and the peer confirmed; the phone's tag."""
    phone = await make_phone("1001", peer.address, AnswerAfter(0), t1_s=T1_S)
    peer.phone = phone.address
    invite = invite or peer.make("INVITE", "in", body=OFFER)
    peer.send(invite)
    await peer.response(180)
    ok = await peer.response(200)
    peer.send(ack_of(peer, invite, ok))
    return await phone.next_ring(deadline=1), tag_of(ok)


def tag_of(message: SipResponse) -> str:
    return parse_name_addr(message.get_header("to") or "").tag


def ack_of(peer: Peer, invite: SipRequest, ok: SipResponse, body: bytes = b"") -> SipRequest:
    ack = peer.make("ACK", invite.call_id or "", tag_of(ok), body)
    ack.set_header("CSeq", (invite.get_header("cseq") or "").replace("INVITE", "ACK"))
    return ack
