"""Runs a flow one turn at a time, without I/O and without a clock.

    start ──> enter step ──> action ──> (the channel does it) ──> outcome ──> resume ─┐
                 ^  └─ a language step, a prompt typed over, a menu typed ahead:      │
                 │     no action of its own, the next step is entered at once         │
                 └────────────────────────────────────────────────────────────────────┘
    HandToQueue and EndCall have no outcome: the flow has ended.

Every conversation ends, whatever the caller does: each round of a menu without a choice counts
towards its `attempts`, menus together take `MAX_KEYS` keys and then let the caller through to
`otherwise`, and the loader refuses circles that need no key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from ivr_flows.actions import (
    Action,
    AskKey,
    EndCall,
    HandToQueue,
    KeyPressed,
    KeyTaken,
    LanguageChosen,
    Mark,
    NoKey,
    Outcome,
    PersonAsked,
    PlayPrompt,
    Turn,
)
from ivr_flows.errors import FlowMisled, StateUnreadable
from ivr_flows.model import (
    KEYS,
    OTHER_LANGUAGE,
    Flow,
    Hangup,
    Menu,
    Play,
    Queue,
    Step,
    SwitchLanguage,
)
from ivr_flows.state import MAX_TYPED_AHEAD, FlowState

MAX_KEYS: Final = 60
"""Keys that the menus of one flow take from one caller. Far above what a person needs; below what
a stuck key or a robot sends in a minute."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the call before its flow starts."""

    language: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A step being entered or left: the state, and the marks not told yet."""

    flow: Flow
    state: FlowState
    marks: tuple[Mark, ...] = ()

    def go(self, step: str) -> _Place:
        return replace(self, state=replace(self.state, step=step, attempts=0))

    def tell(self, mark: Mark) -> _Place:
        return replace(self, marks=(*self.marks, mark))

    def turn(self, action: Action) -> Turn:
        return Turn(state=self.state, action=action, marks=self.marks)


def start(flow: Flow, context: Context) -> Turn:
    """The first turn of `flow`. A language that the flow does not speak becomes its main one."""
    language = context.language if context.language in flow.languages else flow.languages[0]
    state = FlowState(flow=flow.id, step=flow.start, language=language)
    return _enter(_Place(flow, state))


def resume(flow: Flow, state: FlowState, outcome: Outcome) -> Turn:
    """The turn after `outcome`. Raises FlowMisled when the step of `state` had nothing to ask."""
    step = _step(flow, state)
    handler = _LEAVE.get(type(step))
    if handler is None:
        raise FlowMisled(step.id, f"{type(step).__name__} has no outcome")
    place = handler(_Place(flow, state), step, outcome)
    return place if isinstance(place, Turn) else _enter(place)


def take_up(flow: Flow, state: FlowState) -> Turn:
    """The turn of a kept `state` once more, for a caller whose daemon went away meanwhile.

    Raises StateUnreadable when `flow` is another one, or has no such step or language any more.
    """
    if state.flow != flow.id:
        raise StateUnreadable(f"it belongs to the flow {state.flow!r}")
    if state.step not in flow.steps:
        raise StateUnreadable(f"the step {state.step!r} is gone")
    if state.language not in flow.languages:
        raise StateUnreadable(f"the language {state.language!r} is gone")
    return _enter(_Place(flow, state))


def _step(flow: Flow, state: FlowState) -> Step:
    try:
        return flow.steps[state.step]
    except KeyError:
        raise StateUnreadable(f"the step {state.step!r} is gone") from None


def _enter(place: _Place) -> Turn:
    # Between two keys no step comes twice, because the loader refuses circles without a key; the
    # bound only turns a flow built past the loader into an error instead of a busy loop.
    for _ in range((len(place.flow.steps) + 1) * (MAX_TYPED_AHEAD + MAX_KEYS)):
        step = _step(place.flow, place.state)
        entered = _ENTER[type(step)](place, step)
        if isinstance(entered, Turn):
            return entered
        place = entered
    raise FlowMisled(place.state.step, "the flow goes round without asking for a key")


# -------------------------------------------------------------------------------------- entering


def _enter_play(place: _Place, step: Play) -> _Place | Turn:
    if step.barge_in and place.state.typed_ahead:
        return place.go(step.next)
    return place.turn(PlayPrompt(prompt=step.prompt, barge_in=step.barge_in))


def _enter_menu(place: _Place, step: Menu) -> _Place | Turn:
    return _ask(place, step, step.prompts)


def _enter_language(place: _Place, step: SwitchLanguage) -> _Place:
    old = place.state.language
    new = place.flow.other_language(old) if step.to == OTHER_LANGUAGE else step.to
    place = replace(place, state=replace(place.state, language=new))
    return place.tell(LanguageChosen(new)).go(step.next)


def _enter_queue(place: _Place, step: Queue) -> Turn:
    place = replace(place, state=replace(place.state, typed_ahead=""))
    if not place.state.person_asked:
        place = replace(place, state=replace(place.state, person_asked=True))
        place = place.tell(PersonAsked(step.queue))
    return place.turn(HandToQueue(queue=step.queue, priority=step.priority, prompt=step.prompt))


def _enter_hangup(place: _Place, step: Hangup) -> Turn:
    place = replace(place, state=replace(place.state, typed_ahead=""))
    return place.turn(EndCall(prompt=step.prompt))


# --------------------------------------------------------------------------------------- leaving


def _leave_play(place: _Place, step: Play, outcome: Outcome) -> _Place:
    if isinstance(outcome, KeyPressed) and outcome.key in KEYS:
        ahead = (place.state.typed_ahead + outcome.key)[:MAX_TYPED_AHEAD]
        place = replace(place, state=replace(place.state, typed_ahead=ahead))
    return place.go(step.next)


def _leave_menu(place: _Place, step: Menu, outcome: Outcome) -> _Place | Turn:
    match outcome:
        case KeyPressed(key):
            return _take(place, step, key)
        case NoKey():
            return _again(place, step, step.no_key)


def _take(place: _Place, step: Menu, key: str) -> _Place | Turn:
    """A menu takes a key, fresh or typed ahead."""
    place = replace(place, state=replace(place.state, keys=place.state.keys + 1))
    target = step.choices.get(key)
    if target is None:
        return _again(place, step, step.wrong_key)
    if not step.private:
        place = place.tell(KeyTaken(step.id, key))
    return place.go(target)


def _again(place: _Place, step: Menu, why: str | None) -> _Place | Turn:
    """A round without a choice: ask once more, or let the caller through to `otherwise`."""
    attempts = place.state.attempts + 1
    if attempts >= step.attempts:
        return place.go(step.otherwise)
    place = replace(place, state=replace(place.state, attempts=attempts))
    return _ask(place, step, step.prompts if why is None else (why, *step.prompts))


def _ask(place: _Place, step: Menu, prompts: tuple[str, ...]) -> _Place | Turn:
    if place.state.keys >= MAX_KEYS:
        return place.go(step.otherwise)
    if place.state.typed_ahead:
        key, rest = place.state.typed_ahead[0], place.state.typed_ahead[1:]
        return _take(replace(place, state=replace(place.state, typed_ahead=rest)), step, key)
    return place.turn(
        AskKey(prompts=prompts, barge_in=step.barge_in, wait_s=step.wait_s, private=step.private)
    )


_ENTER: Final[dict[type[Step], Callable[[_Place, Any], _Place | Turn]]] = {
    Play: _enter_play,
    Menu: _enter_menu,
    SwitchLanguage: _enter_language,
    Queue: _enter_queue,
    Hangup: _enter_hangup,
}
_LEAVE: Final[dict[type[Step], Callable[[_Place, Any, Outcome], _Place | Turn]]] = {
    Play: _leave_play,
    Menu: _leave_menu,
}
