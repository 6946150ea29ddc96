"""The phases of a call, and the one function that moves a call between them.

                       queued                  two in one bridge            seat left
    CallArrived --> MENU --------> WAITING ------------------> TALKING ------------> AFTER
                     |              |  ^                           |                   |
                     |              |  '-- an offer that fails     |                   |
                     |              |      changes nothing here    |                   |
                     '------+-------'---------------+--------------'---------+---------'
                            |                       |                        |
                            '-----------------------'---> ENDED <------------'
                                       caller's channel gone

    TALKING <--> IN_FLOW   a seat has sent the caller to a flow; in one bridge again. From there
                           also WAITING (the flow says queue, or the seat has gone) and AFTER
    OUTSIDE                a number outside is dialled or talks, from any phase with a menu
                           session; nobody answers: back to the phase before
    AFTER --> WAITING      the flow after the call says queue

A call found in Asterisk after an absence starts in the phase it is in (see `recovery.py`).
"""

from __future__ import annotations

from typing import Final

from cti.errors import JietongError
from cti.facts import CallPhase

_ALLOWED: Final[dict[CallPhase, frozenset[CallPhase]]] = {
    CallPhase.MENU: frozenset({CallPhase.WAITING, CallPhase.OUTSIDE, CallPhase.ENDED}),
    CallPhase.WAITING: frozenset({CallPhase.TALKING, CallPhase.OUTSIDE, CallPhase.ENDED}),
    CallPhase.TALKING: frozenset({CallPhase.AFTER, CallPhase.IN_FLOW, CallPhase.ENDED}),
    CallPhase.IN_FLOW: frozenset(
        {CallPhase.TALKING, CallPhase.WAITING, CallPhase.AFTER, CallPhase.OUTSIDE, CallPhase.ENDED}
    ),
    CallPhase.AFTER: frozenset({CallPhase.WAITING, CallPhase.OUTSIDE, CallPhase.ENDED}),
    CallPhase.OUTSIDE: frozenset(
        {CallPhase.MENU, CallPhase.WAITING, CallPhase.IN_FLOW, CallPhase.AFTER, CallPhase.ENDED}
    ),
    CallPhase.ENDED: frozenset(),
}


class IllegalMove(JietongError):
    """Fields: `old`, `new`, `cause`. Our own bug, never Asterisk's: reports are checked before."""

    def __init__(self, old: CallPhase, new: CallPhase, cause: str) -> None:
        self.old, self.new, self.cause = old, new, cause
        super().__init__(f"a call cannot go from {old} to {new} ({cause})")


def can_move(old: CallPhase, new: CallPhase) -> bool:
    return new in _ALLOWED[old]


def move(old: CallPhase, new: CallPhase, cause: str) -> CallPhase:
    """`new`, when a call may go there from `old`. Raises IllegalMove."""
    if not can_move(old, new):
        raise IllegalMove(old, new, cause)
    return new
