"""A dispatcher on its own, told in facts what callers and seats do; nothing of telephony.

floor = Floor([seat("1001"), seat("1002", skills={"gas": 4})], [queue("repairs")])
floor.signs_on("1001", "1002")
floor.joins("anna", skills=("gas:3",))
assert floor.offered("anna").seat == "1002"
"""

from __future__ import annotations

from typing import Any, TypeVar

from acd.dispatcher import Dispatcher
from acd.simulator.clockwork import Clockwork
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallOutcome,
    CallQueued,
    DeviceState,
    Fact,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    QueueRecord,
    QueueRole,
    Resynced,
    Role,
    RoutingRules,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    Skill,
    SnapshotTaken,
)
from cti.ids import CallId, QueueId, SeatId

T = TypeVar("T")

SECOND = 1_000_000
START = 1_800_000_000 * SECOND


def seat(
    name: str,
    *queues: str,
    role: Role = "a",
    languages: tuple[str, ...] = (),
    skills: dict[str, int] | None = None,
) -> SeatRecord:
    """Of the queue "repairs" unless others are named; `role` in all of them."""
    served = tuple(QueueId(one) for one in queues or ("repairs",))
    return SeatRecord(
        SeatId(name),
        f"Seat {name}",
        f"PJSIP/{name}",
        served,
        tuple(Skill(skill, level) for skill, level in (skills or {}).items()),
        tuple(QueueRole(one, role) for one in served) if role != "a" else (),
        languages=languages,
    )


def queue(name: str = "repairs", **more: Any) -> QueueRecord:
    return QueueRecord(QueueId(name), ring_us=15 * SECOND, wrapup_us=0, **more)


class Floor:
    """Time stands still until `wait` moves it on."""

    def __init__(
        self,
        seats: list[SeatRecord],
        queues: list[QueueRecord],
        rules: RoutingRules | None = None,
    ) -> None:
        self.dispatcher = Dispatcher(seats, queues, rules)
        self.facts: list[Fact] = []
        self._clock = Clockwork([self.dispatcher], START, [self.facts.append])
        devices = tuple((one.device, DeviceState.IDLE) for one in seats)
        self.tell(SnapshotTaken(at=START, devices=devices))
        self.tell(Resynced(at=START))

    @property
    def now(self) -> int:
        return self._clock.now

    def tell(self, fact: Fact) -> None:
        self._clock.tell(fact)

    def wait(self, seconds: float) -> None:
        until = self.now + round(seconds * SECOND)
        while self._clock.step(until):
            pass
        self._clock.now = until

    # ---------------------------------------------------------------------------------- seats

    def signs_on(self, *seats: str) -> None:
        for one in seats:
            self.wishes(one, "sign-on")

    def wishes(self, name: str, wish: Any, reason: str = "") -> None:
        self.tell(SeatCommand(at=self.now, seat=SeatId(name), wish=wish, reason=reason))

    def answers(self, name: str) -> None:
        offer = self._offer(name)
        self.tell(
            OfferAnswered(
                at=self.now,
                call=offer.call,
                seat=offer.seat,
                offer=offer.offer,
                queue=offer.queue,
                wait_us=0,
                recording="",
            )
        )

    def fails(self, name: str, reason: OfferFailure = "no-answer") -> None:
        offer = self._offer(name)
        self.tell(
            OfferFailed(
                at=self.now, call=offer.call, seat=offer.seat, offer=offer.offer, reason=reason
            )
        )

    def leaves(self, name: str, talk_s: float = 180) -> None:
        """The seat hangs up; it is ready at once."""
        offer = self._offer(name)
        self.tell(
            SeatLeft(
                at=self.now,
                call=offer.call,
                seat=offer.seat,
                offer=offer.offer,
                queue=offer.queue,
                talk_us=round(talk_s * SECOND),
                by_far_end=True,
            )
        )
        self._ended(offer.call, "answered")

    def _ended(self, call: CallId, outcome: CallOutcome) -> None:
        self.tell(
            CallEnded(
                at=self.now, call=call, outcome=outcome, ended_by="caller", cause=16, total_us=0
            )
        )

    def _offer(self, name: str) -> SeatOffered:
        return next(one for one in reversed(self.all(SeatOffered)) if one.seat == name)

    # -------------------------------------------------------------------------------- callers

    def joins(self, call: str, queue: str = "repairs", **more: Any) -> None:
        """`more`: priority, skills, language, customer_class, wanted_seat, caller_number."""
        usual: dict[str, Any] = {"priority": 5, "language": "", "caller_number": call}
        self.tell(
            CallQueued(
                at=self.now,
                call=CallId(call),
                queue=QueueId(queue),
                arrived_at=self.now,
                asked_at=self.now,
                prompt_ended_at=self.now,
                channel_name="",
                caller_name="",
                **(usual | more),
            )
        )

    def gives_up(self, call: str, waited_s: float = 0) -> None:
        waited_us = round(waited_s * SECOND)
        name, at = CallId(call), self.now
        self.tell(CallAbandoned(at=at, call=name, queue=QueueId("repairs"), wait_us=waited_us))
        self._ended(name, "abandoned")

    # -------------------------------------------------------------------------------- reading

    def all(self, kind: type[T]) -> list[T]:
        return [one for one in self.facts if isinstance(one, kind)]

    def offered(self, call: str) -> SeatOffered:
        """The last offer of `call`."""
        return [one for one in self.all(SeatOffered) if one.call == call][-1]

    def wait_s(self, call: str) -> float | None:
        wait_us = self.dispatcher.wait_of(CallId(call))
        return None if wait_us is None else wait_us / SECOND
