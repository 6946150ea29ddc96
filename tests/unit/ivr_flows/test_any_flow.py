"""Any flow that the loader lets through, with any caller: always ends, never raises, always says
something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ivr_flows import interpreter
from ivr_flows.actions import (
    Action,
    AskDigits,
    AskKey,
    BackToLine,
    BackToSeat,
    DialOutside,
    DigitsKeyed,
    DropMessage,
    EndCall,
    Found,
    HandToQueue,
    KeepMessage,
    KeyPressed,
    LookUpFailed,
    LookUpNow,
    MessageRecorded,
    NoKey,
    NotFound,
    NotReached,
    Outcome,
    RecordMessage,
    Speak,
    Turn,
)
from ivr_flows.checks import check
from ivr_flows.conditions import Condition
from ivr_flows.interpreter import Context
from ivr_flows.model import KEYS, Flow, FlowBook, Step
from ivr_flows.notices import Notice
from ivr_flows.says import Text, read_text
from ivr_flows.site_parts import SiteParts
from ivr_flows.state import MAX_TEXT, FlowState
from ivr_flows.steps import (
    Callback,
    Case,
    Digits,
    Hangup,
    Identify,
    If,
    LookUp,
    Menu,
    Message,
    Play,
    PlayNotices,
    Queue,
    Return,
    Score,
    SetValues,
    SubFlow,
    SwitchLanguage,
    Transfer,
    recorded,
)
from ivr_flows.templates import Template
from ivr_flows.walk import MAX_KEYS
from ivr_flows.world import QueueFigures
from tests.unit.ivr_flows.flows import NOON

SITE = SiteParts(
    queues={"a": 5, "b": 5}, services=frozenset({"billing"}), outside=frozenset({"police"})
)
VALUES = ("caller", "account", "queue", "priority", "customer", "skills", "line")
LANGUAGES = ("zh-CN", "en")
LONGEST = 40 * MAX_KEYS
"""Turns: every answer is at most a question, its repetition, and a few plays on the way."""


class _AllRecorded:
    def has(self, name: str, language: str) -> bool:
        return bool(name and language)

    def names(self) -> frozenset[str]:
        return frozenset()


SAYS = (
    recorded("one"),
    recorded("one", "two"),
    (Text({"zh-CN": read_text("您{account:digits}"), "en": read_text("{caller} hi")}),),
    (Text({"zh-CN": read_text("有{balance:amount}"), "en": read_text("a {area}")}),),
)
TEMPLATES = tuple(
    map(Template.read, ("{account}", "{caller}", "x", "a", "9", "../{customer}", "{none}"))
)
PATHS = tuple(map(Template.read, ("/a/{account}", "/b", "/{customer}/{queue}")))
CONDITIONS = (
    Condition(caller=("1*",)),
    Condition(language="en"),
    Condition(queue="a", waiting_over=2),
    Condition(value="account", is_in=("12",)),
    Condition(value="verified", known=True),
)


class _Maker:
    """Makes the step `s{place}` of `count`. Ways that need no key lead forward only, so that no
    circle is without one; the last step is an end."""

    def __init__(self, random: Random, place: int, count: int, *, calls: bool) -> None:
        self.random, self.place, self.count, self.calls = random, place, count, calls
        self.id = f"s{place}"

    def on(self) -> str:
        return f"s{self.random.randint(self.place + 1, self.count - 1)}"

    def any(self) -> str:
        return f"s{self.random.randrange(self.count)}"

    def pick(self, choices: Sequence[Any]) -> Any:
        return self.random.choice(choices)

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def few(self) -> int:
        return self.random.randint(1, 3)

    def ways(self, keys: str, most: int) -> dict[str, str]:
        chosen = self.random.sample(keys, self.random.randint(1, most))
        return {key: self.any() for key in chosen}

    def step(self) -> Step:
        ends = ("queue", "return", "hangup")
        kinds = [name.removeprefix("make_") for name in dir(self) if name.startswith("make_")]
        if not self.calls:
            kinds.remove("flow")
        kind = self.pick(ends if self.place == self.count - 1 else kinds)
        made: Step = getattr(self, f"make_{kind}")()
        return made

    def make_play(self) -> Step:
        return Play(id=self.id, say=self.pick(SAYS), next=self.on(), barge_in=self.flag())

    def make_menu(self) -> Step:
        return Menu(
            id=self.id,
            say=self.pick(SAYS),
            choices=self.ways(KEYS, 4),
            otherwise=self.on(),
            attempts=self.few(),
            repeat_key=self.pick((None, "*")),
            private=self.flag(),
        )

    def make_digits(self) -> Step:
        return Digits(
            id=self.id,
            say=self.pick(SAYS),
            into=self.pick(VALUES),
            least=self.few(),
            most=self.random.randint(3, 6),
            confirm=self.flag(),
            check=self.pick((None, "luhn")),
            private=self.flag(),
            next=self.any(),
            otherwise=self.on(),
            attempts=self.few(),
        )

    def make_language(self) -> Step:
        return SwitchLanguage(id=self.id, to=self.pick((*LANGUAGES, "other")), next=self.on())

    def make_lookup(self) -> Step:
        return LookUp(
            id=self.id,
            service="billing",
            path=self.pick(PATHS),
            into={self.pick(VALUES): "/x"},
            next=self.on(),
            not_found=self.on(),
            failed=self.on(),
        )

    def make_identify(self) -> Step:
        return Identify(
            id=self.id,
            say=self.pick(SAYS),
            service="billing",
            path=self.pick(PATHS),
            attempts=self.few(),
            next=self.any(),
            otherwise=self.on(),
            failed=self.on(),
        )

    def make_set(self) -> Step:
        return SetValues(
            id=self.id, values={self.pick(VALUES): self.pick(TEMPLATES)}, next=self.on()
        )

    def make_message(self) -> Step:
        return Message(
            id=self.id,
            box="main",
            confirm=self.flag(),
            attempts=self.few(),
            next=self.on(),
            otherwise=self.on(),
        )

    def make_callback(self) -> Step:
        return Callback(
            id=self.id,
            queue=self.pick((None, "a")),
            number=self.pick(TEMPLATES),
            next=self.on(),
            otherwise=self.on(),
        )

    def make_transfer(self) -> Step:
        return Transfer(id=self.id, to="police", failed=self.on())

    def make_score(self) -> Step:
        return Score(
            id=self.id, survey="s", say=self.pick(SAYS), next=self.any(), otherwise=self.on()
        )

    def make_if(self) -> Step:
        cases = tuple(Case(self.pick(CONDITIONS), self.on()) for _ in range(self.few()))
        return If(id=self.id, cases=cases, otherwise=self.on())

    def make_notices(self) -> Step:
        return PlayNotices(
            id=self.id, area=self.pick((None, "account")), next=self.on(), person=self.on()
        )

    def make_queue(self) -> Step:
        return Queue(
            id=self.id,
            queue=self.pick((None, "a", "b")),
            priority=self.random.randint(0, 9),
            say=self.pick(SAYS),
            offers=self.ways("0123456789", 2) if self.flag() else {},
            offer_say=SAYS[0],
        )

    def make_flow(self) -> Step:
        return SubFlow(id=self.id, flow="sub", next=self.on())

    def make_return(self) -> Step:
        return Return(id=self.id)

    def make_hangup(self) -> Step:
        return Hangup(id=self.id, say=self.pick(SAYS))


def _flow(random: Random, name: str, count: int, *, calls: bool) -> Flow:
    made = (_Maker(random, place, count, calls=calls).step() for place in range(count))
    return Flow(id=name, languages=LANGUAGES, start="s0", steps={step.id: step for step in made})


def book_of(seed: int) -> FlowBook:
    """A book that the loader would let through; steps that no way leads to do no harm here."""
    random = Random(seed)
    main = _flow(random, "main", random.randint(1, 9), calls=True)
    sub = _flow(random, "sub", random.randint(1, 4), calls=False)
    for flow in (main, sub):
        problems = [problem.message for problem in check(flow, SITE, _AllRecorded())]
        assert {*problems} <= {"no way leads to this step"}, problems
    return FlowBook.of(main, sub)


class AnyCaller:
    """Does whatever `choices` say, as far as the action allows it."""

    def __init__(self, choices: list[int]) -> None:
        self._choices = iter(choices)

    def does(self, action: Action) -> Outcome | None:  # noqa: PLR0911 - a table
        """None: the call is over."""
        choice = next(self._choices, -1)
        key = KEYS[choice % len(KEYS)]
        silent = choice % 3 == 0 or choice < 0
        digits = str(choice) if choice >= 0 else ""
        match action:
            case EndCall() | BackToSeat() | BackToLine():
                return None
            case HandToQueue(offers=offers):
                return KeyPressed(key) if offers and not silent else None
            case DialOutside():
                return None if silent else NotReached("busy")
            case AskDigits(most=most):
                return DigitsKeyed(digits[:most], ended=choice % 2 == 0 and choice >= 0)
            case LookUpNow():
                found = Found({"account": digits, "customer": "../c", "queue": "a"})
                return (found, NotFound(), LookUpFailed())[choice % 3]
            case RecordMessage():
                return NoKey() if silent else MessageRecorded("m.wav", 2.0)
            case Speak() | AskKey() | KeepMessage() | DropMessage():
                return NoKey() if silent else KeyPressed(key)


def _turns(book: FlowBook, choices: list[int], stage: str) -> Iterator[Turn]:
    notice = Notice(id="n", kind="outage", texts={"zh-CN": "停水"}, areas=frozenset({"12"}))
    world = replace(NOON, queues={"a": QueueFigures(waiting=3)}, notices=(notice,))
    context = Context("zh-CN", stage, {"caller": "138", "hotline": "12345"})
    caller = AnyCaller(choices)
    turn = interpreter.start(book, "main", context, world)
    while True:
        yield turn
        outcome = caller.does(turn.action)
        if outcome is None:
            return
        turn = interpreter.resume(book, turn.state, outcome, world)


BOOKS = st.integers(0, 2**32 - 1).map(book_of)
CHOICES = st.lists(st.integers(0, 999_999), max_size=200)
STAGES = st.sampled_from(["", "after", "seat"])


@given(BOOKS, CHOICES, STAGES)
def test_any_caller_in_any_flow_comes_to_an_end(
    book: FlowBook, choices: list[int], stage: str
) -> None:
    for count, turn in enumerate(_turns(book, choices, stage)):
        # Whoever waits or dials may look at the offers for ever; each look is one choice.
        assert count < LONGEST + 4 * len(choices)
        text = turn.state.to_text()
        assert len(text) <= MAX_TEXT
        assert turn.state.person_asked or not isinstance(turn.action, HandToQueue)
        asked = isinstance(turn.action, AskKey | Speak | RecordMessage)
        assert not asked or getattr(turn.action, "utterance", None) or _nothing_known(turn)


def _nothing_known(turn: Turn) -> bool:
    """A text of nothing but a value that is not known leaves nothing to say; lint tells of it."""
    return turn.state.values.get("balance") is None or turn.state.values.get("area") is None


@given(BOOKS, CHOICES, STAGES)
def test_killed_at_any_moment_the_state_is_taken_up(
    book: FlowBook, choices: list[int], stage: str
) -> None:
    for turn in _turns(book, choices, stage):
        state = FlowState.from_text(turn.state.to_text())
        again = interpreter.take_up(book, state, NOON)
        assert isinstance(again.action, Action)
