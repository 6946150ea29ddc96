"""What came of the calls in a list of facts, in few words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cti.facts import (
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallQueued,
    CallRecovered,
    Fact,
    LastResortEntered,
    MenuKeyTaken,
    OfferAnswered,
    OfferFailed,
    SeatLeft,
    SeatLegGone,
    SeatOffered,
    SeatStateChanged,
)

Outcome = dict[str, Any]


def calls_in(facts: Iterable[Fact]) -> list[Outcome]:
    """One entry a call, in the order in which they were first heard of. Waits and talks are
    microseconds."""
    calls: dict[str, Outcome] = {}
    for fact in facts:
        name = getattr(fact, "call", None)
        if name is None or isinstance(fact, SeatStateChanged):
            continue
        call = calls.setdefault(str(name), {"call": str(name)})
        match fact:
            case CallArrived() | CallRecovered():
                call["caller"] = fact.caller_number
                call["name"] = fact.caller_name
            case MenuKeyTaken():
                call.setdefault("keys", []).append(fact.key)
            case CallQueued():
                call |= {"queue": str(fact.queue), "language": fact.language}
            case LastResortEntered():
                call["last_resort"] = True
            case CallAbandoned():
                call["abandoned_after_us"] = fact.wait_us
            case CallEnded():
                call |= {"outcome": str(fact.outcome), "ended_by": fact.ended_by}
        _offer(call, fact)
    return list(calls.values())


def _offer(call: Outcome, fact: Fact) -> None:
    if not isinstance(fact, SeatOffered | OfferAnswered | OfferFailed | SeatLeft | SeatLegGone):
        return
    offers: dict[str, Outcome] = call.setdefault("offers", {})
    offer = offers.setdefault(str(fact.offer), {"seat": str(fact.seat)})
    match fact:
        case OfferAnswered():
            offer["answered_after_us"] = fact.wait_us
            offer["recording"] = fact.recording
        case OfferFailed():
            offer["failed"] = fact.reason
        case SeatLeft():
            offer["talk_us"] = fact.talk_us
        case SeatLegGone() if fact.recording:
            offer["recorded"] = fact.recording


def seats_in(facts: Iterable[Fact]) -> dict[str, str]:
    """The last state of each seat that ever changed."""
    last = {fact.seat: fact for fact in facts if isinstance(fact, SeatStateChanged)}
    return {
        str(seat): f"{change.new}{f': {change.reason}' if change.reason else ''}"
        for seat, change in sorted(last.items())
    }
