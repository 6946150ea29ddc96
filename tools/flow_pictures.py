"""Makes docs/pictures/flow-*.svg: flows of the example sites, with invented callers who are led
through the real interpreter. `.venv/bin/python tools/flow_pictures.py`, from the project's folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from cti.ivr_site import SiteTools
from cti.menus import hours_of
from ivr_flows import interpreter
from ivr_flows.actions import (
    Action,
    AskDigits,
    AskKey,
    BackToSeat,
    DialOutside,
    DigitsKeyed,
    EndCall,
    Found,
    HandToQueue,
    KeyPressed,
    LookUpFailed,
    LookUpNow,
    MessageRecorded,
    NoKey,
    NotFound,
    NotReached,
    Outcome,
    RecordMessage,
    StepEntered,
    Turn,
)
from ivr_flows.drawing.graph import Naming, graph_of
from ivr_flows.drawing.picture import Title, draw
from ivr_flows.drawing.traffic import Traffic, TrafficCount
from ivr_flows.drawing.words import Language
from ivr_flows.interpreter import Context
from ivr_flows.model import FlowBook
from ivr_flows.steps import Menu
from ivr_flows.world import QueueFigures, World

CALLS = 4_000
MOST_TURNS = 60
PICTURES: tuple[tuple[str, str, Language, str], ...] = (
    ("demo-water", "main", "en", "flow-water.svg"),
    ("demo-water", "main", "zh-CN", "flow-water.zh-CN.svg"),
    ("demo-community", "main", "en", "flow-community.svg"),
    ("demo-community", "main", "zh-CN", "flow-community.zh-CN.svg"),
)
ABOUT: dict[Language, str] = {
    "zh-CN": f"示例：{CALLS:,} 通模拟来电",
    "en": f"Example: {CALLS:,} invented callers",
}


def outcome_of(turn: Turn, book: FlowBook, random: Random) -> Outcome | None:  # noqa: PLR0911
    """What a caller does next; None: they are with a person, or it is over."""
    action: Action = turn.action
    match action:
        case EndCall() | BackToSeat():
            return None
        case HandToQueue(offers=offers):
            return KeyPressed(random.choice(offers)) if offers and random.random() < 0.12 else None
        case DialOutside():
            return NotReached("no-answer") if random.random() < 0.2 else None
        case AskDigits(most=most):
            keyed = "".join(random.choices("0123456789", k=most))
            return DigitsKeyed(keyed if random.random() < 0.85 else "", ended=True)
        case LookUpNow(wanted=wanted):
            found = Found(dict.fromkeys(wanted, "20"))
            return random.choices((found, NotFound(), LookUpFailed()), (85, 12, 3))[0]
        case RecordMessage():
            return MessageRecorded("m.wav", 20.0) if random.random() < 0.8 else NoKey()
        case AskKey():
            step = book.flows[turn.state.flow].steps[turn.state.step]
            keys = list(step.choices) if isinstance(step, Menu) else ["1", "5"]
            if random.random() < 0.1:
                return NoKey()
            weights = [1 / (1 + place) for place in range(len(keys))]
            return KeyPressed(random.choices(keys, weights)[0])
    return NoKey()


def call(
    book: FlowBook, flow: str, world: World, random: Random
) -> Iterator[tuple[StepEntered, bool]]:
    """The steps of one call, each with whether the caller hung up right there."""
    context = Context("zh-CN", "", {"caller": "13800138000", "hotline": "12345"})
    turn = interpreter.start(book, flow, context, world)
    for _ in range(MOST_TURNS):
        hangs_up = random.random() < (0.05 if isinstance(turn.action, AskKey | AskDigits) else 0.01)
        entered = [mark for mark in turn.marks if isinstance(mark, StepEntered)]
        for number, mark in enumerate(entered, 1):
            yield mark, hangs_up and number == len(entered)
        outcome = None if hangs_up else outcome_of(turn, book, random)
        if outcome is None:
            return
        turn = interpreter.resume(book, turn.state, outcome, world)


def traffic(tools: SiteTools, book: FlowBook, flow: str) -> Traffic:
    random, count = Random(12345), TrafficCount()  # noqa: S311 - the same picture each time
    monday = datetime(2026, 9, 7, 7, 30, tzinfo=ZoneInfo(tools.site.zone))
    for number in range(CALLS):
        moment = monday + timedelta(days=random.randrange(5), minutes=random.randrange(12 * 60))
        line = QueueFigures(
            waiting=3, seats_ready=0, seats_signed_on=2, wait_s=random.uniform(60, 900)
        )
        lines = dict.fromkeys(tools.site.queues, line)
        world = World(now=moment, queues=lines, hours=hours_of(tools.site))
        for mark, hung_up in call(book, flow, world, random):
            step = (mark.flow, mark.step, mark.way)
            count.add(str(number), [step], left_menu=hung_up)
    return count.total()


def main() -> None:
    for site, flow, language, name in PICTURES:
        tools = SiteTools.open(None, Path("config/sites") / site / "site.yaml")
        flows, refused = tools.load_all([])
        for error in refused.values():
            raise error
        book = FlowBook(flows)
        naming = Naming(tools.recordings.text, tools.queue_names(language))
        graph = graph_of(flows[flow], language, naming, traffic(tools, book, flow))
        title = Title(f"{tools.site.name[language]} · {flow}", ABOUT[language])
        Path("docs/pictures", name).write_text(draw(graph, title, language), encoding="utf-8")


if __name__ == "__main__":
    main()
