"""Calls, going on and over, in one list from the newest to the oldest."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from typing import Final

import structlog

from cti.api.binding import Ask
from cti.api.errors import CommandRefused, FieldError, Problem, UnknownFlow, not_found
from cti.api.port import CallFilter, CallKey, CallView, PastCall
from cti.api.schemas import (
    MAX_US,
    CallAnswer,
    CallDetailAnswer,
    CallQuery,
    CallsAnswer,
    CallsQuery,
    FlowBody,
    NoBody,
    NoQuery,
    TransferBody,
)
from cti.api.wire import Sight
from cti.facts import OfferAnswered
from cti.ids import CallId, QueueId, SeatId

log = structlog.get_logger(__name__)

COMMAND_SECONDS: Final = 5.0
"""Asterisk parts two channels within milliseconds; longer means that it is in trouble."""
_CALL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CURSOR: Final = re.compile(r"([0-9]{1,16}):([A-Za-z0-9][A-Za-z0-9._-]{0,63})")


def write_cursor(key: CallKey) -> str:
    """A key as an opaque word that is safe in a URL."""
    raw = f"{key.arrived_us}:{key.call}".encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str) -> CallKey:
    """Raises Problem 400 for anything that `write_cursor` has not written."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        match = _CURSOR.fullmatch(raw)
    except (binascii.Error, ValueError):
        match = None
    if match is None or int(match[1]) > MAX_US:
        wrong = FieldError("not a cursor of this list", parameter="cursor")
        raise Problem(400, "not-valid", "the query is not what is expected", errors=(wrong,))
    return CallKey(arrived_us=int(match[1]), call=CallId(match[2]))


async def list_calls(ask: Ask[CallsQuery, NoBody]) -> CallsAnswer:
    query, sight = ask.query, Sight(ask.asker)
    wanted = _wanted(query, sight)
    if wanted is None:
        return CallsAnswer(calls=[], next=None)
    before = read_cursor(query.cursor) if query.cursor else None
    live = ask.services.engine.live_calls()
    rows: dict[CallKey, CallView | PastCall] = {}
    if query.state != "live":
        # A live call may be in the ledger already: read so many more that leaving those out
        # still fills the page.
        past = await ask.services.history.past_calls(
            wanted, before=before, limit=query.limit + 1 + len(live)
        )
        alive = {view.call for view in live}
        rows |= {_key(call): call for call in past if call.call not in alive}
    if query.state != "past":
        rows |= {_key(view): view for view in live if _fits(view, wanted, before)}
    keys = sorted(rows, reverse=True)
    page = keys[: query.limit]
    answers = [_answer(rows[key], sight) for key in page]
    more = len(keys) > query.limit
    return CallsAnswer(calls=answers, next=write_cursor(page[-1]) if more else None)


async def get_call(ask: Ask[CallQuery, NoBody]) -> CallDetailAnswer:
    sight, name = Sight(ask.asker, "getCall"), ask.path("call")
    if not _CALL.fullmatch(name):
        raise not_found("there is no such call")
    call = CallId(name)
    view: CallView | PastCall | None = next(
        (one for one in ask.services.engine.live_calls() if one.call == call), None
    )
    if view is None:
        view = await ask.services.history.past_call(call)
    if view is None:
        raise not_found("there is no such call")
    facts = await ask.services.history.facts_of(call)
    own = view.seat == sight.who.seat or any(
        isinstance(fact, OfferAnswered) and fact.seat == sight.who.seat for fact in facts
    )
    if not sight.all_calls and not own:
        # The same answer as for a call that never was: ids tell nothing to strangers.
        raise not_found("there is no such call")
    narrate, language = ask.services.narrate, ask.query.language
    shown = (sight.entry(fact, narrate, language) for fact in facts)
    return CallDetailAnswer(
        call=_answer(view, sight), timeline=[fact for fact in shown if fact is not None]
    )


async def transfer(ask: Ask[NoQuery, TransferBody]) -> CallAnswer:
    """A seat may do so with the caller that it talks with, and knows of no other call."""
    who, engine = ask.asker, ask.services.engine
    sight, name = Sight(who, "transferCall"), ask.path("call")
    view = next((one for one in engine.live_calls() if one.call == name), None)
    if view is None or not (sight.all_calls or view.seat == who.seat):
        raise not_found("there is no such call going on")
    to, target = ask.body.chosen
    seat = None if sight.all_calls else who.seat
    line = log.bind(call=view.call, to=to, target=target, by=who.user, role=who.role)
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            view = await engine.transfer(view.call, to, target, by=who.user, seat=seat)
    except CommandRefused as error:
        line.info("caller not transferred", why=error.why)
        raise
    except TimeoutError as error:
        line.error("the transfer of a caller was not answered")
        raise Problem(503, "engine-slow", "the engine did not answer in time") from error
    line.info("caller transferred")
    return sight.live_call(view)


async def release(ask: Ask[NoQuery, NoBody]) -> CallAnswer:
    """Hang up the seat's end; a seat may do so with its own talk. The caller goes on as when the
    seat itself hangs up."""
    who, engine = ask.asker, ask.services.engine
    sight, name = Sight(who, "releaseCall"), ask.path("call")
    view = next((one for one in engine.live_calls() if one.call == name), None)
    if view is None or not (sight.all_calls or view.seat == who.seat):
        raise not_found("there is no such call going on")
    seat = None if sight.all_calls else who.seat
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            view = await engine.release(view.call, by=who.user, seat=seat)
    except TimeoutError as error:
        raise Problem(503, "engine-slow", "the engine did not answer in time") from error
    log.info("seat released", call=view.call, by=who.user, role=who.role)
    return sight.live_call(view)


async def send_to_flow(ask: Ask[NoQuery, FlowBody]) -> CallAnswer:
    """A seat may do so with the caller that it talks with, and knows of no other call."""
    who, engine = ask.asker, ask.services.engine
    sight, name, flow = Sight(who, "sendToFlow"), ask.path("call"), ask.body.flow
    view = next((one for one in engine.live_calls() if one.call == name), None)
    if view is None or not (sight.all_calls or view.seat == who.seat):
        raise not_found("there is no such call going on")
    if flow not in engine.flows():
        raise UnknownFlow(flow)
    seat = None if sight.all_calls else who.seat
    line = log.bind(call=view.call, flow=flow, by=who.user, role=who.role)
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            view = await engine.send_to_flow(view.call, flow, by=who.user, seat=seat)
    except CommandRefused as error:
        line.info("caller not sent to a flow", why=error.why)
        raise
    except TimeoutError as error:
        line.error("sending a caller to a flow was not answered")
        raise Problem(503, "engine-slow", "the engine did not answer in time") from error
    line.info("caller sent to a flow")
    return sight.live_call(view)


def _wanted(query: CallsQuery, sight: Sight) -> CallFilter | None:
    """The filter that the asker may use; None when nothing can match. Raises Problem 400."""
    if query.from_ is not None and query.to is not None and query.from_ >= query.to:
        wrong = FieldError("must be later than from", parameter="to")
        raise Problem(400, "not-valid", "the query is not what is expected", errors=(wrong,))
    seat = query.seat
    if not sight.all_calls:
        own = sight.who.seat
        if own is None or seat not in (None, own):
            return None
        seat = own
    return CallFilter(
        queue=QueueId(query.queue) if query.queue else None,
        seat=SeatId(seat) if seat else None,
        outcome=query.outcome,
        number=query.number,
        from_us=query.from_ or 0,
        to_us=query.to if query.to is not None else MAX_US + 1,
    )


def _fits(view: CallView, wanted: CallFilter, before: CallKey | None) -> bool:
    return (
        wanted.outcome is None
        and wanted.queue in (None, view.queue)
        and wanted.seat in (None, view.seat)
        and wanted.number in (None, view.caller_number)
        and wanted.from_us <= view.arrived_us < wanted.to_us
        and (before is None or _key(view) < before)
    )


def _key(call: CallView | PastCall) -> CallKey:
    return CallKey(arrived_us=call.arrived_us, call=call.call)


def _answer(call: CallView | PastCall, sight: Sight) -> CallAnswer:
    return sight.live_call(call) if isinstance(call, CallView) else sight.past_call(call)
