"""One call's RTP: its socket, its microphone, its ear."""

from __future__ import annotations

import asyncio
from typing import Final

from bench.phones import sdp
from bench.phones.audio import Audio
from bench.phones.heard import Heard, parse_packet
from bench.phones.microphone import Microphone
from bench.phones.pacer import pacer
from bench.phones.udp import Address, UdpSocket

DOZE_S: Final = 15.0


class Media:
    """Open from the first SDP to the end of the call. What was heard stays afterwards.

    `strangers`: packets from elsewhere than the other end's address, which are not listened to:
    UDP ports are used again, and the tail of an old call must not be heard in a new one.
    """

    def __init__(self, local_ip: str, codecs: tuple[str, ...], audio: Audio) -> None:
        self.heard = Heard()
        self.strangers = 0
        self.remote: sdp.RemoteMedia | None = None
        self._codecs = codecs
        self._socket = UdpSocket(local_ip, self._received, size=2048)
        self.microphone = Microphone(self._socket.send, audio)
        self._version = 0
        self._dozing: asyncio.TimerHandle | None = None

    @property
    def address(self) -> Address:
        """Where this call hears."""
        return self._socket.address

    def offer(self, direction: str = "sendrecv") -> bytes:
        """Our SDP offer; `direction` as in SDP, seen from here."""
        self._version += 1
        return sdp.describe(
            self._socket.address, self._codecs, direction=direction, version=self._version
        )

    def take(self, body: str) -> bool:
        """Use their answer; False when it cannot be used."""
        remote = sdp.understand(body, self._codecs)
        if remote is None:
            return False
        if self.remote is None:
            pacer().add(self.microphone)
        if remote != self.remote:
            self.remote = remote
            self.microphone.aim(remote)
        return True

    def answer(self, offer: str) -> bytes | None:
        """Our answer to their offer (`take` it once the answer is sent); None: not acceptable."""
        remote = sdp.understand(offer, self._codecs)
        if remote is None:
            return None
        self._version += 1
        return sdp.answer(self._socket.address, remote, version=self._version)

    def doze(self) -> None:
        """Hear nothing any more and send a packet now and then only, so that hundreds may wait in
        one process. Asterisk takes a line for alive that sends within 90 s (pjsip.conf)."""
        pacer().remove(self.microphone)
        self._socket.deaf()
        self._stay()

    def _stay(self) -> None:
        self.microphone.tick()
        self._dozing = asyncio.get_running_loop().call_later(DOZE_S, self._stay)

    def close(self) -> None:
        if self._dozing is not None:
            self._dozing.cancel()
        pacer().remove(self.microphone)
        self.microphone.stop()
        self._socket.close()

    def _received(self, data: bytes, source: Address, arrival_us: int) -> None:
        packet = parse_packet(data, arrival_us)
        if packet is None:
            return
        if self.remote is not None and source != self.remote.address:
            self.strangers += 1
            return
        self.heard.add(packet)
