"""One SIP user agent on its own UDP port: a caller in the public network, or a seat's phone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Final

from aiosipua import SipDigestAuth, SipRequest, SipResponse, build_credentials, parse_auth
from aiosipua.headers import stringify_auth
from aiosipua.utils import generate_tag

from bench.phones.audio import Audio, Silence, Tone, WavFile
from bench.phones.call import CallerId, CallState, EndReason, PhoneCall
from bench.phones.dialog import Dialog, response_to
from bench.phones.errors import CallIsOver, NotInTime, PhoneError, Refused, WrongMoment
from bench.phones.incoming import IncomingCall
from bench.phones.names import name_addr, parse_name_addr, uri_user
from bench.phones.outgoing import OutgoingCall
from bench.phones.policy import (
    AnswerAfter,
    AnswerPolicy,
    AnswerWhenAsked,
    Ignore,
    Manual,
    NoSign,
    RejectWith,
)
from bench.phones.registration import Registration
from bench.phones.transactions import T1_S, OnResponse, ServerTransaction, Transactions
from bench.phones.udp import Address, UdpSocket

__all__ = [
    "AnswerAfter",
    "AnswerPolicy",
    "AnswerWhenAsked",
    "Audio",
    "CallIsOver",
    "CallState",
    "CallerId",
    "EndReason",
    "Ignore",
    "Manual",
    "NoSign",
    "NotInTime",
    "Phone",
    "PhoneCall",
    "PhoneError",
    "Refused",
    "RejectWith",
    "Silence",
    "Tone",
    "WavFile",
    "WrongMoment",
]

_REMEMBERED: Final = 50
"""Calls that `calls` and `next_ring` keep: a minute heard is about 1 MB."""
_OUT_OF_DIALOG: Final = {"OPTIONS", "NOTIFY", "MESSAGE", "INFO"}


class Phone:
    """`password` is needed to register, and by seats that call; the trunk goes by address.

    `local_port` is its SIP port; 0: any free one.
    `answer` and `microphone` (what calls carry that get no sound of their own) may be changed at
    any time. `calls` holds the latest 50 calls of this phone, oldest first. While `plugged` is
    False no SIP goes in or out, as with a pulled network cable.
    """

    def __init__(
        self,
        *,
        user: str,
        server: Address,
        local_ip: str = "127.0.0.1",
        local_port: int = 0,
        password: str | None = None,
        display_name: str = "",
        answer: AnswerPolicy = Manual(),  # noqa: B008 (frozen)
        microphone: Audio = Silence(),  # noqa: B008 (frozen)
        codecs: tuple[str, ...] = ("PCMA", "PCMU"),
        t1_s: float = T1_S,
    ) -> None:
        self.user, self.server, self.local_ip = user, server, local_ip
        self._local_port = local_port
        self.display_name = display_name
        self.answer = answer
        self.microphone = microphone
        self.codecs = codecs
        self.calls: deque[PhoneCall] = deque(maxlen=_REMEMBERED)
        self.user_part = uri_user(user)
        self.plugged = True
        self.address: Address
        self.contact: str
        self.transactions: Transactions
        self._password = password
        self._t1_s = t1_s
        self._socket: UdpSocket | None = None
        self._registration: Registration | None = None
        self._live: dict[str, PhoneCall] = {}
        self._rings: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self._timers: set[asyncio.TimerHandle] = set()

    async def start(self) -> None:
        """Open the port."""
        loop = asyncio.get_running_loop()
        self._socket = UdpSocket(self.local_ip, self._received, port=self._local_port)
        self.address = self._socket.address
        self.contact = f"sip:{self.user_part}@{self.address[0]}:{self.address[1]}"
        self.transactions = Transactions(loop, self.send, self._on_request, t1_s=self._t1_s)

    async def stop(self, patience_s: float = 1.0) -> None:
        """Hang up, unregister, close the port.

        Waits so long for each of the first two when Asterisk does not answer any more.
        """
        if self._socket is None:
            return
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        live = list(self._live.values())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await asyncio.gather(*(call.hang_up() for call in live))
        for call in live:
            call.drop()
        if self._registration is not None:
            with contextlib.suppress(PhoneError):
                await self._registration.unregister(patience_s)
        self.transactions.close()
        self._socket.close()
        self._socket = None

    async def register(self, expires_s: int = 60, deadline: float = 3) -> None:
        """Register, and again in time until `unregister`. Raises Refused, NotInTime."""
        if self._registration is None:
            self._registration = Registration(self)
        await self._registration.register(expires_s, deadline)

    async def unregister(self, deadline: float = 3) -> None:
        """Raises Refused, NotInTime."""
        if self._registration is not None:
            await self._registration.unregister(deadline)

    async def call(
        self,
        number: str,
        *,
        caller_number: str | None = None,
        caller_name: str | None = None,
        audio: Audio | None = None,
        raw_from: str | bytes | None = None,
    ) -> PhoneCall:
        """Dial; returns once the INVITE is out.

        `raw_from` replaces the whole From line's content on the wire, byte for byte, line breaks
        included; our tag is added unless it has one. Raises ValueError for a name no header can
        hold (CR, LF).
        """
        host, port = self.server
        name = self.display_name if caller_name is None else caller_name
        caller = self.user if caller_number is None else caller_number
        # A seat says who it is at its registrar; a stranger's number belongs to his own network.
        home = host if self._password is not None else self.local_ip
        target = f"sip:{uri_user(number)}@{host}:{port}"
        dialog = Dialog(
            contact=self.contact,
            via=self.address,
            server=self.server,
            local="",
            remote=f"<{target}>",
            target=target,
        )
        own = name_addr(name, f"sip:{uri_user(caller)}@{home}")
        dialog.local = f"{own};tag={dialog.local_tag}"
        if raw_from is not None:
            raw = raw_from.encode() if isinstance(raw_from, str) else raw_from
            tag = b"" if b";tag=" in raw else f";tag={dialog.local_tag}".encode()
            dialog.raw_from = b"From: " + raw + tag
        call = OutgoingCall(
            self, dialog, CallerId(name, caller), self.microphone if audio is None else audio
        )
        self.calls.append(call)
        self._live[dialog.call_id] = call
        call.dial()
        return call

    async def next_ring(self, deadline: float) -> PhoneCall:
        """The next incoming call, in the order of their INVITEs. Raises NotInTime.

        A call that was over before anybody looked is passed over, except one that this phone's
        policy ended.
        """
        try:
            async with asyncio.timeout(deadline):
                while True:
                    call = await self._rings.get()
                    if call.end_reason is None or call.end_reason.by == "us":
                        return call
        except TimeoutError:
            raise NotInTime(f"a call to {self.user}", deadline) from None

    # -------------------------------------------------------------------- for calls and below

    def send(self, data: bytes, to: Address) -> None:
        if self._socket is not None and self.plugged:
            self._socket.send(data, to)

    def request(
        self, dialog: Dialog, method: str, on_response: OnResponse, body: bytes = b""
    ) -> None:
        """Send a request inside a dialog; `body`: SDP."""
        request = dialog.request(method)
        if body:
            request.body = body
            request.content_type = "application/sdp"
        self.transactions.request(request, dialog.destination(), on_response, dialog.encode)

    def credentials(self, response: SipResponse, method: str, uri: str) -> tuple[str, str] | None:
        """Header that answers a 401 or 407; None without a password or a digest we know."""
        if self._password is None:
            return None
        proxy = response.status_code == 407
        challenges = response.get_header_values(
            "proxy-authenticate" if proxy else "www-authenticate"
        )
        for challenge in challenges:
            login = SipDigestAuth(self.user, self._password)
            answer = build_credentials(login, parse_auth(challenge), method, uri)
            if answer is not None:
                return "Proxy-Authorization" if proxy else "Authorization", stringify_auth(answer)
        return None

    def forget(self, call: PhoneCall) -> None:
        """The call is over."""
        self._live.pop(call.dialog.call_id, None)

    def _received(self, data: bytes, source: Address, at_us: int) -> None:
        if self.plugged:
            self.transactions.received(data, source, at_us)

    def _on_request(self, transaction: ServerTransaction, request: SipRequest, at_us: int) -> None:
        call = self._live.get(request.call_id or "")
        if request.method == "CANCEL":
            self._on_cancel(transaction, request, at_us)
        elif parse_name_addr(request.get_header("to") or "").tag:
            if call is not None and self._belongs(call, request):
                call.received(transaction, request, at_us)
            else:
                self._reply(transaction, 481, "Call/Transaction Does Not Exist")
        elif request.method == "INVITE":
            if call is not None:  # our own INVITE came back, or a loop
                self._reply(transaction, 482, "Loop Detected")
            else:
                self._on_invite(transaction, request, at_us)
        elif request.method in _OUT_OF_DIALOG:
            self._reply(transaction, 200, "OK")
        else:
            self._reply(transaction, 405, "Method Not Allowed")

    def _belongs(self, call: PhoneCall, request: SipRequest) -> bool:
        if call.dialog.raw_from is not None:
            return True  # what came of our literal From is for Asterisk to say
        return parse_name_addr(request.get_header("to") or "").tag == call.dialog.local_tag

    def _on_invite(self, transaction: ServerTransaction, request: SipRequest, at_us: int) -> None:
        call = IncomingCall(self, transaction, request, at_us)
        self.calls.append(call)
        self._live[call.dialog.call_id] = call
        if self._rings.qsize() == _REMEMBERED:  # nobody asks: a seat that answers by itself
            self._rings.get_nowait()
        self._rings.put_nowait(call)
        call.obey(self.answer, self._timers)

    def _on_cancel(self, transaction: ServerTransaction, request: SipRequest, at_us: int) -> None:
        invite = self.transactions.invite_of(request)
        call = self._live.get(request.call_id or "")
        if invite is None:
            self._reply(transaction, 481, "Call/Transaction Does Not Exist")
            return
        self._reply(transaction, 200, "OK")
        if isinstance(call, IncomingCall):
            call.cancelled(request, at_us)

    def _reply(self, transaction: ServerTransaction, code: int, reason: str) -> None:
        transaction.reply(
            response_to(transaction.request, code, reason, tag=generate_tag(), contact=self.contact)
        )
