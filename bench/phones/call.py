"""One call as its phone sees it.

    outgoing:  CALLING --180--> RINGING --200--> TALKING --BYE--> ENDED
    incoming:                   RINGING --200--> TALKING --BYE--> ENDED

From every state but ENDED our own hanging up goes through LEAVING (CANCEL or BYE is out, its
answer is not here yet), and theirs or a refusal straight to ENDED.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from aiosipua import SipMessage, SipRequest, SipResponse

from bench.phones.audio import Audio
from bench.phones.dialog import Dialog, response_to
from bench.phones.dtmf import key_ticks
from bench.phones.errors import CallIsOver, NotInTime, WrongMoment
from bench.phones.heard import Heard
from bench.phones.media import Media
from bench.phones.names import parse_name_addr
from bench.phones.reinvite import offer_anew, within
from bench.phones.transactions import ServerTransaction
from bench.phones.udp import now_us

if TYPE_CHECKING:
    from bench.phones.phone import Phone

LEAVE_S: Final = 5.0
"""How long hanging up waits for the other end's confirmation."""


class CallState(Enum):
    CALLING = "calling"
    RINGING = "ringing"
    TALKING = "talking"
    LEAVING = "leaving"
    ENDED = "ended"


_NEXT: Final = {
    CallState.CALLING: {*CallState} - {CallState.CALLING},
    CallState.RINGING: {CallState.TALKING, CallState.LEAVING, CallState.ENDED},
    CallState.TALKING: {CallState.LEAVING, CallState.ENDED},
    CallState.LEAVING: {CallState.ENDED},
    CallState.ENDED: set[CallState](),
}


@dataclass(frozen=True, slots=True)
class EndReason:
    """`code`: SIP code of the refusal, 487 for a cancelled call, 408 for no answer at all, None
    after BYE. `cause`: Q.850 cause of their Reason header (RFC 3326), None without one."""

    by: Literal["us", "them"]
    code: int | None = None
    cause: int | None = None
    text: str = ""


class CallerId(str):
    """`name <number>` as a phone's display shows it; also the two apart."""

    name: str
    number: str

    def __new__(cls, name: str, number: str) -> CallerId:
        shown = super().__new__(cls, f"{name} <{number}>" if name else number)
        shown.name, shown.number = name, number
        return shown


class PhoneCall:
    """Times are wall clock in microseconds, None until then: `rang_us` (INVITE in, or their 180
    in), `answered_us` (200 in, or 200 out), `ended_us` (BYE, CANCEL or refusal, in or out)."""

    def __init__(self, phone: Phone, state: CallState, caller_id: CallerId, audio: Audio) -> None:
        self.phone = phone
        self.state = state
        self.caller_id = caller_id
        self.end_reason: EndReason | None = None
        self.rang_us: int | None = None
        self.answered_us: int | None = None
        self.ended_us: int | None = None
        self.media = Media(phone.local_ip, phone.codecs, audio)
        self.dialog: Dialog
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def heard(self) -> Heard:
        return self.media.heard

    def send(self, audio: Audio) -> None:
        """What the microphone carries from now on; before the answer: from the answer on."""
        self.media.microphone.carry(audio)

    def doze(self) -> None:
        """Stay in the call, deaf and all but mute."""
        self.media.doze()

    async def press(self, digits: str, *, tone_ms: int = 100, gap_ms: int = 60) -> int:
        """Press keys (0-9 * # A-D) one after the other, RFC 4733.

        Returns when the last digit's end left (wall clock, us). Raises CallIsOver, WrongMoment.
        """
        if self.state is not CallState.TALKING and self.media.remote is None:
            self._refuse("press keys in")
        done = self.media.microphone.press(key_ticks(digits, tone_ms, gap_ms))
        await asyncio.wait([done])
        if done.cancelled():
            raise CallIsOver(self.end_reason)
        return done.result()

    async def answered(self, deadline: float) -> None:
        """Wait until both ends talk. Raises NotInTime, CallIsOver."""
        await self._within(self._answered, deadline, "answered")
        if self.answered_us is None:
            raise CallIsOver(self.end_reason)

    async def ended(self, deadline: float) -> EndReason:
        """Wait until the call is over. Raises NotInTime."""
        await self._within(self._ended, deadline, "the end of the call")
        assert self.end_reason is not None
        return self.end_reason

    async def hang_up(self) -> int:
        """Put the receiver down, whatever the state; returns when the other end knows.

        The result is the moment our BYE, CANCEL or refusal left (wall clock, us), or the call's
        end when it is over already. Raises NotInTime when the other end says nothing for 5 s; the
        call stays LEAVING then until SIP's own 32 s are over or the phone is stopped.
        """
        if self.state not in (CallState.LEAVING, CallState.ENDED):
            self.ended_us = now_us()
            self._leave()
        await self.ended(LEAVE_S)
        assert self.ended_us is not None
        return self.ended_us

    async def hold(self) -> None:
        """Put the other end on hold. Raises CallIsOver, WrongMoment, NotInTime, Refused."""
        await self._offer_anew("sendonly")

    async def resume(self) -> None:
        """Take the other end back from hold. Raises as `hold`."""
        await self._offer_anew("sendrecv")

    async def answer(self) -> None:
        """Pick up an incoming call. Raises WrongMoment, CallIsOver."""
        self._refuse("answer")

    async def reject(self, code: int = 486) -> None:
        """Refuse an incoming call. Raises WrongMoment, CallIsOver."""
        self._refuse("reject")

    # ------------------------------------------------------------------- for the phone and below

    def _leave(self) -> None:
        """Send what ends the call in this state; the answer leads to `_end`."""
        self._enter(CallState.LEAVING)
        self._send_bye()

    def _send_bye(self) -> None:
        self.phone.request(self.dialog, "BYE", self._on_bye_answered)

    def _on_bye_answered(self, response: SipResponse, at_us: int) -> None:
        if response.status_code >= 200:
            self._end(EndReason("us"))

    def _enter(self, new: CallState) -> None:
        if new not in _NEXT[self.state]:
            raise WrongMoment(f"go to {new.value} with", self.state.value)
        self.state = new
        if new is CallState.TALKING:
            self._answered.set()
        if new is CallState.ENDED:
            self._answered.set()
            self._ended.set()

    def _end(self, reason: EndReason, at_us: int = 0) -> None:
        if self.state is CallState.ENDED:
            return
        self.end_reason = reason
        if self.ended_us is None:
            self.ended_us = at_us or now_us()
        self.media.close()
        self._enter(CallState.ENDED)
        self.phone.forget(self)

    def drop(self) -> None:
        """The phone is switched off: over, whether or not the other end has confirmed."""
        self._end(EndReason("us", 408))

    def received(self, transaction: ServerTransaction, request: SipRequest, at_us: int) -> None:
        """A request of theirs inside the dialog."""
        match request.method:
            case "BYE":
                transaction.reply(self._response(request, 200, "OK"))
                by_us = self.state is CallState.LEAVING
                self._end(reason_of(request, "us" if by_us else "them", None), at_us)
            case "INVITE" | "UPDATE":
                self._renegotiate(transaction, request)
            case "REFER":
                transaction.reply(self._response(request, 603, "Decline"))
            case _:
                transaction.reply(self._response(request, 200, "OK"))

    def _renegotiate(self, transaction: ServerTransaction, request: SipRequest) -> None:
        """Session refresh, hold, a new codec or address: a phone goes along with all of them."""
        response = self._response(request, 200, "OK")
        body: bytes | None = b""
        if request.body:
            body = self.media.answer(request.text)
        elif request.method == "INVITE":
            body = self.media.offer()
            transaction.on_ack = self._late_answer
        if body is None:
            transaction.reply(self._response(request, 488, "Not Acceptable Here"))
            return
        if body:
            response.body = body
            response.content_type = "application/sdp"
        transaction.reply(response)
        if request.body:
            self.media.take(request.text)

    async def _offer_anew(self, direction: str) -> None:
        """A re-INVITE (RFC 3264 section 8.4)."""
        if self.state is not CallState.TALKING:
            self._refuse("hold or resume")
        await within(offer_anew(self, direction), LEAVE_S, "the answer to a re-INVITE")

    def _late_answer(self, ack: SipRequest | None, at_us: int) -> None:
        if ack is not None and ack.body and self.state is not CallState.ENDED:
            self.media.take(ack.text)

    def _response(self, request: SipRequest, code: int, reason: str) -> SipResponse:
        tag, contact = self.dialog.local_tag, self.dialog.contact
        return response_to(request, code, reason, tag=tag, contact=contact)

    def _refuse(self, command: str) -> None:
        if self.state is CallState.ENDED:
            raise CallIsOver(self.end_reason)
        raise WrongMoment(command, self.state.value)

    async def _within(self, event: asyncio.Event, deadline: float, what: str) -> None:
        try:
            async with asyncio.timeout(deadline):
                await event.wait()
        except TimeoutError:
            raise NotInTime(f"{what} (the call is {self.state.value})", deadline) from None


_CAUSE: Final = re.compile(r"Q\.850\s*;[^,]*?cause=(\d+)", re.IGNORECASE)


def reason_of(message: SipMessage, by: Literal["us", "them"], code: int | None) -> EndReason:
    """Read the Reason headers (RFC 3326) of a BYE, CANCEL or refusal."""
    text = ", ".join(message.get_header_values("reason"))
    cause = _CAUSE.search(text)
    if not text and isinstance(message, SipResponse):
        text = message.reason_phrase
    return EndReason(by, code, int(cause[1]) if cause else None, text)


def caller_id_of(request: SipRequest) -> CallerId:
    """Who calls, by the From header."""
    caller = parse_name_addr(request.get_header("from") or "")
    return CallerId(caller.name, caller.user)
