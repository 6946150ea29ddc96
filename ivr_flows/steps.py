"""The kinds of steps. Times are seconds; a `Say` that is None or empty says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from ivr_flows.conditions import Condition
from ivr_flows.model import Heard, Step, Way
from ivr_flows.says import Kind, Recorded, Say
from ivr_flows.templates import Template

OTHER_LANGUAGE: Final = "other"
"""As a language step's target: the flow's next language, from the last one back to the first."""

CheckDigit = Literal["luhn", "id-card"]
"""ISO/IEC 7812-1 annex B (bank cards), GB 11643-1999 (identity number; the key `*` is X)."""


def recorded(*prompts: str) -> Say:
    """The recorded prompts that come with a kind of step."""
    return tuple(Recorded(prompt) for prompt in prompts)


CONFIRM_BEFORE: Final = recorded("ask/confirm-digits-before")
CONFIRM_AFTER: Final = recorded("ask/confirm-digits-after")
TOO_SHORT: Final = recorded("ask/too-short")
NOT_VALID: Final = recorded("ask/not-valid")
NO_KEY: Final = recorded("no-key")
WRONG_KEY: Final = recorded("wrong-key")
WRONG_PIN: Final = recorded("ask/wrong-pin")
LOCKED: Final = recorded("ask/locked")
MEANWHILE: Final = recorded("lookup/please-wait")
AFTER_TONE: Final = recorded("message/after-tone")
SEND_IT: Final = recorded("message/confirm")
MESSAGE_SENT: Final = recorded("message/sent")
MESSAGE_EMPTY: Final = recorded("message/empty")
BOOKED: Final = recorded("callback/booked")
DIALLING: Final = recorded("outside/dialling")
GOODBYE: Final = recorded("goodbye")


def _heard(*says: tuple[Say | None, str]) -> tuple[Heard, ...]:
    return tuple(Heard(say, (key,)) for say, key in says if say)


@dataclass(frozen=True, slots=True, kw_only=True)
class Play(Step):
    """Say something and go on. A key pressed meanwhile is kept for the next question."""

    say: Say
    next: str
    barge_in: bool = True
    """Whether a key cuts it short (and a key pressed before skips it)."""

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)),)

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(Step):
    """Ask for one key. After `attempts` rounds without a choice the caller goes `otherwise`."""

    say: Say
    choices: Mapping[str, str] = field(default_factory=dict)
    """Key to step."""
    otherwise: str
    repeat_key: str | None = None
    """Says the menu once more without counting as a round."""
    wrong_key: Say = WRONG_KEY
    no_key: Say = NO_KEY
    attempts: int = 3
    wait_s: float = 5.0
    """How long to wait for a key after the menu has been said."""
    barge_in: bool = True
    private: bool = False
    """The key says something about the caller: it stays out of logs, marks and the ledger."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "choices", MappingProxyType(dict(self.choices)))

    def ways(self) -> tuple[Way, ...]:
        asked = tuple(
            Way(target, ("keys", key), asked=True) for key, target in self.choices.items()
        )
        return (*asked, Way(self.otherwise, ("otherwise",)))

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"), (self.wrong_key, "wrong_key"), (self.no_key, "no_key"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits(Step):
    """Ask for digits and keep them in the value `into`."""

    say: Say
    into: str
    least: int
    most: int
    end_key: str | None = "#"
    check: CheckDigit | None = None
    confirm: bool = False
    """Say the digits back and let the caller confirm (1) or key them again (2)."""
    read_as: Kind = "digits"
    """How they are said back."""
    next: str
    otherwise: str
    wrong: Say = NOT_VALID
    too_short: Say = TOO_SHORT
    no_key: Say = NO_KEY
    attempts: int = 3
    wait_s: float = 5.0
    """Until the first digit, after the question."""
    between_s: float = 4.0
    """Between two digits; then what has been keyed counts as all."""
    barge_in: bool = True
    private: bool = False
    """The digits are not said back, not written down anywhere and gone when the daemon dies."""

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",), asked=True), Way(self.otherwise, ("otherwise",)))

    def says(self) -> tuple[Heard, ...]:
        confirm = (CONFIRM_BEFORE + CONFIRM_AFTER + WRONG_KEY, "confirm")
        return _heard(
            (self.say, "say"),
            (self.wrong, "wrong"),
            (self.too_short, "too_short"),
            (self.no_key, "no_key"),
            *((confirm,) if self.confirm else ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLanguage(Step):
    """From here on speak `to`: a language of the flow, or `OTHER_LANGUAGE`."""

    to: str
    next: str

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckHours(Step):
    """Go by the opening hours `hours` of the site. A holiday without a way of its own is closed."""

    hours: str
    open: str
    closed: str
    holiday: str | None = None

    def ways(self) -> tuple[Way, ...]:
        ways = (Way(self.open, ("open",)), Way(self.closed, ("closed",)))
        return ways if self.holiday is None else (*ways, Way(self.holiday, ("holiday",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayNotices(Step):
    """Say the notices that are switched on: those for the area in the value `area`, or, without
    `area`, those for everybody.

    A notice may end the call, or lead to `person` at once.
    """

    area: str | None
    next: str
    person: str | None = None

    def ways(self) -> tuple[Way, ...]:
        ways = (Way(self.next, ("next",)),)
        return ways if self.person is None else (*ways, Way(self.person, ("person",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp(Step):
    """Ask a service of the site. `into` maps a value's name to its JSON pointer (RFC 6901) in the
    answer; what was not in the answer is unset."""

    service: str
    path: Template
    query: Mapping[str, Template] = field(default_factory=dict)
    into: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    meanwhile: Say = MEANWHILE
    """Said when the answer does not come at once."""
    next: str
    not_found: str
    failed: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "query", MappingProxyType(dict(self.query)))
        object.__setattr__(self, "into", MappingProxyType(dict(self.into)))

    def ways(self) -> tuple[Way, ...]:
        return (
            Way(self.next, ("next",)),
            Way(self.not_found, ("not_found",)),
            Way(self.failed, ("failed",)),
        )

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.meanwhile, "meanwhile"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify(Step):
    """Ask for a PIN and have a service check it: POST `{"pin": ...}` to `path`; 404 is wrong.

    The PIN is in no log, no mark, no state and no ledger; a daemon that dies asks for it again.
    """

    say: Say
    service: str
    path: Template
    least: int = 4
    most: int = 6
    end_key: str | None = "#"
    wrong: Say = WRONG_PIN
    locked: Say = LOCKED
    """Said when the attempts are used up."""
    no_key: Say = NO_KEY
    attempts: int = 3
    wait_s: float = 6.0
    between_s: float = 4.0
    timeout_s: float | None = None
    meanwhile: Say = MEANWHILE
    next: str
    otherwise: str
    """Not identified: wrong too often, or nothing keyed."""
    failed: str
    """The service does not answer."""

    def ways(self) -> tuple[Way, ...]:
        return (
            Way(self.next, ("next",), asked=True),
            Way(self.otherwise, ("otherwise",)),
            Way(self.failed, ("failed",), asked=True),
        )

    def says(self) -> tuple[Heard, ...]:
        return _heard(
            (self.say, "say"),
            (self.wrong, "wrong"),
            (self.locked, "locked"),
            (self.no_key, "no_key"),
            (self.meanwhile, "meanwhile"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValues(Step):
    """Set values of the call. `queue`, `priority`, `skills` (blank-separated, `name` or
    `name:level`), `class`, `seat` and `customer` count for the routing, too."""

    values: Mapping[str, Template]
    next: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Step):
    """Record what the caller has to say for the message box `box`."""

    box: str
    say: Say = AFTER_TONE
    most_s: float = 120.0
    silence_s: float = 4.0
    """Silence that ends the recording."""
    confirm: bool = True
    """Ask: send (1), record again (2), cancel (*). A caller who hangs up has sent it."""
    sent: Say = MESSAGE_SENT
    attempts: int = 3
    next: str
    otherwise: str
    """Cancelled, or nothing was said."""

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)), Way(self.otherwise, ("otherwise",)))

    def says(self) -> tuple[Heard, ...]:
        own = _heard((self.say, "say"), (self.sent, "sent"), (MESSAGE_EMPTY, "otherwise"))
        return (*own, *_heard((SEND_IT, "confirm"))) if self.confirm else own


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback(Step):
    """Book a call back; the caller's place in line is kept while they are away."""

    queue: str | None
    """None: the queue that the caller waits in, or that a step has set."""
    number: Template
    say: Say = BOOKED
    next: str
    otherwise: str
    """The number cannot be called."""

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)), Way(self.otherwise, ("otherwise",)))

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Step):
    """Put the caller through to the outside number `to` of the site's list."""

    to: str
    say: Say = DIALLING
    failed: str
    """Busy, no answer, or not to be reached."""

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.failed, ("failed",)),)

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Step):
    """One question of the satisfaction survey `survey`: a score by key."""

    survey: str
    say: Say
    lowest: int = 1
    highest: int = 5
    wrong_key: Say = WRONG_KEY
    attempts: int = 2
    wait_s: float = 6.0
    next: str
    otherwise: str

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",), asked=True), Way(self.otherwise, ("otherwise",)))

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"), (self.wrong_key, "wrong_key"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SubFlow(Step):
    """Run the flow `flow`; its `return` leads to `next`."""

    flow: str
    next: str

    def ways(self) -> tuple[Way, ...]:
        return (Way(self.next, ("next",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Step):
    """Back to where this flow was called from: the calling flow, the line, or the seat."""


@dataclass(frozen=True, slots=True)
class Case:
    condition: Condition
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Step):
    """The first case that holds decides."""

    cases: tuple[Case, ...]
    otherwise: str

    def ways(self) -> tuple[Way, ...]:
        cases = (Way(case.then, ("cases", str(place))) for place, case in enumerate(self.cases))
        return (*cases, Way(self.otherwise, ("otherwise",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Step):
    """The caller wants a person: tell them, and let them wait in `queue`."""

    queue: str | None
    """None: the queue that a step has set."""
    priority: int
    """0 to 9; a smaller number is served first."""
    skills: tuple[str, ...] = ()
    say: Say = ()
    offers: Mapping[str, str] = field(default_factory=dict)
    """Keys that lead out of the waiting; the caller keeps the place until they have chosen."""
    offer_say: Say = ()
    """Said after each announcement of the place in line."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "offers", MappingProxyType(dict(self.offers)))

    def ways(self) -> tuple[Way, ...]:
        return tuple(
            Way(target, ("offers", key), asked=True) for key, target in self.offers.items()
        )

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"), (self.offer_say, "offer_say"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup(Step):
    """Say good-bye and end the call."""

    say: Say = ()

    def says(self) -> tuple[Heard, ...]:
        return _heard((self.say, "say"))
