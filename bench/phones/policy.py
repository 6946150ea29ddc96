"""What a phone does by itself when it rings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manual:
    """Ring until the test decides; `Phone.next_ring` hands the call over."""


@dataclass(frozen=True, slots=True)
class AnswerAfter:
    """Ring for so long, then answer. 0 answers in the turn of the event loop that rang."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RejectWith:
    """Refuse at once with a SIP code, without ringing."""

    code: int = 486


@dataclass(frozen=True, slots=True)
class Ignore:
    """Ring for ever."""


@dataclass(frozen=True, slots=True)
class NoSign:
    """Take the call in and say nothing: no 180, no 183. `Phone.next_ring` hands the call over, and
    a test may still answer it."""


@dataclass(frozen=True, slots=True)
class AnswerWhenAsked:
    """Ring; answer at once where the INVITE asks for it (`Call-Info: ...;answer-after=0`)."""


AnswerPolicy = Manual | AnswerAfter | RejectWith | Ignore | NoSign | AnswerWhenAsked
