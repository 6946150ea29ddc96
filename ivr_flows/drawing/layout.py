"""Where boxes and lines go: a tree from top to bottom, by the library graphlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import graphlay

from ivr_flows.errors import FlowError

MOST_NODES: Final = 5_000
"""A thousand steps: seconds of work, and a drawing that nobody reads any more."""

_TREE: Final[dict[str, Any]] = {
    "direction": "topbottom",
    "sibling_gap": 22.0,
    "subtree_gap": 34.0,
    "row_gap": 58.0,
}
_LINES: Final[dict[str, Any]] = {
    "direction": "topbottom",
    # Lines that share a stretch could not be told apart, nor have widths of their own.
    "routing": {"bundle_parallel": False, "lane_gap": 11.0},
    "spacing": {"port_gap": 26.0},
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
    """From node to node (places in the list of sizes); `thickness` keeps others away. `branch`: the
    target stands below the source; each node is the target of one such line at most."""

    source: int
    target: int
    thickness: float
    branch: bool = True


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """`centres` and `paths` in the order of nodes and lines; the top left corner is (0, 0)."""

    centres: tuple[Point, ...]
    paths: tuple[tuple[Point, ...], ...]
    size: Size


def lay_out(nodes: Sequence[Size], lines: Sequence[Line]) -> Layout:
    """The layout of a drawing: a tree of branches, those of a node from left to right as they come,
    and the other lines led around the boxes. Raises DrawingTooLarge."""
    if len(nodes) > MOST_NODES:
        raise DrawingTooLarge(len(nodes))
    tree = graphlay.Graph()
    for node in nodes:
        tree.node(width=node.width, height=node.height)
    for line in lines:
        if line.branch:
            tree.edge(line.source, line.target)
    places = graphlay.layout_tree(tree, options=_TREE)
    graph = graphlay.Graph()
    for node, place in zip(nodes, places.nodes, strict=True):
        graph.node(width=node.width, height=node.height, position=place["center"])
    for line in lines:
        graph.edge(line.source, line.target, thickness=line.thickness)
    drawn = graphlay.reroute(graph, options=_LINES)
    points = [point for edge in drawn.edges for point in edge["points"]]
    bounds = [drawn.bounds["min"], drawn.bounds["max"], *points]
    left, right = min(one["x"] for one in bounds), max(one["x"] for one in bounds)
    top, bottom = min(one["y"] for one in bounds), max(one["y"] for one in bounds)

    def moved(point: dict[str, float]) -> Point:
        return point["x"] - left, point["y"] - top

    return Layout(
        tuple(moved(node["center"]) for node in drawn.nodes),
        tuple(tuple(map(moved, edge["points"])) for edge in drawn.edges),
        Size(right - left, bottom - top),
    )
