"""What a menu session found out or took down, as facts of the call: a survey's score, a spoken
message, who the customer is. In any phase of a living call."""

from __future__ import annotations

import re
from typing import Final

from cti.calls.book import Book, Outcome
from cti.calls.call import Call
from cti.facts import CallPhase, CustomerKnown, Fact, FlowMarked, MessageLeft, SurveyScored
from cti.ids import CallId

_SCORE: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_SECONDS: Final = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6})[0-9]*)?", re.ASCII)
_FILE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)


def found(book: Book, fact: FlowMarked) -> Outcome:
    """The fact in a mark, where there is one. A mark whose values make no sense tells nothing."""
    call = book.calls.get(CallId(fact.channel))
    if call is None or call.phase is CallPhase.ENDED:
        return
    told: Fact | None = None
    match fact.mark:
        case "survey-score":
            told = _scored(call, fact)
        case "message-left":
            told = _message(call, fact)
        case "customer" if fact.get("Customer"):
            verified = fact.get("Verified") == "yes"
            told = CustomerKnown(
                at=fact.at, call=call.id, customer=fact.get("Customer"), verified=verified
            )
    if told is not None:
        yield told


def _scored(call: Call, fact: FlowMarked) -> SurveyScored | None:
    survey, score = fact.get("Survey"), fact.get("Score")
    if not survey or not _SCORE.fullmatch(score):
        return None
    at = call.command_ended_at or fact.at
    return SurveyScored(at=at, call=call.id, seat=call.served_by, survey=survey, score=int(score))


def _message(call: Call, fact: FlowMarked) -> MessageLeft | None:
    box, file = fact.get("Box"), fact.get("File")
    if not box or not _FILE.fullmatch(file):
        return None
    return MessageLeft(
        at=fact.at,
        call=call.id,
        box=box,
        file=file,
        duration_us=seconds_to_us(fact.get("Seconds")),
    )


def seconds_to_us(text: str) -> int:
    """`12.5` as microseconds, exactly; 0 for what is no number of seconds."""
    match = _SECONDS.fullmatch(text)
    if match is None:
        return 0
    return int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))
