"""Opening and closing queues."""

from __future__ import annotations

import structlog

from cti.api.binding import Ask
from cti.api.errors import Problem, not_found
from cti.api.schemas import DoorAnswer, NoBody, NoQuery
from cti.queue_doors import Door, DoorsNotKept, Said, UnknownQueue

log = structlog.get_logger(__name__)


async def open_queue(ask: Ask[NoQuery, NoBody]) -> DoorAnswer:
    return await _say(ask, "open")


async def close_queue(ask: Ask[NoQuery, NoBody]) -> DoorAnswer:
    return await _say(ask, "closed")


async def queue_by_hours(ask: Ask[NoQuery, NoBody]) -> DoorAnswer:
    return await _say(ask, None)


async def door_of_queue(ask: Ask[NoQuery, NoBody]) -> DoorAnswer:
    try:
        return _answer(ask.services.doors.door(ask.path("queue")))
    except UnknownQueue as error:
        raise not_found(str(error)) from error


async def _say(ask: Ask[NoQuery, NoBody], said: Said | None) -> DoorAnswer:
    queue, by = ask.path("queue"), ask.asker.user
    try:
        door = await ask.services.doors.say(queue, said, by)
    except UnknownQueue as error:
        raise not_found(str(error)) from error
    except DoorsNotKept as error:
        raise Problem(503, "not-kept", str(error)) from error
    log.info("queue's door moved", queue=queue, said=said or "by hours", by=by)
    return _answer(door)


def _answer(door: Door) -> DoorAnswer:
    return DoorAnswer(
        queue=door.queue,
        open=door.open,
        said=door.word.said if door.word else "by-hours",
        by=door.word.by if door.word else None,
        said_us=door.word.at_us if door.word else None,
        hours=door.hours or None,
        until_us=round(door.until.timestamp() * 1e6) if door.until else None,
    )
