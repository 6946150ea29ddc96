"""Offer and answer (RFC 3264) of a phone that speaks G.711 and sends digits by RFC 4733."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiosipua import (
    ConnectionData,
    MediaDescription,
    Origin,
    SdpMessage,
    parse_sdp,
    serialize_sdp,
)

from bench.phones.udp import Address

PAYLOAD_TYPES: Final = {"PCMU": 0, "PCMA": 8}
EVENT: Final = 101
"""Payload type of telephone-event in our offers; an answer takes the other end's number."""
_MIRROR: Final = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """What the other end said: where it hears, what it understands, whether it wants to hear."""

    address: Address
    codec: str
    event: int | None
    direction: str

    @property
    def listens(self) -> bool:
        return self.direction in ("sendrecv", "recvonly") and self.address[0] != "0.0.0.0"


def describe(
    address: Address,
    codecs: tuple[str, ...],
    *,
    event: int = EVENT,
    direction: str = "sendrecv",
    version: int = 1,
) -> bytes:
    """The body of an offer or answer for the RTP port `address`."""
    types = [PAYLOAD_TYPES[name] for name in codecs]
    maps = [f"{PAYLOAD_TYPES[name]} {name}/8000" for name in codecs]
    audio = MediaDescription(
        media="audio",
        port=address[1],
        formats=[str(number) for number in (*types, event)],
        attributes={
            "rtpmap": [*maps, f"{event} telephone-event/8000"],
            "fmtp": [f"{event} 0-16"],
            "ptime": ["20"],
            direction: [],
        },
    )
    sdp = SdpMessage(
        origin=Origin(session_id="1", session_version=str(version), address=address[0]),
        session_name="phone",
        connection=ConnectionData(address=address[0]),
        media=[audio],
    )
    return serialize_sdp(sdp).encode()


def understand(body: str, codecs: tuple[str, ...]) -> RemoteMedia | None:
    """Their offer or answer; None when there is no audio that we can speak."""
    try:
        sdp = parse_sdp(body)
    except ValueError:
        return None
    audio, address = sdp.audio, sdp.rtp_address
    if audio is None or address is None or audio.port == 0:
        return None
    offered = [codec.encoding_name.upper() for codec in audio.codecs]
    codec = next((name for name in offered if name in codecs), None)
    if codec is None:
        return None
    event = next(
        (c.payload_type for c in audio.codecs if c.encoding_name.lower() == "telephone-event"),
        None,
    )
    direction = next(
        (d for d in ("sendonly", "recvonly", "inactive", "sendrecv") if d in audio.attributes),
        next((d for d in _MIRROR if d in sdp.attributes), "sendrecv"),
    )
    return RemoteMedia(address, codec, event, direction)


def answer(address: Address, remote: RemoteMedia, *, version: int) -> bytes:
    """Our answer to their offer."""
    return describe(
        address,
        (remote.codec,),
        event=EVENT if remote.event is None else remote.event,
        direction=_MIRROR.get(remote.direction, "sendrecv"),
        version=version,
    )
