"""A dispatcher alone, told what the other cores would tell it, with all that it heard and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from acd.dispatcher import Dispatcher
from cti.effects import Effect
from cti.facts import (
    CallQueued,
    Fact,
    OfferAnswered,
    OfferFailed,
    QueueRecord,
    Resynced,
    RoutingRules,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    SeatState,
    SnapshotTaken,
    TimePassed,
)
from cti.ids import CallId, QueueId, SeatId
from cti.store.codec import storable

SECOND: Final = 1_000_000
START: Final = 1_000 * SECOND


def a_queue(name: str = "repairs", **parts: Any) -> QueueRecord:
    """Rings for 15 s, no wrap-up."""
    return QueueRecord(QueueId(name), 15 * SECOND, 0, **parts)


def a_seat(name: str, *queues: str, **parts: Any) -> SeatRecord:
    """Serves `queues`, or repairs."""
    served = tuple(QueueId(one) for one in queues or ("repairs",))
    return SeatRecord(SeatId(name), f"Seat {name}", f"PJSIP/{name}", served, **parts)


@dataclass
class Life:
    seats: Sequence[SeatRecord]
    queues: Sequence[QueueRecord]
    rules: RoutingRules = field(default_factory=RoutingRules)
    now: int = START
    heard: list[Fact] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    offers: dict[str, SeatOffered] = field(default_factory=dict)
    callers: int = 0

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.seats, self.queues, self.rules)

    def hear(self, fact: Fact) -> list[Fact | Effect]:
        """The dispatcher's own facts go round, as in the brain. All that it said is returned."""
        pending: list[Fact] = [fact]
        out: list[Fact | Effect] = []
        while pending:
            for outcome in self.dispatcher.handle(pending.pop(0)):
                out.append(outcome)
                if isinstance(outcome, Fact):
                    pending.append(outcome)
                if isinstance(outcome, SeatOffered):
                    self.offers[outcome.offer] = outcome
        self.heard.append(fact)
        told = [one for one in out if isinstance(one, Fact)]
        self.facts += told
        self.effects += [one for one in out if isinstance(one, Effect)]
        self.said.append(repr([storable(one)[1] for one in told]))
        return out

    def all(self, kind: type[Any]) -> list[Any]:
        """What has been said of that kind, in order."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def link_up(self) -> None:
        self.hear(SnapshotTaken(at=self.now))
        self.hear(Resynced(at=self.now))

    def wishes(self, seat_id: str, wish: Any, **parts: Any) -> None:
        self.hear(SeatCommand(at=self.now, seat=SeatId(seat_id), wish=wish, **parts))

    def sign_on(self, *seats: str) -> None:
        """In this order, a second apart."""
        for one in seats:
            self.wishes(one, "sign-on")
            self.now += SECOND

    def wait(self, seconds: float) -> None:
        """Every deadline that comes is kept."""
        until = self.now + round(seconds * SECOND)
        while (due := self.dispatcher.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.hear(TimePassed(at=self.now))
        self.now = until

    def call(self, queue_id: str = "repairs", **parts: Any) -> CallId:
        """A caller begins to wait."""
        self.callers += 1
        call = CallId(f"c{self.callers}")
        whole: dict[str, Any] = {
            "priority": 5,
            "language": "",
            "arrived_at": self.now,
            "asked_at": self.now,
            "prompt_ended_at": self.now,
            "channel_name": "",
            "caller_number": "",
            "caller_name": "",
        }
        self.hear(CallQueued(at=self.now, call=call, queue=QueueId(queue_id), **whole | parts))
        self.now += 1
        return call

    def served(self) -> list[tuple[str, str]]:
        """Who was offered whom, in order."""
        return [(one.call, one.seat) for one in self.all(SeatOffered)]

    def offer(self, seat_id: str) -> SeatOffered:
        """What that seat rings or talks for."""
        offer = self.dispatcher.offer_of(SeatId(seat_id))
        assert offer is not None, f"nothing is offered to {seat_id}"
        return self.offers[offer]

    def answer(self, seat_id: str) -> CallId:
        one = self.offer(seat_id)
        self.hear(
            OfferAnswered(
                at=self.now,
                call=one.call,
                seat=one.seat,
                offer=one.offer,
                queue=one.queue,
                wait_us=0,
                recording="",
            )
        )
        return one.call

    def fail(self, seat_id: str, reason: Any = "no-answer") -> None:
        one = self.offer(seat_id)
        self.hear(
            OfferFailed(at=self.now, call=one.call, seat=one.seat, offer=one.offer, reason=reason)
        )

    def leave(self, seat_id: str, *, by_far_end: bool = False) -> None:
        one = self.offer(seat_id)
        self.hear(
            SeatLeft(
                at=self.now,
                call=one.call,
                seat=one.seat,
                offer=one.offer,
                queue=one.queue,
                talk_us=SECOND,
                by_far_end=by_far_end,
            )
        )

    def state(self, seat_id: str) -> SeatState:
        return next(one.state for one in self.dispatcher.seats() if one.seat == seat_id)


def hotline(seats: Sequence[SeatRecord], queues: Sequence[QueueRecord] = (), **rules: Any) -> Life:
    """In step with Asterisk; nobody is signed on."""
    life = Life(seats, queues or [a_queue()], RoutingRules(**rules))
    life.link_up()
    return life
