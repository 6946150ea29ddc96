"""The chart of `cti simulate`: callers who wait and seats at work over the day, before and after.

matplotlib is imported when a chart is drawn. The text stays text, in whatever font the reader has
for Chinese; the same day gives the same file, byte for byte.
"""

from __future__ import annotations

import html
import io
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acd.simulator.figures import Course
from cti.errors import JietongError
from cti.store.speech import moment

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES: Final = (".svg", ".html")
_FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
    "WenQuanYi Micro Hei", "DejaVu Sans", "sans-serif",
)  # fmt: skip
_BEFORE: Final = "#2a6f97"
_AFTER: Final = "#c8553d"
_INK: Final = "#333333"
_GRID: Final = "#e3e3e3"


class ChartRefused(JietongError):
    """Fields: `file`, `why`."""

    def __init__(self, file: Path, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file}: {why}")


@dataclass(frozen=True, slots=True)
class Captions:
    title: str
    about: str
    before: str
    after: str


def check_chart(file: Path) -> None:
    """Raises ChartRefused for a file that is no picture we can draw, before the day is run."""
    if file.suffix not in SUFFIXES:
        raise ChartRefused(file, f"a chart ends in {' or '.join(SUFFIXES)}")
    if not file.parent.is_dir():
        raise ChartRefused(file, f"there is no folder {file.parent}")


def write_chart(file: Path, svg: str, table: str, captions: Captions) -> None:
    """`svg` alone, or within a page that has the figures of `table` (plain text) too. Raises
    ChartRefused."""
    text = svg
    if file.suffix == ".html":
        inline = svg[svg.index("<svg") :]
        text = (
            '<!doctype html>\n<meta charset="utf-8">\n'
            f"<title>{html.escape(captions.title)}</title>\n"
            "<style>body{font-family:system-ui,sans-serif;margin:2em auto;max-width:62em;"
            "color:#222;background:#fff}svg{width:100%;height:auto}pre{line-height:1.4;"
            "overflow-x:auto}</style>\n"
            f"{inline}\n<pre>{html.escape(table)}</pre>\n"
        )
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise ChartRefused(file, f"cannot be written: {error.strerror or error}") from error


def draw_chart(
    before: Course,
    after: Course | None,
    captions: Captions,
    words: Mapping[str, str],
    zone: tzinfo,
) -> str:
    """The chart as SVG."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, and only charts need it
    from matplotlib.figure import Figure  # noqa: PLC0415

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "jietong",
        "font.family": list(_FONTS),
        "font.size": 10,
        "axes.edgecolor": _GRID,
        "text.color": _INK,
        "axes.labelcolor": _INK,
        "xtick.color": _INK,
        "ytick.color": _INK,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glyphs that this machine's fonts lack: the reader's count
        figure = Figure(figsize=(10, 6.2), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        figure.suptitle(captions.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        upper.set_title(captions.about, loc="left", fontsize=10)
        _waiting(upper, before, after, captions, words)
        _seats(lower, before, after, captions, words)
        _hours(lower, before, words, zone)
        upper.set_ylim(bottom=0)
        for axes in (upper, lower):
            axes.grid(True, color=_GRID, linewidth=0.8)
            axes.set_axisbelow(True)
            axes.spines[["top", "right"]].set_visible(False)
        page = io.StringIO()
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": "Jietong"})
    return page.getvalue()


def _times(course: Course) -> list[float]:
    """Hours since the course began, at the middle of each part."""
    return [(place + 0.5) * course.step / 3.6e9 for place in range(len(course.waiting))]


def _waiting(
    axes: Axes, before: Course, after: Course | None, captions: Captions, words: Mapping[str, str]
) -> None:
    axes.fill_between(_times(before), before.waiting, color=_BEFORE, alpha=0.18, linewidth=0)
    axes.plot(_times(before), before.waiting, color=_BEFORE, linewidth=1.6, label=captions.before)
    if after is not None:
        axes.plot(_times(after), after.waiting, color=_AFTER, linewidth=1.6, label=captions.after)
    axes.set_ylabel(words["waiting"])
    axes.legend(frameon=False, loc="upper right")


def _seats(
    axes: Axes, before: Course, after: Course | None, captions: Captions, words: Mapping[str, str]
) -> None:
    for course, colour, name in (
        (before, _BEFORE, captions.before),
        (after, _AFTER, captions.after),
    ):
        if course is None:
            continue
        there, busy = f"{name}: {words['there']}", f"{name}: {words['busy']}"
        axes.plot(_times(course), course.there, color=colour, linestyle="--", label=there)
        axes.plot(_times(course), course.busy, color=colour, linewidth=1.6, label=busy)
    axes.set_ylabel(words["at_work"])
    highest = max(before.there, default=0) if after is None else max(*before.there, *after.there)
    axes.set_ylim(0, max(1.0, highest * 1.45))  # room for the legend above the lines
    axes.legend(frameon=False, loc="upper right", fontsize=9, ncols=2)


def _hours(axes: Axes, course: Course, words: Mapping[str, str], zone: tzinfo) -> None:
    length = len(course.waiting) * course.step / 3.6e9
    every = next((step for step in (0.25, 0.5, 1, 2, 3) if length / step <= 16), 6)
    places = [place * every for place in range(int(length / every) + 1)]
    labels = [f"{moment(course.begin + round(place * 3.6e9), zone):%H:%M}" for place in places]
    axes.set_xticks(places, labels)
    axes.set_xlim(0, length)
    axes.set_xlabel(words["time_of_day"])
