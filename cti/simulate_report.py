"""The figures of `cti simulate`, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table
from rich.text import Text

from acd.simulator.figures import Figures

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its name among the words, how to read and to write it. `better`: 1 when more is
    better, -1 when less is, 0 when neither."""

    name: str
    of: Callable[[Figures], float]
    show: Callable[[float], str]
    better: int = 0


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _tenths(value: float) -> str:
    return f"{value:,.1f}"


ROWS: Final = (
    Row("offered", lambda day: day.offered, _count),
    Row("answered", lambda day: day.answered, _count, 1),
    Row("abandoned", lambda day: day.abandoned, _count, -1),
    Row("elsewhere", lambda day: day.elsewhere, _count),
    Row("unserved", lambda day: day.unserved, _count, -1),
    Row("answer_rate", lambda day: day.answer_rate, _share, 1),
    Row("service_level", lambda day: day.service_level, _share, 1),
    Row("asa", lambda day: day.asa_s, _tenths, -1),
    Row("mean_wait", lambda day: day.mean_wait_s, _tenths, -1),
    Row("longest", lambda day: day.longest_wait_s, _tenths, -1),
    Row("occupancy", lambda day: day.occupancy, _share),
    Row("seat_hours", lambda day: day.seat_hours, _tenths),
)
_MAY_BE_EMPTY: Final = frozenset({"elsewhere", "unserved"})


@dataclass(frozen=True, slots=True)
class Column:
    """`name` among the words."""

    name: str
    day: Figures


def comparison(
    columns: Sequence[Column], words: Words, within_s: float, *, difference: bool
) -> Table:
    """All figures of `columns`; with `difference`, that of the last two."""
    table = Table(box=None, pad_edge=False)
    table.add_column(words["figure"])
    for column in columns:
        table.add_column(words[column.name], justify="right")
    if difference:
        table.add_column(words["difference"], justify="right")
    for row in ROWS:
        values = [row.of(column.day) for column in columns]
        if row.name in _MAY_BE_EMPTY and not any(values):
            continue
        cells = [Text(row.show(value)) for value in values]
        if difference:
            cells.append(_difference(row, values[-2], values[-1]))
        table.add_row(words[row.name].format(within=within_s), *cells)
    return table


def by_queue(
    before: Mapping[str, Figures],
    after: Mapping[str, Figures] | None,
    names: Mapping[str, str],
    words: Words,
    within_s: float,
) -> Table:
    """Service level and mean wait of each queue, before and after."""
    table = Table(box=None, pad_edge=False)
    table.add_column(words["queue"])
    table.add_column(words["offered"], justify="right")
    for name in ("service_level", "asa", "abandoned"):
        table.add_column(words[name].format(within=within_s), justify="right")
    rows = [row for row in ROWS if row.name in ("service_level", "asa", "abandoned")]
    rows.sort(key=lambda row: ("service_level", "asa", "abandoned").index(row.name))
    for queue, day in before.items():
        later = after.get(queue) if after is not None else None
        cells = []
        for row in rows:
            now = row.show(row.of(day))
            cells.append(now if later is None else f"{now} → {row.show(row.of(later))}")
        table.add_row(names.get(queue, queue), _count(day.offered), *cells)
    return table


def _difference(row: Row, before: float, after: float) -> Text:
    change = after - before
    if row.show is _share:
        shown = f"{change * 100:+.1f} pp"
    else:
        shown = f"+{row.show(change)}" if change >= 0 else row.show(change)
    nothing = row.show(abs(change)) == row.show(0)
    style = "" if nothing or not row.better else "green" if change * row.better > 0 else "red"
    return Text("0" if nothing else shown, style=style)
