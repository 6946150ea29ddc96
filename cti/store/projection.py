"""What the facts say about one call, folded: the rule behind the `calls` table.

One pure function, used by the SQL store while it appends, by its rebuild, and by the in-memory
ledger, so the table can never say anything that the facts do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from cti.facts import (
    CallAbandoned,
    CallArrived,
    CallbackAnswered,
    CallEnded,
    CallQueued,
    CallRecovered,
    Fact,
    MenuKeyTaken,
    OfferAnswered,
    PersonAsked,
    PromptEnded,
    RecordingStored,
    SeatLeft,
    SurveyScored,
)
from cti.runtime.ports import CallSummary

NUMBER_LENGTH: Final = 64
"""Characters of a caller's number that the table keeps: it is indexed, an index entry has a
limit, and what a caller sends as a number has none. The ledger keeps all of it."""

_Known = CallSummary


def _arrived(call: _Known, fact: CallArrived) -> _Known:
    return replace(
        call,
        arrived_us=fact.at,
        hotline=fact.hotline,
        caller_number=fact.caller_number,
        caller_name=fact.caller_name,
    )


def _asked(call: _Known, fact: PersonAsked) -> _Known:
    if call.answered_us:
        return call
    return replace(call, asked_us=call.asked_us or fact.at, queue=fact.queue or call.queue)


def _prompt_ended(call: _Known, fact: PromptEnded) -> _Known:
    return call if call.answered_us else replace(call, prompt_ended_us=fact.at)


def _queued(call: _Known, fact: CallQueued) -> _Known:
    if call.answered_us:
        return call  # a second wait, after a talk: the table tells of the first
    return replace(
        call,
        arrived_us=fact.arrived_at or call.arrived_us,
        queue=fact.queue,
        language=fact.language or call.language,
        asked_us=fact.asked_at or call.asked_us,
        prompt_ended_us=fact.prompt_ended_at or call.prompt_ended_us,
        caller_number=call.caller_number or fact.caller_number,
        caller_name=call.caller_name or fact.caller_name,
    )


def _answered(call: _Known, fact: OfferAnswered) -> _Known:
    if call.answered_us:
        return call
    return replace(
        call, answered_us=fact.at, seat=fact.seat, queue=fact.queue, wait_us=fact.wait_us
    )


def _called_back(call: _Known, fact: CallbackAnswered) -> _Known:
    """No answer to this call, which is over; but who talked with the customer may look it up."""
    return replace(call, seat=call.seat or fact.seat)


def _seat_left(call: _Known, fact: SeatLeft) -> _Known:
    return replace(call, talk_us=(call.talk_us or 0) + fact.talk_us)


def _abandoned(call: _Known, fact: CallAbandoned) -> _Known:
    if call.answered_us:
        return call  # a second wait; see above
    return replace(call, outcome="abandoned", queue=fact.queue, wait_us=fact.wait_us)


def _ended(call: _Known, fact: CallEnded) -> _Known:
    return replace(call, outcome=fact.outcome, ended_by=fact.ended_by, ended_us=fact.at)


def _recovered(call: _Known, fact: CallRecovered) -> _Known:
    """Fills what is missing; a call that is found alive has not ended."""
    return replace(
        call,
        arrived_us=fact.arrived_at or call.arrived_us,
        hotline=call.hotline or fact.hotline,
        caller_number=call.caller_number or fact.caller_number,
        caller_name=call.caller_name or fact.caller_name,
        language=call.language or fact.language,
        queue=call.queue or fact.queue or None,
        asked_us=call.asked_us or fact.asked_at or None,
        prompt_ended_us=call.prompt_ended_us or fact.prompt_ended_at or None,
        answered_us=call.answered_us or fact.answered_at or None,
        seat=call.seat or (fact.seat if fact.answered_at else None) or None,
        wait_us=_wait(call, fact),
        outcome=None,
        ended_by=None,
        ended_us=None,
    )


def _wait(call: _Known, fact: CallRecovered) -> int | None:
    start = fact.prompt_ended_at or fact.queued_at
    if call.wait_us is not None or not (start and fact.answered_at):
        return call.wait_us
    return max(0, fact.answered_at - start)


def _stored(call: _Known, fact: RecordingStored) -> _Known:
    return replace(call, recording=call.recording or fact.file)


def _scored(call: _Known, fact: SurveyScored) -> _Known:
    return replace(call, score=fact.score)


def _unchanged(call: _Known, fact: MenuKeyTaken) -> _Known:
    del fact
    return call


_FOLDS: Final[dict[type[Fact], Callable[[CallSummary, Any], CallSummary]]] = {
    CallArrived: _arrived,
    MenuKeyTaken: _unchanged,
    PersonAsked: _asked,
    PromptEnded: _prompt_ended,
    CallQueued: _queued,
    OfferAnswered: _answered,
    CallbackAnswered: _called_back,
    SeatLeft: _seat_left,
    CallAbandoned: _abandoned,
    CallEnded: _ended,
    CallRecovered: _recovered,
    RecordingStored: _stored,
    SurveyScored: _scored,
}

PROJECTED: Final = tuple(sorted(kind.__name__ for kind in _FOLDS))
"""Kinds of fact that the table of calls is made of."""


def is_told(fact: Fact) -> bool:
    """Whether the table of calls is made of facts like this one."""
    return type(fact) in _FOLDS


def fold(call: CallSummary | None, fact: Fact) -> CallSummary | None:
    """The call after `fact`; unchanged (None stays None) when the fact says nothing about it.

    A call whose arrival is not in the ledger starts at its first fact.
    """
    step = _FOLDS.get(type(fact))
    if step is None:
        return call
    start = call or CallSummary(call=getattr(fact, "call"), arrived_us=fact.at)  # noqa: B009
    after = step(start, fact)
    if len(after.caller_number) > NUMBER_LENGTH:
        after = replace(after, caller_number=after.caller_number[:NUMBER_LENGTH])
    return after
