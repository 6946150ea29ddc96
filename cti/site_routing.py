"""The site file's seats, queues and rules as routing knows them."""

from __future__ import annotations

from typing import Final, NamedTuple

from config.site import Queue, Seat, Site
from cti.facts import (
    CallbackRetry,
    Capacity,
    ContactPatience,
    CustomerClass,
    Overflow,
    QueueRecord,
    QueueRole,
    RetryCause,
    RoutingRules,
    SeatRecord,
    Skill,
    Widening,
)
from cti.ids import QueueId, SeatId

RETRY: Final[dict[RetryCause, float]] = {"busy": 3, "no-answer": 10, "unreachable": 30}
"""Minutes until a customer is rung again, where the queue says nothing of it: who is busy is there,
and who cannot be reached will not be so soon."""


class RoutingSetUp(NamedTuple):
    seats: list[SeatRecord]
    queues: list[QueueRecord]
    rules: RoutingRules


def routing_of(site: Site) -> RoutingSetUp:
    """What `site` says of routing."""
    return RoutingRecords().of(site)


class RoutingRecords:
    """Makes records; those of a queue or seat that is the same as before are not made again."""

    def __init__(self) -> None:
        self._seats: dict[str, tuple[Seat, SeatRecord]] = {}
        self._queues: dict[str, tuple[Queue, QueueRecord]] = {}

    def of(self, site: Site) -> RoutingSetUp:
        """What `site` says of routing."""
        known_seats, known_queues = self._seats, self._queues
        self._seats, self._queues = {}, {}
        for seat_id, seat in site.seats.items():
            known_seat = known_seats.get(seat_id)
            same = known_seat is not None and known_seat[0] is seat
            self._seats[seat_id] = (
                known_seat if known_seat and same else (seat, _seat(SeatId(seat_id), seat))
            )
        for queue_id, queue in site.queues.items():
            known_queue = known_queues.get(queue_id)
            same = known_queue is not None and known_queue[0] is queue
            self._queues[queue_id] = (
                known_queue if known_queue and same else (queue, _queue(QueueId(queue_id), queue))
            )
        classes = tuple(
            CustomerClass(name, micros(one.head_start_seconds))
            for name, one in site.routing.classes.items()
        )
        return RoutingSetUp(
            [record for _, record in self._seats.values()],
            [record for _, record in self._queues.values()],
            RoutingRules(choice=site.routing.choice, classes=classes),
        )


def micros(seconds: float) -> int:
    """Seconds in microseconds."""
    return int(seconds * 1e6)


def _queue(queue_id: QueueId, queue: Queue) -> QueueRecord:
    return QueueRecord(
        queue_id,
        micros(queue.ring_seconds),
        micros(queue.wrapup_seconds),
        announce_us=micros(queue.announce_every_seconds),
        expected_us=micros(queue.expected_talk_seconds),
        callback_attempts=queue.callback_attempts,
        callback_retry_us=micros((queue.callback_retry_minutes or RETRY["no-answer"]) * 60),
        callback_retry=_retry(queue),
        callback_first=queue.callback_first,
        strategy=queue.strategy,
        ring_most=queue.ring_most,
        auto_answer=queue.auto_answer,
        wrapup_extension_us=micros(queue.wrapup_extension_seconds),
        target_us=micros(queue.target.seconds),
        target_percent=queue.target.percent,
        ratio=queue.ratio,
        priority_step_us=micros(queue.priority_step_seconds),
        widening=tuple(Widening(micros(one.after_seconds), one.levels) for one in queue.widening),
        wanted_us=micros(queue.wanted_seconds),
        last_seat_us=micros(queue.last_seat_hours * 3600),
        overflow=_overflow(queue),
        merged_into=QueueId(queue.merged_into or ""),
        closed=queue.closed,
        contact_offer_us=micros(queue.contact_offer_seconds),
        contact_patience=tuple(
            ContactPatience(kind, micros(minutes * 60))
            for kind, minutes in queue.contact_patience_minutes.items()
        ),
    )


def _overflow(queue: Queue) -> tuple[Overflow, ...]:
    return tuple(
        Overflow(
            rule.when,
            rule.to.kind,
            rule.to.name,
            after_us=micros(rule.after_seconds or 0),
            length=rule.length or 0,
        )
        for rule in queue.overflow
    )


def _retry(queue: Queue) -> tuple[CallbackRetry, ...]:
    usual = {} if queue.callback_retry_minutes else {cause: [m] for cause, m in RETRY.items()}
    minutes = {**usual, **queue.callback_retry}
    return tuple(
        CallbackRetry(cause, tuple(micros(one * 60) for one in pauses))
        for cause, pauses in minutes.items()
    )


def _seat(seat_id: SeatId, seat: Seat) -> SeatRecord:
    return SeatRecord(
        seat_id,
        seat.name,
        seat.device,
        tuple(QueueId(name) for name in seat.queues),
        tuple(Skill(name, level) for name, level in sorted(seat.skills.items())),
        tuple(QueueRole(QueueId(queue), role) for queue, role in seat.roles.items()),
        devices=tuple(seat.devices),
        languages=tuple(seat.languages),
        capacity=tuple(Capacity(kind, most) for kind, most in seat.capacity.items()),
        texts_in_call=seat.texts_in_call,
        pause_after_missed_text=seat.pause_after_missed_text,
    )
