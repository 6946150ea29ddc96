"""One turn: callers come in and wait, then one seat serves them all, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bench.phones.audio import Silence
from bench.phones.phone import Phone, PhoneCall, PhoneError
from bench.routing.watch import Watch, unpause, waiting_in_queue
from cti.ami.link import AmiLink
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import Hotline, call_in

SEAT: Final = "1001"
DEVICE: Final = "PJSIP/1001"
QUEUE: Final = "service"
TALK_S: Final = (0.15, 1.15)
"""Talks last a random time from this range. It is a second wide, so that app_queue, which looks
about once a second, is met by the hang-up at any moment of its second alike."""
AT_ONCE: Final = 10
"""Callers who dial together."""
_RING_S: Final = 30.0
_QUEUE_S: Final = 60.0

Advance = Callable[[], None]


async def waiting(api: ApiClient) -> int:
    """How many callers wait, all queues together, as the daemon sees it."""
    return sum(queue["waiting"] for queue in await api.queues())


@dataclass
class Side:
    """What one side has taken from a hang-up to the next call, microseconds.

    `gaps_us`: by Asterisk's clock; `phone_us`: the same at the seat's phone, from its BYE going
    out to the next INVITE's arrival by the kernel's clock. In this there is all of SIP too.
    """

    name: str
    gaps_us: list[int] = field(default_factory=list)
    phone_us: list[int] = field(default_factory=list)


@dataclass
class Bench:
    """The hotline, the seat's phone, and who watches."""

    line: Hotline
    seat: Phone
    watch: Watch
    link: AmiLink
    callers: int
    served: int
    """So many of them; the others go on waiting."""
    random: random.Random

    async def daemon_turn(self, side: Side, advance: Advance) -> None:
        """The daemon serves: the seat says that it is ready, and takes all calls."""
        async with ApiClient(self.line.api_url) as api:
            calls = await self._all_waiting(api)
            self.watch.begin()
            await api.ready(SEAT)
            await self._serve(side, advance)
        side.gaps_us += self.watch.gaps_us(by_daemon=True)
        await self._hang_up(calls)

    async def queue_turn(self, side: Side, advance: Advance) -> None:
        """The daemon is stopped, app_queue takes the callers over and serves."""
        async with ApiClient(self.line.api_url) as api:
            calls = await self._all_waiting(api)
        await asyncio.to_thread(self.line.stop_daemon)
        async with asyncio.timeout(_QUEUE_S):
            while await waiting_in_queue(self.link, QUEUE) < self.callers:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        self.watch.begin()
        await unpause(self.link, DEVICE)
        await self._serve(side, advance)
        side.gaps_us += self.watch.gaps_us(by_daemon=False)
        await self._hang_up(calls)
        await self.line.start_daemon()

    async def _all_waiting(self, api: ApiClient) -> list[PhoneCall]:
        """Everybody has come through the menu and waits; the seat is signed on and pauses."""
        await api.log_in("admin", first_password(self.line.secrets, "admin"))
        if (await api.seat(SEAT))["state"] == "signed-off":
            await api.sign_on(SEAT)
        await api.pause(SEAT, "bench")
        calls: list[PhoneCall] = []
        for first in range(0, self.callers, AT_ONCE):
            wave = range(first, min(first + AT_ONCE, self.callers))
            numbers = [f"1390000{n:04d}" for n in wave]
            wave_calls = await asyncio.gather(*(call_in(self.line, number=n) for n in numbers))
            for call in wave_calls:
                call.send(Silence())
                call.doze()
            calls += wave_calls
        async with asyncio.timeout(_QUEUE_S):
            while await waiting(api) < self.callers:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return calls

    async def _serve(self, side: Side, advance: Advance) -> None:
        left_us: int | None = None
        for _ in range(self.served):
            ring = await self.seat.next_ring(deadline=_RING_S)
            if left_us is not None and ring.rang_us is not None:
                side.phone_us.append(ring.rang_us - left_us)
            await ring.answered(deadline=5)
            await asyncio.sleep(self.random.uniform(*TALK_S))
            left_us = await ring.hang_up()
            advance()

    async def _hang_up(self, calls: list[PhoneCall]) -> None:
        for call in calls:
            if call.end_reason is None:
                with contextlib.suppress(PhoneError):
                    await call.hang_up()
        for phone in [phone for phone in self.line.phones if phone is not self.seat]:
            await phone.stop()
            self.line.phones.remove(phone)
