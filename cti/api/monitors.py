"""Listening to talks: listen, whisper, barge. For leads and admins who have a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Final, Literal, TypeVar

import structlog
from pydantic import Field

from cti.api.binding import Ask
from cti.api.errors import CommandRefused, Problem, not_found
from cti.api.schemas import NoBody, NoQuery, Received, SeatName, Sent, TimeUs
from cti.ids import CallId, MonitorId
from cti.monitor_desk import MonitorView

log = structlog.get_logger(__name__)
T = TypeVar("T")

COMMAND_SECONDS: Final = 5.0
MonitorName = Annotated[str, Field(pattern=r"^monitor\.[A-Za-z0-9-]{1,32}\.[0-9]{1,20}$")]
Mode = Annotated[
    Literal["listen", "whisper", "barge"],
    Field(description="listen: nobody hears you; whisper: the seat does; barge: both do."),
]


class MonitorBody(Received):
    mode: Mode = "listen"


class MonitorAnswer(Sent):
    monitor: MonitorName
    call: str
    seat: Annotated[SeatName, Field(description="The one that is listened to.")]
    by: str
    mode: Mode
    since_us: Annotated[TimeUs | None, Field(description="Null until their phone is answered.")]


class MonitorsAnswer(Sent):
    monitors: list[MonitorAnswer]


async def list_monitors(ask: Ask[NoQuery, NoBody]) -> MonitorsAnswer:
    return MonitorsAnswer(monitors=[_answer(one) for one in ask.services.monitors.all()])


async def begin(ask: Ask[NoQuery, MonitorBody]) -> MonitorAnswer:
    """That they hear it is written down first; when it cannot be, their phone is not rung."""
    who, call, mode = ask.asker, CallId(ask.path("call")), ask.body.mode
    if all(view.call != call for view in ask.services.engine.live_calls()):
        raise not_found("there is no such call going on")
    if who.seat is None:
        raise CommandRefused("your account has no seat, so there is no phone of yours to ring")
    view = await _in_time(ask.services.monitors.begin(call, mode, by=who.user, at_seat=who.seat))
    log.info("listens to a talk", monitor=view.monitor, call=call, mode=mode, by=who.user)
    return _answer(view)


async def change(ask: Ask[NoQuery, MonitorBody]) -> MonitorAnswer:
    own = _own(ask)
    view = await _in_time(
        ask.services.monitors.change(own.monitor, ask.body.mode, by=ask.asker.user)
    )
    log.info("listens in another way", monitor=view.monitor, mode=view.mode, by=view.by)
    return _answer(view)


async def stop(ask: Ask[NoQuery, NoBody]) -> MonitorAnswer:
    own = _own(ask)
    await _in_time(ask.services.monitors.stop(own.monitor, by=ask.asker.user))
    return _answer(own)


def _own(ask: Ask[NoQuery, NoBody] | Ask[NoQuery, MonitorBody]) -> MonitorView:
    """An admin may also change and end that of somebody else. Raises Problem 404."""
    name, who = MonitorId(ask.path("monitor")), ask.asker
    for one in ask.services.monitors.all():
        if one.monitor == name and (one.by == who.user or who.role == "admin"):
            return one
    raise not_found("nobody listens there")


async def _in_time(doing: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            return await doing
    except TimeoutError as error:
        raise Problem(503, "engine-slow", "the engine did not answer in time") from error


def _answer(view: MonitorView) -> MonitorAnswer:
    return MonitorAnswer(
        monitor=view.monitor,
        call=view.call,
        seat=view.seat,
        by=view.by,
        mode=view.mode,
        since_us=view.since_us or None,
    )
