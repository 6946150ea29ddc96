"""Steps that hand the caller on: queue, transfer, callback, message."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ivr_flows.actions import (
    Action,
    AskKey,
    CallbackAsked,
    DialOutside,
    DropMessage,
    HandToQueue,
    KeepMessage,
    KeyPressed,
    KeyTaken,
    MessageRecorded,
    NotReached,
    Outcome,
    PersonAsked,
    RecordMessage,
    Speak,
)
from ivr_flows.handlers.talk import keep_key
from ivr_flows.says import Say
from ivr_flows.state import Frame
from ivr_flows.steps import MESSAGE_EMPTY, SEND_IT, WRONG_KEY, Callback, Message, Queue, Transfer
from ivr_flows.walk import Walk

_NUMBER: Final = re.compile(r"(\+86)?[0-9]{3,20}", re.ASCII)
"""As it is dialled, or in the international form of this country: `cti.agi` makes one of both."""
_PRIORITY: Final = re.compile(r"[0-9]", re.ASCII)
_QUEUE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_CLASS: Final = _QUEUE
_SKILL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}(:[1-9])?", re.ASCII)
_SEAT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}", re.ASCII)

# ----------------------------------------------------------------------------------------- queue


def enter_queue(walk: Walk, step: Queue) -> Action | None:
    values = walk.values
    queue = step.queue or values.get("queue", "")
    if _QUEUE.fullmatch(queue) is None:
        queue = ""
    priority = values.get("priority", "")
    again = walk.waiting and values.get("line") == queue
    walk.set({"line": queue})
    walk.typed_ahead = ""
    walk.waiting = False
    walk.frames = ()
    walk.keys = 0
    if not walk.person_asked:
        walk.person_asked = True
        walk.tell(PersonAsked(queue))
    skills = (*step.skills, *filter(_SKILL.fullmatch, values.get("skills", "").split()))
    return HandToQueue(
        queue=queue,
        priority=int(priority) if _PRIORITY.fullmatch(priority) else step.priority,
        skills=tuple(dict.fromkeys(skills)),
        customer=values.get("customer", ""),
        customer_class=_if(_CLASS, values.get("class", "")),
        wanted_seat=_if(_SEAT, values.get("seat", "")),
        utterance=() if again else walk.say(step.say),
        offers="".join(step.offers),
        offer=walk.say(step.offer_say) if step.offers else (),
        again=again,
    )


def _if(pattern: re.Pattern[str], text: str) -> str:
    """Values come from look-ups and callers: what is not as it should be counts for nothing."""
    return text if pattern.fullmatch(text) else ""


def leave_queue(walk: Walk, step: Queue, outcome: Outcome) -> Action | None:
    """A key pressed while waiting: the caller looks at the offer and keeps the place in line."""
    walk.waiting = True
    target = step.offers.get(outcome.key) if isinstance(outcome, KeyPressed) else None
    if target is None or not isinstance(outcome, KeyPressed):
        return enter_queue(walk, step)
    walk.frames = (Frame(walk.flow.id, step.id),)
    walk.tell(KeyTaken(walk.flow.id, step.id, outcome.key))
    walk.go(target, f"offers.{outcome.key}")
    return None


# --------------------------------------------------------------------------------------- transfer


def enter_transfer(walk: Walk, step: Transfer) -> Action | None:
    walk.typed_ahead = ""
    return DialOutside(target=step.to, utterance=walk.say(step.say))


def leave_transfer(walk: Walk, step: Transfer, outcome: Outcome) -> Action | None:
    walk.set({"dialled": outcome.why if isinstance(outcome, NotReached) else "failed"})
    walk.go(step.failed, "failed")
    return None


# --------------------------------------------------------------------------------------- callback


def enter_callback(walk: Walk, step: Callback) -> Action | None:
    number = step.number.fill(walk.values).strip()
    line = walk.values.get("line", "") if walk.waiting else ""
    queue = step.queue or line or walk.values.get("queue", "")
    if _NUMBER.fullmatch(number) is None or _QUEUE.fullmatch(queue) is None:
        walk.go(step.otherwise, "otherwise")
        return None
    walk.tell(CallbackAsked(queue, number))
    # Booked already: what the caller does while it is said changes nothing.
    return Speak(utterance=walk.say(step.say), barge_in=False)


def leave_callback(walk: Walk, step: Callback, outcome: Outcome) -> Action | None:
    keep_key(walk, outcome)
    walk.go(step.next, "next")
    return None


# ---------------------------------------------------------------------------------------- message


def enter_message(walk: Walk, step: Message) -> Action | None:
    return _record(walk, step, None)


def leave_message(walk: Walk, step: Message, outcome: Outcome) -> Action | None:
    return _PARTS.get(walk.part, _recorded)(walk, step, outcome)


def _recorded(walk: Walk, step: Message, outcome: Outcome) -> Action | None:
    if isinstance(outcome, MessageRecorded):
        walk.held = f"{outcome.seconds:.2f} {outcome.file}"
        walk.typed_ahead = ""
        return _ask_to_send(walk, None) if step.confirm else _keep(walk, step)
    walk.attempts += 1
    if walk.attempts >= step.attempts:
        walk.go(step.otherwise, "otherwise")
        return None
    return _record(walk, step, MESSAGE_EMPTY)


def _confirmed(walk: Walk, step: Message, outcome: Outcome) -> Action | None:
    match outcome:
        case KeyPressed("2"):
            walk.attempts += 1
            walk.part = "again" if walk.attempts < step.attempts else "cancelled"
            return DropMessage(file=_file(walk))
        case KeyPressed("*"):
            walk.part = "cancelled"
            return DropMessage(file=_file(walk))
        case KeyPressed(key) if key != "1" and walk.attempts + 1 < step.attempts:
            walk.attempts += 1
            return _ask_to_send(walk, WRONG_KEY)
        case _:
            # Who says nothing has said what they had to say.
            return _keep(walk, step)


def _kept(walk: Walk, step: Message, outcome: Outcome) -> Action | None:
    keep_key(walk, outcome)
    walk.go(step.next, "next")
    return None


def _dropped(walk: Walk, step: Message, outcome: Outcome) -> Action | None:
    del outcome
    if walk.part == "again":
        return _record(walk, step, None)
    walk.go(step.otherwise, "otherwise")
    return None


_PARTS: Final[dict[str, Callable[[Walk, Message, Outcome], Action | None]]] = {
    "confirm": _confirmed,
    "kept": _kept,
    "again": _dropped,
    "cancelled": _dropped,
}


def _record(walk: Walk, step: Message, why: Say | None) -> Action:
    walk.part = walk.held = walk.typed_ahead = ""
    return RecordMessage(
        utterance=walk.say(why, step.say),
        box=step.box,
        most_s=step.most_s,
        silence_s=step.silence_s,
    )


def _ask_to_send(walk: Walk, why: Say | None) -> Action:
    walk.part = "confirm"
    return AskKey(utterance=walk.say(why, SEND_IT), barge_in=True, wait_s=6.0)


def _keep(walk: Walk, step: Message) -> Action:
    walk.part = "kept"
    seconds = float(walk.held.partition(" ")[0])
    return KeepMessage(
        box=step.box, file=_file(walk), seconds=seconds, utterance=walk.say(step.sent)
    )


def _file(walk: Walk) -> str:
    return walk.held.partition(" ")[2]
