"""A call that comes to this phone."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from aiosipua import SipRequest

from bench.phones.call import CallState, EndReason, PhoneCall, caller_id_of, reason_of
from bench.phones.dialog import dialog_of
from bench.phones.errors import CallIsOver
from bench.phones.policy import AnswerAfter, AnswerPolicy, AnswerWhenAsked, NoSign, RejectWith
from bench.phones.transactions import ServerTransaction
from bench.phones.udp import now_us

if TYPE_CHECKING:
    from bench.phones.phone import Phone

_REASONS: Final = {
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
    603: "Decline",
}
_NO_REASON: Final = "No"


class IncomingCall(PhoneCall):
    """INVITE to its final answer."""

    def __init__(
        self, phone: Phone, transaction: ServerTransaction, request: SipRequest, at_us: int
    ) -> None:
        super().__init__(phone, CallState.RINGING, caller_id_of(request), phone.microphone)
        self.dialog = dialog_of(request, phone.contact, phone.address, phone.server)
        self.invite = request
        self.rang_us = at_us
        self._transaction = transaction
        self._late_offer = not request.body
        self._confirmed = asyncio.Event()

    def ring(self) -> None:
        self._transaction.reply(self._response(self.invite, 180, "Ringing"))

    def obey(self, policy: AnswerPolicy, timers: set[asyncio.TimerHandle]) -> None:
        """Do what the phone does by itself; `timers` holds what it will do later."""
        match policy:
            case NoSign():
                return
            case RejectWith(code=code):
                self.decline(code)
                return
        self.ring()
        match policy:
            case AnswerAfter(seconds=0):
                self.pick_up_if_ringing()
            case AnswerAfter(seconds=seconds):
                self._later(seconds, timers)
            case AnswerWhenAsked():
                if "answer-after=0" in (self.invite.get_header("call-info") or ""):
                    self.pick_up_if_ringing()

    def _later(self, seconds: float, timers: set[asyncio.TimerHandle]) -> None:
        def due() -> None:
            timers.discard(timer)
            self.pick_up_if_ringing()

        timer = asyncio.get_running_loop().call_later(seconds, due)
        timers.add(timer)

    async def answer(self) -> None:
        """Pick up; returns when the other end has confirmed. Raises WrongMoment, CallIsOver."""
        self.pick_up()
        await self._confirmed.wait()
        if self.state is CallState.ENDED and not self._transaction.acknowledged:
            raise CallIsOver(self.end_reason)

    def pick_up(self) -> None:
        """Pick up without waiting for the confirmation."""
        if self.state is not CallState.RINGING:
            self._refuse("answer")
        body = self.media.offer() if self._late_offer else self.media.answer(self.invite.text)
        if body is None:
            self.decline(488)
            raise CallIsOver(self.end_reason)
        response = self._response(self.invite, 200, "OK")
        response.body = body
        response.content_type = "application/sdp"
        self._transaction.on_ack = self._on_ack
        self._transaction.reply(response)
        self.answered_us = now_us()
        self._enter(CallState.TALKING)
        if not self._late_offer:
            self.media.take(self.invite.text)

    def pick_up_if_ringing(self) -> None:
        """For the phone's own answering: the caller may have gone, or speak nothing we know."""
        if self.state is CallState.RINGING:
            with contextlib.suppress(CallIsOver):
                self.pick_up()

    async def reject(self, code: int = 486) -> None:
        if self.state is not CallState.RINGING:
            self._refuse("reject")
        self.decline(code)

    def cancelled(self, cancel: SipRequest, at_us: int) -> None:
        """Their CANCEL; after our answer it comes too late and changes nothing."""
        if self.state is CallState.RINGING:
            self._transaction.reply(self._response(self.invite, 487, _REASONS[487]))
            self._end(reason_of(cancel, "them", 487), at_us)

    def _leave(self) -> None:
        if self.state is CallState.RINGING:
            self.decline(486)
        else:
            super()._leave()

    def decline(self, code: int) -> None:
        """Refuse, in any words."""
        text = _REASONS.get(code, _NO_REASON)
        self._transaction.reply(self._response(self.invite, code, text))
        self._end(EndReason("us", code, None, text))

    def _on_ack(self, ack: SipRequest | None, at_us: int) -> None:
        self._confirmed.set()
        if self.state is CallState.ENDED:
            return
        if ack is None:  # RFC 3261 section 13.3.1.4: never confirmed, so it is hung up
            if self.state is CallState.TALKING:
                self._leave()
        elif self._late_offer:
            self._late_answer(ack, at_us)

    def _enter(self, new: CallState) -> None:
        super()._enter(new)
        if new is CallState.ENDED:
            self._confirmed.set()
