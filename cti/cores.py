"""The cores of a site, in the order in which they look at a fact."""

from __future__ import annotations

from typing import NamedTuple

from acd.callbacks import CallbackRules
from acd.comfort import Comfort
from acd.dispatcher import Dispatcher
from acd.last_resort import LastResortKeeper
from config.site import Site
from cti.calls.callbacks import CallbackLegs
from cti.calls.tracker import CallTracker
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


def cores_for(site: Site) -> Cores:
    """Fresh cores for `site`."""
    seats, queues, rules = routing_of(site)
    callbacks = CallbackRules(
        prefixes=tuple(site.callbacks.prefixes),
        ring_us=micros(site.callbacks.ring_seconds),
        keep_us=micros(site.callbacks.keep_hours * 3600),
    )
    dispatcher = Dispatcher(seats, queues, rules, callbacks)
    return Cores(
        callbacks=CallbackLegs(),
        tracker=CallTracker({seat.device: seat.id for seat in seats}),
        dispatcher=dispatcher,
        comfort=Comfort(queues, dispatcher),
        members=LastResortKeeper(seats),
        recordings=RecordingKeeper(),
    )
