"""Why an offer came to nothing, from what Asterisk says of the seat's leg."""

from __future__ import annotations

from typing import Final, Literal

from cti.calls.call import SeatLeg

FailureReason = Literal[
    "no-answer", "rejected", "unreachable", "caller-gone", "seat-gone", "failed"
]

_BY_CAUSE: Final[dict[int, FailureReason]] = {
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


def failure_reason(leg: SeatLeg, at: int, cause: int, *, caller_gone: bool) -> FailureReason:
    """The reason that a leg which never reached the caller has ended at `at` (microseconds)."""
    if caller_gone:
        return "caller-gone"
    if leg.answered_at:
        return "seat-gone"
    if leg.ring_us and at - leg.offered_at >= leg.ring_us - _RING_SLACK_US:
        return "no-answer"
    return _BY_CAUSE.get(cause, "failed")
