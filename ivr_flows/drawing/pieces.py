"""Boxes on the paper: the steps, and where calls come in. Each knows its size and draws itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ivr_flows.drawing import shapes
from ivr_flows.drawing.graph import Box
from ivr_flows.drawing.layout import Size
from ivr_flows.drawing.lettering import shorten, width, wrap
from ivr_flows.drawing.looks import LOOKS, icon
from ivr_flows.drawing.words import CALLS, HUNG_UP, Language, pick

BOX_WIDTH: Final = 244.0
_PADDING: Final = 12.0
_HEADING: Final = 34.0
_TEXT: Final = 13.0
_TEXT_LINE: Final = 19.0
_TEXT_LINES: Final = 3
_SMALL: Final = 11.5
_LOUD: Final = 0.05
"""From this share on a badge is filled: every menu loses some callers."""
_LABEL: Final = 12.0


def percent(share: float) -> str:
    """`31%`; what would be 0% and is not nothing is `<1%`."""
    if 0 < share < 0.005:
        return "<1%"
    return f"{share:.0%}"


@dataclass(frozen=True, slots=True)
class BoxPiece:
    box: Box
    language: Language
    lines: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        room = BOX_WIDTH - 2 * _PADDING
        object.__setattr__(self, "lines", wrap(self.box.text, _TEXT, room, _TEXT_LINES))

    @property
    def size(self) -> Size:
        height = _HEADING + 8 + 30 + len(self.lines) * _TEXT_LINE
        return Size(BOX_WIDTH, height + (_TEXT_LINE if self.box.detail else 0))

    def draw(self, x: float, y: float) -> str:
        """With the upper left corner at (x, y)."""
        box, look = self.box, LOOKS.get(self.box.kind, LOOKS["other"])
        size = self.size
        inner, right = x + _PADDING, x + BOX_WIDTH - _PADDING
        figures = self._figures()
        room = BOX_WIDTH - 2 * _PADDING - 32 - (width(figures, _LABEL) + 8 if figures else 0)
        parts = [
            shapes.rect(x, y, size.width, size.height, fill="#fff", radius=10),
            shapes.top_rounded((x, y), BOX_WIDTH, _HEADING, 10, look.tint),
            shapes.rect(
                x,
                y,
                size.width,
                size.height,
                fill="none",
                stroke=look.colour,
                radius=10,
                stroke_width=1.5,
            ),
            icon(x + 7, y + 5, box.kind),
            shapes.text(
                x + 39, y + 22, shorten(box.kind_words, 14, room), 14, fill=look.colour, bold=True
            ),
        ]
        if figures:
            parts.append(
                shapes.text(
                    right, y + 22, figures, _LABEL, fill=shapes.INK, anchor="end", bold=True
                )
            )
        below = y + _HEADING + 8 + _TEXT
        if box.detail:
            detail = shorten(box.detail, _TEXT, BOX_WIDTH - 2 * _PADDING)
            parts.append(shapes.text(inner, below, detail, _TEXT, bold=True))
            below += _TEXT_LINE
        for line in self.lines:
            parts.append(shapes.text(inner, below, line, _TEXT))
            below += _TEXT_LINE
        foot = y + size.height - 10
        badge = self._badge(right, y + size.height - 25) if box.hung_up else ""
        id_room = BOX_WIDTH - 2 * _PADDING - (96 if badge else 0)
        name = shorten(box.id, _SMALL, id_room)
        parts += [shapes.text(inner, foot, name, _SMALL, fill=shapes.SOFT_INK), badge]
        return "".join(parts)

    def _figures(self) -> str:
        if self.box.callers is None:
            return ""
        share = f" · {percent(self.box.share)}" if self.box.share is not None else ""
        return f"{self.box.callers:,}{share}"

    def _badge(self, right: float, y: float) -> str:
        share = self.box.hung_up or 0.0
        words = hang_up_words(share, self.language)
        return hang_up_badge(right - hang_up_width(words), y, words, loud=share >= _LOUD)


def hang_up_words(share: float, language: Language) -> str:
    return f"{pick(HUNG_UP, language)} {percent(share)}"


def hang_up_width(words: str) -> float:
    return width(words, _SMALL) + 14


def hang_up_badge(x: float, y: float, words: str, *, loud: bool = True) -> str:
    wide = hang_up_width(words)
    fill, ink = (shapes.ALARM, "#fff") if loud else ("#fff", shapes.ALARM)
    return shapes.rect(x, y, wide, 19, fill=fill, stroke=shapes.ALARM, radius=9.5) + shapes.text(
        x + wide / 2, y + 13.5, words, _SMALL, fill=ink, anchor="middle", bold=True
    )


@dataclass(frozen=True, slots=True)
class StartPiece:
    calls: int | None
    language: Language

    @property
    def _words(self) -> str:
        calls = pick(CALLS, self.language)
        return calls if self.calls is None else f"{calls} {self.calls:,}"

    @property
    def size(self) -> Size:
        return Size(width(self._words, 15) + 56, 36)

    def draw(self, x: float, y: float) -> str:
        size = self.size
        return "".join(
            (
                shapes.rect(x, y, size.width, size.height, fill="#0f172a", radius=18),
                shapes.text(
                    x + size.width / 2,
                    y + 23.5,
                    self._words,
                    15,
                    fill="#fff",
                    anchor="middle",
                    bold=True,
                ),
            )
        )
