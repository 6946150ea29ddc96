"""Where boxes and lines go: layers from top to bottom, by the library graphlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import graphlay

from ivr_flows.errors import FlowError

MOST_NODES: Final = 5_000
"""A thousand steps: seconds of work, and a drawing that nobody reads any more."""

_OPTIONS: Final[dict[str, Any]] = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 30.0, "node_gap": 22.0, "dummy_gap": 18.0, "isolated_gap": 30.0},
    # Lines that share a stretch could not be told apart, nor have widths of their own.
    "routing": {"bundle_parallel": False},
    "cycles": {"strategy": "follow_flow"},
}


class DrawingTooLarge(FlowError):
    """Fields: `nodes` boxes and labels, of which `MOST_NODES` can be drawn."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        super().__init__(
            f"the flow is too large for one drawing ({nodes} boxes and labels, at most "
            f"{MOST_NODES}); split it into flows that call each other"
        )


@dataclass(frozen=True, slots=True)
class Size:
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """From node to node (places in the list of sizes); `thickness` keeps others away."""

    source: int
    target: int
    thickness: float


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """`centres` and `paths` in the order of nodes and lines; the top left corner is (0, 0)."""

    centres: tuple[Point, ...]
    paths: tuple[tuple[Point, ...], ...]
    size: Size


def lay_out(nodes: Sequence[Size], lines: Sequence[Line]) -> Layout:
    """The layout of a drawing. Raises DrawingTooLarge."""
    if len(nodes) > MOST_NODES:
        raise DrawingTooLarge(len(nodes))
    graph = graphlay.Graph()
    for node in nodes:
        graph.node(width=node.width, height=node.height)
    for line in lines:
        graph.edge(line.source, line.target, thickness=line.thickness)
    drawn = graphlay.layout(graph, options=_OPTIONS)
    left, top = drawn.bounds["min"]["x"], drawn.bounds["min"]["y"]
    right, bottom = drawn.bounds["max"]["x"], drawn.bounds["max"]["y"]

    def moved(point: dict[str, float]) -> Point:
        return point["x"] - left, point["y"] - top

    return Layout(
        tuple(moved(node["center"]) for node in drawn.nodes),
        tuple(tuple(map(moved, edge["points"])) for edge in drawn.edges),
        Size(right - left, bottom - top),
    )
