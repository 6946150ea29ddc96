"""One turn on its way: where the caller is while steps are entered and left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ivr_flows.actions import Action, Mark, StepEntered, Turn, Utterance
from ivr_flows.errors import StateUnreadable
from ivr_flows.model import Flow, FlowBook, Step
from ivr_flows.says import Say, utterance
from ivr_flows.state import MAX_TYPED_AHEAD, MAX_VALUE, MAX_VALUES, FlowState, Frame
from ivr_flows.world import World

MAX_KEYS: Final = 60
"""Answers that the questions of one flow take from one caller. Far above what a person needs; below
what a stuck key or a robot sends in a minute."""

VERIFIED: Final = "verified"
"""The value that tells that the caller's identity has been checked: `yes`."""
VERIFIED_FOR: Final = "verified_for"
"""Names of the values that it was checked for."""


class Walk:
    """A FlowState that may change, with the marks not told yet. Lives for one turn."""

    __slots__ = (
        "attempts",
        "book",
        "flow",
        "frames",
        "held",
        "keys",
        "language",
        "marks",
        "part",
        "person_asked",
        "private",
        "stage",
        "step_id",
        "typed_ahead",
        "values",
        "waiting",
        "world",
    )

    def __init__(self, book: FlowBook, state: FlowState, world: World) -> None:
        self.book = book
        self.world = world
        self.flow = flow_of(book, state.flow)
        self.step_id = state.step
        self.language = state.language
        self.attempts = state.attempts
        self.keys = state.keys
        self.person_asked = state.person_asked
        self.stage = state.stage
        self.waiting = state.waiting
        self.part = state.part
        self.held = state.held
        self.values: Mapping[str, str] = state.values
        self.private = state.private
        self.frames = state.frames
        self.typed_ahead = state.typed_ahead
        self.marks: list[Mark] = []

    @property
    def step(self) -> Step:
        """Raises StateUnreadable when the flow has no such step any more."""
        try:
            return self.flow.steps[self.step_id]
        except KeyError:
            raise StateUnreadable(f"the step {self.step_id!r} is gone") from None

    def go(self, target: str, way: str) -> None:
        """Leave this step for the step `target`, by the way labelled `way`."""
        self.step_id = target
        self.attempts = 0
        self.part = self.held = ""
        self.marks.append(StepEntered(self.flow.id, target, way))

    def call(self, flow: str, back_to: str) -> None:
        """Enter the flow `flow`; its `return` leads to the step `back_to` of this one."""
        self.frames = (*self.frames, Frame(self.flow.id, back_to))
        self.flow = flow_of(self.book, flow)
        self.go(self.flow.start, "start")

    def come_back(self) -> bool:
        """Return to the last frame; False when there is none."""
        if not self.frames:
            return False
        frame, self.frames = self.frames[-1], self.frames[:-1]
        self.flow = flow_of(self.book, frame.flow)
        self.go(frame.step, "return")
        return True

    def tell(self, mark: Mark) -> None:
        self.marks.append(mark)

    def say(self, *says: Say | None) -> Utterance:
        """The pieces of `says` in the caller's language."""
        main = self.flow.languages[0]
        pieces: Utterance = ()
        for say in says:
            if say:
                pieces += utterance(say, self.language, main, self.values)
        return pieces

    def set(self, values: Mapping[str, str], *, unset: Iterable[str] = ()) -> None:
        """Keep `values`; what is too long is cut, what is not printable is left out."""
        kept = dict(self.values)
        for name in unset:
            kept.pop(name, None)
        proven = kept.get(VERIFIED_FOR, "").split()
        if any(self.values.get(name) != values.get(name) for name in proven if name in values):
            # Who has proven to be one customer has not proven to be another.
            kept.pop(VERIFIED, None)
            kept.pop(VERIFIED_FOR, None)
        for name, value in values.items():
            if name in kept or len(kept) < MAX_VALUES:
                kept[name] = printable(value)
        self.values = kept

    def take_typed_ahead(self, key: str) -> None:
        """Keep a key for the next question."""
        self.typed_ahead = (self.typed_ahead + key)[:MAX_TYPED_AHEAD]

    def next_key(self) -> str:
        """The first key typed ahead, which is then used up; empty when there is none."""
        key, self.typed_ahead = self.typed_ahead[:1], self.typed_ahead[1:]
        return key

    @property
    def worn_out(self) -> bool:
        """Whether the caller has answered so many questions that no more are asked."""
        return self.keys >= MAX_KEYS

    def turn(self, action: Action) -> Turn:
        state = FlowState(
            flow=self.flow.id,
            step=self.step_id,
            language=self.language,
            attempts=self.attempts,
            keys=self.keys,
            person_asked=self.person_asked,
            stage=self.stage,
            waiting=self.waiting,
            part=self.part,
            held=self.held,
            values=self.values,
            private=self.private,
            frames=self.frames,
            typed_ahead=self.typed_ahead,
        )
        return Turn(state=state, action=action, marks=tuple(self.marks))


def printable(value: str) -> str:
    """`value` on one line, without control characters, at most `MAX_VALUE` characters."""
    if len(value) <= MAX_VALUE and value.isprintable():
        return value
    shown = "".join(character if character.isprintable() else " " for character in value[:2000])
    return " ".join(shown.split())[:MAX_VALUE]


def flow_of(book: FlowBook, name: str) -> Flow:
    """Raises StateUnreadable when `book` has no such flow."""
    try:
        return book.flows[name]
    except KeyError:
        raise StateUnreadable(f"there is no flow {name!r}") from None
