"""What the interpreter wants done, what came of it, and what is worth telling.

An action is one thing for the channel; an outcome is what the caller did meanwhile; a mark is a
milestone of the call, told before the next action so that it gets the time of what caused it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr_flows.state import FlowState


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayPrompt:
    """Play, and say whether a key cut it short. Outcomes: KeyPressed, NoKey."""

    prompt: str
    barge_in: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskKey:
    """Play one prompt after the other, then wait for one key. Outcomes: KeyPressed, NoKey."""

    prompts: tuple[str, ...]
    barge_in: bool
    wait_s: float
    private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandToQueue:
    """Play the prompt to its end and let the caller wait for a person. Ends the flow."""

    queue: str
    priority: int
    prompt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCall:
    """Play the prompt to its end and hang up. Ends the flow."""

    prompt: str | None


Action = PlayPrompt | AskKey | HandToQueue | EndCall


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """`key` is one of `ivr_flows.model.KEYS`; anything else counts as a wrong key."""

    key: str


@dataclass(frozen=True, slots=True)
class NoKey:
    """The sound, and the wait if there was one, ended without a key."""


Outcome = KeyPressed | NoKey


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """A menu took `key`. There is none for the keys of private steps."""

    step: str
    key: str


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: str


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """The caller is on the way to a person. Told once in a call."""

    queue: str


Mark = KeyTaken | LanguageChosen | PersonAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Tell `marks`, keep `state`, do `action`."""

    state: FlowState
    action: Action
    marks: tuple[Mark, ...] = ()
