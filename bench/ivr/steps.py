"""How many steps a second the interpreter takes on one core: no sound, no network, no clock.

One caller after the other goes through the same hotline (`bench/ivr/flows`) with the same keys: a
wrong one, the other language, a bill that is looked up and read out, a person in the end. A step
counts when it is entered; a step that asks twice counts once.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from config.calendars import calendar_of
from ivr_flows import interpreter
from ivr_flows.actions import (
    DigitsKeyed,
    Found,
    HandToQueue,
    KeyPressed,
    NoKey,
    Outcome,
    StepEntered,
    Turn,
)
from ivr_flows.hours import Hours
from ivr_flows.loader import load_book
from ivr_flows.model import FlowBook
from ivr_flows.site_parts import SiteParts
from ivr_flows.world import QueueFigures, World

FLOWS: Final = Path(__file__).parent / "flows"
HOTLINE: Final = "hotline"
SLICE_S: Final = 0.1


class _EveryPrompt:
    """Nothing is played here, so nothing is missing."""

    def has(self, name: str, language: str) -> bool:
        return True

    def names(self) -> frozenset[str]:
        return frozenset()


ZONE: Final = ZoneInfo("Asia/Shanghai")
_DAY: Final = ((8 * 60, 12 * 60), (13 * 60, 18 * 60))
OFFICE: Final = Hours(ZONE, (*(_DAY,) * 6, ()), calendar=calendar_of("CN"))
WORLD: Final = World(
    now=datetime(2026, 11, 23, 10, 0, tzinfo=ZONE),
    queues={"service": QueueFigures(waiting=3, seats_ready=0, seats_signed_on=5, wait_s=90.0)},
    hours={"office": OFFICE},
)
CONTEXT: Final = interpreter.Context("zh-CN", values={"caller": "13900001234", "hotline": "12345"})
CALL: Final[tuple[Outcome, ...]] = (
    NoKey(),  # the greeting is heard to its end
    KeyPressed("5"),  # there is no 5
    KeyPressed("9"),  # the other language
    KeyPressed("1"),  # the bill
    DigitsKeyed("12345678", ended=True),
    KeyPressed("1"),  # that is right
    Found({"balance": "86.40", "due": "2026-12-05", "name": "张三"}),
    NoKey(),  # the amount is heard to its end
    KeyPressed("*"),  # main menu
    NoKey(),  # silence
    KeyPressed("2"),  # outages: there are none
    KeyPressed("0"),  # a person
)


@dataclass(frozen=True, slots=True)
class Speed:
    """`per_s`: steps a second in each slice of the run; `turns` and `steps` of one call."""

    per_s: tuple[float, ...]
    turns: int
    steps: int


def load() -> FlowBook:
    """Raises FlowRefused."""
    parts = SiteParts(
        queues={"service": 5},
        hours=frozenset({"office"}),
        services=frozenset({"billing"}),
        zone=ZONE,
    )
    return load_book(FLOWS, site=parts, prompts=_EveryPrompt(), needed=(HOTLINE,))


def turns(book: FlowBook) -> Iterator[Turn]:
    """One call from its first turn to its last."""
    turn = interpreter.start(book, HOTLINE, CONTEXT, WORLD)
    yield turn
    for outcome in CALL:
        turn = interpreter.resume(book, turn.state, outcome, WORLD)
        yield turn
    assert isinstance(turn.action, HandToQueue), "the call does not end as it was written"


def steps_entered(call: Iterator[Turn]) -> int:
    return sum(isinstance(mark, StepEntered) for turn in call for mark in turn.marks)


def one_call(book: FlowBook) -> None:
    """What is timed: the turns, and nothing that only the bench needs."""
    turn = interpreter.start(book, HOTLINE, CONTEXT, WORLD)
    for outcome in CALL:
        turn = interpreter.resume(book, turn.state, outcome, WORLD)


def one_kept_call(book: FlowBook) -> None:
    """The same with each turn's state written down, as a real call does."""
    turn = interpreter.start(book, HOTLINE, CONTEXT, WORLD)
    turn.state.to_text()
    for outcome in CALL:
        turn = interpreter.resume(book, turn.state, outcome, WORLD)
        turn.state.to_text()


def measure(call: Callable[[FlowBook], None], seconds: float) -> Speed:
    """Time `call` over and over, in slices of `SLICE_S` by the processor's clock: what others do
    on the machine is not in it."""
    book = load()
    each, in_call = sum(1 for _ in turns(book)), steps_entered(turns(book))
    per_s: list[float] = []
    gc.collect()
    while len(per_s) < seconds / SLICE_S:
        calls, began = 0, time.process_time()
        while (took := time.process_time() - began) < SLICE_S:
            call(book)
            calls += 1
        per_s.append(calls * in_call / took)
    return Speed(tuple(per_s), each, in_call)
