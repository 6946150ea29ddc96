"""The seats' legs: from an offer to its answer and its end, or to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti.calls.book import Book, Outcome
from cti.calls.call import Call, SeatLeg
from cti.calls.endings import failure_reason
from cti.effects import (
    Effect,
    HangUp,
    KeepOnChannel,
    OriginateSeat,
    Resync,
    ReturnToWaitingRoom,
    WithdrawLeg,
)
from cti.facts import (
    CallPhase,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelRang,
    EffectFailed,
    OfferAnswered,
    OfferFailed,
    OfferFailure,
    OfferRang,
    OriginateEnded,
    SeatLeft,
    SeatLegGone,
    SeatOffered,
    TalkStarted,
    TimePassed,
)
from cti.ids import ChannelId, OfferId, seat_of_offer

SILENCE_ALLOWANCE_US: Final = 5_000_000
"""Asterisk ends an Originate at its own ring time-out; when it has said nothing this long after
that, it is asked what is really there; and the leg is given up when that brings no word either.
Hung up unasked it is not: after a pause of the daemon a time-out can come before the answer that
has long been given, and a talk would be cut."""
UNCONFIRMED_US: Final = 1_000_000
"""Asterisk makes an Originate's channel in a thread of its own, so a snapshot taken this soon after
an offer need not show it."""


class SeatLegs:
    """What happens to the legs in `book`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def deadline(self) -> int | None:
        """When the next silent leg is looked for or given up, microseconds since the epoch."""
        return min((self._given_up_at(leg) for leg in self._pending()), default=None)

    def offered(self, fact: SeatOffered) -> Outcome:
        call = self._book.calls.get(fact.call)
        if call is None or call.phase is not CallPhase.WAITING:
            yield OfferFailed(
                at=fact.at, call=fact.call, seat=fact.seat, offer=fact.offer, reason="caller-gone"
            )
            return
        leg = SeatLeg.offered(
            offer=fact.offer,
            seat=fact.seat,
            call=fact.call,
            queue=fact.queue,
            at=fact.at,
            ring_us=fact.ring_us,
            device=fact.device,
        )
        for earlier in (call.leg, *call.also_rung):
            known = self._book.legs.get(ChannelId(earlier))
            if known is None or known.cancelled or not known.pending:
                call.rung_no_more(earlier)
        self._book.legs[leg.channel] = leg
        call.rung_by(leg.offer)
        yield OriginateSeat(
            offer=fact.offer,
            seat=fact.seat,
            device=fact.device,
            call=fact.call,
            queue=fact.queue,
            caller_channel=call.channel_name,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
            ring_us=fact.ring_us,
            recording=leg.recording,
            auto_answer=fact.auto_answer,
        )

    def created(self, leg: SeatLeg, fact: ChannelCreated) -> Outcome:
        leg.channel_name, leg.doubted = fact.name, False
        if leg.cancelled:
            # The first hang-up came before Asterisk had made the channel.
            yield end_of(leg)

    def rang(self, fact: ChannelRang) -> Outcome:
        leg = self._book.legs.get(fact.channel)
        if leg is not None and leg.pending and not leg.rang:
            leg.rang = True
            yield OfferRang(at=fact.at, call=leg.call, seat=leg.seat, offer=leg.offer)

    def answered(self, fact: ChannelAnswered) -> Outcome:
        leg = self._book.legs.get(fact.channel)
        if leg is not None and not leg.answered_at:
            leg.answered_at = fact.at
            if leg.cancelled:
                yield end_of(leg)

    def connect(self, call: Call, leg: SeatLeg, at: int) -> Outcome:
        """The two are in one bridge, whatever was thought of the leg before: no talk is cut. Other
        seats that ring for the caller ring no more."""
        for other in self._book.rung_for(call):
            if other is not leg:
                yield from self.cancel(other, "taken")
        call.leg = leg.offer
        call.also_rung.clear()
        leg.connected, leg.cancelled, leg.left, leg.given_up = True, False, False, False
        leg.ending, leg.withdrawn_at = "", 0
        leg.answered_at = leg.answered_at or at
        call.answered_at = leg.answered_at
        call.answered = True
        call.in_last_resort = False
        call.served_by = leg.seat
        call.transfer = None
        call.go(CallPhase.TALKING, "connected to a seat")
        yield OfferAnswered(
            at=leg.answered_at,
            call=call.id,
            seat=leg.seat,
            offer=leg.offer,
            queue=leg.queue,
            wait_us=call.wait_until(leg.answered_at),
            recording=leg.recording,
        )
        yield TalkStarted(at=at, call=call.id, seat=leg.seat, offer=leg.offer)
        kept = (("CTI_SEAT", leg.seat), ("CTI_SEAT_LEG", leg.offer), ("CTI_VISIT", ""))
        yield KeepOnChannel(channel=call.channel, variables=kept)

    def leave(self, leg: SeatLeg, at: int, *, by_far_end: bool = False) -> Outcome:
        if leg.left or not leg.connected:
            return
        leg.left = True
        yield SeatLeft(
            at=at,
            call=leg.call,
            seat=leg.seat,
            offer=leg.offer,
            queue=leg.queue,
            talk_us=max(0, at - leg.answered_at),
            by_far_end=by_far_end,
        )
        call = self._book.calls.get(leg.call)
        if call is not None and call.phase is CallPhase.TALKING and call.leg == leg.offer:
            call.go(CallPhase.AFTER, "the seat has left")

    def cancel(self, leg: SeatLeg, why: OfferFailure) -> Outcome:
        """Nobody is rung for a caller who has gone, or who talks to another seat."""
        if leg.pending or leg.given_up:
            leg.cancelled = True
            leg.ending = leg.ending or why
            yield end_of(leg)

    def cancel_all(self, call: Call, why: OfferFailure) -> Outcome:
        for leg in self._book.rung_for(call):
            yield from self.cancel(leg, why)

    def originate_ended(self, fact: OriginateEnded) -> Outcome:
        leg = self._book.legs.get(ChannelId(fact.offer))
        if leg is not None and not fact.accepted and leg.pending and not leg.channel_name:
            detail = f"Asterisk could not ring the device (reason {fact.reason})"
            yield from self._fail(leg, fact.at, "unreachable", detail)

    def _fail(self, leg: SeatLeg, at: int, reason: OfferFailure, detail: str = "") -> Outcome:
        self._book.legs.pop(leg.channel, None)
        yield from self.failed(leg, at, reason, detail)

    def failed(self, leg: SeatLeg, at: int, reason: OfferFailure, detail: str) -> Outcome:
        """The offer is over; its leg stays in the book until Asterisk says that it is gone."""
        leg.left = True
        yield OfferFailed(
            at=at, call=leg.call, seat=leg.seat, offer=leg.offer, reason=reason, detail=detail
        )
        call = self._book.calls.get(leg.call)
        if call is not None and call.has_leg(leg.offer):
            call.rung_no_more(leg.offer)
            yield from take_back(call)

    def hangup_asked(self, leg: SeatLeg, fact: ChannelHangupAsked) -> Outcome:
        if not leg.connected:
            return
        call = self._book.calls.get(leg.call)
        theirs = call is not None and call.leg == leg.offer and not call.on_visit
        if call is not None and theirs and call.ended_by == "unknown":
            call.ended_by = "seat"
        yield from self.leave(leg, fact.at, by_far_end=fact.by_far_end)

    def hung_up(self, leg: SeatLeg, fact: ChannelHungUp) -> Outcome:
        if leg.connected:
            yield from self.leave(leg, fact.at)
            self._book.legs.pop(leg.channel, None)
            recording = leg.recording
        else:
            self._book.legs.pop(leg.channel, None)
            if not leg.given_up:
                reason = leg.ending or self._reason(leg, fact)
                yield from self.failed(leg, fact.at, reason, f"hang-up cause {fact.cause}")
            recording = ""
        yield SeatLegGone(
            at=fact.at, call=leg.call, seat=leg.seat, offer=leg.offer, recording=recording
        )

    def _reason(self, leg: SeatLeg, fact: ChannelHungUp) -> OfferFailure:
        call = self._book.calls.get(leg.call)
        rivals = self._book.rung_for(call) if call is not None else []
        if leg.answered_at and any(one.answered_at for one in rivals if one is not leg):
            return "taken"  # the other one has the caller's lock, and is about to bridge them
        gone = call is None or not call.has_leg(leg.offer)
        return failure_reason(leg, fact.at, fact.cause, caller_gone=gone or leg.cancelled)

    def effect_failed(self, fact: EffectFailed) -> Outcome:
        leg = self._book.legs.get(ChannelId(OfferId(fact.subject)))
        if fact.effect != "OriginateSeat" or leg is None or not leg.pending:
            return
        if fact.reason.startswith("refused"):
            yield from self._fail(leg, fact.at, "failed", fact.reason)
        else:
            # Whether the seat rings is unknown: ask Asterisk, never send the Originate again.
            yield Resync(why=f"no word on the offer {leg.offer}: {fact.reason}")

    def time_passed(self, fact: TimePassed) -> Outcome:
        for leg in [leg for leg in self._pending() if self._given_up_at(leg) <= fact.at]:
            if leg.looked_for_at:
                yield HangUp(channel=leg.channel)
                reason = leg.ending or ("caller-gone" if leg.cancelled else "failed")
                yield from self._fail(leg, fact.at, reason, "no word from Asterisk")
            leg.looked_for_at = fact.at
            yield Resync(why=f"no word on the offer {leg.offer}")

    def _pending(self) -> Iterator[SeatLeg]:
        legs = self._book.legs.values()
        return (leg for leg in legs if leg.pending and leg.ring_us and not leg.withdrawn_at)

    @staticmethod
    def _given_up_at(leg: SeatLeg) -> int:
        if leg.looked_for_at:
            return leg.looked_for_at + SILENCE_ALLOWANCE_US
        if leg.doubted:
            return leg.offered_at + UNCONFIRMED_US
        return leg.offered_at + leg.ring_us + SILENCE_ALLOWANCE_US


def end_of(leg: SeatLeg) -> Effect:
    """What hangs the leg up. One that was withdrawn may be taking its caller just now."""
    kind = WithdrawLeg if leg.withdrawn_at else HangUp
    return kind(channel=leg.channel)


def take_back(call: Call) -> Outcome:
    """Out of Asterisk's own Queue(), unless it rings a seat just now."""
    if call.phase is not CallPhase.WAITING or not call.in_last_resort:
        return
    if call.leg and seat_of_offer(ChannelId(call.leg)) is None:
        return
    call.in_last_resort = False
    yield ReturnToWaitingRoom(channel=call.channel)
