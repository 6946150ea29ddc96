"""How many callers went which way: counted from the steps that the ledger tells of each call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

Place = tuple[str, str]
"""A flow and a step in it."""


@dataclass(slots=True)
class Traffic:
    """`callers`: who came to a step, however often. `entered`: how often they came. `ways`: how
    often they left it (flow, step, label of the way, next step). `hung_up`: who hung up there."""

    callers: Counter[Place] = field(default_factory=Counter)
    entered: Counter[Place] = field(default_factory=Counter)
    ways: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    hung_up: Counter[Place] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    """Calls that were in a flow at all, by flow."""


@dataclass(slots=True)
class _Caller:
    """`last`: the step where the caller is, by flow: a flow that has called another is still at
    the step that did. `here`: where they were seen last."""

    last: dict[str, str] = field(default_factory=dict)
    been: set[Place] = field(default_factory=set)
    here: Place | None = None
    left_menu: bool = False


class TrafficCount:
    """Takes stretches of calls in the order of each call, in any mixture of calls."""

    def __init__(self) -> None:
        self._callers: dict[str, _Caller] = {}
        self._traffic = Traffic()

    def add(
        self, call: str, steps: Iterable[tuple[str, str, str]], *, left_menu: bool = False
    ) -> None:
        """`steps`: flow, step, and the label of the way that led there (`start`: the first one).
        `left_menu`: this call ended by the caller hanging up in the menu."""
        caller = self._callers.setdefault(call, _Caller())
        caller.left_menu = caller.left_menu or left_menu
        traffic = self._traffic
        for flow, step, way in steps:
            if flow not in caller.last:
                traffic.calls[flow] += 1
            elif way != "start":
                traffic.ways[flow, caller.last[flow], way, step] += 1
            caller.last[flow] = step
            caller.here = (flow, step)
            traffic.entered[flow, step] += 1
            if caller.here not in caller.been:
                caller.been.add(caller.here)
                traffic.callers[flow, step] += 1

    def total(self) -> Traffic:
        """What has been counted so far."""
        places = (caller.here for caller in self._callers.values() if caller.left_menu)
        self._traffic.hung_up = Counter(place for place in places if place is not None)
        return self._traffic
