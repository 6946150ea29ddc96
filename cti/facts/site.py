"""What a site's queues and seats are, as routing knows them. Parts of `RoutingChanged`, so that a
day is replayed with what was true then. Durations are microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cti.ids import QueueId, SeatId

ContactKind = Literal["call", "text", "web", "mail"]
Role = Literal["a", "b", "lead"]
"""a: the queue is this seat's own work. b: stands in when no seat in role a is free. lead: when
nobody in role a or b is there at all."""
StrategyName = Literal[
    "longest-idle", "fewest-calls", "least-occupied", "round-robin", "fixed-order", "best-skill",
    "ring-all",
]  # fmt: skip
ChoiceName = Literal["place", "due", "queue-ratio"]
"""Whom a seat that serves several queues takes. place: who stands first over all of them. due: who
comes first to their queue's service-level target. queue-ratio: from the queue whose length exceeds
its share most (Gurvich and Whitt, 2010)."""
OverflowCause = Literal["wait", "length", "closed", "no-seats"]
OverflowTarget = Literal["queue", "outside", "message", "flow"]
RetryCause = Literal["busy", "no-answer", "unreachable"]
RungFirst = Literal["seat", "customer"]
"""Whose phone rings first for a callback."""
USUAL_PRIORITY: Final = 5
LOWEST_LEVEL: Final = 1
HIGHEST_LEVEL: Final = 9


@dataclass(frozen=True, slots=True, order=True)
class Skill:
    """What a seat can do, and how well; or what a caller needs, and how well at least."""

    name: str
    level: int = LOWEST_LEVEL


@dataclass(frozen=True, slots=True)
class QueueRole:
    queue: QueueId
    role: Role


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many contacts of one kind a seat has at once. Calls are always one."""

    kind: ContactKind
    most: int


@dataclass(frozen=True, slots=True)
class Widening:
    """Who has waited for `after_us` is content with skills `levels` lower; a skill that falls below
    the lowest level is not asked for any more."""

    after_us: int
    levels: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where a caller goes who waited for `after_us` (wait), who finds `length` others waiting
    (length), whose queue closes or is closed (closed), or whom no seat is there to serve
    (no-seats). `target`: a queue, a name in the list of outside numbers, a message box, a flow."""

    when: OverflowCause
    to: OverflowTarget
    target: str
    after_us: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class CallbackRetry:
    """How long to wait after the first, second ... attempt that failed by `cause`; the last one
    stands for all that follow."""

    cause: RetryCause
    after_us: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ContactPatience:
    """How long a contact of one kind waits in a queue at most."""

    kind: ContactKind
    us: int


USUAL_PATIENCE_US: Final = 86_400_000_000
"""Of a kind of contact for which a queue names none: a day."""


@dataclass(frozen=True, slots=True)
class QueueRecord:
    """From the site file."""

    id: QueueId
    ring_us: int
    wrapup_us: int
    announce_us: int = 45_000_000
    """How often a waiting caller hears where they stand; 0: only that all seats are busy."""
    expected_us: int = 180_000_000
    """Talk and wrap-up together, as long as none has been measured."""
    callback_attempts: int = 3
    callback_retry_us: int = 600_000_000
    """For a cause that `callback_retry` does not name."""
    callback_retry: tuple[CallbackRetry, ...] = ()
    callback_first: RungFirst = "seat"
    strategy: StrategyName = "longest-idle"
    ring_most: int = 5
    """ring-all: how many seats at once."""
    auto_answer: bool = False
    """The seat's phone answers by itself."""
    wrapup_extension_us: int = 0
    """How much longer a seat may make its wrap-up, once a call; 0: not at all."""
    target_us: int = 20_000_000
    """The service level's time."""
    target_percent: int = 80
    ratio: int = 1
    """Share of all who wait that may wait here, against the other queues' ratios."""
    priority_step_us: int = 120_000_000
    """What a step of priority is worth in time of waiting: who stands one step behind stands before
    all who come that much later, so nobody waits for ever (Jackson, 1960)."""
    widening: tuple[Widening, ...] = ()
    wanted_us: int = 0
    """How long a caller waits for the seat that they are to be put to, when it is busy."""
    last_seat_us: int = 0
    """So long after a talk the caller is put to the same seat again; 0: never."""
    overflow: tuple[Overflow, ...] = ()
    merged_into: QueueId = QueueId("")
    """Its callers are served with that queue's, in one line, as long as this is set."""
    closed: bool = False
    """Whatever its opening hours say."""
    contact_offer_us: int = 60_000_000
    """How long a seat has to accept a contact that is no call."""
    contact_patience: tuple[ContactPatience, ...] = ()

    def patience_us(self, kind: ContactKind) -> int:
        """How long a contact of `kind` waits here at most."""
        found = (one.us for one in self.contact_patience if one.kind == kind)
        return next(found, USUAL_PATIENCE_US)


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """Who sits where. `device`: the one that is rung when the seat does not choose another."""

    id: SeatId
    name: str
    device: str
    queues: tuple[QueueId, ...]
    skills: tuple[Skill, ...] = ()
    roles: tuple[QueueRole, ...] = ()
    """Where it is not the usual one, a."""
    devices: tuple[str, ...] = ()
    """Others that the seat may choose."""
    languages: tuple[str, ...] = ()
    """Tags, e.g. zh-CN; none: every language."""
    capacity: tuple[Capacity, ...] = ()
    """Of kinds other than calls; a kind that is not named is not offered."""
    texts_in_call: bool = False
    """Whether other contacts are offered while it talks."""
    pause_after_missed_text: bool = False
    """Whether one that it did not accept in time pauses it for calls, too."""

    def role_in(self, queue: QueueId) -> Role:
        return next((one.role for one in self.roles if one.queue == queue), "a")

    def level_of(self, skill: str) -> int:
        """0 when it does not have it."""
        return next((one.level for one in self.skills if one.name == skill), 0)


@dataclass(frozen=True, slots=True)
class CustomerClass:
    name: str
    head_start_us: int
    """Who is of this class stands as if they had come so much earlier."""


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """What holds for all queues."""

    choice: ChoiceName = "place"
    classes: tuple[CustomerClass, ...] = ()
