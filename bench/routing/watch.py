"""Watches the seat's legs over an AMI connection of its own, by Asterisk's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.secrets import Secrets
from config.settings import Settings
from cti.ami.link import Action, AmiLink, AmiMessage, AmiSettings, LinkState
from cti.ids import OFFER_PREFIX


@dataclass(frozen=True)
class Gap:
    """`us`: microseconds. `by_daemon`: the next leg has a channel id of the daemon's making."""

    us: int
    by_daemon: bool


class Watch:
    """Gaps between a seat's hang-up and the next call leaving for it.

    The hang-up is Asterisk's report that the seat's BYE has come (HangupRequest); the next call
    has left when Asterisk has made the channel of the next leg (Newchannel). Both stamps are
    Asterisk's own, so neither this program nor the network is in the gap.
    """

    def __init__(self, device: str) -> None:
        self._prefix = f"{device}-"
        self._hung_up_at = 0
        self._gaps: list[Gap] = []
        self.up = asyncio.Event()

    def event(self, message: AmiMessage) -> None:
        """Called by the link for each event."""
        if not message.get("Channel").startswith(self._prefix):
            return
        at = message.timestamp_us or 0
        if message.event == "HangupRequest":
            self._hung_up_at = at
        elif message.event == "Newchannel" and self._hung_up_at:
            by_daemon = message.get("Uniqueid").startswith(OFFER_PREFIX)
            self._gaps.append(Gap(at - self._hung_up_at, by_daemon))
            self._hung_up_at = 0

    def begin(self) -> None:
        """A turn begins: what was before is in no gap."""
        self._hung_up_at = 0
        self._gaps = []

    def gaps_us(self, *, by_daemon: bool) -> list[int]:
        """The gaps since `begin`. Raises RuntimeError when the other side served a caller."""
        if any(gap.by_daemon is not by_daemon for gap in self._gaps):
            raise RuntimeError("both sides have served callers in one turn")
        return [gap.us for gap in self._gaps]

    def state(self, state: LinkState) -> None:
        if state.up:
            self.up.set()


@asynccontextmanager
async def watching(
    settings: Settings, secrets: Secrets, device: str
) -> AsyncIterator[tuple[Watch, AmiLink]]:
    """A watch that runs, and its connection."""
    watch = Watch(device)
    link = AmiLink(
        AmiSettings(
            host=settings.asterisk.host,
            port=settings.asterisk.ami_port,
            username=settings.asterisk.ami_username,
            secret=settings.asterisk.ami_secret or secrets.get("ami"),
        ),
        watch.event,
        watch.state,
    )
    await link.start()
    try:
        async with asyncio.timeout(10):
            await watch.up.wait()
        yield watch, link
    finally:
        await link.stop()


async def waiting_in_queue(link: AmiLink, queue: str) -> int:
    """How many callers Asterisk's own Queue() holds in `queue`."""
    items = await link.send_list(Action.of("QueueStatus", Queue=queue))
    return sum(item.event == "QueueEntry" for item in items)


async def unpause(link: AmiLink, device: str) -> None:
    """Let Asterisk's own queues ring the seat."""
    await link.send(Action.of("QueuePause", Interface=device, Paused="false"))
