"""Lint and drawing over random flows: they end, and the keys to a person are those that a search
through every way with every way back finds."""

from __future__ import annotations

from collections import deque
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_flows import steps
from ivr_flows.drawing.graph import graph_of
from ivr_flows.drawing.picture import Title, draw
from ivr_flows.drawing.traffic import TrafficCount
from ivr_flows.drawing.words import LANGUAGES
from ivr_flows.lint import lint
from ivr_flows.lint_rules.site_flows import FAR, SiteFlows
from ivr_flows.model import FlowBook
from tests.unit.ivr_flows.test_any_flow import BOOKS
from tests.unit.ivr_flows.test_drawing import overlap, rectangles

Frames = tuple[tuple[str, str], ...]


def keys_needed(book: FlowBook, flow: str, step: str, frames: Frames) -> int:
    """Searched step by step, with the flows that have been called on a stack."""
    seen: set[tuple[str, str, Frames]] = set()
    line = deque([(0, flow, step, frames)])
    while line:
        keys, here, at, back = line.popleft()
        if (here, at, back) in seen:
            continue
        seen.add((here, at, back))
        known = book.flows[here].steps[at]
        match known:
            case steps.Queue() | steps.Transfer():
                return keys
            case steps.SubFlow(flow=called, next=after):
                line.appendleft((keys, called, book.flows[called].start, (*back, (here, after))))
            case steps.Return():
                if back:
                    line.appendleft((keys, *back[-1], back[:-1]))
            case _:
                for way in known.ways():
                    if way.asked:
                        line.append((keys + 1, here, way.target, back))
                    else:
                        line.appendleft((keys, here, way.target, back))
    return FAR


@given(BOOKS)
def test_keys_to_a_person_are_those_of_a_search(book: FlowBook) -> None:
    site = SiteFlows(book.flows, hotlines=["main"])
    found = site.keys_to_a_person()
    for step in book.flows["main"].steps:
        assert found["main", step] == keys_needed(book, "main", step, ()), step
    calls = [
        ((("main", step.next),))
        for step in book.flows["main"].steps.values()
        if isinstance(step, steps.SubFlow)
    ]
    for step_id in book.flows["sub"].steps if calls else ():
        worst = max(keys_needed(book, "sub", step_id, frames) for frames in calls)
        assert found["sub", step_id] == worst, step_id


@given(BOOKS)
def test_lint_of_any_flow_ends_and_tells_places_that_exist(book: FlowBook) -> None:
    for finding in lint(SiteFlows(book.flows, hotlines=["main"])):
        assert finding.step in book.flows[finding.flow].steps
        assert all(finding.message)


TRAILS = st.lists(st.integers(0, 5), max_size=30)


@settings(max_examples=60)
@given(BOOKS, st.lists(TRAILS, max_size=5), st.sampled_from(LANGUAGES))
def test_any_flow_with_any_callers_is_drawn_without_overlaps(
    book: FlowBook, trails: list[list[int]], language: str
) -> None:
    flow = book.flows["main"]
    count = TrafficCount()
    for number, trail in enumerate(trails):
        at = flow.start
        walked = [("main", at, "start")]
        for choice in trail:
            ways = flow.steps[at].ways()
            if not ways:
                break
            way = ways[choice % len(ways)]
            at = way.target
            walked.append(("main", at, way.label))
        count.add(str(number), walked, left_menu=number % 2 == 0)
    chosen = next(one for one in LANGUAGES if one == language)
    svg = draw(graph_of(flow, chosen, traffic=count.total()), Title("any"), chosen)
    ElementTree.fromstring(svg)
    boxes = list(rectangles(svg))
    assert not any(overlap(a, b) for place, a in enumerate(boxes) for b in boxes[place + 1 :])
