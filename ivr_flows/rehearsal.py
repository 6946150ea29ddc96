"""Goes through flows with a scripted caller: no Asterisk, no sound, any time of day. Pure.

    1 10002345# ! 2     keys, pressed when they are asked for; blanks only separate
    -                   silence until the question gives up waiting
    !5                  the key 5 while something is being said
    message             something is said after the tone (else: nothing)
    busy no-answer      what happens at an outside number (else: it answers)
    hangup              the caller hangs up here

When the script is used up, the caller stays silent until the flow ends.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from cti.errors import JietongError
from ivr_flows import interpreter
from ivr_flows.actions import (
    Action,
    AskDigits,
    AskKey,
    BackToLine,
    BackToSeat,
    CallbackAsked,
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
    StepEntered,
    Turn,
    Utterance,
)
from ivr_flows.interpreter import Context
from ivr_flows.model import KEYS, FlowBook
from ivr_flows.world import World

MESSAGE_S: Final = 5.0
"""Length of a rehearsed message, seconds."""
MOST_TURNS: Final = 2000
"""Of one rehearsal; a script of offers could go on as long as the script does."""
_WORDS: Final = frozenset({"message", "busy", "no-answer", "failed", "hangup"})
_TOKEN: Final = re.compile(r"!?[0-9*#-]")

Who = Literal["hotline", "caller", "note"]


class ScriptMisread(JietongError):
    """The script has something that a caller cannot do. Field: `word`."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(
            f"{word!r} is nothing that a caller can do; keys are 0 to 9, * and #, "
            f"silence is -, a key during a prompt is !5, words are {', '.join(sorted(_WORDS))}"
        )


@dataclass(frozen=True, slots=True)
class Line:
    """Something said, done, or worth noting."""

    who: Who
    text: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What services answer: service, then path, to a JSON document, `not-found`, or `failed`. A
    document with `pin` is found by that PIN only. What is not listed is not found."""

    by_service: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to(self, look: LookUpNow) -> Outcome:
        """What comes of `look`."""
        document = self.by_service.get(look.service, {}).get(look.path, "not-found")
        if document == "failed":
            return LookUpFailed("rehearsed")
        if not isinstance(document, Mapping | list):
            return NotFound()
        pin = document.get("pin", "") if isinstance(document, Mapping) else ""
        if look.pin and str(pin) != look.pin:
            return NotFound()
        found = {name: _value(document, pointer) for name, pointer in look.wanted.items()}
        return Found({name: value for name, value in found.items() if value})


def _value(document: Any, pointer: str) -> str:
    """The text at `pointer` (RFC 6901); empty when there is none."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return ""
    if document is None or isinstance(document, Mapping | list):
        return ""
    return str(document).lower() if isinstance(document, bool) else str(document)


def read_script(text: str) -> list[str]:
    """The script's tokens. Raises ScriptMisread."""
    tokens: list[str] = []
    for word in text.split():
        if word in _WORDS:
            tokens.append(word)
            continue
        found = _TOKEN.findall(word)
        if "".join(found) != word:
            raise ScriptMisread(word)
        tokens.extend(found)
    return tokens


class Reader(Protocol):
    """Turns an utterance into readable text; see `ivr_flows.speech`."""

    def text(self, utterance: Utterance, language: str) -> str: ...


@dataclass(slots=True)
class Rehearsal:
    """One call. `go` takes it to its end; what happened is in the fields."""

    book: FlowBook
    flow: str
    context: Context
    world: World
    reader: Reader
    answers: Answers = field(default_factory=Answers)
    heard: Callable[[Line], None] = lambda line: None
    """Is told each line as it comes."""
    lines: list[Line] = field(default_factory=list)
    steps: list[StepEntered] = field(default_factory=list)
    values: Mapping[str, str] = field(default_factory=dict)
    callbacks: list[CallbackAsked] = field(default_factory=list)
    messages: int = 0
    end: str = ""
    """`queue NAME`, `outside NAME`, `seat`, `hangup`, or `caller hung up`."""
    language: str = ""

    def go(self, caller: Caller) -> Rehearsal:
        """The call with `caller`. Raises ScriptMisread, FlowError."""
        turn = interpreter.start(self.book, self.flow, self.context, self.world)
        for _ in range(MOST_TURNS):
            self.take(turn)
            outcome = self.does(turn.action, caller)
            if outcome is None:
                return self
            turn = interpreter.resume(self.book, turn.state, outcome, self.world)
        self.end = "endless"
        return self

    def take(self, turn: Turn) -> None:
        """Note what a turn brings."""
        self.language = turn.state.language
        self.values = turn.state.values
        self.steps.extend(mark for mark in turn.marks if isinstance(mark, StepEntered))
        self.callbacks.extend(mark for mark in turn.marks if isinstance(mark, CallbackAsked))
        for mark in turn.marks:
            if isinstance(mark, CallbackAsked):
                self.note(f"callback booked: {mark.number}, queue {mark.queue}")

    def say(self, utterance: Utterance) -> None:
        if utterance:
            self._line("hotline", self.reader.text(utterance, self.language))

    def note(self, text: str) -> None:
        self._line("note", text)

    def did(self, text: str) -> None:
        self._line("caller", text)

    def _line(self, who: Who, text: str) -> None:
        line = Line(who, text)
        self.lines.append(line)
        self.heard(line)

    def does(self, action: Action, caller: Caller) -> Outcome | None:
        """What comes of `action`; None when the call is over."""
        self.say(getattr(action, "utterance", ()))
        if caller.hangs_up():
            self.did("hangs up")
            self.end = "caller hung up"
            return None
        match action:
            case EndCall() | BackToSeat() | BackToLine() | DialOutside() | HandToQueue():
                return self._leaves(action, caller)
            case LookUpNow():
                answer = self.answers.to(action)
                self.note(f"look-up {action.service}{action.path}: {_told(answer)}")
                return answer
            case KeepMessage():
                self.messages += 1
                self.note(f"message kept in the box {action.box}")
                return NoKey()
            case DropMessage():
                self.note("message thrown away")
                return NoKey()
            case _:
                return self._hears(action, caller)

    def _hears(self, action: Action, caller: Caller) -> Outcome:
        outcome: Outcome = NoKey()
        match action:
            case Speak(barge_in=barge_in):
                key = caller.interrupts() if barge_in else ""
                outcome = KeyPressed(key) if key else NoKey()
            case AskKey():
                caller.asked("key")
                key = caller.key()
                outcome = KeyPressed(key) if key else NoKey()
            case AskDigits(most=most, end_key=end_key, already=already):
                caller.asked("digits")
                outcome = caller.digits(already, most, end_key)
            case RecordMessage():
                caller.asked("message")
                said = caller.word("message")
                outcome = MessageRecorded("message.wav", MESSAGE_S) if said else NoKey()
                self.did("speaks after the tone" if said else "says nothing")
                return outcome
        match outcome:
            case KeyPressed(key):
                self.did(f"presses {key}")
            case DigitsKeyed(digits, ended):
                secret = isinstance(action, AskDigits) and action.private
                shown = "•" * len(digits) if secret else digits
                self.did(f"keys {shown or 'nothing'}{' #' if ended else ''}")
            case NoKey() if isinstance(action, AskKey):
                self.did("presses nothing")
        return outcome

    def _leaves(self, action: Action, caller: Caller) -> Outcome | None:
        match action:
            case HandToQueue(queue=queue, offers=offers) as hand:
                self.end = f"queue {queue}"
                if offers:
                    caller.asked("key")
                key = caller.key() if offers else ""
                if key:
                    self.say(hand.offer)
                    self.did(f"presses {key} while waiting")
                    return KeyPressed(key)
                skills = f", skills {' '.join(hand.skills)}" if hand.skills else ""
                known = f", class {hand.customer_class}" if hand.customer_class else ""
                seat = f", for seat {hand.wanted_seat}" if hand.wanted_seat else ""
                waits = f"waits in the queue {queue}, priority {hand.priority}"
                self.note(f"{waits}{skills}{known}{seat}")
            case DialOutside(target=target):
                self.end = f"outside {target}"
                caller.asked("outside")
                for why in ("busy", "no-answer", "failed"):
                    if caller.word(why):
                        self.note(f"outside number {target}: {why}")
                        return NotReached(why)
                self.note(f"talks with the outside number {target}")
            case BackToLine():
                self.end = "line"
                self.note("goes back to the place in line")
            case BackToSeat():
                self.end = "seat"
                self.note("goes back to the seat")
            case _:
                self.end = "hangup"
                self.note("the hotline hangs up")
        return None


class Caller:
    """Does what the script says, token by token. `more` is asked for further tokens when they are
    used up, with what is expected: `key`, `digits`, `message` or `outside`."""

    def __init__(self, script: str, more: Callable[[str], str] | None = None) -> None:
        self._tokens = deque(read_script(script))
        self._more = more

    def asked(self, what: str) -> None:
        """Something is expected of the caller now."""
        if not self._tokens and self._more is not None:
            self._tokens.extend(read_script(self._more(what)))

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def hangs_up(self) -> bool:
        return self.word("hangup")

    def word(self, word: str) -> bool:
        if self._next() != word:
            return False
        self._tokens.popleft()
        return True

    def interrupts(self) -> str:
        """The key pressed while something is said; empty when there is none."""
        return self._tokens.popleft()[1:] if self._next().startswith("!") else ""

    def key(self) -> str:
        """The key pressed when asked; empty for silence."""
        token = self._next()
        if token in _WORDS or not token:
            return ""
        self._tokens.popleft()
        key = token.lstrip("!")
        return key if key in KEYS else ""

    def digits(self, already: str, most: int, end_key: str | None) -> DigitsKeyed:
        digits = already
        while len(digits) < most:
            key = self.key()
            if not key:
                return DigitsKeyed(digits)
            if key == end_key:
                return DigitsKeyed(digits, ended=True)
            digits += key
        if end_key and self._next() == end_key:
            self._tokens.popleft()
            return DigitsKeyed(digits, ended=True)
        return DigitsKeyed(digits)


def _told(outcome: Outcome) -> str:
    match outcome:
        case Found(values):
            return ", ".join(f"{name} = {value}" for name, value in values.items()) or "found"
        case NotFound():
            return "not found"
        case _:
            return "no answer"


def steps_in_order(wanted: list[str], steps: list[StepEntered]) -> Iterator[str]:
    """Those of `wanted` (`step` or `flow/step`) that were not gone through, in that order."""
    walked = iter(steps)
    for name in wanted:
        if not any(name in (step.step, f"{step.flow}/{step.step}") for step in walked):
            yield name
