"""What must hold between the steps of a flow, before a caller meets it.

Every check yields problems as (step, key inside the step, message); the loader adds file and line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ivr_flows.model import OTHER_LANGUAGE, Flow, Queue, Step, SwitchLanguage
from ivr_flows.prompt_library import Prompts


class Problem(NamedTuple):
    """`step` None: the problem is at a key of the flow itself."""

    step: str | None
    key: tuple[str, ...]
    message: str


def meant(found: str, known: Iterable[str]) -> str:
    """A hint for the name `found`: the nearest known one, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(found, names, 1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"


def check(
    flow: Flow, queues: Iterable[str], prompts: Prompts, broken: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Every problem of `flow`. `broken` are steps that exist in the file and could not be read:
    ways to them are not reported, what only they lead to is not called unreachable."""
    known = frozenset(flow.steps) | broken
    yield from _ways(flow, known)
    yield from _languages(flow)
    yield from _queues(flow, frozenset(queues))
    yield from _prompts(flow, prompts)
    if not broken:
        yield from _unreachable(flow)
    yield from _circles(flow.steps)


def _ways(flow: Flow, known: frozenset[str]) -> Iterator[Problem]:
    if flow.start not in known:
        yield Problem(
            None, ("start",), f"there is no step {flow.start!r}; {meant(flow.start, known)}"
        )
    for step in flow.steps.values():
        for way in step.ways():
            if way.target not in known:
                hint = meant(way.target, known)
                yield Problem(step.id, way.key, f"there is no step {way.target!r}; {hint}")


def _languages(flow: Flow) -> Iterator[Problem]:
    for index, language in enumerate(flow.languages):
        if language in flow.languages[:index]:
            yield Problem(None, ("languages", str(index)), f"{language} is written twice")
    for step in flow.steps.values():
        if not isinstance(step, SwitchLanguage):
            continue
        if step.to == OTHER_LANGUAGE and len(flow.languages) < 2:
            yield Problem(step.id, ("to",), "the flow speaks one language, there is no other")
        elif step.to != OTHER_LANGUAGE and step.to not in flow.languages:
            hint = meant(step.to, (*flow.languages, OTHER_LANGUAGE))
            yield Problem(step.id, ("to",), f"the flow does not speak {step.to!r}; {hint}")


def _queues(flow: Flow, queues: frozenset[str]) -> Iterator[Problem]:
    for step in flow.steps.values():
        if isinstance(step, Queue) and step.queue not in queues:
            hint = meant(step.queue, queues)
            yield Problem(step.id, ("queue",), f"there is no queue {step.queue!r}; {hint}")


def _prompts(flow: Flow, prompts: Prompts) -> Iterator[Problem]:
    names: frozenset[str] | None = None
    for step in flow.steps.values():
        for voice in step.voices():
            missing = [
                language for language in flow.languages if not prompts.has(voice.prompt, language)
            ]
            if not missing:
                continue
            if len(missing) == len(flow.languages):
                names = prompts.names() if names is None else names
                message = f"there is no prompt {voice.prompt!r}; {meant(voice.prompt, names)}"
            else:
                message = f"the prompt {voice.prompt!r} is not recorded in {', '.join(missing)}"
            yield Problem(step.id, voice.key, message)


def _unreachable(flow: Flow) -> Iterator[Problem]:
    reached: set[str] = set()
    ahead = [flow.start]
    while ahead:
        step = flow.steps.get(ahead.pop())
        if step is not None and step.id not in reached:
            reached.add(step.id)
            ahead.extend(way.target for way in step.ways())
    for step_id in flow.steps:
        if step_id not in reached:
            yield Problem(step_id, (), "no way leads to this step")


def _circles(steps: Mapping[str, Step]) -> Iterator[Problem]:
    """Circles of ways that are taken without a key, each reported where it closes.

    Depth-first with an explicit stack: a long flow cannot exhaust Python's.
    """
    done: set[str] = set()
    for first in steps:
        path: list[str] = []
        ahead: list[Iterator[str]] = [iter((first,))]
        while ahead:
            step_id = next(ahead[-1], None)
            if step_id is None:
                ahead.pop()
                if path:
                    done.add(path.pop())
            elif step_id in path:
                way = " -> ".join((*path[path.index(step_id) :], step_id))
                yield Problem(step_id, (), f"goes round for ever without a caller's key: {way}")
            elif step_id in steps and step_id not in done:
                path.append(step_id)
                ahead.append(_without_key(steps[step_id]))


def _without_key(step: Step) -> Iterator[str]:
    return (way.target for way in step.ways() if not way.asked)
