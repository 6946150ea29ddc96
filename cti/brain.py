"""Lets the cores decide on one report: facts in, facts and effects out. Pure.

A report goes to every core in order; each fact that a core concludes goes round in turn, until
nothing more follows. So rooms meet through facts only, and one report's consequences are complete
before the next report is looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cti.effects import Effect
from cti.errors import JietongError
from cti.facts import Fact, Report

MAX_CONSEQUENCES: Final = 100_000
"""More facts than this from one report is two cores answering each other for ever."""


class Core(Protocol):
    def handle(self, fact: Fact) -> Iterable[Fact | Effect]: ...

    def deadline(self) -> int | None: ...


class EndlessConsequences(JietongError):
    """Our own bug. Field: `report`."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"{type(report).__name__} has more than {MAX_CONSEQUENCES} consequences")


@dataclass(frozen=True, slots=True)
class Step:
    """What one report led to. `facts` begins with the report itself."""

    facts: tuple[Fact, ...]
    effects: tuple[Effect, ...]


class Brain:
    def __init__(self, cores: Sequence[Core]) -> None:
        self._cores = tuple(cores)

    def step(self, report: Report) -> Step:
        """All consequences of `report`. Raises what a core raises: a bug of ours."""
        facts: list[Fact] = []
        effects: list[Effect] = []
        pending: deque[Fact] = deque((report,))
        while pending:
            fact = pending.popleft()
            facts.append(fact)
            if len(facts) > MAX_CONSEQUENCES:
                raise EndlessConsequences(report)
            for core in self._cores:
                for outcome in core.handle(fact):
                    if isinstance(outcome, Effect):
                        effects.append(outcome)
                    else:
                        pending.append(outcome)
        return Step(tuple(facts), tuple(effects))

    def deadline(self) -> int | None:
        """The earliest moment at which a core wants `TimePassed`, microseconds since the epoch."""
        wanted = (core.deadline() for core in self._cores)
        return min((at for at in wanted if at is not None), default=None)
