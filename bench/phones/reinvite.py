"""A new offer inside a call: hold and resume (RFC 3261 section 14, RFC 3264 section 8.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from aiosipua import SipResponse

from bench.phones.errors import NotInTime, Refused

if TYPE_CHECKING:
    from bench.phones.call import PhoneCall


async def offer_anew(call: PhoneCall, direction: str) -> None:
    """Offer our sound anew and wait for the answer. Raises Refused."""
    answered: asyncio.Future[SipResponse] = asyncio.get_running_loop().create_future()
    number = call.dialog.number + 1

    def heard(response: SipResponse, at_us: int) -> None:
        del at_us
        if response.status_code < 200:
            return
        if response.status_code < 300:  # also when it comes again: our ACK was lost
            ack = call.dialog.encode(call.dialog.request("ACK", number=number))
            call.phone.send(ack, call.dialog.destination())
            call.media.take(response.text)
        if not answered.done():
            answered.set_result(response)

    call.phone.request(call.dialog, "INVITE", heard, call.media.offer(direction))
    response = await answered
    if response.status_code >= 300:
        raise Refused(f"a re-INVITE ({direction})", response.status_code, response.reason_phrase)


async def within(wanted: Awaitable[None], deadline: float, what: str) -> None:
    """Raises NotInTime."""
    try:
        async with asyncio.timeout(deadline):
            await wanted
    except TimeoutError:
        raise NotInTime(what, deadline) from None
