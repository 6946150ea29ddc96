"""A flow as boxes and arrows, before anybody knows where on the paper they are.

Ways of one step to the same next step are one arrow. An arrow that would lead back up, far down, or
be one of many to the same box, ends in a small tag with the name of its target instead: lines
across the whole drawing explain nothing.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from ivr_flows import steps
from ivr_flows.drawing.traffic import Traffic
from ivr_flows.drawing.words import Language, key_of, kind_of, pick, way_in_words
from ivr_flows.model import Flow, Step
from ivr_flows.says import Recorded, Say, Value, Words

_READABLE: Final = re.compile(r"(?<=[!-Z^-~])(?=\[)|(?<=\])(?=[a-zA-Z0-9])")
"""Where a blank belongs beside the place of a value: Chinese has none there."""
_UNUSUAL: Final = frozenset(
    {"otherwise", "failed", "not_found", "closed", "holiday", "person", "offers"}
)
MOST_ARROWS: Final = 3
"""To one box; further ones end in tags."""

PromptText = Callable[[str, str], str | None]
"""What the recorded prompt of that name says in that language, if that is known."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A reason to go an arrow's way: a telephone key, or words, and the share of callers (of those
    who came to the step) who did. `usual`: not a way for trouble."""

    key: str | None
    words: str
    share: float | None = None
    usual: bool = True


@dataclass(frozen=True, slots=True)
class Arrow:
    """`flow_share`: callers who went this way, of all calls of the flow; None without figures.
    `tag`: the arrow ends in a tag; `first`: the one by which callers meet its target first."""

    source: str
    target: str
    branches: tuple[Branch, ...]
    flow_share: float | None = None
    tag: bool = False
    first: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A step. `kind` picks icon and colour. `callers`: who came; `share`: of all calls of the flow;
    `hung_up`: share of those who came that hung up here."""

    id: str
    kind: str
    kind_words: str
    text: str
    detail: str
    callers: int | None = None
    share: float | None = None
    hung_up: float | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    start: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """Names that a flow does not have itself: what prompts say, and what queues are called."""

    prompt_text: PromptText = lambda _prompt, _language: None
    queues: Mapping[str, str] = field(default_factory=dict)


def graph_of(
    flow: Flow, language: Language, naming: Naming | None = None, traffic: Traffic | None = None
) -> Graph:
    """The drawing of `flow` with words in `language`, and figures if there are any."""
    naming = naming or Naming()
    order = _in_order(flow)
    boxes = tuple(_box(flow, flow.steps[step], language, naming, traffic) for step in order)
    arrows = [
        arrow for step in order for arrow in _arrows(flow, flow.steps[step], language, traffic)
    ]
    calls = traffic.calls[flow.id] if traffic is not None else None
    return Graph(flow.start, boxes, tuple(_tagged(arrows, flow.start)), calls)


def _in_order(flow: Flow) -> list[str]:
    """Steps in the order in which callers meet them; what nobody can meet comes last."""
    order = dict.fromkeys((flow.start,))
    ahead = [flow.start]
    for step_id in ahead:
        for way in flow.steps[step_id].ways():
            if way.target in flow.steps and way.target not in order:
                order[way.target] = None
                ahead.append(way.target)
    return [*order, *(step for step in flow.steps if step not in order)]


def _arrows(flow: Flow, step: Step, language: Language, traffic: Traffic | None) -> Iterator[Arrow]:
    by_target: dict[str, list[Branch]] = defaultdict(list)
    counts: Counter[str] = Counter()
    entered = traffic.entered[flow.id, step.id] if traffic is not None else 0
    for way in step.ways():
        share = None
        if traffic is not None:
            # A sub-flow comes back by the way `return`; the keys of a private menu are not known.
            labels = (way.label, "return") if isinstance(step, steps.SubFlow) else (way.label,)
            gone = sum(traffic.ways[flow.id, step.id, label, way.target] for label in labels)
            counts[way.target] += gone
            share = gone / entered if entered else None
        words = way_in_words(step, way, language)
        branch = Branch(key_of(way), words, share, way.key[0] not in _UNUSUAL)
        by_target[way.target].append(branch)
    calls = traffic.calls[flow.id] if traffic is not None else 0
    for target, branches in by_target.items():
        shown = branches
        if traffic is not None and isinstance(step, steps.Menu) and step.private:
            counts[target] += traffic.ways[flow.id, step.id, "keys", target]
            shown = _as_one(branches, counts[target] / entered if entered else None)
        yield Arrow(
            step.id,
            target,
            tuple(shown),
            counts[target] / calls if calls else (0.0 if traffic is not None else None),
        )


def _as_one(branches: list[Branch], share: float | None) -> list[Branch]:
    """Branches whose callers cannot be told apart: the share of all stands with the last."""
    hidden = [replace(branch, share=None) for branch in branches]
    return [*hidden[:-1], replace(hidden[-1], share=share)]


def _box(
    flow: Flow, step: Step, language: Language, naming: Naming, traffic: Traffic | None
) -> Box:
    kind, words = kind_of(step)
    heard = step.says()
    # What a step says of its own accord comes first; texts for errors are not in the picture.
    own = next((one.say for one in heard if one.key == ("say",)), ())
    box = Box(
        id=step.id,
        kind=kind,
        kind_words=pick(words, language),
        text=_spoken(own, flow, language, naming),
        detail=_detail(step, language, naming),
    )
    if traffic is None:
        return box
    callers, calls = traffic.callers[flow.id, step.id], traffic.calls[flow.id]
    hung_up, entered = traffic.hung_up[flow.id, step.id], traffic.entered[flow.id, step.id]
    return replace(
        box,
        callers=callers,
        share=callers / calls if calls else None,
        hung_up=hung_up / entered if hung_up and entered else None,
    )


def _spoken(say: Say, flow: Flow, language: str, naming: Naming) -> str:
    parts: list[str] = []
    for part in say:
        if isinstance(part, Recorded):
            text = naming.prompt_text(part.prompt, language)
            parts.append(text if text else f"♪ {part.prompt}")
            continue
        texts = part.parts
        chosen = texts.get(language) or texts.get(flow.languages[0]) or next(iter(texts.values()))
        parts.append(_READABLE.sub(" ", "".join(_word(word) for word in chosen)))
    return " ".join(parts)


def _word(word: Words | Value) -> str:
    return word.text if isinstance(word, Words) else f"[{word.name}]"


def _detail(step: Step, language: Language, naming: Naming) -> str:
    """What a step works with: a queue, a service, opening hours."""

    def say(chinese: str, english: str) -> str:
        return pick((chinese, english), language)

    found = ""
    match step:
        case steps.Queue(queue=None):
            found = say("之前设定的队列", "the queue set before")
        case steps.Queue(queue=str(queue)) | steps.Callback(queue=str(queue)):
            found = naming.queues.get(queue, queue)
        case (
            steps.CheckHours(hours=name)
            | steps.LookUp(service=name)
            | steps.Identify(service=name)
            | steps.Transfer(to=name)
            | steps.Message(box=name)
            | steps.SubFlow(flow=name)
        ):
            found = name
        case steps.Score(survey=survey, lowest=lowest, highest=highest):
            found = f"{survey} ({lowest}–{highest})"
        case steps.SwitchLanguage(to=to):
            other = to == steps.OTHER_LANGUAGE
            found = say("另一种语言", "the other language") if other else to
        case steps.SetValues(values=values):
            found = say("、", ", ").join(values)
        case steps.PlayNotices(area=str(area)):
            found = say(f"按地区（{area}）", f"by area ({area})")
    return found


def _tagged(arrows: list[Arrow], start: str) -> Iterator[Arrow]:
    """The arrows, those that are better drawn as tags marked so. Every box but the start keeps the
    arrow by which most callers come to it."""
    first, depth = _main_ways(arrows, start)
    into: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        if depth.get(arrow.target, 0) - depth.get(arrow.source, 0) == 1:
            into[arrow.target].append(arrow)
    drawn = set(first)
    for coming in into.values():
        coming.sort(key=lambda one: (-(one.flow_share or 0.0), depth.get(one.source, 0)))
        others = (pair for one in coming if (pair := (one.source, one.target)) not in first)
        drawn.update(islice(others, MOST_ARROWS - 1))
    for arrow in arrows:
        ends = (arrow.source, arrow.target)
        yield replace(arrow, tag=ends not in drawn, first=ends in first)


def _main_ways(
    arrows: list[Arrow], start: str
) -> tuple[frozenset[tuple[str, str]], dict[str, int]]:
    """The tree that follows the callers: from what has been reached always the busiest arrow is
    taken next (Prim 1957), without figures the usual ones before those for trouble. Its arrows as
    (source, target), and how deep in it each box is."""
    leaving: dict[str, list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        leaving[arrow.source].append(arrow)
    depth = {start: 0}
    found: set[tuple[str, str]] = set()
    ahead: list[tuple[float, bool, int, Arrow]] = []
    reached, order = start, 0
    while True:
        for arrow in leaving[reached]:
            rare = not any(branch.usual for branch in arrow.branches)
            heapq.heappush(ahead, (-(arrow.flow_share or 0.0), rare, order, arrow))
            order += 1
        while ahead and ahead[0][3].target in depth:
            heapq.heappop(ahead)
        if not ahead:
            return frozenset(found), depth
        arrow = heapq.heappop(ahead)[3]
        found.add((arrow.source, arrow.target))
        reached = arrow.target
        depth[reached] = depth[arrow.source] + 1
