"""The cores of a site, in the order in which they look at a fact."""

from __future__ import annotations

from typing import NamedTuple

from acd.callbacks import CallbackRules
from acd.comfort import Comfort
from acd.dispatcher import Dispatcher
from acd.last_resort import LastResortKeeper
from config.site import Queue, Site
from cti.calls.callbacks import CallbackLegs
from cti.calls.tracker import CallTracker
from cti.facts import QueueRecord, SeatRecord, Skill
from cti.ids import QueueId, SeatId
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


def routing_of(site: Site) -> tuple[list[SeatRecord], list[QueueRecord]]:
    """The seats and queues of `site` as routing knows them."""
    seats = [
        SeatRecord(
            SeatId(seat_id),
            seat.name,
            seat.device,
            tuple(QueueId(name) for name in seat.queues),
            tuple(Skill(name) for name in seat.skills),
        )
        for seat_id, seat in site.seats.items()
    ]
    queues = [_queue(QueueId(queue_id), queue) for queue_id, queue in site.queues.items()]
    return seats, queues


def cores_for(site: Site) -> Cores:
    """Fresh cores for `site`."""
    seats, queues = routing_of(site)
    rules = CallbackRules(
        prefixes=tuple(site.callbacks.prefixes),
        ring_us=_us(site.callbacks.ring_seconds),
        keep_us=_us(site.callbacks.keep_hours * 3600),
    )
    dispatcher = Dispatcher(seats, queues, callbacks=rules)
    return Cores(
        callbacks=CallbackLegs(),
        tracker=CallTracker({seat.device: seat.id for seat in seats}),
        dispatcher=dispatcher,
        comfort=Comfort(queues, dispatcher),
        members=LastResortKeeper(seats),
        recordings=RecordingKeeper(),
    )


def _queue(queue_id: QueueId, queue: Queue) -> QueueRecord:
    return QueueRecord(
        queue_id,
        _us(queue.ring_seconds),
        _us(queue.wrapup_seconds),
        announce_us=_us(queue.announce_every_seconds),
        expected_us=_us(queue.expected_talk_seconds),
        callback_attempts=queue.callback_attempts,
        callback_retry_us=_us(queue.callback_retry_minutes * 60),
    )


def _us(seconds: float) -> int:
    return int(seconds * 1e6)
