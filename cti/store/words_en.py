"""What the time line calls states, outcomes and reasons in English."""

from __future__ import annotations

from typing import Final

PHASES: Final = {
    "menu": "in the menu",
    "waiting": "waiting",
    "talking": "talking",
    "in-flow": "in a flow to which the seat has sent them",
    "outside": "put through to a number outside",
    "after": "after the talk",
    "ended": "ended",
}
OUTCOMES: Final = {
    "answered": "answered by a person",
    "outside": "put through to somebody outside",
    "message": "the caller left a message",
    "callback": "the caller booked a callback",
    "turned-away": "sent on by the queue's rule, and not served by a person",
    "abandoned": "the caller gave up",
    "self-service": "served by the menu",
    "left-menu": "hung up in the menu",
    "lost-sight": "lost from sight; when it really ended is not known",
}
ENDERS: Final = {
    "caller": "the caller hung up",
    "seat": "the seat hung up",
    "flow": "the menu ended it",
    "outside": "the outside party hung up",
    "unknown": "who ended it is not known",
}
FAILURES: Final = {
    "no-answer": "not answered in time",
    "rejected": "rejected at the phone",
    "unreachable": "the phone cannot be reached",
    "caller-gone": "the caller had gone",
    "seat-gone": "the seat had gone",
    "no-response": "the phone gave no sign",
    "taken": "another seat answered first",
    "failed": "failed",
}
GIVEN_UP: Final = {
    "patience": "they have waited long enough for it",
    "away": "it is not there",
    "no-answer": "it did not answer",
}
OVERFLOWS: Final = {
    "wait": "having waited too long",
    "length": "since too many wait",
    "closed": "since it is closed",
    "no-seats": "since no seat is there",
}
NOTICE_CHANGES: Final = {
    ("switched", True): "switched the notice {} on",
    ("switched", False): "switched the notice {} off",
    ("written", True): "changed the notice {}, which is on",
    ("written", False): "wrote the notice {}, which is off",
    ("removed", True): "removed the notice {}",
    ("removed", False): "removed the notice {}",
}
NOT_REACHED: Final = {"busy": "busy", "no-answer": "no answer", "failed": "failed"}
IN_HAND: Final = {
    "message": "after leaving a message",
    "callback": "with a callback booked",
    "turned-away": "where the queue's rule had sent them",
}
CALLBACK_FAILURES: Final = FAILURES | {
    "customer-busy": "the customer's line is busy",
    "customer-no-answer": "the customer did not answer",
    "customer-unreachable": "the customer cannot be reached",
    "customer-gone": "the customer hung up before both were connected",
    "cancelled": "cancelled",
    "lost-sight": "lost from sight",
}
CALLBACK_ENDS: Final = {
    "called-back": "the customer was called back",
    "served": "a seat took the caller before they had hung up",
    "replaced": "booked anew",
    "given-up": "given up, not reached so often",
    "cancelled": "cancelled",
    "expired": "too old",
}
