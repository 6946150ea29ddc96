"""SVG elements, each a piece of text. Whatever comes from a flow goes through `escape`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ivr_flows.drawing.lettering import escape

FONTS: Final = "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC','Noto Sans',sans-serif"
INK: Final = "#0f172a"
SOFT_INK: Final = "#64748b"
ALARM: Final = "#dc2626"

Point = tuple[float, float]


def number(value: float) -> str:
    """Shortest form of a coordinate, to a tenth."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str,
    stroke: str = "none",
    radius: float = 0,
    stroke_width: float = 1.2,
) -> str:
    line = f' stroke="{stroke}" stroke-width="{number(stroke_width)}"' if stroke != "none" else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        f' rx="{number(radius)}" fill="{fill}"{line}/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    size: float,
    *,
    fill: str = INK,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """`y` is the base line."""
    weight = ' font-weight="600"' if bold else ""
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"{at}'
        f"{weight}>{escape(words)}</text>"
    )


def top_rounded(corner: Point, width: float, height: float, radius: float, fill: str) -> str:
    """A rectangle with its two upper corners rounded, its own corner at `corner`."""
    x, y = corner
    r, right, bottom = number(radius), number(x + width - radius), number(y + height)
    return (
        f'<path d="M{number(x)} {bottom}V{number(y + radius)}q0 -{r} {r} -{r}H{right}q{r} 0 {r} {r}'
        f'V{bottom}z" fill="{fill}"/>'
    )


def key_cap(x: float, y: float, key: str) -> str:
    """A telephone key, 24 by 24."""
    return "".join(
        (
            rect(x, y + 1.5, 24, 24, fill="#94a3b8", radius=6),
            rect(x, y, 24, 24, fill="#f8fafc", stroke="#94a3b8", radius=6),
            text(x + 12, y + 17.3, key, 15, anchor="middle", bold=True),
        )
    )


def line(
    points: Sequence[Point], *, width: float, colour: str, head: bool, dashed: bool = False
) -> str:
    """An arrow along `points`, its corners rounded; its head is as large as its width asks for."""
    points = list(points)
    size = 7 + width * 0.9
    tip = points[-1]
    drawn = ""
    if head:
        before = points[-2]
        length = max(abs(tip[0] - before[0]) + abs(tip[1] - before[1]), 0.001)
        dx, dy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
        back = min(size, length)
        foot = (tip[0] - dx * back, tip[1] - dy * back)
        half = size * 0.55
        corners = (
            tip,
            (foot[0] - dy * half, foot[1] + dx * half),
            (foot[0] + dy * half, foot[1] - dx * half),
        )
        shape = "L".join(f"{number(x)} {number(y)}" for x, y in corners)
        drawn = f'<path d="M{shape}z" fill="{colour}"/>'
        points[-1] = (tip[0] - dx * back * 0.8, tip[1] - dy * back * 0.8)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<path d="{_rounded(points, 9)}" fill="none" stroke="{colour}"'
        f' stroke-width="{width:.1f}"{dash}/>{drawn}'
    )


def _rounded(points: Sequence[Point], radius: float) -> str:
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        first, second = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(f"L{number(first[0])} {number(first[1])}")
        parts.append(
            f"Q{number(corner[0])} {number(corner[1])} {number(second[0])} {number(second[1])}"
        )
    parts.append(f"L{number(points[-1][0])} {number(points[-1][1])}")
    return "".join(parts)


def _towards(start: Point, end: Point, most: float) -> Point:
    """The point `most` on from `start`, or half way when that is nearer."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    if not length:
        return start
    part = min(most, length / 2) / length
    return start[0] + dx * part, start[1] + dy * part
