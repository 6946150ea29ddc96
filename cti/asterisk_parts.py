"""What Asterisk's own configuration has of the site: an account for each device, a queue of last
resort for each queue. What is new in the site file has neither before Asterisk has loaded it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from config.site import Site
from cti.ami.actions import Action
from cti.ami.errors import AmiError
from cti.ami.wire import AmiMessage

log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 5.0
ADVICE: Final = (
    "`cti asterisk render DIR`, put pjsip.conf, queues.conf and extensions.conf of it into "
    "Asterisk's folder, then in its console: module reload res_pjsip.so; queue reload all; "
    "dialplan reload (./run does it by itself)"
)


class Asks(Protocol):
    async def send_list(self, action: Action, *, deadline: float = 10.0) -> list[AmiMessage]: ...


class AsteriskParts:
    """`look` is to be called now and then while the link is up."""

    def __init__(self, link: Asks) -> None:
        self._link = link
        self._asked_of: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
        self._devices: frozenset[str] = frozenset()
        self._queues: frozenset[str] = frozenset()

    @property
    def missing(self) -> tuple[str, ...]:
        """A sentence for each thing that Asterisk does not have."""
        return (
            *(
                f"Asterisk has no account for {one}: it is not rung"
                for one in sorted(self._devices)
            ),
            *(
                f"Asterisk has no queue of last resort {one}: nobody serves its callers while "
                "the daemon is away"
                for one in sorted(self._queues)
            ),
        )

    async def look(self, site: Site) -> bool:
        """Ask Asterisk when the site has other parts than at the last time, or some were missing;
        True when it has one now that it had not before."""
        wanted = _devices_of(site), frozenset(site.queues)
        if wanted == self._asked_of and not self.missing:
            return False
        try:
            devices = await self._link.send_list(Action.of("DeviceStateList"))
            queues = await self._link.send_list(
                Action.of("QueueStatus", Member="none"), deadline=10.0
            )
        except AmiError as error:
            log.debug("Asterisk's parts not seen", why=str(error))
            return False
        self._asked_of = wanted
        before = self._devices | self._queues
        self._devices = wanted[0] - _values(devices, "DeviceStateChange", "Device")
        self._queues = wanted[1] - _values(queues, "QueueParams", "Queue")
        if new := (self._devices | self._queues) - before:
            log.warning("Asterisk does not have it yet", what=sorted(new), do=ADVICE)
        come = before - self._devices - self._queues
        if come:
            log.info("Asterisk has it now", what=sorted(come))
        return bool(come)


def _devices_of(site: Site) -> frozenset[str]:
    return frozenset(device for seat in site.seats.values() for device in seat.all_devices)


def _values(messages: Iterable[AmiMessage], event: str, key: str) -> frozenset[str]:
    return frozenset(message.get(key) for message in messages if message.event == event)
