"""One dialog (RFC 3261 section 12): the names both ends use for a call, and messages made so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from aiosipua import SipMessage, SipRequest, SipResponse
from aiosipua.utils import generate_branch, generate_tag

from bench.phones.names import parse_name_addr
from bench.phones.udp import Address

USER_AGENT: Final = "jietong-phone"
# No 100rel: Asterisk would wait for PRACKs. No timer: then only Asterisk refreshes, if it wants.
ALLOW: Final = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, NOTIFY, MESSAGE"
_RAW: Final = "sip:raw-from@invalid"
_HOST: Final = re.compile(r"(?:.*@)?(\d+\.\d+\.\d+\.\d+)(?::(\d+))?", re.ASCII)


@dataclass
class Dialog:
    """`local` and `remote` are whole From/To values with their tags.

    `raw_from` replaces our From on the wire, byte for byte: callers are strangers and some send
    what no library would write.
    """

    contact: str
    via: Address
    server: Address
    local: str
    remote: str
    target: str
    call_id: str = field(default_factory=lambda: f"{uuid4()}@phone")
    local_tag: str = field(default_factory=generate_tag)
    routes: list[str] = field(default_factory=list)
    number: int = 0
    raw_from: bytes | None = None

    def request(self, method: str, *, number: int | None = None) -> SipRequest:
        """The next request of ours; `number` repeats a CSeq (ACK) instead of taking a new one."""
        if number is None:
            self.number += 1
            number = self.number
        request = SipRequest(method=method, uri=self.target)
        ip, port = self.via
        request.set_header("Via", f"SIP/2.0/UDP {ip}:{port};branch={generate_branch()};rport")
        local = f"<{_RAW}>;tag={self.local_tag}" if self.raw_from is not None else self.local
        request.set_header("From", local)
        request.set_header("To", self.remote)
        request.set_header("Call-ID", self.call_id)
        request.set_header("CSeq", f"{number} {method}")
        request.set_header("Max-Forwards", "70")
        request.set_header("Contact", f"<{self.contact}>")
        request.set_header("User-Agent", USER_AGENT)
        request.set_header("Allow", ALLOW)
        for route in self.routes:
            request.add_header("Route", route)
        return request

    def encode(self, message: SipMessage) -> bytes:
        """The wire form, with the literal From when there is one."""
        data = bytes(message)
        if self.raw_from is None:
            return data
        start = data.find(b"\r\nFrom: ") + 2
        return data[:start] + self.raw_from + data[data.find(b"\r\n", start) :]

    def established(self, response: SipResponse) -> None:
        """Take the other end's tag, contact and route from a 2xx to our INVITE."""
        self.remote = response.get_header("to") or self.remote
        contact = response.get_header("contact")
        if contact:
            self.target = parse_name_addr(contact).uri
        self.routes = list(reversed(response.get_header_values("record-route")))

    def destination(self) -> Address:
        """Where requests go: first route, else their contact; the server for a host name."""
        uri = parse_name_addr(self.routes[0]).uri if self.routes else self.target
        match = _HOST.match(uri.partition(":")[2])
        return (match[1], int(match[2] or 5060)) if match else self.server


def dialog_of(invite: SipRequest, contact: str, via: Address, server: Address) -> Dialog:
    """The dialog that an INVITE of theirs opens."""
    tag = generate_tag()
    their_contact = parse_name_addr(invite.get_header("contact") or "").uri
    their_from = invite.get_header("from") or ""
    return Dialog(
        contact=contact,
        via=via,
        server=server,
        local=f"{invite.get_header('to') or ''};tag={tag}",
        remote=their_from,
        target=their_contact or parse_name_addr(their_from).uri,
        call_id=invite.call_id or "",
        local_tag=tag,
        routes=invite.get_header_values("record-route"),
    )


def response_to(
    request: SipRequest, code: int, reason: str, *, tag: str = "", contact: str = ""
) -> SipResponse:
    """A response to `request`; `tag` is added to To unless it has one."""
    response = SipResponse(status_code=code, reason_phrase=reason)
    for name in ("Via", "Record-Route"):
        for value in request.get_header_values(name):
            response.add_header(name, value)
    for name in ("From", "Call-ID", "CSeq"):
        response.set_header(name, request.get_header(name) or "")
    to = request.get_header("to") or ""
    if tag and not parse_name_addr(to).tag:
        to += f";tag={tag}"
    response.set_header("To", to)
    if contact:
        response.set_header("Contact", f"<{contact}>")
    response.set_header("User-Agent", USER_AGENT)
    response.set_header("Allow", ALLOW)
    return response
