"""Seats and queues: look, and wish."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from cti.api.binding import Ask
from cti.api.errors import CommandRefused, Problem, UnknownSeat
from cti.api.port import Wish
from cti.api.schemas import (
    NoBody,
    NoQuery,
    PauseBody,
    QueuesAnswer,
    SeatAnswer,
    SeatsAnswer,
    SignOnBody,
)
from cti.api.wire import Sight
from cti.ids import SeatId

log = structlog.get_logger(__name__)

COMMAND_SECONDS: Final = 5.0
"""The engine answers within one turn of its loop; longer means that it is in trouble."""


async def list_seats(ask: Ask[NoQuery, NoBody]) -> SeatsAnswer:
    sight = Sight(ask.asker)
    return SeatsAnswer(seats=[sight.seat(view) for view in ask.services.engine.seats()])


async def get_seat(ask: Ask[NoQuery, NoBody]) -> SeatAnswer:
    name = ask.path("seat")
    for view in ask.services.engine.seats():
        if view.seat == name:
            return Sight(ask.asker).seat(view)
    raise UnknownSeat(name)


async def list_queues(ask: Ask[NoQuery, NoBody]) -> QueuesAnswer:
    sight = Sight(ask.asker)
    return QueuesAnswer(queues=[sight.queue(view) for view in ask.services.engine.queues()])


async def sign_on(ask: Ask[NoQuery, SignOnBody]) -> SeatAnswer:
    return await _command(ask, "sign-on", device=ask.body.device)


async def sign_off(ask: Ask[NoQuery, NoBody]) -> SeatAnswer:
    return await _command(ask, "sign-off")


async def ready(ask: Ask[NoQuery, NoBody]) -> SeatAnswer:
    return await _command(ask, "ready")


async def pause(ask: Ask[NoQuery, PauseBody]) -> SeatAnswer:
    return await _command(ask, "pause", ask.body.reason)


async def _command(
    ask: Ask[NoQuery, NoBody] | Ask[NoQuery, PauseBody] | Ask[NoQuery, SignOnBody],
    wish: Wish,
    reason: str = "",
    device: str = "",
) -> SeatAnswer:
    who, engine = ask.asker, ask.services.engine
    name = ask.path("seat")
    if all(view.seat != name for view in engine.seats()):
        raise UnknownSeat(name)
    seat = SeatId(name)
    line = log.bind(seat=seat, wish=wish, by=who.user, role=who.role)
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            view = await engine.seat_command(seat, wish, reason, who.user, device)
    except CommandRefused as error:
        line.info("seat command refused", why=error.why)
        raise
    except TimeoutError as error:
        line.error("seat command not answered")
        raise Problem(503, "engine-slow", "the engine did not answer in time") from error
    line.info("seat command", reason=reason, state=view.state.value)
    return Sight(who).seat(view)
