"""Colours and icons of the kinds of steps. Icons are strokes in a square of 16."""

from __future__ import annotations

from typing import Final, NamedTuple

from ivr_flows.drawing.shapes import number


class Look(NamedTuple):
    """`tint` is behind the heading, `colour` of the icon and the border."""

    colour: str
    tint: str
    icon: str


_BLUE, _INDIGO, _VIOLET = ("#2563eb", "#eff6ff"), ("#4338ca", "#eef2ff"), ("#7c3aed", "#f5f3ff")
_AMBER, _CYAN, _TEAL = ("#b45309", "#fffbeb"), ("#0e7490", "#ecfeff"), ("#0f766e", "#f0fdfa")
_GREEN, _PINK, _GREY = ("#15803d", "#f0fdf4"), ("#be185d", "#fdf2f8"), ("#475569", "#f1f5f9")
_STONE = ("#57534e", "#f5f5f4")

LOOKS: Final[dict[str, Look]] = {
    "play": Look(*_BLUE, "M2.5 6H5l3.5-3v10L5 10H2.5zM11 6q1.3 2 0 4M13 4.3q2.6 3.7 0 7.4"),
    "menu": Look(
        *_INDIGO,
        "M3.5 3.5h.1m4.4 0h.1m4.4 0h.1M3.5 8h.1m4.4 0h.1m4.4 0h.1M3.5 12.5h.1m4.4 0h.1m4.4 0h.1",
    ),
    "digits": Look(*_VIOLET, "M6.5 3L5 13M11 3L9.5 13M3 6.3h10.5M2.5 9.7H13"),
    "language": Look(*_BLUE, "M8 2a6 6 0 1 0 .01 0M2 8h12M8 2q-5.5 6 0 12M8 2q5.5 6 0 12"),
    "hours": Look(*_AMBER, "M8 2a6 6 0 1 0 .01 0M8 4.8V8.2l2.5 1.6"),
    "notices": Look(*_BLUE, "M2.5 6.5v3h2.5l5.5 3V3.5l-5.5 3zM13 6q1.2 2 0 4"),
    "lookup": Look(*_CYAN, "M7 2.5a4.5 4.5 0 1 0 .01 0M10.3 10.3L14 14"),
    "identify": Look(*_VIOLET, "M3.5 7.5h9v6h-9zM5.5 7.5V5.3a2.5 2.5 0 0 1 5 0v2.2"),
    "set": Look(*_GREY, "M3 3h5l5.5 5.5l-5 5L3 8zM5.8 5.8v.1"),
    "message": Look(
        *_TEAL, "M4.7 5.5a2.5 2.5 0 1 0 .01 0M11.3 5.5a2.5 2.5 0 1 0 .01 0M4.7 10.5h6.6"
    ),
    "callback": Look(*_TEAL, "M13 5.5H6a3 3 0 0 0 0 6.5h4M10.3 2.8L13 5.5l-2.7 2.7"),
    "transfer": Look(*_GREEN, "M3 5.5h9.5M10 3l2.7 2.5L10 8M13 10.5H3.5M6 8l-2.7 2.5L6 13"),
    "score": Look(
        *_PINK, "M8 2l1.8 3.9l4.2.5l-3.1 2.9l.8 4.2L8 11.4l-3.7 2.1l.8-4.2L2 6.4l4.2-.5z"
    ),
    "flow": Look(*_GREY, "M2.5 2.5h7v7h-7zM6.5 9.5v4h7v-7h-4"),
    "return": Look(*_GREY, "M6 3.5L3 6.5l3 3M3 6.5h6.5a3 3 0 0 1 0 6H6.5"),
    "if": Look(*_AMBER, "M8 2L14 8L8 14L2 8zM8 5.3v3.2M8 10.6v.1"),
    "queue": Look(
        *_GREEN, "M3 9.5V8a5 5 0 0 1 10 0v1.5M3 8.5h2v4H3zM11 8.5h2v4h-2zM13 12.5q0 1.8-3.5 1.8"
    ),
    "hangup": Look(*_STONE, "M2 9.3q6-5.6 12 0l-1.3 2.3l-2.7-1.2V8.6q-2-.6-4 0v1.8l-2.7 1.2z"),
    "other": Look(*_GREY, "M4 8h.1M8 8h.1M12 8h.1"),
}


def icon(x: float, y: float, kind: str) -> str:
    """The icon of `kind` on a disc of 24, its corner at (x, y)."""
    look = LOOKS.get(kind, LOOKS["other"])
    return (
        f'<circle cx="{number(x + 12)}" cy="{number(y + 12)}" r="12" fill="{look.colour}"/>'
        f'<path transform="translate({number(x + 4)} {number(y + 4)})" d="{look.icon}" fill="none"'
        ' stroke="#fff" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>'
    )
