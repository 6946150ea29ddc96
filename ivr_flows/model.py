"""What a voice flow is: named steps and the ways between them.

The kinds of steps are in `ivr_flows.steps`. A new kind is one class there (what it says and its
ways on), its handlers in `ivr_flows.handlers` and one schema in `ivr_flows.schema`; checks, lint
and drawing know only `Step`, so they hold for every kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ivr_flows.says import Recorded, Say

KEYS: Final = "0123456789*#"
"""The keys of a telephone. A to D exist in the standard and on no caller's phone."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one step to the step `target`.

    `key` is where it stands in the step's YAML. `asked` tells that only a caller's key leads this
    way; a circle of ways that need no key would never end.
    """

    target: str
    key: tuple[str, ...]
    asked: bool = False

    @property
    def label(self) -> str:
        """Its name in the ledger and in drawings: `keys.1`, `next`, `otherwise`."""
        return ".".join(self.key)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that a step says, and where it stands in the step's YAML."""

    say: Say
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """A recorded prompt that a step uses, and where its name stands in the step's YAML."""

    prompt: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One place in a flow. `id` is unique in its flow."""

    id: str

    def ways(self) -> tuple[Way, ...]:
        """Every step that can come next."""
        return ()

    def says(self) -> tuple[Heard, ...]:
        """Everything that it may say."""
        return ()

    def voices(self) -> Iterator[Voice]:
        """Every recorded prompt that it may play, its own and those that come with its kind."""
        for heard in self.says():
            for part in heard.say:
                if isinstance(part, Recorded):
                    yield Voice(part.prompt, heard.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """A rule of lint that the flow does not keep at `step` (None: nowhere), and why."""

    rule: str
    step: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A flow that has passed the loader's checks; `languages` are what it can speak, main first."""

    id: str
    languages: tuple[str, ...]
    start: str
    steps: Mapping[str, Step]
    relaxed: tuple[Relaxation, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", MappingProxyType(dict(self.steps)))

    def other_language(self, language: str) -> str:
        """The language after `language`; the first one when the flow does not speak it."""
        if language not in self.languages:
            return self.languages[0]
        return self.languages[(self.languages.index(language) + 1) % len(self.languages)]


@dataclass(frozen=True, slots=True)
class FlowBook:
    """All flows of a site as they were read at one time; `version` names that state of the files.

    A call keeps the book it began with, so a change never meets a caller in the middle.
    """

    flows: Mapping[str, Flow]
    version: str = ""
    size: int = field(init=False, default=0)
    """Steps of all flows."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "flows", MappingProxyType(dict(self.flows)))
        object.__setattr__(self, "size", sum(len(flow.steps) for flow in self.flows.values()))

    @classmethod
    def of(cls, *flows: Flow) -> FlowBook:
        """A book of just these flows."""
        return cls({flow.id: flow for flow in flows})
