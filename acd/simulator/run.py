"""The virtual Asterisk: the real dispatcher on a day, as fast as the machine can.

Facts reach the dispatcher as the engine would tell them, each with all its consequences before the
next one (`cti.brain`):

    CallQueued -> SeatOffered -> OfferRang -> OfferAnswered -> TalkStarted -> SeatLeft -> CallEnded
       '-> CallAbandoned or WaitEnded when the patience is over    (SeatOffered -> OfferFailed)

and TimePassed at each deadline that the dispatcher publishes. At one moment: deadlines first, then
what was planned, in the order in which it was planned, then arrivals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from acd.simulator.clockwork import Clockwork, Core
from acd.simulator.day import Contact, Day, Move
from acd.simulator.fates import Fate, Outcome
from acd.simulator.watch import Watcher, overridden
from cti.facts import (
    CallAbandoned,
    CallEnded,
    DeviceState,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRang,
    Resynced,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatState,
    SeatStateChanged,
    SnapshotTaken,
    TalkStarted,
    WaitEnded,
    WaitOverflowed,
)
from cti.ids import CallId, OfferId, SeatId

CLOSING_US: Final = 86_400_000_000
"""A run ends so long after the last arrival or move, whoever still waits."""
_TICK: Final = 256
"""Contacts between two signs of progress."""

Answering = Callable[[SeatOffered, Contact], int | None]
"""How long the offered seat's phone rings before it answers, microseconds; None: it does not."""


def answers_as_told(offer: SeatOffered, contact: Contact) -> int | None:
    """Every seat answers, after as long as the contact says and before its time is up."""
    return min(contact.ring_us, offer.ring_us)


class Run:
    """One day with one dispatcher. `run` may be called once."""

    def __init__(
        self,
        dispatcher: Core,
        day: Day,
        *,
        watchers: Sequence[Watcher] = (),
        cores: Sequence[Core] = (),
        answering: Answering = answers_as_told,
        back_after_us: int = 60_000_000,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """`cores` decide behind the dispatcher. A seat that was set aside because it did not answer
        is ready again after `back_after_us`. `progress` is told how many contacts have come."""
        self._dispatcher = dispatcher
        self._day = day
        self._answering = answering
        self._back_after_us = back_after_us
        self._progress = progress
        self._fates: list[Fate] = []
        self._of_call: dict[CallId, Fate] = {}
        self._changes: list[SeatStateChanged] = []
        self._seats: dict[SeatId, SeatStateChanged] = {}
        self._roster: dict[SeatId, Move] = {}
        self._comes = overridden(watchers, "comes")
        self._served = overridden(watchers, "served")
        self._gone = overridden(watchers, "gone")
        heard = overridden(watchers, "heard")
        self._clock = clock = Clockwork((dispatcher, *cores), day.began_at, heard)
        self._tell = clock.tell
        clock.on[SeatStateChanged] = self._changed
        clock.on[SeatOffered] = lambda offer: clock.afterwards(self._ring, offer)
        clock.on[WaitOverflowed] = self._overflowed

    def run(self) -> Outcome:
        """Everything that happens, to the end. Raises DeadlineStands, and what a core raises."""
        clock, began = self._clock, self._clock.now
        self._tell(SnapshotTaken(at=began, devices=self._devices()))
        self._tell(Resynced(at=began))
        for move in self._day.moves:
            clock.plan(move.at, self._move, move)
        count = len(self._day.contacts)
        for place, contact in enumerate(self._day.contacts, 1):
            while clock.step(contact.at):
                pass
            clock.now = clock.ended = contact.at
            self._arrive(place, contact)
            if self._progress is not None and (place % _TICK == 0 or place == count):
                self._progress(place)
        closing = self._day.last_at + CLOSING_US
        while clock.step(closing):
            pass
        return Outcome(self._fates, self._changes, began, clock.ended, clock.facts)

    def _changed(self, fact: SeatStateChanged) -> None:
        self._changes.append(fact)
        self._seats[fact.seat] = fact

    # ----------------------------------------------------------------------------- the callers

    def _arrive(self, place: int, contact: Contact) -> None:
        fate = Fate(contact, CallId(f"{place:07d}"))
        self._fates.append(fate)
        self._of_call[fate.call] = fate
        for comes in self._comes:
            comes(fate)
        self._tell(contact.queued(fate.call))
        if contact.patience_us is not None and fate.waiting:
            self._clock.plan(contact.at + contact.patience_us, self._give_up, fate)

    def _give_up(self, fate: Fate, _: None) -> None:
        if not fate.waiting:
            return
        at, contact = self._clock.now, fate.contact
        fate.gone_at = fate.ended_at = at
        wait_us = at - contact.at + contact.lead_us
        for gone in self._gone:
            gone(fate)
        if contact.elsewhere:
            self._tell(
                WaitEnded(
                    at=at, call=fate.call, queue=contact.queue, outcome="message", wait_us=wait_us
                )
            )
        else:
            self._tell(CallAbandoned(at=at, call=fate.call, queue=contact.queue, wait_us=wait_us))
        self._fail_others(fate, "caller-gone")
        self._tell(
            CallEnded(
                at=at,
                call=fate.call,
                outcome="message" if contact.elsewhere else "abandoned",
                ended_by="caller",
                cause=16,
                total_us=wait_us,
            )
        )

    def _overflowed(self, fact: WaitOverflowed) -> None:
        """To another queue: the dispatcher's own affair. To anywhere else: out of the line."""
        fate = self._of_call.get(fact.call)
        if fact.to == "queue" or fate is None or not fate.waiting:
            return
        fate.gone_at = fate.ended_at = fact.at
        fate.overflowed = True
        for gone in self._gone:
            gone(fate)
        self._clock.plan(fact.at, self._send_away, fate)

    def _send_away(self, fate: Fate, _: None) -> None:
        self._fail_others(fate, "caller-gone")
        contact = fate.contact
        total_us = self._clock.now - contact.at + contact.lead_us
        self._tell(
            CallEnded(
                at=self._clock.now,
                call=fate.call,
                outcome="message",
                ended_by="flow",
                cause=16,
                total_us=total_us,
            )
        )

    # ------------------------------------------------------------------------------- the seats

    def _ring(self, offer: SeatOffered) -> None:
        fate, at = self._of_call[offer.call], self._clock.now
        if not fate.waiting:
            # Another seat of those that were rung at once has answered at once.
            self._fail(offer.call, offer.seat, offer.offer, "taken")
            return
        fate.offers[offer.offer] = offer.seat
        self._tell(OfferRang(at=at, call=offer.call, seat=offer.seat, offer=offer.offer))
        ring_us = self._answering(offer, fate.contact)
        if ring_us is None or ring_us > offer.ring_us:
            self._clock.plan(at + offer.ring_us, self._unanswered, fate, offer)
        elif ring_us:
            self._clock.plan(at + ring_us, self._answer, fate, offer)
        else:
            self._answer(fate, offer)

    def _answer(self, fate: Fate, offer: SeatOffered) -> None:
        if fate.offers.pop(offer.offer, None) is None:
            return
        at, contact = self._clock.now, fate.contact
        fate.answered_at, fate.seat = at, offer.seat
        for served in self._served:
            served(fate)
        wait_us = at - contact.at + contact.lead_us
        self._tell(
            OfferAnswered(
                at=at,
                call=fate.call,
                seat=offer.seat,
                offer=offer.offer,
                queue=offer.queue,
                wait_us=wait_us,
                recording="",
            )
        )
        self._tell(TalkStarted(at=at, call=fate.call, seat=offer.seat, offer=offer.offer))
        self._fail_others(fate, "taken")
        self._clock.plan(at + contact.talk_us, self._hang_up, fate, offer)

    def _unanswered(self, fate: Fate, offer: SeatOffered) -> None:
        if fate.offers.pop(offer.offer, None) is None:
            return
        self._fail(offer.call, offer.seat, offer.offer, "no-answer")
        self._clock.plan(self._clock.now + self._back_after_us, self._come_back, offer.seat)

    def _fail_others(self, fate: Fate, reason: OfferFailure) -> None:
        """The phones that rang for this caller stop."""
        offers = list(fate.offers.items())
        fate.offers.clear()
        for offer, seat in offers:
            self._fail(fate.call, seat, offer, reason)

    def _fail(self, call: CallId, seat: SeatId, offer: OfferId, reason: OfferFailure) -> None:
        self._tell(
            OfferFailed(at=self._clock.now, call=call, seat=seat, offer=offer, reason=reason)
        )

    def _come_back(self, seat: SeatId, _: None) -> None:
        state, move = self._seats.get(seat), self._roster.get(seat)
        works = move is not None and move.wish in ("sign-on", "ready")
        if works and state is not None and state.new is SeatState.PAUSED:
            self._tell(SeatCommand(at=self._clock.now, seat=seat, wish="ready", by="seat"))

    def _hang_up(self, fate: Fate, offer: SeatOffered) -> None:
        at, contact = self._clock.now, fate.contact
        fate.ended_at = at
        self._tell(
            SeatLeft(
                at=at,
                call=fate.call,
                seat=offer.seat,
                offer=offer.offer,
                queue=offer.queue,
                talk_us=contact.talk_us,
                by_far_end=True,
            )
        )
        self._tell(
            CallEnded(
                at=at,
                call=fate.call,
                outcome="answered",
                ended_by="caller",
                cause=16,
                total_us=at - contact.at + contact.lead_us,
            )
        )
        state = self._seats.get(offer.seat)
        wants = contact.wrapup_us
        if wants is None or state is None or state.new is not SeatState.WRAP_UP:
            return
        if state.until is None or at + wants < state.until:
            self._clock.plan(at + wants, self._wrapped_up, offer.seat, state)

    def _wrapped_up(self, seat: SeatId, wrap_up: SeatStateChanged) -> None:
        """The notes are done before the time is up; what the roster asked for meanwhile stands."""
        if self._seats.get(seat) is not wrap_up:
            return
        move = self._roster.get(seat)
        wish = move.wish if move is not None and move.wish in ("pause", "sign-off") else "ready"
        reason = move.reason if move is not None and wish == "pause" else ""
        self._tell(SeatCommand(at=self._clock.now, seat=seat, wish=wish, reason=reason, by="seat"))

    def _move(self, move: Move, _: None) -> None:
        self._roster[move.seat] = move
        self._tell(
            SeatCommand(
                at=self._clock.now, seat=move.seat, wish=move.wish, reason=move.reason, by="roster"
            )
        )

    def _devices(self) -> tuple[tuple[str, DeviceState], ...]:
        """Every phone is there and stays."""
        seats = getattr(self._dispatcher, "seats", tuple)
        return tuple((seat.device, DeviceState.IDLE) for seat in seats())
