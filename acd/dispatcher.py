"""Brings waiting callers and ready seats together. Pure and deterministic.

After every fact that may have made a match possible, callers are taken in the order of service
and each gets the best seat that fits. A caller has at most one offer, a seat at most one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from acd.callbacks import CallbackRules, Callbacks
from acd.estimate import ServiceTimes
from acd.line_reader import LineReader
from acd.matching import Matching
from acd.phones import Phones
from acd.queues import QueueRecord, WaitingCall, WaitingLine
from acd.restoring import Restoring
from acd.seats import Seat, SeatRecord, Wish
from acd.strategies import LongestIdle, Strategy
from acd.wishes import SeatWishes
from cti.effects import Effect
from cti.facts import (
    CallAbandoned,
    CallbackDialled,
    CallbackFailed,
    CallbackRecovered,
    CallEnded,
    CallerCameBack,
    CallerSentToFlow,
    CallPhase,
    CallQueued,
    CallRecovered,
    ChannelCreated,
    DeviceChanged,
    EngineStarted,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
    OutsideRung,
    Resynced,
    SeatCommand,
    SeatLeft,
    SeatState,
    SnapshotTaken,
    TimePassed,
    WaitEnded,
)
from cti.ids import OfferId, SeatId

Outcome = Iterator[Fact | Effect]

_HOLDS_A_SEAT: Final = frozenset({CallPhase.TALKING, CallPhase.IN_FLOW, CallPhase.OUTSIDE})
_SET_ASIDE: Final = frozenset({"no-answer", "rejected", "unreachable", "failed", "seat-gone"})
"""Reasons of a failed offer after which the seat takes no further call until it returns."""


class Dispatcher(LineReader):
    """The core of `acd`."""

    def __init__(
        self,
        seats: Iterable[SeatRecord],
        queues: Sequence[QueueRecord],
        strategy: Strategy | None = None,
        callbacks: CallbackRules | None = None,
    ) -> None:
        super().__init__(
            {record.id: Seat(record) for record in seats}, WaitingLine(), ServiceTimes(queues)
        )
        self._phones = Phones(self._seats.values())
        self._queues = {record.id: record for record in queues}
        self.callbacks = Callbacks(self._line, self._queues, callbacks or CallbackRules())
        self._matching = Matching(
            self._seats,
            self._queues,
            self._line,
            strategy=strategy or LongestIdle(),
            phones=self._phones,
            callbacks=self.callbacks,
        )
        self._wishes = SeatWishes(self._seats, self._times)
        self._restoring = Restoring(self._seats)
        self._link_up = False
        self._handlers: dict[type[Fact], Callable[[Any], Outcome]] = {
            EngineStarted: self._engine_started,
            SnapshotTaken: self._snapshot_taken,
            Resynced: self._resynced,
            LinkLost: self._link_lost,
            SeatCommand: self._wishes.handle,
            DeviceChanged: self._device_changed,
            ChannelCreated: self._channel_created,
            CallQueued: self._call_queued,
            CallRecovered: self._call_recovered,
            CallAbandoned: self._call_gone,
            WaitEnded: self._call_gone,
            CallEnded: self._call_gone,
            CallbackDialled: self._callback_dialled,
            CallbackFailed: self._callback_failed,
            CallbackRecovered: self._callback_recovered,
            OfferAnswered: self._offer_answered,
            OfferFailed: self._offer_failed,
            SeatLeft: self._seat_left,
            OutsideRung: self._call_gone,
            CallerSentToFlow: self._caller_away,
            CallerCameBack: self._caller_back,
            TimePassed: self._time_passed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for seats and waiting callers, and the offers that follow from it."""
        yield from self.callbacks.handle(fact)
        handler = self._handlers.get(type(fact))
        if handler is None:
            return
        yield from handler(fact)
        if self._link_up:
            yield from self._matching.match(fact.at)

    def deadline(self) -> int | None:
        """When the next wrap-up ends or a callback is due, microseconds since the epoch."""
        wrapped_up = (seat.until for seat in self._seats.values() if seat.until)
        due = self.callbacks.deadline()
        return min((*wrapped_up, *(() if due is None else (due,))), default=None)

    # --------------------------------------------------------------------------------- calls

    def _call_queued(self, fact: CallQueued) -> Outcome:
        queue = fact.queue if fact.queue in self._queues else next(iter(self._queues))
        waiting = WaitingCall(
            fact.call,
            queue,
            fact.priority,
            fact.queued_at or fact.at,
            skills=frozenset(fact.skills),
        )
        moved = self._line.get(fact.call)
        if moved is not None:
            waiting.offer = moved.offer  # the seat that rings goes on
        self._line.add(waiting)
        yield from ()

    def _call_gone(self, fact: CallAbandoned | WaitEnded | CallEnded | OutsideRung) -> Outcome:
        self._line.remove(fact.call)
        yield from ()

    def _call_recovered(self, fact: CallRecovered) -> Outcome:
        if fact.phase is CallPhase.WAITING:
            queue = fact.queue if fact.queue in self._queues else next(iter(self._queues))
            waiting = WaitingCall(
                fact.call, queue, fact.priority, fact.queued_at, skills=frozenset(fact.skills)
            )
            self._line.add(waiting)
            if fact.offer:
                waiting.offer = fact.offer
                yield from self._occupy(fact, SeatState.RINGING)
            return
        self._line.remove(fact.call)
        if fact.phase in _HOLDS_A_SEAT and fact.offer:
            yield from self._occupy(fact, SeatState.TALKING)
            if fact.flow:
                yield from self._remark(fact.seat, fact.offer, fact.at, f"flow {fact.flow}")

    def _caller_away(self, fact: CallerSentToFlow) -> Outcome:
        """The seat is not free: it waits for the caller to come back."""
        yield from self._remark(fact.seat, None, fact.at, f"flow {fact.flow}")

    def _caller_back(self, fact: CallerCameBack) -> Outcome:
        yield from self._remark(fact.seat, None, fact.at, "")

    def _remark(self, seat_id: SeatId, offer: OfferId | None, at: int, reason: str) -> Outcome:
        seat = self._seats.get(seat_id)
        if seat is not None and seat.state is SeatState.TALKING and offer in (None, seat.offer):
            yield seat.remark(at, reason)

    def _callback_dialled(self, fact: CallbackDialled) -> Outcome:
        """From the seat's answer on it is at work, whether the customer answers or not."""
        seat = self._seats.get(fact.seat)
        if seat is not None and seat.offer == fact.offer and seat.state is SeatState.RINGING:
            yield seat.go(SeatState.TALKING, fact.at, call=fact.call)

    def _callback_failed(self, fact: CallbackFailed) -> Outcome:
        seat = self._seats.get(fact.seat)
        if seat is None or seat.offer != fact.offer:
            return
        if not fact.dialled and fact.reason in _SET_ASIDE and seat.wish is None:
            seat.wish = Wish(SeatState.PAUSED, fact.reason)
        yield self._wishes.release(seat, fact.at)

    def _callback_recovered(self, fact: CallbackRecovered) -> Outcome:
        state = SeatState.RINGING if fact.phase == "ringing" else SeatState.TALKING
        yield from self._occupy(fact, state)

    def _occupy(
        self, fact: CallRecovered | OfferAnswered | CallbackRecovered, state: SeatState
    ) -> Outcome:
        """A call takes a seat that did not wait for it; the seat returns to what it was."""
        seat = self._seats.get(fact.seat)
        if seat is None or seat.state is SeatState.TALKING or seat.state is state:
            return
        if seat.state is SeatState.SIGNED_OFF:
            seat.wish = Wish(SeatState.SIGNED_OFF, "")
        elif seat.state is SeatState.PAUSED:
            seat.wish = Wish(SeatState.PAUSED, seat.reason)
        yield seat.go(state, fact.at, call=fact.call)
        seat.offer = fact.offer

    def _offer_answered(self, fact: OfferAnswered) -> Outcome:
        self._line.remove(fact.call)
        seat = self._seats.get(fact.seat)
        if seat is not None and seat.offer == fact.offer and seat.state is SeatState.RINGING:
            yield seat.go(SeatState.TALKING, fact.at, call=fact.call)
        elif seat is not None:
            yield from self._occupy(fact, SeatState.TALKING)

    def _offer_failed(self, fact: OfferFailed) -> Outcome:
        waiting = self._line.get(fact.call)
        if waiting is not None and waiting.offer == fact.offer:
            if fact.reason == "caller-gone":
                self._line.remove(fact.call)
            waiting.offer = None
        seat = self._seats.get(fact.seat)
        if seat is None or seat.offer != fact.offer:
            return
        if fact.reason in _SET_ASIDE and seat.wish is None:
            seat.wish = Wish(SeatState.PAUSED, fact.reason)
        yield self._wishes.release(seat, fact.at)

    def _seat_left(self, fact: SeatLeft) -> Outcome:
        seat = self._seats.get(fact.seat)
        if seat is None or seat.offer != fact.offer:
            return
        if fact.by_far_end:
            self._phones.hung_up(seat)
        queue = self._queues.get(fact.queue)
        wrapup_us = queue.wrapup_us if queue else 0
        seat.served, seat.served_us = fact.queue, fact.talk_us
        if wrapup_us and not (seat.wish and seat.wish.state is SeatState.SIGNED_OFF):
            yield seat.go(SeatState.WRAP_UP, fact.at, call=fact.call, until=fact.at + wrapup_us)
        else:
            yield self._wishes.release(seat, fact.at)

    # --------------------------------------------------------------------------------- seats

    def _device_changed(self, fact: DeviceChanged) -> Outcome:
        self._phones.changed(fact)
        yield from ()

    def _channel_created(self, fact: ChannelCreated) -> Outcome:
        self._phones.leg_created(fact)
        yield from ()

    def _time_passed(self, fact: TimePassed) -> Outcome:
        for seat in self._seats.values():
            if seat.until is not None and seat.until <= fact.at:
                yield self._wishes.release(seat, fact.at)

    def offer_of(self, seat: SeatId) -> OfferId | None:
        """The offer that `seat` rings or talks for, None when it has none."""
        return self._seats[seat].offer

    # ------------------------------------------------------------------------------ recovery

    def _engine_started(self, fact: EngineStarted) -> Outcome:
        self._restoring.engine_started(fact)
        yield from ()

    def _link_lost(self, fact: LinkLost) -> Outcome:
        del fact
        self._link_up = False
        yield from ()

    def _snapshot_taken(self, fact: SnapshotTaken) -> Outcome:
        """Nothing is offered before all that follows from the snapshot has been taken in."""
        self._link_up = False
        self._phones.snapshot_taken(fact)
        yield from self._restoring.snapshot_taken(fact)

    def _resynced(self, fact: Resynced) -> Outcome:
        del fact
        self._link_up = True
        yield from ()
