"""The rules by which a queue's callers go elsewhere, as the site file has them.

overflow:
  - {when: wait, after_seconds: 120, to: {queue: service}}
  - {when: length, length: 10, to: {flow: busy}}
  - {when: no-seats, after_seconds: 20, to: {outside: water-police}}
  - {when: closed, to: {message: repairs}}
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.routing import Name, Seconds

Slips = Iterator[tuple[tuple[object, ...], str]]
Target = Literal["queue", "outside", "message", "flow"]
TARGETS: Final[tuple[Target, ...]] = get_args(Target)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Elsewhere(_Part):
    """Exactly one of them."""

    queue: Name | None = None
    outside: Name | None = None
    """A name of the site's list of outside numbers."""
    message: Name | None = None
    """A message box."""
    flow: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Elsewhere:
        named = [name for name in TARGETS if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"needs one of {', '.join(TARGETS)}; here: {len(named) or 'none'}")
        return self

    @property
    def kind(self) -> Target:
        return next(name for name in TARGETS if getattr(self, name) is not None)

    @property
    def name(self) -> str:
        return str(getattr(self, self.kind))


class Overflow(_Part):
    when: Literal["wait", "length", "no-seats", "closed"]
    """wait: who has waited here for `after_seconds`. length: who comes when `length` others wait.
    no-seats: when nobody who serves the queue has been at work for `after_seconds`. closed: when
    the queue has been closed for `after_seconds`, by its opening hours or by hand."""
    after_seconds: Seconds | None = None
    length: Annotated[int, Field(ge=0, le=10_000)] | None = None
    to: Elsewhere

    @model_validator(mode="after")
    def _fits(self) -> Overflow:
        if self.when == "wait" and self.after_seconds is None:
            raise ValueError("`when: wait` needs after_seconds")
        if self.when == "length" and self.length is None:
            raise ValueError("`when: length` needs length, the number of those who may wait")
        if self.when == "length" and self.after_seconds is not None:
            raise ValueError("`when: length` is about who comes; leave after_seconds out")
        if self.when != "length" and self.length is not None:
            raise ValueError(f"length is for `when: length`; this is `when: {self.when}`")
        return self


def overflow_slips(rules: Mapping[str, Sequence[Overflow]], outside: Collection[str]) -> Slips:
    """Targets that the site does not have, and rules that lead in a circle; `rules` by queue, one
    entry for each queue of the site. Flows are looked for where flows are loaded."""
    for queue, own in rules.items():
        for place, rule in enumerate(own):
            kind, target = rule.to.kind, rule.to.name
            where = ("queues", queue, "overflow", place, "to", kind)
            if kind == "queue" and target not in rules:
                yield where, f"there is no queue {target!r}; {_hint(target, rules)}"
            elif kind == "queue" and (circle := _way(rules, target, queue)):
                yield where, f"leads in a circle: {' -> '.join([queue, *circle])}"
            elif kind == "outside" and target not in outside:
                yield where, f"there is no outside number {target!r}; {_hint(target, outside)}"


def _hint(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"


def _way(rules: Mapping[str, Sequence[Overflow]], start: str, end: str) -> list[str]:
    """The shortest way from `start` to `end` by the rules, both included; empty: there is none."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == end:
            return way
        for rule in rules.get(way[-1], ()):
            if rule.to.queue is not None and rule.to.queue not in seen:
                seen.add(rule.to.queue)
                ways.append([*way, rule.to.queue])
    return []
