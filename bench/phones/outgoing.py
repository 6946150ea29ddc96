"""A call that this phone places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiosipua import SipResponse

from bench.phones.audio import Audio
from bench.phones.call import CallerId, CallState, EndReason, PhoneCall, reason_of
from bench.phones.dialog import Dialog
from bench.phones.transactions import ClientTransaction, ack_of_refusal

if TYPE_CHECKING:
    from bench.phones.phone import Phone


class OutgoingCall(PhoneCall):
    """INVITE to its final answer, authentication and CANCEL."""

    def __init__(self, phone: Phone, dialog: Dialog, caller_id: CallerId, audio: Audio) -> None:
        super().__init__(phone, CallState.CALLING, caller_id, audio)
        self.dialog = dialog
        self._offer = self.media.offer()
        self._invite: ClientTransaction
        self._authorised = False
        self._cancel_wanted = False
        self._ack: bytes | None = None

    def dial(self, authorization: tuple[str, str] | None = None) -> None:
        """Send the INVITE."""
        request = self.dialog.request("INVITE")
        if authorization is not None:
            request.set_header(*authorization)
        request.body = self._offer
        request.content_type = "application/sdp"
        self._invite = self.phone.transactions.request(
            request, self.dialog.server, self._on_response, self.dialog.encode
        )

    def _leave(self) -> None:
        if self.state is CallState.TALKING:
            super()._leave()
            return
        self._enter(CallState.LEAVING)
        # Before any response CANCEL could overtake the INVITE: RFC 3261 section 9.1 makes it wait.
        self._cancel_wanted = True
        if self._invite.got_provisional:
            self._send_cancel()

    def _send_cancel(self) -> None:
        self._cancel_wanted = False
        invite = self._invite.request
        # Like the ACK of a refusal, CANCEL copies the INVITE, but To has no tag.
        cancel = ack_of_refusal(invite, SipResponse())
        cancel.method = "CANCEL"
        cancel.set_header("To", invite.get_header("to") or "")
        cancel.set_header("CSeq", (cancel.get_header("cseq") or "").replace("ACK", "CANCEL"))
        self.phone.transactions.request(
            cancel, self.dialog.server, self._on_cancel_answered, self.dialog.encode
        )

    def _on_cancel_answered(self, response: SipResponse, at_us: int) -> None:
        if response.status_code == 408:
            self._end(EndReason("us", 408))

    def _on_response(self, response: SipResponse, at_us: int) -> None:
        code = response.status_code
        if code < 200:
            self._on_progress(response, at_us)
        elif code < 300:
            self._on_answer(response, at_us)
        elif code in (401, 407) and not self._authorised and self.state is not CallState.LEAVING:
            self._authorised = True
            credentials = self.phone.credentials(response, "INVITE", self.dialog.target)
            if credentials is None:
                self._end(reason_of(response, "them", code), at_us)
            else:
                self.dial(credentials)
        else:
            by_us = self.state is CallState.LEAVING
            self._end(reason_of(response, "us" if by_us else "them", code), at_us)

    def _on_progress(self, response: SipResponse, at_us: int) -> None:
        if self._cancel_wanted:
            self._send_cancel()
        if self.state is CallState.LEAVING or response.status_code == 100:
            return
        if response.body:
            self.media.take(response.text)
        if self.state is CallState.CALLING and response.status_code != 183:
            self.rang_us = at_us
            self._enter(CallState.RINGING)

    def _on_answer(self, response: SipResponse, at_us: int) -> None:
        if self._ack is not None:  # their 200 again: our ACK was lost
            self.phone.send(self._ack, self.dialog.destination())
            return
        self.dialog.established(response)
        number = int((self._invite.request.get_header("cseq") or "1").split()[0])
        self._ack = self.dialog.encode(self.dialog.request("ACK", number=number))
        self.phone.send(self._ack, self.dialog.destination())
        if self.state is CallState.LEAVING:  # the answer and our CANCEL crossed
            self._cancel_wanted = False
            self._send_bye()
            return
        self.answered_us = at_us
        usable = self.media.take(response.text)
        self._enter(CallState.TALKING)
        if not usable:
            self._leave()
