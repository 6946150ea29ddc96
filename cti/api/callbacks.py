"""Callbacks: which are still to be made, and not to make one."""

from __future__ import annotations

import asyncio

import structlog

from cti.api.access import Identity, may_everything
from cti.api.binding import Ask
from cti.api.errors import Problem, UnknownCallback, not_found
from cti.api.masking import mask_number
from cti.api.port import CallbackView
from cti.api.schemas import (
    CallbackAnswer,
    CallbackCancelledAnswer,
    CallbacksAnswer,
    NoBody,
    NoQuery,
)
from cti.api.seats import COMMAND_SECONDS
from cti.api.wire import Sight
from cti.ids import CallbackId

log = structlog.get_logger(__name__)


async def list_callbacks(ask: Ask[NoQuery, NoBody]) -> CallbacksAnswer:
    who = ask.asker
    return CallbacksAnswer(
        callbacks=[_answer(view, who) for view in ask.services.engine.callbacks()]
    )


async def cancel(ask: Ask[NoQuery, NoBody]) -> CallbackCancelledAnswer:
    who, name = ask.asker, ask.path("callback")
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            await ask.services.engine.cancel_callback(CallbackId(name), who.user)
    except UnknownCallback as error:
        raise not_found(str(error)) from error
    except TimeoutError as error:
        log.error("callback command not answered", callback=name)  # noqa: TRY400
        raise Problem(503, "engine-slow", "the engine did not answer in time") from error
    log.info("callback cancelled", callback=name, by=who.user, role=who.role)
    return CallbackCancelledAnswer(callback=name)


def _answer(view: CallbackView, who: Identity) -> CallbackAnswer:
    full = may_everything("listCallbacks", who.role) and Sight(who).numbers
    return CallbackAnswer(
        callback=view.callback,
        call=view.call,
        queue=view.queue,
        number=view.number if full else mask_number(view.number),
        number_masked=not full,
        state=view.state,
        since_us=view.since_us,
        booked_us=view.booked_us,
        attempts=view.attempts,
        not_before_us=view.not_before_us or None,
    )
