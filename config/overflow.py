"""The rules by which a queue's callers go to another queue, as the site file has them.

overflow:
  - {when: wait, after_seconds: 120, to: {queue: service}}
  - {when: length, length: 10, to: {queue: service}}
  - {when: no-seats, after_seconds: 20, to: {queue: service}}
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.routing import Name, Seconds

Slips = Iterator[tuple[tuple[object, ...], str]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Elsewhere(_Part):
    queue: Name


class Overflow(_Part):
    when: Literal["wait", "length", "no-seats"]
    """wait: who has waited here for `after_seconds`. length: who comes when `length` others wait.
    no-seats: when nobody who serves the queue has been at work for `after_seconds`."""
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


def overflow_slips(rules: Mapping[str, Sequence[Overflow]]) -> Slips:
    """Targets that the site does not have, and rules that lead in a circle; `rules` by queue, one
    entry for each queue of the site."""
    for queue, own in rules.items():
        for place, rule in enumerate(own):
            where = ("queues", queue, "overflow", place, "to", "queue")
            target = rule.to.queue
            if target not in rules:
                near = difflib.get_close_matches(target, rules, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(rules)}"
                yield where, f"there is no queue {target!r}; {hint}"
            elif circle := _way(rules, target, queue):
                yield where, f"leads in a circle: {' -> '.join([queue, *circle])}"


def _way(rules: Mapping[str, Sequence[Overflow]], start: str, end: str) -> list[str]:
    """The shortest way from `start` to `end` by the rules, both included; empty: there is none."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == end:
            return way
        for rule in rules.get(way[-1], ()):
            if rule.to.queue not in seen:
                seen.add(rule.to.queue)
                ways.append([*way, rule.to.queue])
    return []
