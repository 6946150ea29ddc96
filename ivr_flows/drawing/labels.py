"""What stands on the arrows: keys, words and shares, and tags with the names of far targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ivr_flows.drawing import shapes
from ivr_flows.drawing.graph import Arrow, Branch
from ivr_flows.drawing.layout import Size
from ivr_flows.drawing.lettering import shorten, width, wrap
from ivr_flows.drawing.looks import LOOKS
from ivr_flows.drawing.pieces import percent

_LETTERS: Final = 12.0
_ROOM: Final = 150.0
_WORDS_LINE: Final = 15.0
_ROW: Final = 29.0
_GAP: Final = 6.0
_PADDING: Final = 7.0
_CAP: Final = 24.0
_TAG: Final = 22.0


@dataclass(frozen=True)
class _Reason:
    """One reason to go an arrow's way: key, words, share, side by side."""

    branch: Branch

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return wrap(self.branch.words, _LETTERS, _ROOM, 2)

    @property
    def share(self) -> str:
        return "" if self.branch.share is None else percent(self.branch.share)

    @property
    def width(self) -> float:
        parts = [_CAP] if self.branch.key is not None else []
        if self.lines:
            parts.append(max(width(line, _LETTERS) for line in self.lines))
        if self.share:
            parts.append(width(self.share, _LETTERS + 1))
        return sum(parts) + _GAP * max(len(parts) - 1, 0)

    @property
    def height(self) -> float:
        return max(_ROW, len(self.lines) * _WORDS_LINE + 8) if self.width else 0.0

    def draw(self, left: float, middle: float) -> Iterator[str]:
        if self.branch.key is not None:
            yield shapes.key_cap(left, middle - 12.5, self.branch.key)
            left += _CAP + _GAP
        for number, line in enumerate(self.lines):
            below = middle + 4.3 + (number - (len(self.lines) - 1) / 2) * _WORDS_LINE
            yield shapes.text(left, below, line, _LETTERS, fill="#334155")
        if self.lines:
            left += max(width(line, _LETTERS) for line in self.lines) + _GAP
        if self.share:
            yield shapes.text(left, middle + 4.6, self.share, _LETTERS + 1, bold=True)


@dataclass(frozen=True)
class _Tag:
    """The name of a step that is drawn elsewhere, in the colours of its kind."""

    target: str
    kind: str

    @cached_property
    def words(self) -> str:
        return f"→ {shorten(self.target, _LETTERS, _ROOM)}"

    @property
    def width(self) -> float:
        return width(self.words, _LETTERS) + 16

    def draw(self, left: float, middle: float) -> Iterator[str]:
        look = LOOKS.get(self.kind, LOOKS["other"])
        yield shapes.rect(
            left,
            middle - _TAG / 2,
            self.width,
            _TAG,
            fill=look.tint,
            stroke=look.colour,
            radius=5,
            stroke_width=1,
        )
        at = left + self.width / 2
        yield shapes.text(at, middle + 4.3, self.words, _LETTERS, fill=look.colour, anchor="middle")


@dataclass(frozen=True)
class LabelPiece:
    """The label of one arrow that leads on to a box, or of all arrows of a box that end in tags:
    they stand below each other, which keeps a menu with many keys narrow."""

    arrows: tuple[tuple[Arrow, str], ...]
    """With the kind of the step that each leads to."""

    @cached_property
    def _rows(self) -> tuple[tuple[_Reason, _Tag | None], ...]:
        """An arrow with several reasons has its tag beside the last one."""
        rows: list[tuple[_Reason, _Tag | None]] = []
        for arrow, kind in self.arrows:
            reasons = [_Reason(branch) for branch in arrow.branches]
            tag = _Tag(arrow.target, kind) if arrow.tag else None
            rows += [(reason, None) for reason in reasons[:-1] if reason.width]
            if tag is not None or reasons[-1].width:
                rows.append((reasons[-1], tag))
        return tuple(rows)

    @property
    def needed(self) -> bool:
        """Whether there is anything to say besides a share that is everybody's."""
        reasons = [branch for arrow, _ in self.arrows for branch in arrow.branches]
        tags = any(arrow.tag for arrow, _ in self.arrows)
        return tags or any(one.key or one.words for one in reasons)

    @cached_property
    def _tags_at(self) -> float:
        """Where tags begin: right of all reasons that have one."""
        beside = [reason.width for reason, tag in self._rows if tag is not None and reason.width]
        return max(beside) + _GAP if beside else 0.0

    @cached_property
    def size(self) -> Size:
        tags = [tag.width for _, tag in self._rows if tag is not None]
        alone = max(reason.width for reason, _ in self._rows)
        wide = max(alone, self._tags_at + max(tags, default=0.0))
        return Size(wide + 2 * _PADDING, sum(map(_height, self._rows)) + 6)

    def draw(self, x: float, y: float) -> str:
        size = self.size
        parts = [
            shapes.rect(x, y, size.width, size.height, fill="#fff", stroke="#cbd5e1", radius=9)
        ]
        tagged = any(tag is not None for _, tag in self._rows)
        middle = y + 3
        for row in self._rows:
            reason, tag = row
            middle += _height(row) / 2
            spare = 0.0 if tagged else (size.width - 2 * _PADDING - reason.width) / 2
            parts += reason.draw(x + _PADDING + spare, middle)
            if tag is not None:
                parts += tag.draw(x + _PADDING + self._tags_at, middle)
            middle += _height(row) / 2
        return "".join(parts)


def _height(row: tuple[_Reason, _Tag | None]) -> float:
    reason, tag = row
    return max(reason.height, _ROW if tag is not None else 0.0)
