"""What came of an offer or a call, from what Asterisk said of its channels."""

from __future__ import annotations

from typing import Final

from cti.calls.call import Call, SeatLeg
from cti.facts import CallOutcome, OfferFailure

_BY_CAUSE: Final[dict[int, OfferFailure]] = {
    # ITU-T Q.850 cause values as Asterisk maps SIP responses to them.
    3: "unreachable",
    17: "rejected",
    18: "no-answer",
    19: "no-answer",
    20: "unreachable",
    21: "rejected",
    27: "unreachable",
    38: "unreachable",
}
_RING_SLACK_US: Final = 300_000
"""Asterisk's own ring timer may fire this much before ours would have."""


def failure_reason(leg: SeatLeg, at: int, cause: int, *, caller_gone: bool) -> OfferFailure:
    """The reason that a leg which never reached the caller has ended at `at` (microseconds)."""
    if caller_gone:
        return "caller-gone"
    if leg.answered_at:
        return "seat-gone"
    if leg.ring_us and at - leg.offered_at >= leg.ring_us - _RING_SLACK_US:
        return "no-answer"
    return _BY_CAUSE.get(cause, "failed")


def outcome_of(call: Call, *, waited: bool) -> CallOutcome:
    """What came of a call that has ended; `waited`: for a person, in vain."""
    if call.answered:
        return "answered"
    if call.outside is not None and call.outside.answered_at:
        return "outside"
    if call.in_hand:
        return call.in_hand
    if call.turned_away:
        return "turned-away"
    if waited:
        return "abandoned"
    return "self-service" if call.ended_by == "flow" else "left-menu"
