"""`cti calls why`: each offer of a call with its reasons, as a person at a terminal reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cti.facts import CallbackOffered, SeatOffered
from cti.runtime.ports import LedgerEntry
from cti.store.narrator import Narrator
from cti.store.speech import Speech, clock, plain
from cti.store.why import Offered, Why, WhyWords, why_of
from cti.store.why_en import ENGLISH_WHY, needs_en
from cti.store.why_zh import CHINESE_WHY, needs_zh

_WIDE: Final = frozenset({"seat", "key"})


def offers_in(entries: Iterable[LedgerEntry]) -> list[Offered]:
    """In the order of time."""
    found = [one.fact for one in entries if isinstance(one.fact, SeatOffered | CallbackOffered)]
    return sorted(found, key=lambda offer: offer.at)


def why_as_json(offer: Offered, say: Narrator, to: Speech) -> dict[str, Any]:
    return {
        "at_us": offer.at,
        "offer": offer.offer,
        "seat": offer.seat,
        "queue": offer.queue,
        "text": say(offer, to.language),
        "order": offer.rule,
        "waiting": offer.waiting,
        "choice": None if offer.why is None else asdict(offer.why),
        "ranking": [asdict(rank) for rank in offer.ranking],
    }


def print_why(console: Console, offers: Sequence[Offered], say: Narrator, to: Speech) -> None:
    """Nothing of what is printed is read as markup."""
    words = ENGLISH_WHY if to.language == "en" else CHINESE_WHY
    if not offers:
        console.print(Text(words.heads["none"]))
    for offer in offers:
        told = Text(f"{clock(offer.at, to.zone)}  {say(offer, to.language)}", overflow="fold")
        console.print(Group(told, *_tables(why_of(offer), words, to), Text()))


def _tables(why: Why, words: WhyWords, to: Speech) -> Iterator[RenderableType]:
    about = Table(show_header=False, box=None, padding=(0, 2))
    about.add_column(style="bold")
    about.add_column(overflow="fold")
    for head, cell in _about(why, words, to):
        about.add_row(Text(words.heads[head]), Text(cell))
    yield about
    if why.offer.ranking:
        yield _ranking(why, words, to)


def _about(why: Why, words: WhyWords, to: Speech) -> Iterator[tuple[str, str]]:
    choice = why.choice
    if choice is not None:
        yield "choice", words.rule(choice.rule)
        needs = needs_en(choice.needs) if to.language == "en" else needs_zh(choice.needs)
        yield "needs", ", ".join(filter(None, (needs, plain(choice.language))))
        yield "waited", f"{choice.waited_us / 1e6:.1f}"
        yield "ahead", str(choice.ahead)
    yield "waiting", str(why.offer.waiting)
    yield "order", words.strategy(why.offer.rule)
    yield "fitted", str(why.fitted)


def _ranking(why: Why, words: WhyWords, to: Speech) -> Table:
    heads, rule = words.heads, why.offer.rule
    keys = [words.key(rule, rank) if why.keys_told else "" for rank in why.offer.ranking]
    columns = ["place", "seat", "idle", "role", "level"] + (["key"] if any(keys) else [])
    table = Table(box=None, padding=(0, 2))
    for column in columns:
        table.add_column(heads[column], justify="left" if column in _WIDE else "right")
    for place, (rank, key) in enumerate(zip(why.offer.ranking, keys, strict=True), 1):
        cells = [str(place), to.seat(rank.seat), f"{rank.idle_us / 1e6:.1f}"]
        cells += [words.role(rank.role), str(rank.level), key]
        style = "bold" if rank.seat == why.offer.seat else ""
        table.add_row(*(Text(cell, style=style) for cell in cells[: len(columns)]))
    more = why.fitted - len(why.offer.ranking)
    if more > 0:
        table.add_row("", Text(heads["more"].format(more), style="dim"))
    return table
