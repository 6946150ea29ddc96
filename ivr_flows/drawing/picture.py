"""The whole drawing: title, boxes and arrows, legend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ivr_flows.drawing import shapes
from ivr_flows.drawing.graph import Arrow, Graph
from ivr_flows.drawing.labels import LabelPiece
from ivr_flows.drawing.layout import Line, Point, Size, lay_out
from ivr_flows.drawing.legend import Legend
from ivr_flows.drawing.lettering import escape, shorten
from ivr_flows.drawing.pieces import BoxPiece, StartPiece
from ivr_flows.drawing.words import Language

MARGIN: Final = 36.0
_TITLE_HEIGHT: Final = 84.0
_LEAST_WIDTH: Final = 760.0
_THIN: Final = 1.6
_WIDEST: Final = 11.0
_COLOUR: Final = "#64748b"
_UNUSED: Final = "#cbd5e1"


@dataclass(frozen=True, slots=True)
class Title:
    """`name` of the flow or the site; `about` stands under it: the time that the figures are of."""

    name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A line from node to node, the share of callers on it, whether it ends in an arrow's head."""

    line: Line
    share: float | None
    head: bool


def line_width(share: float | None) -> float:
    """Of the line that this share of a flow's callers goes."""
    return _THIN if share is None else 1.2 + (_WIDEST - 1.2) * min(share, 1.0)


def draw(graph: Graph, title: Title, language: Language) -> str:
    """`graph` as an SVG document. Raises DrawingTooLarge."""
    kinds = {box.id: box.kind for box in graph.boxes}
    pieces: list[StartPiece | BoxPiece | LabelPiece] = [StartPiece(graph.calls, language)]
    place_of = {}
    for box in graph.boxes:
        place_of[box.id] = len(pieces)
        pieces.append(BoxPiece(box, language))
    everybody = None if graph.calls is None else 1.0 if graph.calls else 0.0
    drawn = [_Drawn(Line(0, place_of[graph.start], line_width(everybody)), everybody, True)]
    for labelled in _labels(graph.arrows):
        label = LabelPiece(tuple((arrow, kinds.get(arrow.target, "other")) for arrow in labelled))
        arrow = labelled[0]
        share = None
        if arrow.flow_share is not None:
            share = sum(one.flow_share or 0.0 for one in labelled)
        source, thick = place_of[arrow.source], line_width(share)
        if label.needed:
            middle = len(pieces)
            pieces.append(label)
            drawn.append(_Drawn(Line(source, middle, thick), share, False))
            source = middle
        if not arrow.tag:
            line = Line(source, place_of[arrow.target], thick, arrow.first)
            drawn.append(_Drawn(line, share, True))
    sizes = [piece.size for piece in pieces]
    layout = lay_out(sizes, [one.line for one in drawn])
    legend = Legend.of(graph, language)
    wide = max(layout.size.width, _LEAST_WIDTH, legend.least_width)
    left, top = MARGIN + (wide - layout.size.width) / 2, MARGIN + _TITLE_HEIGHT
    parts = [_title(title, wide)]
    for one, path in zip(drawn, layout.paths, strict=True):
        parts.append(_arrow(one, [(x + left, y + top) for x, y in path]))
    for piece, size, centre in zip(pieces, sizes, layout.centres, strict=True):
        x, y = centre[0] + left - size.width / 2, centre[1] + top - size.height / 2
        parts.append(piece.draw(x, y))
    below = top + layout.size.height + 40
    parts.append(legend.draw(MARGIN, below, wide))
    whole = Size(wide + 2 * MARGIN, below + legend.height(wide) + MARGIN)
    return _document(whole, title, language, parts)


def _labels(arrows: Iterable[Arrow]) -> Iterator[tuple[Arrow, ...]]:
    """Arrows that have one label: each by itself, or several tags of a box together."""
    for _, leaving in groupby(arrows, key=lambda arrow: arrow.source):
        some = list(leaving)
        tags = tuple(arrow for arrow in some if arrow.tag)
        together = tags if len(tags) > 1 else ()
        yield from ((arrow,) for arrow in some if arrow not in together)
        if together:
            yield together


def _arrow(one: _Drawn, points: list[Point]) -> str:
    unused = one.share == 0.0
    return shapes.line(
        points,
        width=one.line.thickness,
        colour=_UNUSED if unused else _COLOUR,
        head=one.head,
        dashed=unused,
    )


def _title(title: Title, wide: float) -> str:
    return shapes.text(
        MARGIN, MARGIN + 26, shorten(title.name, 26, wide), 26, bold=True
    ) + shapes.text(MARGIN, MARGIN + 52, shorten(title.about, 14, wide), 14, fill=shapes.SOFT_INK)


def _document(size: Size, title: Title, language: Language, parts: list[str]) -> str:
    wide, high = shapes.number(size.width), shapes.number(size.height)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
            f'viewBox="0 0 {wide} {high}" font-family="{shapes.FONTS}" '
            f'lang="{language}" role="img">',
            f"<title>{escape(title.name)}</title>",
            f'<rect width="{wide}" height="{high}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        )
    )
