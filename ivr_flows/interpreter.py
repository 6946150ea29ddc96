"""Runs a flow one turn at a time, without I/O and without a clock.

    start ──> enter step ──> action ──> (the channel does it) ──> outcome ──> resume ─┐
                 ^  └─ a step that decides, a prompt typed over, a menu typed ahead:  │
                 │     no action of its own, the next step is entered at once         │
                 └────────────────────────────────────────────────────────────────────┘
    HandToQueue, DialOutside, BackToSeat, BackToLine and EndCall end the session; a caller who comes
    back from the line or from an outside number that did not answer brings an outcome along.

Every conversation ends, whatever the caller does: each round of a question without an answer
counts towards its `attempts`, questions together take `MAX_KEYS` answers and then let the caller
through to `otherwise`, and the loader refuses circles that need no key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ivr_flows.actions import Action, Outcome, StepEntered, Turn
from ivr_flows.errors import FlowMisled, StateUnreadable
from ivr_flows.handlers import ask, decide, hand_over, look, talk
from ivr_flows.model import FlowBook, Step
from ivr_flows.state import MAX_TYPED_AHEAD, FlowState
from ivr_flows.steps import (
    Callback,
    CheckHours,
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
)
from ivr_flows.walk import MAX_KEYS, Walk, flow_of, printable
from ivr_flows.world import World


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the call before its flow starts. `values` are values of the call that are
    known at any time, e.g. `caller` (the number) and `hotline`."""

    language: str
    stage: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def start(book: FlowBook, flow_id: str, context: Context, world: World) -> Turn:
    """The first turn of `flow_id`. A language that the flow does not speak becomes its main one.

    Raises StateUnreadable when the book has no such flow.
    """
    flow = flow_of(book, flow_id)
    state = FlowState(
        flow=flow.id,
        step=flow.start,
        language=context.language if context.language in flow.languages else flow.languages[0],
        stage=context.stage,
        values={name: printable(value) for name, value in context.values.items() if value},
        # Known without being kept: not written into the state's text.
        private=frozenset(context.values),
        # Whoever comes from a seat has asked for a person long ago.
        person_asked=bool(context.stage),
    )
    walk = Walk(book, state, world)
    walk.tell(StepEntered(flow.id, flow.start, "start"))
    return _go_on(walk)


def resume(book: FlowBook, state: FlowState, outcome: Outcome, world: World) -> Turn:
    """The turn after `outcome`. Raises FlowMisled when the step of `state` had nothing to ask."""
    walk = Walk(book, state, world)
    step = walk.step
    leave = _LEAVE.get(type(step))
    if leave is None:
        raise FlowMisled(step.id, f"{type(step).__name__} has no outcome")
    action: Action | None = leave(walk, step, outcome)
    return walk.turn(action) if action is not None else _go_on(walk)


def recall(state: FlowState, context: Context) -> FlowState:
    """A kept `state` with what is known of the call at any time, which is not kept."""
    known = {name: printable(value) for name, value in context.values.items() if value}
    values = {**state.values, **known}
    return replace(state, values=values, private=state.private | frozenset(context.values))


def take_up(book: FlowBook, state: FlowState, world: World) -> Turn:
    """The turn of a kept `state` once more, for a caller whose daemon went away meanwhile.

    Raises StateUnreadable when its flow, its step or its language is there no more.
    """
    walk = Walk(book, state, world)
    _ = walk.step
    if state.language not in walk.flow.languages:
        raise StateUnreadable(f"the language {state.language!r} is gone")
    for frame in state.frames:
        if frame.step not in flow_of(book, frame.flow).steps:
            raise StateUnreadable(f"the step {frame.step!r} to come back to is gone")
    return _go_on(walk)


def _go_on(walk: Walk) -> Turn:
    # Between two keys no step comes twice, because the loader refuses circles without a key; the
    # bound only turns a flow built past the loader into an error instead of a busy loop.
    for _ in range((walk.book.size + 1) * (MAX_TYPED_AHEAD + MAX_KEYS)):
        step = walk.step
        action: Action | None = _ENTER[type(step)](walk, step)
        if action is not None:
            return walk.turn(action)
    raise FlowMisled(walk.step_id, "the flow goes round without asking for a key")


_ENTER: Final[dict[type[Step], Callable[[Walk, Any], Action | None]]] = {
    Play: talk.enter_play,
    PlayNotices: talk.enter_notices,
    SwitchLanguage: talk.enter_language,
    Hangup: talk.enter_hangup,
    Menu: ask.enter_menu,
    Digits: ask.enter_digits,
    Score: ask.enter_score,
    LookUp: look.enter_lookup,
    Identify: look.enter_identify,
    CheckHours: decide.enter_hours,
    If: decide.enter_if,
    SetValues: decide.enter_set,
    SubFlow: decide.enter_sub_flow,
    Return: decide.enter_return,
    Queue: hand_over.enter_queue,
    Transfer: hand_over.enter_transfer,
    Callback: hand_over.enter_callback,
    Message: hand_over.enter_message,
}
_LEAVE: Final[dict[type[Step], Callable[[Walk, Any, Outcome], Action | None]]] = {
    Play: talk.leave_play,
    PlayNotices: talk.leave_notices,
    Menu: ask.leave_menu,
    Digits: ask.leave_digits,
    Score: ask.leave_score,
    LookUp: look.leave_lookup,
    Identify: look.leave_identify,
    Queue: hand_over.leave_queue,
    Transfer: hand_over.leave_transfer,
    Callback: hand_over.leave_callback,
    Message: hand_over.leave_message,
}
