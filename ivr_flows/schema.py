"""The YAML form of a flow: one schema for each kind of step.

Schemas check one step by itself and make its model; what holds between steps is checked in
`ivr_flows.checks`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ivr_flows import model

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Prompt = Annotated[str, Field(pattern=r"^[a-z0-9-]+(/[a-z0-9-]+){0,3}$", max_length=64)]
LanguageTag = Annotated[
    str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$", max_length=16)
]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _key(value: Any) -> Any:
    """`1` and `"1"` are the same key to a reader of YAML; a full-width １ is on no telephone."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9:
        return str(value)
    if isinstance(value, str) and len(value) == 1 and value in model.KEYS:
        return value
    meant = unicodedata.normalize("NFKC", value) if isinstance(value, str) else ""
    if meant != value and len(meant) == 1 and meant in model.KEYS:
        raise ValueError(f"is not a telephone key; did you mean {meant!r}?")
    raise ValueError('is not a telephone key; keys are "0" to "9", "*" and "#"')


def _once(value: Any) -> Any:
    """To YAML `1` and `"1"` are two keys, so it does not notice that one of them would be lost."""
    if isinstance(value, dict):
        texts = [str(key) for key in value]
        for text in texts:
            if texts.count(text) > 1:
                raise ValueError(f"the key {text!r} is written twice")
    return value


Key = Annotated[str, BeforeValidator(_key)]
PromptList = Annotated[list[Prompt], Field(min_length=1, max_length=10), BeforeValidator(_listed)]


class StepSchema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    do: str

    def step(self, step_id: str, queue_priorities: Mapping[str, int]) -> model.Step:
        """The model of this step. Only a queue step looks at `queue_priorities`."""
        raise NotImplementedError


class PlaySchema(StepSchema):
    do: Literal["play"]
    prompt: Prompt
    next: Name
    barge_in: bool = True

    def step(self, step_id: str, queue_priorities: Mapping[str, int]) -> model.Step:
        del queue_priorities
        return model.Play(id=step_id, prompt=self.prompt, next=self.next, barge_in=self.barge_in)


class MenuSchema(StepSchema):
    do: Literal["menu"]
    prompt: PromptList
    keys: Annotated[dict[Key, Name], Field(min_length=1), BeforeValidator(_once)]
    otherwise: Name
    wrong_key: Prompt | None = None
    no_key: Prompt | None = None
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    wait_seconds: Annotated[float, Field(ge=0.5, le=60)] = 5.0
    barge_in: bool = True
    private: bool = False

    def step(self, step_id: str, queue_priorities: Mapping[str, int]) -> model.Step:
        del queue_priorities
        return model.Menu(
            id=step_id,
            prompts=tuple(self.prompt),
            choices=self.keys,
            otherwise=self.otherwise,
            wrong_key=self.wrong_key,
            no_key=self.no_key,
            attempts=self.attempts,
            wait_s=self.wait_seconds,
            barge_in=self.barge_in,
            private=self.private,
        )


class LanguageSchema(StepSchema):
    do: Literal["language"]
    to: Annotated[str, Field(max_length=16)]
    next: Name

    def step(self, step_id: str, queue_priorities: Mapping[str, int]) -> model.Step:
        del queue_priorities
        return model.SwitchLanguage(id=step_id, to=self.to, next=self.next)


class QueueSchema(StepSchema):
    do: Literal["queue"]
    queue: Name
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    prompt: Prompt | None = None

    def step(self, step_id: str, queue_priorities: Mapping[str, int]) -> model.Step:
        own = self.priority
        return model.Queue(
            id=step_id,
            queue=self.queue,
            priority=queue_priorities.get(self.queue, 5) if own is None else own,
            prompt=self.prompt,
        )


class HangupSchema(StepSchema):
    do: Literal["hangup"]
    prompt: Prompt | None = None

    def step(self, step_id: str, queue_priorities: Mapping[str, int]) -> model.Step:
        del queue_priorities
        return model.Hangup(id=step_id, prompt=self.prompt)


STEP_SCHEMAS: Final[dict[str, type[StepSchema]]] = {
    "play": PlaySchema,
    "menu": MenuSchema,
    "language": LanguageSchema,
    "queue": QueueSchema,
    "hangup": HangupSchema,
}


class FlowSchema(BaseModel):
    """The file as a whole; each step is checked by its own schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: Annotated[list[LanguageTag], Field(min_length=1, max_length=16)]
    start: Name
    steps: Annotated[dict[Name, dict[Any, Any]], Field(min_length=1, max_length=1000)]
