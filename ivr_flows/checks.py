"""What must hold between the steps of a flow, before a caller meets it.

Every check yields problems as (step, key inside the step, message); the loader adds file and line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from ivr_flows.model import Flow, Step
from ivr_flows.prompt_library import Prompts
from ivr_flows.says import Recorded
from ivr_flows.site_parts import SiteParts
from ivr_flows.state import MAX_FRAMES
from ivr_flows.steps import (
    OTHER_LANGUAGE,
    Callback,
    CheckHours,
    Identify,
    If,
    LookUp,
    Queue,
    SubFlow,
    SwitchLanguage,
    Transfer,
)

MOST_NAMES: Final = 20
"""In a hint; of thousands nobody reads more."""


class Problem(NamedTuple):
    """`step` None: the problem is at a key of the flow itself."""

    step: str | None
    key: tuple[str, ...]
    message: str


def meant(found: str, known: Iterable[str]) -> str:
    """A hint for the name `found`: the nearest known one, else all of them, or the first ones."""
    names = sorted(known)
    near = difflib.get_close_matches(found, names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    more = ", ..." if len(names) > MOST_NAMES else ""
    return f"known: {', '.join(names[:MOST_NAMES]) or 'none'}{more}"


def check(
    flow: Flow, site: SiteParts, prompts: Prompts, broken: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Every problem of `flow` by itself. `broken` are steps that exist in the file and could not
    be read: ways to them are not reported, what only they lead to is not called unreachable."""
    known = frozenset(flow.steps) | broken
    yield from _ways(flow, known)
    yield from _languages(flow)
    for step in flow.steps.values():
        for what, key, name, names in _named(step, site):
            if name not in names:
                yield Problem(step.id, key, f"there is no {what} {name!r}; {meant(name, names)}")
    yield from _prompts(flow, prompts)
    if not broken:
        yield from _unreachable(flow)
    yield from _circles(flow.steps)


def check_calls(flow: Flow, flows: Mapping[str, Flow]) -> Iterator[Problem]:
    """Every problem of `flow` with the flows that it calls."""
    for step in flow.steps.values():
        if not isinstance(step, SubFlow):
            continue
        called = flows.get(step.flow)
        if called is None:
            hint = meant(step.flow, flows)
            yield Problem(step.id, ("flow",), f"there is no flow {step.flow!r}; {hint}")
            continue
        missing = [language for language in flow.languages if language not in called.languages]
        if missing:
            message = f"the flow {step.flow!r} does not speak {', '.join(missing)}"
            yield Problem(step.id, ("flow",), message)
        depth = _depth(called.id, flows, (flow.id,))
        if depth is None:
            message = f"the flow {step.flow!r} leads back to the flow {flow.id!r} again and again"
            yield Problem(step.id, ("flow",), message)
        elif depth > MAX_FRAMES:
            message = f"flows call each other {depth} deep; at most {MAX_FRAMES}"
            yield Problem(step.id, ("flow",), message)


def _depth(name: str, flows: Mapping[str, Flow], above: tuple[str, ...]) -> int | None:
    """How deep the calls of flow `name` go, itself included; None when they go round."""
    if name in above:
        return None
    deepest = 0
    flow = flows.get(name)
    called = (
        {step.flow for step in flow.steps.values() if isinstance(step, SubFlow)} if flow else ()
    )
    for other in sorted(called):
        if len(above) > MAX_FRAMES:
            break
        depth = _depth(other, flows, (*above, name))
        if depth is None:
            return None
        deepest = max(deepest, depth)
    return deepest + 1


def _named(
    step: Step, site: SiteParts
) -> Iterator[tuple[str, tuple[str, ...], str, Iterable[str]]]:
    """Things of the site that `step` names: what it is, key, name, the names that there are."""
    match step:
        case Queue(queue=str(queue)) | Callback(queue=str(queue)):
            yield "queue", ("queue",), queue, site.queues
        case CheckHours(hours=hours):
            yield "opening hours", ("hours",), hours, site.hours
        case LookUp(service=service) | Identify(service=service):
            yield "service", ("service",), service, site.services
        case Transfer(to=to):
            yield "outside number", ("to",), to, site.outside
        case If(cases=cases):
            for place, case in enumerate(cases):
                here = ("cases", str(place), "when")
                if case.condition.queue is not None:
                    yield "queue", (*here, "queue"), case.condition.queue, site.queues
                if case.condition.hours is not None:
                    yield "opening hours", (*here, "hours"), case.condition.hours, site.hours


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


def _prompts(flow: Flow, prompts: Prompts) -> Iterator[Problem]:
    """Recorded prompts and texts that some language of the flow does not have."""
    names: frozenset[str] | None = None
    for step in flow.steps.values():
        for heard in step.says():
            for part in heard.say:
                if not isinstance(part, Recorded):
                    missing = [one for one in flow.languages if one not in part.parts]
                    if missing:
                        message = f"the text is not written in {', '.join(missing)}"
                        yield Problem(step.id, heard.key, message)
                    continue
                missing = [one for one in flow.languages if not prompts.has(part.prompt, one)]
                if len(missing) == len(flow.languages):
                    names = prompts.names() if names is None else names
                    hint = meant(part.prompt, names)
                    yield Problem(step.id, heard.key, f"there is no prompt {part.prompt!r}; {hint}")
                elif missing:
                    message = f"the prompt {part.prompt!r} is not recorded in {', '.join(missing)}"
                    yield Problem(step.id, heard.key, message)


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
        path: dict[str, None] = {}
        ahead: list[Iterator[str]] = [iter((first,))]
        while ahead:
            step_id = next(ahead[-1], None)
            if step_id is None:
                ahead.pop()
                if path:
                    done.add(path.popitem()[0])
            elif step_id in path:
                steps_on_it = list(path)
                circle = [*steps_on_it[steps_on_it.index(step_id) :], step_id]
                if len(circle) > MOST_NAMES:
                    circle[MOST_NAMES // 2 : -MOST_NAMES // 2] = ["..."]
                way = " -> ".join(circle)
                yield Problem(step_id, (), f"goes round for ever without a caller's key: {way}")
            elif step_id in steps and step_id not in done:
                path[step_id] = None
                ahead.append(_without_key(steps[step_id]))


def _without_key(step: Step) -> Iterator[str]:
    return (way.target for way in step.ways() if not way.asked)
