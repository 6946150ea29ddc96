"""What the interpreter wants done, what came of it, and what is worth telling.

An action is one thing for the channel; an outcome is what the caller did meanwhile; a mark is a
milestone of the call, told before the next action so that it gets the time of what caused it.
Times are seconds.
"""
# ruff: noqa: PLC0414 - the pieces of what is said are words of this module, too

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr_flows.says import Clip as Clip
from ivr_flows.says import Kind as Kind
from ivr_flows.says import Piece as Piece
from ivr_flows.says import Spell as Spell
from ivr_flows.says import Utterance as Utterance
from ivr_flows.says import Words as Words
from ivr_flows.state import FlowState

# --------------------------------------------------------------------------------------- actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Say it, and tell whether a key cut it short. Outcomes: KeyPressed, NoKey."""

    utterance: Utterance
    barge_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskKey:
    """Say it, then wait for one key. Outcomes: KeyPressed, NoKey."""

    utterance: Utterance
    barge_in: bool
    wait_s: float
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDigits:
    """Say it unless `already` has keys, then take keys until `end_key`, `most` digits in all, or
    silence (`wait_s` for the first, `between_s` after each). An end key right behind the last of
    `most` digits belongs to them: people press it as they were told. Outcome: DigitsKeyed."""

    utterance: Utterance
    barge_in: bool
    most: int
    end_key: str | None
    wait_s: float
    between_s: float
    already: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpNow:
    """Ask the site's service. `wanted`: name of a value to its JSON pointer. `body` is private.
    Outcomes: Found, NotFound, LookUpFailed."""

    service: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    meanwhile: Utterance = ()
    pin: str = field(default="", repr=False)
    """Sent as the body `{"pin": ...}`; empty: a plain GET."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMessage:
    """Say it, a tone, and record until `#`, silence, `most_s` or the end of the call.

    Outcomes: MessageRecorded, NoKey (nothing was said).
    """

    utterance: Utterance
    box: str
    most_s: float
    silence_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepMessage:
    """The message recorded as `file` is sent. Outcome: NoKey."""

    box: str
    file: str
    seconds: float
    utterance: Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMessage:
    """The message recorded as `file` is not wanted. Outcome: NoKey."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialOutside:
    """Say it and dial the outside number named `target`. The session ends; when nobody answers the
    caller comes back with the outcome NotReached."""

    target: str
    utterance: Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class HandToQueue:
    """Say it to its end and let the caller wait for a person. Ends the session; a key of `offers`
    brings the caller back with KeyPressed. `again`: the caller has a place in this line already."""

    queue: str
    priority: int
    utterance: Utterance
    skills: tuple[str, ...] = ()
    customer: str = ""
    customer_class: str = ""
    wanted_seat: str = ""
    """The seat that the caller's open matter belongs to."""
    offers: str = ""
    """The keys that count while waiting."""
    offer: Utterance = ()
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackToSeat:
    """The caller returns to the seat that sent them. Ends the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackToLine:
    """The caller returns to the place in line that they were sent from. Ends the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """Say it to its end and hang up. Ends the flow."""

    utterance: Utterance


Action = (
    Speak
    | AskKey
    | AskDigits
    | LookUpNow
    | RecordMessage
    | KeepMessage
    | DropMessage
    | DialOutside
    | HandToQueue
    | BackToSeat
    | BackToLine
    | EndCall
)

# -------------------------------------------------------------------------------------- outcomes


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """`key` is one of `ivr_flows.model.KEYS`; anything else counts as a wrong key."""

    key: str


@dataclass(frozen=True, slots=True)
class NoKey:
    """The sound, and the wait if there was one, ended without a key."""


@dataclass(frozen=True, slots=True)
class DigitsKeyed:
    """All digits, those keyed ahead included, without the end key. `ended`: the end key came.
    `ahead`: a key that came behind them and is meant for the next question."""

    digits: str = field(repr=False)
    ended: bool = False
    ahead: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class NotFound:
    """The service answers that there is no such thing (or: the PIN is wrong)."""


@dataclass(frozen=True, slots=True)
class LookUpFailed:
    """No answer that can be used, within the time."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class MessageRecorded:
    """`file`: its name in the spool, without folder."""

    file: str
    seconds: float


@dataclass(frozen=True, slots=True)
class NotReached:
    why: Literal["busy", "no-answer", "failed"]


Outcome = (
    KeyPressed
    | NoKey
    | DigitsKeyed
    | Found
    | NotFound
    | LookUpFailed
    | MessageRecorded
    | NotReached
)

# ----------------------------------------------------------------------------------------- marks


@dataclass(frozen=True, slots=True)
class StepEntered:
    """The caller came to `step` by the way `way` of the step before (`start`: the first one)."""

    flow: str
    step: str
    way: str


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """A question took `key` (a digit step: all digits). None is told of private steps."""

    flow: str
    step: str
    key: str


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: str


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """The caller is on the way to a person. Told once in a call."""

    queue: str


@dataclass(frozen=True, slots=True)
class CustomerKnown:
    customer: str
    verified: bool


@dataclass(frozen=True, slots=True)
class CallbackAsked:
    queue: str
    number: str


@dataclass(frozen=True, slots=True)
class Scored:
    survey: str
    score: int


Mark = (
    StepEntered | KeyTaken | LanguageChosen | PersonAsked | CustomerKnown | CallbackAsked | Scored
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Tell `marks`, keep `state`, do `action`."""

    state: FlowState
    action: Action
    marks: tuple[Mark, ...] = ()
