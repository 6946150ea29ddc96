"""SIP transactions over UDP (RFC 3261 section 17): repeat what is lost, match what comes.

aiosipua's transaction layer only matches; nothing there is sent twice. Time comes from a Clock
(the event loop, or a test's own), bytes go out through a function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from aiosipua import SipMessage, SipRequest, SipResponse

from bench.phones.names import parse_name_addr
from bench.phones.udp import Address

T1_S: Final = 0.5
T2_S: Final = 4.0
LIFETIME: Final = 64
"""Timers B, F, H and the linger of ended transactions, in units of T1."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """The part of an asyncio event loop that is used here."""

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer: ...


Send = Callable[[bytes, Address], None]
OnResponse = Callable[[SipResponse, int], None]
"""Called with each response and its arrival (wall clock, microseconds)."""
Encode = Callable[[SipMessage], bytes]


class ClientTransaction:
    """A request of ours. Ends in a final response or in a 408 made here."""

    def __init__(
        self,
        layer: Transactions,
        request: SipRequest,
        to: Address,
        on_response: OnResponse,
        encode: Encode,
    ) -> None:
        self.request = request
        self.got_provisional = False
        self._layer, self._to, self._on_response, self._encode = layer, to, on_response, encode
        self._data = encode(request)
        self._invite = request.method == "INVITE"
        self._done = False
        self._ack: bytes | None = None
        layer.send(self._data, to)
        self._again = layer.clock.call_later(layer.t1_s, self._repeat, layer.t1_s)
        self._end = layer.clock.call_later(LIFETIME * layer.t1_s, self._timed_out)

    def received(self, response: SipResponse, at_us: int) -> None:
        code = response.status_code
        if code < 200:
            self.got_provisional = True
            if self._invite:
                self._again.cancel()
                self._end.cancel()  # a phone may ring for minutes
            if not self._done:
                self._on_response(response, at_us)
            return
        first, self._done = not self._done, True
        self._again.cancel()
        if first:
            self._end.cancel()
            self._end = self._layer.clock.call_later(
                LIFETIME * self._layer.t1_s, self._layer.forget_client, self
            )
        if self._invite and code >= 300:
            if self._ack is None:
                self._ack = self._encode(ack_of_refusal(self.request, response))
            self._layer.send(self._ack, self._to)
        if first or (self._invite and code < 300):  # each repeated 2xx wants its own ACK
            self._on_response(response, at_us)

    def close(self) -> None:
        self._again.cancel()
        self._end.cancel()

    def _repeat(self, waited: float) -> None:
        self._layer.send(self._data, self._to)
        wait = 2 * waited if self._invite else min(2 * waited, T2_S)
        self._again = self._layer.clock.call_later(wait, self._repeat, wait)

    def _timed_out(self) -> None:
        self._again.cancel()
        self._done = True
        self._layer.forget_client(self)
        self._on_response(SipResponse(status_code=408, reason_phrase="Request Timeout"), 0)


class ServerTransaction:
    """A request of theirs. `reply` may be called several times: 180, then 200."""

    def __init__(self, layer: Transactions, request: SipRequest, source: Address) -> None:
        self.request = request
        self.source = source
        self.answered = False
        self.acknowledged = False
        self.on_ack: Callable[[SipRequest | None, int], None] | None = None
        """Called once with the ACK of a 2xx, or with None when it never came."""
        self._layer = layer
        self._last: bytes | None = None
        self._again: Timer | None = None
        self._end: Timer | None = None

    def reply(self, response: SipResponse) -> None:
        """Answer; a final answer to INVITE is repeated until the ACK is here."""
        self._last = bytes(response)
        self._layer.send(self._last, self.source)
        if response.status_code < 200:
            return
        self.answered = True
        if self.request.method == "INVITE":
            self._again = self._layer.clock.call_later(
                self._layer.t1_s, self._repeat, self._layer.t1_s
            )
        self._end = self._layer.clock.call_later(LIFETIME * self._layer.t1_s, self._over)

    def repeated(self) -> None:
        """The request came again: so does the last answer."""
        if self._last is not None:
            self._layer.send(self._last, self.source)

    def got_ack(self, ack: SipRequest, at_us: int) -> None:
        if self._again is not None:
            self._again.cancel()
        if not self.acknowledged:
            self.acknowledged = True
            if self.on_ack is not None:
                self.on_ack(ack, at_us)

    def close(self) -> None:
        for timer in (self._again, self._end):
            if timer is not None:
                timer.cancel()

    def _repeat(self, waited: float) -> None:
        self.repeated()
        wait = min(2 * waited, T2_S)
        self._again = self._layer.clock.call_later(wait, self._repeat, wait)

    def _over(self) -> None:
        self.close()
        self._layer.forget_server(self)
        if self.request.method == "INVITE" and not self.acknowledged and self.on_ack is not None:
            self.on_ack(None, 0)


OnRequest = Callable[[ServerTransaction, SipRequest, int], None]


class Transactions:
    """All transactions of one user agent; each new request goes to `on_request` once."""

    def __init__(
        self, clock: Clock, send: Send, on_request: OnRequest, *, t1_s: float = T1_S
    ) -> None:
        self.clock, self.send, self.t1_s = clock, send, t1_s
        self._on_request = on_request
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, str], ServerTransaction] = {}

    def request(
        self,
        request: SipRequest,
        to: Address,
        on_response: OnResponse,
        encode: Encode = SipMessage.__bytes__,
    ) -> ClientTransaction:
        """Send `request` until it is answered."""
        transaction = ClientTransaction(self, request, to, on_response, encode)
        self._clients[_key(request, request.method)] = transaction
        return transaction

    def received(self, data: bytes, source: Address, at_us: int) -> None:
        """Take one datagram. What is no SIP, or answers nothing of ours, is dropped."""
        try:
            message = SipMessage.parse(data)
        except ValueError:
            return
        if isinstance(message, SipResponse):
            method = (message.get_header("cseq") or "").rpartition(" ")[2]
            client = self._clients.get(_key(message, method))
            if client is not None:
                client.received(message, at_us)
            return
        if message.method == "ACK":
            self._received_ack(message, at_us)
            return
        key = _key(message, message.method)
        server = self._servers.get(key)
        if server is not None:
            server.repeated()
            return
        server = self._servers[key] = ServerTransaction(self, message, source)
        self._on_request(server, message, at_us)

    def invite_of(self, cancel: SipRequest) -> ServerTransaction | None:
        """The INVITE that a CANCEL means: same branch (RFC 3261 section 9.2)."""
        return self._servers.get(_key(cancel, "INVITE"))

    def forget_client(self, transaction: ClientTransaction) -> None:
        self._clients.pop(_key(transaction.request, transaction.request.method), None)

    def forget_server(self, transaction: ServerTransaction) -> None:
        self._servers.pop(_key(transaction.request, transaction.request.method), None)

    def close(self) -> None:
        """Stop every timer."""
        for client in self._clients.values():
            client.close()
        for server in self._servers.values():
            server.close()
        self._clients.clear()
        self._servers.clear()

    def _received_ack(self, ack: SipRequest, at_us: int) -> None:
        # The ACK of a refusal has its INVITE's branch; that of a 2xx a new one, so it is found
        # by the dialog and the CSeq number.
        server = self._servers.get(_key(ack, "INVITE"))
        if server is None:
            wanted = _dialog_and_number(ack)
            for candidate in self._servers.values():
                request = candidate.request
                if request.method == "INVITE" and _dialog_and_number(request) == wanted:
                    server = candidate
                    break
        if server is not None:
            server.got_ack(ack, at_us)


def ack_of_refusal(invite: SipRequest, response: SipResponse) -> SipRequest:
    """RFC 3261 section 17.1.1.3: part of the INVITE's own transaction."""
    ack = SipRequest(method="ACK", uri=invite.uri)
    ack.set_header("Via", invite.get_header("via") or "")
    for name in ("From", "Call-ID"):
        ack.set_header(name, invite.get_header(name) or "")
    ack.set_header("To", response.get_header("to") or "")
    number = (invite.get_header("cseq") or "1").split()[0]
    ack.set_header("CSeq", f"{number} ACK")
    ack.set_header("Max-Forwards", "70")
    for route in invite.get_header_values("route"):
        ack.add_header("Route", route)
    return ack


def _key(message: SipMessage, method: str) -> tuple[str, str]:
    vias = message.get_header_values("via")
    branch = vias[0].partition("branch=")[2].split(";")[0].strip() if vias else ""
    return branch, method


def _dialog_and_number(request: SipRequest) -> tuple[str, str, str]:
    number = (request.get_header("cseq") or "").split(" ")[0]
    tag = parse_name_addr(request.get_header("from") or "").tag
    return request.get_header("call-id") or "", tag, number
