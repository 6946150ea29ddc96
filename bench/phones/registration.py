"""A seat's phone at the registrar: registered in time, again and again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from aiosipua import SipResponse

from bench.phones.dialog import Dialog
from bench.phones.errors import NotInTime, Refused
from bench.phones.names import parse_name_addr

if TYPE_CHECKING:
    from bench.phones.phone import Phone

RENEW: Final = 0.5
"""Part of the granted time after which a phone registers again: one loss does no harm."""
RETRY_S: Final = 1.0
"""After a renewal failed. A restarted Asterisk has its seats back in about this time."""
_CHALLENGES: Final = 2
"""One, and one more when the nonce we answered with had just become stale."""
_log = logging.getLogger(__name__)


class Registration:
    """One binding; all its requests share a Call-ID (RFC 3261 section 10.2)."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        host, port = phone.server
        name = f"<sip:{phone.user_part}@{host}:{port}>"
        self._uri = f"sip:{host}:{port}"
        self._dialog = Dialog(
            contact=phone.contact,
            via=phone.address,
            server=phone.server,
            local="",
            remote=name,
            target=self._uri,
        )
        self._dialog.local = f"{name};tag={self._dialog.local_tag}"
        self._renewal: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self.granted_s = 0

    async def register(self, expires_s: int, deadline: float) -> None:
        """Bind and keep bound. Raises Refused, NotInTime."""
        await self._stop_renewal()
        await self._bind(expires_s, deadline)
        self._renewal = asyncio.create_task(
            self._renew(expires_s), name=f"phone-{self._phone.user}-registration"
        )

    async def unregister(self, deadline: float) -> None:
        """Remove the binding; nothing when there is none. Raises Refused, NotInTime."""
        await self._stop_renewal()
        if self.granted_s:
            self.granted_s = 0
            await self._bind(0, deadline)

    async def _stop_renewal(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
            self._renewal = None

    async def _renew(self, expires_s: int) -> None:
        wait = self.granted_s * RENEW
        while True:
            await asyncio.sleep(wait)
            try:
                await self._bind(expires_s, RETRY_S * 2)
                wait = self.granted_s * RENEW
            except (Refused, NotInTime) as error:
                _log.warning("phone %s: %s", self._phone.user, error)
                wait = RETRY_S

    async def _bind(self, expires_s: int, deadline: float) -> None:
        try:
            async with self._one_at_a_time, asyncio.timeout(deadline):
                response = await self._exchange(expires_s)
        except TimeoutError:
            raise NotInTime(f"registration of {self._phone.user}", deadline) from None
        if response.status_code >= 300:
            what = f"registration of {self._phone.user}"
            raise Refused(what, response.status_code, response.reason_phrase)
        self.granted_s = self._granted(response, expires_s)

    async def _exchange(self, expires_s: int) -> SipResponse:
        authorization: tuple[str, str] | None = None
        response = await self._send(expires_s, authorization)
        for _ in range(_CHALLENGES):
            if response.status_code not in (401, 407):
                break
            stale = "stale=true" in (response.get_header("www-authenticate") or "").lower()
            if authorization is not None and not stale:
                break  # the password is wrong
            authorization = self._phone.credentials(response, "REGISTER", self._uri)
            if authorization is None:
                break
            response = await self._send(expires_s, authorization)
        if response.status_code == 423:
            shortest = int(response.get_header("min-expires") or 0)
            if shortest > expires_s:
                return await self._exchange(shortest)
        return response

    async def _send(self, expires_s: int, authorization: tuple[str, str] | None) -> SipResponse:
        request = self._dialog.request("REGISTER")
        request.set_header("Expires", str(expires_s))
        if authorization is not None:
            request.set_header(*authorization)
        answer: asyncio.Future[SipResponse] = asyncio.get_running_loop().create_future()

        def on_response(response: SipResponse, at_us: int) -> None:
            if response.status_code >= 200 and not answer.done():
                answer.set_result(response)

        self._phone.transactions.request(request, self._phone.server, on_response)
        return await answer

    def _granted(self, response: SipResponse, asked: int) -> int:
        for value in response.get_header_values("contact"):
            contact = parse_name_addr(value)
            if contact.uri == self._phone.contact and contact.params.get("expires", "").isdigit():
                return int(contact.params["expires"])
        header = response.get_header("expires") or ""
        return int(header) if header.isdigit() else asked
