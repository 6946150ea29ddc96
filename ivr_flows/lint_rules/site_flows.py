"""The flows of a site as one graph, with what the rules ask of it. Everything takes time in
proportion to the number of steps (n log n where distances are asked)."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from ivr_flows import steps
from ivr_flows.model import Flow, Step

FAR: Final = 1_000_000
"""More keys than there are: no way leads there."""

Place = tuple[str, str]
"""A flow and a step in it."""


class Edge(NamedTuple):
    target: Place
    asked: bool
    closed: bool


class SiteFlows:
    """`hotlines`: flows that calls begin in. `after`: flows for callers who have talked to a
    person. A flow that is neither, and that no other flow calls, is one that seats send callers to,
    or one that is looked at by itself: calls may begin there, and its `return` leads to a person.

    A flow that is called and not in `flows` is taken to lead on to `next`.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        *,
        hotlines: Iterable[str] = (),
        after: Iterable[str] = (),
    ) -> None:
        self.flows = flows
        self.hotlines = frozenset(hotlines)
        self.after = frozenset(after)

    @cached_property
    def calls(self) -> dict[str, list[tuple[str, steps.SubFlow]]]:
        """Flow to the places where it is called: flow, step."""
        found: dict[str, list[tuple[str, steps.SubFlow]]] = {name: [] for name in self.flows}
        for name, flow in self.flows.items():
            for step in flow.steps.values():
                if isinstance(step, steps.SubFlow) and step.flow in found:
                    found[step.flow].append((name, step))
        return found

    @cached_property
    def beginnings(self) -> tuple[Place, ...]:
        """Where callers enter."""
        known = self.hotlines | self.after
        return tuple(
            (name, flow.start)
            for name, flow in self.flows.items()
            if flow.start in flow.steps and (name in known or not self.calls[name])
        )

    @cached_property
    def edges(self) -> dict[Place, tuple[Edge, ...]]:
        """Every way of every step, into other flows and back from them."""
        return {
            (name, step.id): tuple(self._edges(name, step))
            for name, flow in self.flows.items()
            for step in flow.steps.values()
        }

    def _edges(self, name: str, step: Step) -> Iterator[Edge]:
        if isinstance(step, steps.SubFlow) and step.flow in self.flows:
            yield Edge((step.flow, self.flows[step.flow].start), False, False)
            return
        if isinstance(step, steps.Return):
            for caller, call in self.calls[name]:
                yield Edge((caller, call.next), False, False)
            return
        hours = isinstance(step, steps.CheckHours)
        for way in step.ways():
            if way.target in self.flows[name].steps:
                closed = hours and way.key[0] in ("closed", "holiday")
                yield Edge((name, way.target), way.asked, closed)

    def reached_when_open(self) -> frozenset[Place]:
        """Places that a caller may come to within the opening hours."""
        reached = set(self.beginnings)
        ahead = list(reached)
        while ahead:
            for edge in self.edges[ahead.pop()]:
                if not edge.closed and edge.target not in reached:
                    reached.add(edge.target)
                    ahead.append(edge.target)
        return frozenset(reached)

    def levels(self, counts: Callable[[Step], bool]) -> dict[Place, int]:
        """How many steps that count a caller has at least gone through before each place."""
        level = dict.fromkeys(self.beginnings, 0)
        line = deque(self.beginnings)
        while line:
            place = line.popleft()
            cost = int(counts(self.step(place)))
            for edge in self.edges[place]:
                there = level[place] + cost
                if there < level.get(edge.target, FAR):
                    level[edge.target] = there
                    (line.append if cost else line.appendleft)(edge.target)
        return level

    def step(self, place: Place) -> Step:
        return self.flows[place[0]].steps[place[1]]

    def keys_to_a_person(self) -> dict[Place, int]:
        """How many keys a caller presses at most before a person can be had, by the shortest way;
        `FAR` when there is none. A flow called from several places counts by the worst of them."""
        order = self._callees_first()
        within: dict[Place, int] = {}
        back: dict[Place, int] = {}
        for name in order:
            within |= self._distances(name, within, back, _is_person)
            back |= self._distances(name, back, back, _is_return)
        found: dict[Place, int] = {}
        for name in reversed(order):
            after = self._after_return(name, found)
            for step_id in self.flows[name].steps:
                place = (name, step_id)
                found[place] = min(within.get(place, FAR), back.get(place, FAR) + after, FAR)
        return found

    def _after_return(self, name: str, found: Mapping[Place, int]) -> int:
        """Keys to a person from where the flow `name` returns to, at the worst."""
        calls = [found.get((caller, call.next), FAR) for caller, call in self.calls[name]]
        if name in self.hotlines:
            calls.append(FAR)
        return max(calls, default=0)

    def _distances(
        self,
        name: str,
        into: Mapping[Place, int],
        back: Mapping[Place, int],
        is_goal: Callable[[Step], bool],
    ) -> dict[Place, int]:
        """Keys from each step of the flow `name` to the nearest goal, staying in it and in what it
        calls. `into`: the same for called flows; `back`: keys to come back from them."""
        behind: dict[str, list[tuple[str, int]]] = {step: [] for step in self.flows[name].steps}
        distance: dict[str, int] = {}
        for step in self.flows[name].steps.values():
            if is_goal(step):
                distance[step.id] = 0
            called = self.flows.get(step.flow) if isinstance(step, steps.SubFlow) else None
            through = 0
            if called is not None:
                start = (called.id, called.start)
                through = back.get(start, FAR)
                inside = into.get(start, FAR) if into is not back else FAR
                distance[step.id] = min(distance.get(step.id, FAR), inside)
            for way in step.ways():
                if way.target in behind:
                    behind[way.target].append((step.id, int(way.asked) + through))
        line = [(keys, step_id) for step_id, keys in distance.items() if keys < FAR]
        heapq.heapify(line)
        while line:
            keys, step_id = heapq.heappop(line)
            if keys > distance[step_id]:
                continue
            for before, cost in behind[step_id]:
                there = keys + cost
                if there < min(distance.get(before, FAR), FAR):
                    distance[before] = there
                    heapq.heappush(line, (there, before))
        return {(name, step_id): keys for step_id, keys in distance.items()}

    def _callees_first(self) -> list[str]:
        """The flows, each after those that it calls. Flows that call each other in a circle, which
        the loader refuses, come in any order."""
        calls: dict[str, dict[str, None]] = {name: {} for name in self.flows}
        for called, places in self.calls.items():
            for caller, _ in places:
                calls[caller][called] = None
        order: dict[str, None] = {}
        seen: set[str] = set()
        for first in self.flows:
            ahead: list[tuple[str, Iterator[str]]] = (
                [] if first in seen else [(first, iter(calls[first]))]
            )
            seen.add(first)
            while ahead:
                name, left = ahead[-1]
                other = next((one for one in left if one not in seen), None)
                if other is None:
                    order[name] = None
                    ahead.pop()
                else:
                    seen.add(other)
                    ahead.append((other, iter(calls[other])))
        return list(order)


def _is_person(step: Step) -> bool:
    return isinstance(step, steps.Queue | steps.Transfer)


def _is_return(step: Step) -> bool:
    return isinstance(step, steps.Return)
