"""What the signs of the drawing mean, in rows as wide as the drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ivr_flows.drawing import shapes
from ivr_flows.drawing.graph import Graph
from ivr_flows.drawing.lettering import width
from ivr_flows.drawing.looks import LOOKS, icon
from ivr_flows.drawing.pieces import hang_up_badge, hang_up_width, hang_up_words
from ivr_flows.drawing.words import Language, pick

_SIZE: Final = 13.0
_ROW: Final = 36.0
_GAP: Final = 30.0
_PADDING: Final = 18.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """`sign` draws itself in `sign_width`, around the height given."""

    sign: Callable[[float, float], str]
    sign_width: float
    words: str

    @property
    def width(self) -> float:
        return self.sign_width + 9 + width(self.words, _SIZE)


@dataclass(frozen=True, slots=True)
class Legend:
    entries: tuple[_Entry, ...]

    @classmethod
    def of(cls, graph: Graph, language: Language) -> Legend:
        return cls(tuple(_entries(graph, language)))

    @property
    def least_width(self) -> float:
        return max(entry.width for entry in self.entries) + 2 * _PADDING

    def height(self, wide: float) -> float:
        return len(self._rows(wide)) * _ROW + 2 * _PADDING - 8

    def _rows(self, wide: float) -> list[list[_Entry]]:
        rows: list[list[_Entry]] = [[]]
        used = 0.0
        for entry in self.entries:
            if rows[-1] and used + entry.width > wide - 2 * _PADDING:
                rows.append([])
                used = 0.0
            rows[-1].append(entry)
            used += entry.width + _GAP
        return rows

    def draw(self, x: float, y: float, wide: float) -> str:
        parts = [
            shapes.rect(x, y, wide, self.height(wide), fill="#f8fafc", stroke="#e2e8f0", radius=10)
        ]
        middle = y + _PADDING + _ROW / 2 - 4
        for row in self._rows(wide):
            left = x + _PADDING
            for entry in row:
                parts.append(entry.sign(left, middle))
                words_at = left + entry.sign_width + 9
                parts.append(
                    shapes.text(words_at, middle + 4.7, entry.words, _SIZE, fill="#334155")
                )
                left += entry.width + _GAP
            middle += _ROW
        return "".join(parts)


def _entries(graph: Graph, language: Language) -> Iterator[_Entry]:
    def say(chinese: str, english: str) -> str:
        return pick((chinese, english), language)

    kinds = dict.fromkeys((box.kind, box.kind_words) for box in graph.boxes)
    for kind, words in sorted(kinds, key=lambda one: list(LOOKS).index(one[0])):
        yield _Entry(lambda x, y, kind=kind: icon(x, y - 12, kind), 24, words)  # type: ignore[misc]
    if any(branch.key for arrow in graph.arrows for branch in arrow.branches):
        yield _Entry(
            lambda x, y: shapes.key_cap(x, y - 12.5, "1"),
            24,
            say("来电者按的键", "key that callers press"),
        )
    if any(arrow.tag for arrow in graph.arrows):
        yield _Entry(_tag, 40, say("转到该名称的步骤", "goes on at the step of that name"))
    if graph.calls is None:
        return
    yield _Entry(
        lambda x, y: shapes.text(x, y + 4.7, "31%", _SIZE, bold=True),
        30,
        say("到达该步骤的来电者中走此分支的比例", "of the callers at that step"),
    )
    yield _Entry(
        lambda x, y: shapes.text(x, y + 4.7, "520 · 40%", _SIZE, bold=True),
        72,
        say("到达的来电数 · 占全部来电", "callers who came · of all calls"),
    )
    yield _Entry(_widths, 56, say("线越粗，走的人越多", "the wider, the more callers"))
    yield _Entry(_unused, 46, say("没有人走过", "nobody went this way"))
    words = hang_up_words(0.12, language)
    yield _Entry(
        lambda x, y: hang_up_badge(x, y - 9.5, words),
        hang_up_width(words),
        say("到达该步骤的来电者中在此挂断的比例", "of the callers at that step hung up there"),
    )


def _tag(x: float, y: float) -> str:
    look = LOOKS["queue"]
    return shapes.rect(
        x, y - 11, 40, 22, fill=look.tint, stroke=look.colour, radius=5, stroke_width=1
    ) + shapes.text(x + 20, y + 4.3, "→ …", 12, fill=look.colour, anchor="middle")


def _widths(x: float, y: float) -> str:
    thin = shapes.line(((x, y - 6), (x + 56, y - 6)), width=1.6, colour="#64748b", head=False)
    return thin + shapes.line(((x, y + 4), (x + 56, y + 4)), width=7, colour="#64748b", head=False)


def _unused(x: float, y: float) -> str:
    return shapes.line(((x, y), (x + 46, y)), width=1.4, colour="#cbd5e1", head=True, dashed=True)
