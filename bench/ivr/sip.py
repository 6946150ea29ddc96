"""As much SIP as a caller needs who dials, presses keys and hangs up. Pure.

The simulated phones of `bench.phones` listen to every packet as it comes, which is right for a
test and too much work for a hundred calls that are to be measured on the same two cores.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from bench.ivr.rtp import EVENT, PCMA

Address = tuple[str, int]
_TAG: Final = re.compile(r"^To:.*?;\s*tag=([^;\s>]+)", re.IGNORECASE | re.MULTILINE)
_CONTACT: Final = re.compile(r"^Contact:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)
_CALL_ID: Final = re.compile(r"^Call-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_CSEQ: Final = re.compile(r"^CSeq:\s*([0-9]+) ([A-Z]+)", re.IGNORECASE | re.MULTILINE)
_AUDIO: Final = re.compile(r"^m=audio ([0-9]+) ", re.MULTILINE)
_HOST: Final = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)
_COPIED: Final = re.compile(r"^(?:Via|From|To|Call-ID|CSeq):.*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    """A message received; `code` 0 is a request."""

    code: int
    method: str
    call_id: str
    text: str

    @property
    def media(self) -> Address | None:
        """Where the other end hears."""
        port, host = _AUDIO.search(self.text), _HOST.search(self.text)
        return (host[1], int(port[1])) if port and host and port[1] != "0" else None


def parse(data: bytes) -> Message | None:
    """None for what is no SIP message."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    first = text.split("\n", 1)[0].split(" ")
    call_id, cseq = _CALL_ID.search(text), _CSEQ.search(text)
    if call_id is None or cseq is None or len(first) < 2:
        return None
    code = int(first[1]) if first[0] == "SIP/2.0" and first[1].isdecimal() else 0
    return Message(code, cseq[2].upper() if code else first[0], call_id[1], text)


def ok(request: Message) -> bytes:
    """200 to any request of theirs (BYE, OPTIONS)."""
    copied = "\r\n".join(_COPIED.findall(request.text))
    return f"SIP/2.0 200 OK\r\n{copied}\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass(slots=True)
class Dialog:
    """One call's dialog (RFC 3261, 12). `here`: our SIP address; `number`: who calls."""

    here: Address
    server: Address
    number: str
    dialled: str
    media: Address
    call_id: str = field(default_factory=lambda: uuid4().hex)
    _tag: str = field(default_factory=lambda: uuid4().hex[:12])
    _their_tag: str = ""
    _target: str = ""

    def invite(self) -> bytes:
        ip, port = self.media
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {PCMA} {EVENT}\r\na=rtpmap:{PCMA} PCMA/8000\r\n"
            f"a=rtpmap:{EVENT} telephone-event/8000\r\na=fmtp:{EVENT} 0-16\r\na=ptime:20\r\n"
        )
        return self._request("INVITE", 1, body)

    def answered(self, response: Message) -> bytes:
        """The ACK of their 200, or of the same 200 sent again."""
        tag, contact = _TAG.search(response.text), _CONTACT.search(response.text)
        self._their_tag = tag[1] if tag else ""
        self._target = contact[1] if contact else ""
        return self._request("ACK", 1)

    def bye(self) -> bytes:
        return self._request("BYE", 2)

    def _request(self, method: str, number: int, body: str = "") -> bytes:
        host, port = self.here
        to = f"<sip:{self.dialled}@{self.server[0]}:{self.server[1]}>"
        target = self._target or to[1:-1]
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{self.call_id}{method};rport",
            f"From: <sip:{self.number}@{host}>;tag={self._tag}",
            f"To: {to};tag={self._their_tag}" if self._their_tag else f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            f"Contact: <sip:{self.number}@{host}:{port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
