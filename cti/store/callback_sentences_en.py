"""The sentences about callbacks in English."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.facts import Fact
from cti.store.speech import Sentence, Speech, plain
from cti.store.why_en import why_en
from cti.store.words_en import CALLBACK_ENDS, CALLBACK_FAILURES


def _callback_booked(fact: facts.CallbackBooked, to: Speech) -> str:
    return (
        f"callback to {plain(fact.number)} booked in {to.queue(fact.queue)}, "
        f"with the place of {to.clock(fact.since)}"
    )


def _callback_offered(fact: facts.CallbackOffered, to: Speech) -> str:
    rung = "is rung" if fact.first == "seat" else "is kept while the customer is rung"
    return (
        f"callback to {plain(fact.number)}, attempt {fact.attempt}: seat {to.seat(fact.seat)} "
        f"{rung}: {why_en(fact, to)}; {fact.waiting} waiting"
    )


def _callback_failed(fact: facts.CallbackFailed, to: Speech) -> str:
    detail = f" ({plain(fact.detail)})" if fact.detail else ""
    reason = CALLBACK_FAILURES[fact.reason]
    return f"callback by seat {to.seat(fact.seat)} failed: {reason}{detail}"


def _callback_closed(fact: facts.CallbackClosed, to: Speech) -> str:
    del to
    by = f" by {plain(fact.by)}" if fact.by else ""
    return f"callback closed: {CALLBACK_ENDS[fact.why]}{by}"


CALLBACKS_EN: Final[dict[type[Fact], Sentence]] = {
    facts.CallbackAsked: lambda fact, to: f"asked to be called back at {plain(fact.number)}",
    facts.CallbackBooked: _callback_booked,
    facts.CallbackRefused: lambda fact, to: f"callback refused: {plain(fact.why, 200)}",
    facts.CallbackOffered: _callback_offered,
    facts.CallbackDialled: lambda fact, to: (
        f"seat {to.seat(fact.seat)} is there, the customer is being rung"
    ),
    facts.CallbackAnswered: lambda fact, to: (
        f"seat {to.seat(fact.seat)} and the customer called back can hear each other"
    ),
    facts.CallbackReached: lambda fact, to: (
        f"the customer has answered and waits for seat {to.seat(fact.seat)} as call "
        f"{plain(fact.customer)}"
    ),
    facts.CallbackFailed: _callback_failed,
    facts.CallbackPutOff: lambda fact, to: (
        f"attempt {fact.attempts} in vain; again not before {to.clock(fact.until)}"
    ),
    facts.CallbackClosed: _callback_closed,
    facts.CallbackRecovered: lambda fact, to: (
        f"callback found again in Asterisk: seat {to.seat(fact.seat)}, {fact.phase}"
    ),
    facts.CallbackCancelAsked: lambda fact, to: (
        f"{plain(fact.by)} wants the callback not to be made"
    ),
}
