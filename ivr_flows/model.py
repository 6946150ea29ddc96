"""What a voice flow is: named steps and the ways between them.

A new kind of step is one class here (its prompts and its ways on), one handler in
`ivr_flows.interpreter` and one schema in `ivr_flows.loader`; the checks of the loader know only
`Step` and `Way`, so they hold for every kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

KEYS: Final = "0123456789*#"
"""The keys of a telephone. A to D exist in the standard and on no caller's phone."""

OTHER_LANGUAGE: Final = "other"
"""As a language step's target: the flow's next language, from the last one back to the first."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one step to the step `target`.

    `key` is where it stands in the step's YAML. `asked` tells that only a caller's key leads this
    way; a circle of ways that need no key would never end.
    """

    target: str
    key: tuple[str, ...]
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Voice:
    """A prompt that a step uses, and where its name stands in the step's YAML."""

    prompt: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One place in a flow. `id` is unique in its flow."""

    id: str

    def ways(self) -> tuple[Way, ...]:
        """Every step that can come next."""
        return ()

    def voices(self) -> tuple[Voice, ...]:
        """Every prompt that may be played."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Play(Step):
    """Play a prompt and go on. A key pressed meanwhile is kept for the next menu."""

    prompt: str
    next: str
    barge_in: bool = True
    """Whether a key cuts the prompt short (and a key pressed before skips it)."""

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)),)

    def voices(self) -> tuple[Voice, ...]:
        return (Voice(self.prompt, ("prompt",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(Step):
    """Ask for one key. After `attempts` rounds without a choice the caller goes `otherwise`."""

    prompts: tuple[str, ...]
    choices: Mapping[str, str] = field(default_factory=dict)
    """Key to step."""
    otherwise: str
    wrong_key: str | None = None
    no_key: str | None = None
    attempts: int = 3
    wait_s: float = 5.0
    """How long to wait for a key after the prompts, seconds."""
    barge_in: bool = True
    private: bool = False
    """The key says something about the caller: it stays out of logs, marks and the ledger."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", MappingProxyType(dict(self.choices)))

    def ways(self) -> tuple[Way, ...]:
        asked = tuple(
            Way(target, ("keys", key), asked=True) for key, target in self.choices.items()
        )
        return (*asked, Way(self.otherwise, ("otherwise",)))

    def voices(self) -> tuple[Voice, ...]:
        extra = ((self.wrong_key, "wrong_key"), (self.no_key, "no_key"))
        return (
            *(Voice(prompt, ("prompt",)) for prompt in self.prompts),
            *(Voice(prompt, (key,)) for prompt, key in extra if prompt is not None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLanguage(Step):
    """From here on speak `to`: a language of the flow, or `OTHER_LANGUAGE`."""

    to: str
    next: str

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Step):
    """The caller wants a person: tell them, and let them wait in `queue`."""

    queue: str
    priority: int
    """0 to 9; a smaller number is served first."""
    prompt: str | None = None

    def voices(self) -> tuple[Voice, ...]:
        return () if self.prompt is None else (Voice(self.prompt, ("prompt",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup(Step):
    """Say good-bye and end the call."""

    prompt: str | None = None

    def voices(self) -> tuple[Voice, ...]:
        return () if self.prompt is None else (Voice(self.prompt, ("prompt",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A flow that has passed the loader's checks; `languages` are what it can speak, main first."""

    id: str
    languages: tuple[str, ...]
    start: str
    steps: Mapping[str, Step]

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", MappingProxyType(dict(self.steps)))

    def other_language(self, language: str) -> str:
        """The language after `language`; the first one when the flow does not speak it."""
        if language not in self.languages:
            return self.languages[0]
        return self.languages[(self.languages.index(language) + 1) % len(self.languages)]
