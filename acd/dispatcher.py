"""Brings those who wait and ready seats together. Pure and deterministic.

    dispatcher ---> wishes        what seats ask for
               ---> waiters       the way into the line and out of it
                      ---> line, matching, patience
               ---> callbacks     booked ones stand in the line, too
               ---> callback_customers  seats kept while a customer is rung
               ---> overflow      who waits too long goes elsewhere
               ---> contacts      so do texts, chats and mails
               ---> staffing      seats, queues and rules, and their change
               ---> phones, acquaintance, restoring, forecast
               ---> forecast      how long those who wait still wait

After every fact that may have made a match possible, those who wait are served in the order of
their places, each by the best seat that fits. One seat is rung for a caller who waits (several
where the queue rings all); a seat has at most one offer and at most one call, and of other contacts
no more than it has room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from acd.acquaintance import Acquaintance
from acd.callback_customers import KeptSeats
from acd.callbacks import CallbackRules, Callbacks
from acd.contacts import Contacts
from acd.estimate import ServiceTimes
from acd.forecast import Forecast
from acd.line_reader import LineReader
from acd.matching import Matching
from acd.offers import Offers
from acd.overflow import Overflows
from acd.patience import Patience
from acd.phones import Phones
from acd.restoring import Restoring
from acd.seats import Seat, Wish
from acd.staffing import Staffing
from acd.timers import Timers
from acd.waiters import Waiters
from acd.waiting import WaitingLine
from acd.wishes import SeatWishes
from cti.effects import Effect
from cti.facts import (
    CallAbandoned,
    CallbackDialled,
    CallbackFailed,
    CallbackReached,
    CallbackRecovered,
    CallEnded,
    CallerCameBack,
    CallerSentToFlow,
    CallPhase,
    CallQueued,
    CallRecovered,
    ChannelCreated,
    DeviceChanged,
    DeviceState,
    EngineStarted,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
    OfferRang,
    OpenContact,
    OutsideRung,
    QueueDoorMoved,
    QueueRecord,
    Resynced,
    RoutingChanged,
    RoutingRules,
    SeatCommand,
    SeatConsulted,
    SeatHeld,
    SeatLeft,
    SeatRecord,
    SeatState,
    SnapshotTaken,
    TimePassed,
    WaitEnded,
    WaitResumed,
    WaitSentOn,
    Wanted,
)
from cti.ids import OfferId, QueueId, SeatId

Outcome = Iterator[Fact | Effect]

_HOLDS_A_SEAT: Final = frozenset({CallPhase.TALKING, CallPhase.IN_FLOW, CallPhase.OUTSIDE})
_SET_ASIDE: Final = frozenset(
    {"no-answer", "rejected", "unreachable", "no-response", "failed", "seat-gone"}
)
"""Reasons of a failed offer after which the seat takes no further call until it returns."""


class Dispatcher(LineReader):
    """The core of `acd`."""

    def __init__(
        self,
        seats: Iterable[SeatRecord],
        queues: Sequence[QueueRecord],
        rules: RoutingRules | None = None,
        callbacks: CallbackRules | None = None,
    ) -> None:
        self._queues: dict[QueueId, QueueRecord] = {}
        line, times, self._phones = WaitingLine(), ServiceTimes(()), Phones()
        offers = Offers(
            line, self._queues, self._phones, lambda: self.callbacks, lambda: self.contacts
        )
        matching = Matching(line, offers)
        self._forecast = Forecast(line, matching, times)
        super().__init__({}, line, times, matching, self._forecast)
        self._patience = Patience(line, matching, self._queues)
        self._waiters = Waiters(line, matching, self._patience, self._queues)
        self.callbacks = Callbacks(self._waiters, self._queues, callbacks or CallbackRules())
        self._heeded_by_callbacks = self.callbacks.heeded
        self._overflows = Overflows(line, matching, self._waiters, self._queues)
        self.contacts = Contacts(self._waiters, self._seats, self._queues, self._wanted_by_contact)
        self._heeded_by_contacts = self.contacts.heeded
        self._wishes = SeatWishes(self._seats, self._queues, times, self._phones)
        self._kept = KeptSeats(self._seats, line, matching, offers, self._wishes.release)
        self._restoring = Restoring(self._seats, self._phones)
        self._acquaintance = Acquaintance()
        self._ends: Timers[SeatId] = Timers()
        self._left: dict[SeatId, None] = {}
        self._link_up = False
        self._staffing = Staffing(
            self._seats,
            self._queues,
            line=line,
            times=times,
            matching=matching,
            phones=self._phones,
            waiters=self._waiters,
            watch=self._seat_touched,
        )
        self._staffing.set_up(seats, queues, rules or RoutingRules())
        self._overflows.site_changed(self._seats.values())
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
            CallEnded: self._call_ended,
            CallbackDialled: self._callback_dialled,
            CallbackFailed: self._callback_failed,
            CallbackReached: self._callback_reached,
            CallbackRecovered: self._callback_recovered,
            OfferRang: self._offer_rang,
            OfferAnswered: self._offer_answered,
            OfferFailed: self._offer_failed,
            SeatHeld: self._seat_held,
            SeatConsulted: self._seat_consulted,
            SeatLeft: self._seat_left,
            OutsideRung: self._rung_outside,
            WaitSentOn: self._sent_on,
            WaitResumed: self._waits_on,
            RoutingChanged: self._routing_changed,
            QueueDoorMoved: self._door_moved,
            CallerSentToFlow: self._caller_away,
            CallerCameBack: self._caller_back,
            TimePassed: self._time_passed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for seats and waiting callers, and the offers that follow from it."""
        if type(fact) in self._heeded_by_callbacks:
            yield from self.callbacks.handle(fact)
        handler = self._handlers.get(type(fact))
        if type(fact) in self._heeded_by_contacts:
            yield from self.contacts.handle(fact)
        elif handler is None:
            return
        if handler is not None:
            yield from handler(fact)
        while self._left:
            yield from self._seat_is_away(self._left.popitem()[0], fact.at)
        if self._link_up:
            yield from self._matching.match(fact.at)
            while self._overflows.due(fact.at):
                yield from self._overflows.after(fact.at)
                yield from self._matching.match(fact.at)
        self._forecast.heard(fact)

    def deadline(self) -> int | None:
        """When the next wrap-up ends, a wait changes or a callback is due, microseconds since the
        epoch."""
        moments = (
            self._ends.next(),
            self._patience.deadline(),
            # With the link away nobody is sent anywhere; what is due then is done when it is back.
            self._overflows.deadline() if self._link_up else None,
            self.callbacks.deadline(),
            self.contacts.deadline(),
        )
        return min((moment for moment in moments if moment is not None), default=None)

    def _door_moved(self, fact: QueueDoorMoved) -> Outcome:
        self._overflows.door_moved(fact)
        yield from ()

    def _routing_changed(self, fact: RoutingChanged) -> Outcome:
        yield from self._staffing.changed(fact)
        if fact.queues or fact.partial:
            self._overflows.site_changed(self._seats.values(), fact.at)
        for seat in self._seats.values():
            yield from self._wishes.follow_phone(seat, fact.at)

    def _seat_is_away(self, seat_id: SeatId, at: int) -> Outcome:
        seat = self._seats.get(seat_id)
        if seat is not None:
            yield from self._patience.seat_is_away(seat, at)
            yield from self.contacts.seat_is_away(seat, at)
            self._staffing.seat_is_away(seat)

    def _seat_touched(self, seat: Seat) -> None:
        self._ends.set(seat.id, seat.until)
        self._matching.seat_touched(seat)
        self._overflows.seat_touched(seat)
        if not seat.works:
            self._left[seat.id] = None

    # --------------------------------------------------------------------------------- calls

    def _call_queued(self, fact: CallQueued) -> Outcome:
        self._acquaintance.queued(fact)
        self._waiters.enter(
            fact.call,
            fact.queue,
            fact.at,
            priority=fact.priority,
            queued_at=fact.queued_at or fact.at,
            skills=fact.skills,
            language=fact.language,
            customer_class=fact.customer_class,
            wanted=self._wanted(fact),
            called_back=self.callbacks.has_called(fact.call),
        )
        self._overflows.begins(fact.call)
        yield from self._kept.settle(fact.call, fact.at)

    def _wanted(self, fact: CallQueued) -> tuple[Wanted, SeatId]:
        """Whom the caller is to be put to, before all others."""
        if fact.transferred_by:
            return ("transfer", fact.wanted_seat) if fact.wanted_seat else ("", SeatId(""))
        if self.callbacks.has_called(fact.call) and not fact.wanted_seat:
            return "", SeatId("")  # whoever is free: they have been rung for it
        return self._wanted_by(fact.caller_number, fact.queue, fact.wanted_seat, fact.at)

    def _wanted_by_contact(self, opened: OpenContact, at: int) -> tuple[Wanted, SeatId]:
        return self._wanted_by(opened.sender, opened.queue, opened.wanted_seat, at)

    def _wanted_by(
        self, who: str, queue_id: QueueId, seat: SeatId, at: int
    ) -> tuple[Wanted, SeatId]:
        if seat:
            return "owner", seat
        queue = self._queues.get(queue_id) or next(iter(self._queues.values()))
        if not queue.last_seat_us:
            return "", SeatId("")
        last = self._acquaintance.last_seat(who, at - queue.last_seat_us)
        return ("last-seat", last) if last else ("", SeatId(""))

    def _call_gone(self, fact: CallAbandoned | WaitEnded | OutsideRung) -> Outcome:
        self._waiters.leave(fact.call)
        yield from ()

    def _rung_outside(self, fact: OutsideRung) -> Outcome:
        self._overflows.gone(fact.call, sent_on=False)
        yield from self._call_gone(fact)

    def _sent_on(self, fact: WaitSentOn) -> Outcome:
        self._overflows.gone(fact.call, sent_on=True)
        yield from ()

    def _waits_on(self, fact: WaitResumed) -> Outcome:
        self._overflows.came_back(fact.call, sent_on=fact.sent_on)
        yield from ()

    def _call_ended(self, fact: CallEnded) -> Outcome:
        self._waiters.leave(fact.call)
        self._acquaintance.ended(fact)
        self._overflows.ended(fact.call)
        yield from self._kept.settle(fact.call, fact.at)

    def _call_recovered(self, fact: CallRecovered) -> Outcome:
        if fact.phase is CallPhase.WAITING:
            self._waiters.enter(
                fact.call,
                fact.queue,
                fact.at,
                priority=fact.priority,
                queued_at=fact.queued_at,
                skills=fact.skills,
                language=fact.language,
                customer_class=fact.customer_class,
                wanted=("owner", fact.wanted_seat) if fact.wanted_seat else ("", SeatId("")),
                offers=(fact.offer,) if fact.offer else (),
                called_back=self.callbacks.has_called(fact.call),
            )
            self._overflows.begins(fact.call, found=True, sent_on=fact.sent_on)
            if fact.offer:
                yield from self._occupy(fact, SeatState.RINGING)
            yield from self._kept.settle(fact.call, fact.at)
            return
        self._waiters.leave(fact.call)
        self._overflows.served(fact.call)
        yield from self._kept.settle(fact.call, fact.at)
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
        if seat is not None and seat.in_call and offer in (None, seat.offer):
            yield seat.remark(at, reason)

    def _callback_dialled(self, fact: CallbackDialled) -> Outcome:
        """From the seat's answer on it is at work, whether the customer answers or not."""
        seat = self._seats.get(fact.seat)
        if seat is None:
            return
        seat.awaits_no_more(fact.offer)
        if seat.offer == fact.offer and seat.rung:
            yield seat.go(SeatState.TALKING, fact.at, call=fact.call)

    def _callback_failed(self, fact: CallbackFailed) -> Outcome:
        seat = self._seats.get(fact.seat)
        if seat is None:
            return
        seat.awaits_no_more(fact.offer)
        if seat.offer != fact.offer:
            return
        if not fact.dialled:
            self._set_aside(seat, fact.reason)
        yield self._wishes.release(seat, fact.at)

    def _callback_reached(self, fact: CallbackReached) -> Outcome:
        self._kept.reached(fact)
        yield from ()

    def _callback_recovered(self, fact: CallbackRecovered) -> Outcome:
        if fact.first == "customer":
            if fact.phase == "dialling":
                yield from self._occupy(fact, SeatState.RESERVED)
            return
        state = SeatState.RINGING if fact.phase == "ringing" else SeatState.TALKING
        yield from self._occupy(fact, state)

    def _occupy(
        self, fact: CallRecovered | OfferAnswered | CallbackRecovered, state: SeatState
    ) -> Outcome:
        """A call takes a seat that did not wait for it; the seat returns to what it was."""
        seat = self._seats.get(fact.seat)
        if seat is None or seat.in_call or seat.state is state:
            return
        if seat.state is SeatState.SIGNED_OFF:
            seat.wish = Wish(SeatState.SIGNED_OFF, "")
        elif seat.state is SeatState.PAUSED:
            seat.wish = Wish(SeatState.PAUSED, seat.reason)
        if seat.rung and seat.offer and seat.call and seat.offer != fact.offer:
            seat.before = seat.offer, seat.call
        yield seat.go(state, fact.at, call=fact.call)
        seat.offer = fact.offer

    def _offer_rang(self, fact: OfferRang) -> Outcome:
        seat = self._seats.get(fact.seat)
        if seat is None or seat.offer != fact.offer or seat.state is not SeatState.RESERVED:
            return
        yield seat.go(SeatState.RINGING, fact.at, call=fact.call)

    def _offer_answered(self, fact: OfferAnswered) -> Outcome:
        self._acquaintance.answered(fact)
        self._waiters.leave(fact.call)
        self._overflows.served(fact.call)
        seat = self._seats.get(fact.seat)
        if seat is None:
            return
        seat.awaits_no_more(fact.offer)
        if seat.offer == fact.offer and seat.rung:
            yield seat.go(SeatState.TALKING, fact.at, call=fact.call)
        else:
            yield from self._occupy(fact, SeatState.TALKING)

    def _offer_failed(self, fact: OfferFailed) -> Outcome:
        waiting = self._waiters.get(fact.call)
        if waiting is not None and fact.offer in waiting.offers:
            yield from self._waiters.offer_failed(fact.call, fact.offer, fact.at, fact.reason)
            self._overflows.offer_failed(fact.call)
            if fact.reason == "caller-gone":
                self._waiters.leave(fact.call)
        seat = self._seats.get(fact.seat)
        if seat is None:
            return
        seat.awaits_no_more(fact.offer)
        if seat.offer != fact.offer:
            return
        self._set_aside(seat, fact.reason)
        yield self._wishes.release(seat, fact.at)

    @staticmethod
    def _set_aside(seat: Seat, reason: str) -> None:
        """A phone that is known to be lost makes the seat unreachable; it returns by itself."""
        lost = reason == "unreachable" and seat.device is DeviceState.UNREACHABLE
        if reason in _SET_ASIDE and seat.wish is None and not lost:
            seat.wish = Wish(SeatState.PAUSED, reason)

    def _seat_held(self, fact: SeatHeld) -> Outcome:
        yield from self._in_call(fact, SeatState.HOLD if fact.on else SeatState.TALKING)

    def _seat_consulted(self, fact: SeatConsulted) -> Outcome:
        yield from self._in_call(fact, SeatState.CONSULT if fact.on else SeatState.HOLD)

    def _in_call(self, fact: SeatHeld | SeatConsulted, state: SeatState) -> Outcome:
        seat = self._seats.get(fact.seat)
        if seat is None or seat.offer != fact.offer or not seat.in_call or seat.state is state:
            return
        yield seat.go(state, fact.at, call=fact.call, reason=seat.reason)

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
        for seat in self._phones.changed(fact):
            yield from self._wishes.follow_phone(seat, fact.at)

    def _channel_created(self, fact: ChannelCreated) -> Outcome:
        self._phones.leg_created(fact)
        yield from ()

    def _time_passed(self, fact: TimePassed) -> Outcome:
        for seat in list(self._ends.due(fact.at)):
            yield self._wishes.release(self._seats[seat], fact.at)
        yield from self._patience.due(fact.at)

    def has_queue(self, queue: QueueId) -> bool:
        return queue in self._queues

    def is_open(self, queue: QueueId) -> bool:
        """By its opening hours, or as a lead has said."""
        return self._overflows.is_open(queue)

    def offer_of(self, seat: SeatId) -> OfferId | None:
        """The offer that `seat` rings or talks for, None when it has none."""
        found = self._seats.get(seat)
        return found.offer if found else None

    # ------------------------------------------------------------------------------ recovery

    def _engine_started(self, fact: EngineStarted) -> Outcome:
        self._restoring.engine_started(fact)
        self._acquaintance.engine_started(fact)
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
        for seat in self._seats.values():
            yield from self._wishes.follow_phone(seat, fact.at)

    def _resynced(self, fact: Resynced) -> Outcome:
        del fact
        self._link_up = True
        yield from ()
