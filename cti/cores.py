"""The cores of a site, in the order in which they look at a fact."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from acd.callback_rules import CallbackRules, RingingHours
from acd.comfort import Comfort
from acd.dispatcher import Dispatcher
from acd.last_resort import LastResortKeeper
from config.site import Site
from cti.calls.callbacks import CallbackLegs
from cti.calls.tracker import CallTracker, devices_of
from cti.calls.withdrawals import NO_SIGN_US
from cti.site_routing import micros, routing_of
from recording.rules import RecordingKeeper


class Cores(NamedTuple):
    callbacks: CallbackLegs
    """Before the tracker: see there."""
    tracker: CallTracker
    dispatcher: Dispatcher
    comfort: Comfort
    """Behind the dispatcher, whose line it reads."""
    members: LastResortKeeper
    recordings: RecordingKeeper


def cores_for(site: Site, no_sign_us: int = NO_SIGN_US) -> Cores:
    """Fresh cores for `site`. `no_sign_us`: see `CallTracker`."""
    seats, queues, rules = routing_of(site)
    callbacks = CallbackRules(
        prefixes=tuple(site.callbacks.prefixes),
        ring_us=micros(site.callbacks.ring_seconds),
        keep_us=micros(site.callbacks.keep_hours * 3600),
        hours=RingingHours(ZoneInfo(site.zone), *site.callbacks.ringing_minutes),
    )
    dispatcher = Dispatcher(seats, queues, rules, callbacks)
    return Cores(
        callbacks=CallbackLegs(),
        tracker=CallTracker(devices_of(seats), no_sign_us),
        dispatcher=dispatcher,
        comfort=Comfort(queues, dispatcher),
        members=LastResortKeeper(seats),
        recordings=RecordingKeeper(),
    )
