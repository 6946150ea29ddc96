"""Steps from which callers can come back to where they were."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_flows.model import Flow


def circles(flow: Flow) -> Iterator[tuple[str, ...]]:
    """The strongly connected parts of `flow` that have a way inside, in the order of the file
    (Tarjan 1972, with a stack of its own: a long flow cannot exhaust Python's)."""
    place = {step_id: number for number, step_id in enumerate(flow.steps)}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_steps: dict[str, None] = {}
    for first in flow.steps:
        if first in index:
            continue
        ahead = [(first, _next_of(flow, first))]
        index[first] = low[first] = len(index)
        open_steps[first] = None
        while ahead:
            step_id, targets = ahead[-1]
            target = next(targets, None)
            if target is None:
                ahead.pop()
                if ahead:
                    above = ahead[-1][0]
                    low[above] = min(low[above], low[step_id])
                if low[step_id] == index[step_id]:
                    part = list(_closed(open_steps, step_id))
                    if len(part) > 1 or step_id in _next_of(flow, step_id):
                        yield tuple(sorted(part, key=place.__getitem__))
            elif target not in index:
                index[target] = low[target] = len(index)
                open_steps[target] = None
                ahead.append((target, _next_of(flow, target)))
            elif target in open_steps:
                low[step_id] = min(low[step_id], index[target])


def _next_of(flow: Flow, step_id: str) -> Iterator[str]:
    return (way.target for way in flow.steps[step_id].ways() if way.target in flow.steps)


def _closed(open_steps: dict[str, None], last: str) -> Iterator[str]:
    while True:
        step_id, _ = open_steps.popitem()
        yield step_id
        if step_id == last:
            return
