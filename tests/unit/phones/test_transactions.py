"""Retransmission by RFC 3261's timers, on a clock of our own."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import pytest
from aiosipua import SipMessage, SipRequest, SipResponse

from bench.phones.transactions import ServerTransaction, Transactions

PEER = ("127.0.0.1", 9)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Timer]] = []

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        timer = Timer(lambda: callback(*args))
        heapq.heappush(self._due, (self.now + delay, id(timer), timer))
        return timer

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._due)
            timer.fire()
        self.now = until

    @property
    def pending(self) -> int:
        return sum(not timer.cancelled for _, _, timer in self._due)


class Timer:
    def __init__(self, fire: Callable[[], None]) -> None:
        self._fire = fire
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def fire(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            self._fire()


class Side:
    """One user agent whose datagrams are kept with their times."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sent: list[tuple[float, SipRequest | SipResponse]] = []
        self.requests: list[ServerTransaction] = []
        self.responses: list[int] = []
        self.layer = Transactions(self.clock, self._send, self._on_request)

    def _send(self, data: bytes, to: tuple[str, int]) -> None:
        self.sent.append((self.clock.now, SipMessage.parse(data)))

    def _on_request(self, transaction: ServerTransaction, request: SipRequest, at_us: int) -> None:
        self.requests.append(transaction)

    def request(self, method: str) -> SipRequest:
        request = message(method)
        self.layer.request(request, PEER, lambda r, at_us: self.responses.append(r.status_code))
        return request

    def times(self) -> list[float]:
        return [at for at, _ in self.sent]


def message(method: str, branch: str = "z9hG4bK1", number: int = 1) -> SipRequest:
    request = SipRequest(method=method, uri="sip:a@b")
    request.set_header("Via", f"SIP/2.0/UDP 127.0.0.1:9;branch={branch};rport")
    request.set_header("From", "<sip:c@d>;tag=from")
    request.set_header("To", "<sip:a@b>")
    request.set_header("Call-ID", "one")
    request.set_header("CSeq", f"{number} {method}")
    return request


def answer(request: SipRequest, code: int) -> bytes:
    response = SipResponse(status_code=code, reason_phrase="x")
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        response.set_header(name, request.get_header(name) or "")
    return bytes(response)


def test_an_invite_is_repeated_at_doubled_times_and_given_up_after_32_seconds() -> None:
    side = Side()
    side.request("INVITE")
    side.clock.run(until=40)
    assert side.times() == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert side.responses == [408]


def test_a_bye_is_repeated_at_four_seconds_at_most() -> None:
    side = Side()
    side.request("BYE")
    side.clock.run(until=40)
    assert side.times() == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert side.responses == [408]


def test_an_invite_that_rings_is_neither_repeated_nor_given_up() -> None:
    side = Side()
    invite = side.request("INVITE")
    side.layer.received(answer(invite, 180), PEER, 0)
    side.clock.run(until=600)
    assert (len(side.sent), side.responses) == (1, [180])


def test_every_repeated_refusal_is_acknowledged_and_told_once() -> None:
    side = Side()
    invite = side.request("INVITE")
    for _ in range(3):
        side.layer.received(answer(invite, 486), PEER, 0)
    acks = [m for _, m in side.sent[1:] if isinstance(m, SipRequest)]
    assert [ack.method for ack in acks] == ["ACK"] * 3
    assert acks[0].get_header("cseq") == "1 ACK"
    assert side.responses == [486]


def test_a_provisional_after_the_end_is_not_told() -> None:
    side = Side()
    invite = side.request("INVITE")
    for code in (200, 180):
        side.layer.received(answer(invite, code), PEER, 0)
    assert side.responses == [200]


def test_ended_transactions_leave_nothing_behind() -> None:
    side = Side()
    invite = side.request("INVITE")
    side.layer.received(answer(invite, 486), PEER, 0)
    side.layer.received(bytes(message("OPTIONS", "z9hG4bK2")), PEER, 0)
    side.requests[0].reply(SipMessage.parse(answer(side.requests[0].request, 200)))  # type: ignore[arg-type]
    side.clock.run(until=33)
    assert side.clock.pending == 0
    assert not side.layer._clients
    assert not side.layer._servers


def served(side: Side, code: int) -> ServerTransaction:
    side.layer.received(bytes(message("INVITE")), PEER, 0)
    (transaction,) = side.requests
    response = SipMessage.parse(answer(transaction.request, code))
    assert isinstance(response, SipResponse)
    transaction.reply(response)
    return transaction


@pytest.mark.parametrize(("code", "branch"), [(200, "z9hG4bKnew"), (486, "z9hG4bK1")])
def test_an_answer_is_repeated_until_its_ack(code: int, branch: str) -> None:
    side = Side()
    acks: list[SipRequest | None] = []
    served(side, code).on_ack = lambda ack, at_us: acks.append(ack)
    side.clock.run(until=1.6)
    assert side.times() == [0, 0.5, 1.5]
    for _ in range(2):
        side.layer.received(bytes(message("ACK", branch)), PEER, 0)
    side.clock.run(until=40)
    assert (len(side.sent), len(acks)) == (3, 1)


def test_an_answer_without_ack_is_reported_after_32_seconds() -> None:
    side = Side()
    acks: list[SipRequest | None] = []
    served(side, 200).on_ack = lambda ack, at_us: acks.append(ack)
    side.clock.run(until=31.9)
    assert acks == []
    side.clock.run(until=32)
    assert acks == [None]


def test_a_repeated_request_is_told_once_and_gets_the_last_answer_again() -> None:
    side = Side()
    served(side, 180)
    side.layer.received(bytes(message("INVITE")), PEER, 0)
    assert [m.status_code for _, m in side.sent if isinstance(m, SipResponse)] == [180, 180]
    assert len(side.requests) == 1


@pytest.mark.parametrize("noise", [b"", b"\r\n\r\n", b"\xff" * 40, b"SIP/2.0 200 OK\r\n\r\n"])
def test_noise_is_dropped(noise: bytes) -> None:
    side = Side()
    side.layer.received(noise, PEER, 0)
    assert (side.sent, side.requests, side.responses) == ([], [], [])
