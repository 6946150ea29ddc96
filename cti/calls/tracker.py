"""Follows every call through Asterisk's reports and says what they mean.

Pure: a fact goes in, facts and effects come out. Reports are Asterisk's word and may come twice,
late, or not at all; each handler asks whether the report fits what is known before it acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from cti.calls import recovery
from cti.calls.call import Call, CallSnapshot, SeatLeg
from cti.calls.endings import failure_reason, outcome_of
from cti.effects import Effect, HangUp, KeepOnChannel, OriginateSeat, Resync, ReturnToWaitingRoom
from cti.facts import (
    AgiCommandEnded,
    AnomalySeen,
    BridgeJoined,
    BridgeLeft,
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallPhase,
    CallQueued,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelRang,
    ChannelSeen,
    EffectFailed,
    Fact,
    FlowMarked,
    LastResortEntered,
    MenuKeyTaken,
    OfferAnswered,
    OfferFailed,
    OfferRang,
    OriginateEnded,
    PersonAsked,
    PromptEnded,
    Resynced,
    SeatLeft,
    SeatLegGone,
    SeatOffered,
    SnapshotTaken,
    TalkStarted,
    TimePassed,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId, QueueId, SeatId, seat_of_offer

Outcome = Iterator[Fact | Effect]

CALLER_CONTEXTS: Final = frozenset({"from-trunk", "from-seat"})
"""Where a caller comes in: from outside, or a seat that tries its own hotline."""
SILENCE_ALLOWANCE_US: Final = 5_000_000
"""Asterisk ends an Originate at its own ring time-out; when it has said nothing this long after
that, the leg is given up and Asterisk is asked what is really there."""
UNCONFIRMED_US: Final = 1_000_000
"""Asterisk makes an Originate's channel in a thread of its own, so a snapshot taken this soon after
an offer need not show it."""


class CallTracker:
    """The core of `cti.calls`. `devices` maps a device's dial string to its seat."""

    def __init__(self, devices: dict[str, SeatId]) -> None:
        self._seat_of_device = dict(devices)
        self._calls: dict[CallId, Call] = {}
        self._legs: dict[ChannelId, SeatLeg] = {}
        self._handlers: dict[type[Fact], Callable[[Any], Outcome]] = {
            ChannelCreated: self._channel_created,
            ChannelRang: self._channel_rang,
            ChannelAnswered: self._channel_answered,
            ChannelHangupAsked: self._hangup_asked,
            ChannelHungUp: self._hung_up,
            BridgeJoined: self._bridge_joined,
            BridgeLeft: self._bridge_left,
            AgiCommandEnded: self._agi_command_ended,
            FlowMarked: self._flow_marked,
            OriginateEnded: self._originate_ended,
            SeatOffered: self._seat_offered,
            EffectFailed: self._effect_failed,
            SnapshotTaken: self._snapshot_taken,
            TimePassed: self._time_passed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for the calls."""
        handler = self._handlers.get(type(fact))
        return handler(fact) if handler else iter(())

    def deadline(self) -> int | None:
        """When `TimePassed` is wanted next, microseconds since the epoch."""
        return min((self._given_up_at(leg) for leg in self._pending_legs()), default=None)

    def calls(self) -> tuple[CallSnapshot, ...]:
        """Frozen snapshots of the calls alive, oldest first."""
        return tuple(self._view(call) for call in self._calls.values())

    # ------------------------------------------------------------------ the caller's channel

    def _channel_created(self, fact: ChannelCreated) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None:
            leg.channel_name, leg.doubted = fact.name, False
            if leg.cancelled:
                # The first hang-up came before Asterisk had made the channel.
                yield HangUp(channel=leg.channel)
        elif seat_of_offer(fact.channel) is not None:
            yield AnomalySeen(at=fact.at, about=fact.channel, detail="a leg that nobody asked for")
            yield HangUp(channel=fact.channel)
        elif fact.context in CALLER_CONTEXTS and CallId(fact.channel) not in self._calls:
            yield self._arrive(fact)
        elif CallId(fact.linked) in self._calls and fact.linked != fact.channel:
            yield from self._queue_rings(fact)

    def _arrive(self, fact: ChannelCreated) -> Fact:
        call = Call(
            id=CallId(fact.channel),
            hotline=fact.exten,
            channel_name=fact.name,
            caller_number=fact.caller_number,
            caller_name=fact.caller_name,
            phase=CallPhase.MENU,
            arrived_at=fact.at,
        )
        self._calls[call.id] = call
        return CallArrived(
            at=fact.at,
            call=call.id,
            hotline=call.hotline,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
        )

    def _queue_rings(self, fact: ChannelCreated) -> Outcome:
        """Asterisk's own Queue() rings a seat: its leg is linked to the caller's channel. It took
        the daemon for dead; a snapshot tells what else it did, and takes the leg in."""
        seat = self._seat_of_device.get(fact.name.rpartition("-")[0])
        call = self._calls[CallId(fact.linked)]
        if seat is not None and call.phase in (CallPhase.MENU, CallPhase.WAITING):
            yield Resync(why=f"Asterisk's own queue rings {seat} for {call.id}")

    def _agi_command_ended(self, fact: AgiCommandEnded) -> Outcome:
        call = self._calls.get(CallId(fact.channel))
        if call is not None and not fact.command.upper().startswith("EXEC USEREVENT"):
            call.command_ended_at = fact.at
            if fact.command.upper().startswith("STREAM FILE"):
                call.prompt_sound_ended_at = fact.at
        yield from ()

    def _flow_marked(self, fact: FlowMarked) -> Outcome:
        call = self._calls.get(CallId(fact.channel))
        if call is None or call.phase is not CallPhase.MENU:
            return
        match fact.mark:
            case "menu-key":
                yield MenuKeyTaken(
                    at=call.command_ended_at or fact.at,
                    call=call.id,
                    flow=fact.get("Flow"),
                    step=fact.get("Step"),
                    key=fact.get("Key"),
                )
            case "language":
                call.language = fact.get("Language")
            case "person-asked":
                call.asked_at = call.command_ended_at or fact.at
                yield PersonAsked(at=call.asked_at, call=call.id, queue=QueueId(fact.get("Queue")))
            case "prompt-ended":
                call.prompt_ended_at = call.prompt_sound_ended_at or fact.at
                yield PromptEnded(at=call.prompt_ended_at, call=call.id, prompt=fact.get("Prompt"))
                # Before the call is queued: who waits has its clocks on the channel from the start.
                yield KeepOnChannel(channel=call.channel, variables=recovery.clocks_to_keep(call))
            case "queued":
                yield from self._queue(call, fact)
            case "flow-ended" if call.ended_by == "unknown":
                call.ended_by = "flow"

    def _queue(self, call: Call, fact: FlowMarked) -> Outcome:
        call.go(CallPhase.WAITING, "queued by the menu")
        call.queue = QueueId(fact.get("Queue"))
        call.priority = recovery.priority_of(fact.get("Priority"))
        call.language = fact.get("Language") or call.language
        call.queued_at = fact.at
        call.asked_at = call.asked_at or fact.at
        call.prompt_ended_at = call.prompt_ended_at or fact.at
        yield CallQueued(
            at=fact.at,
            call=call.id,
            queue=call.queue,
            priority=call.priority,
            language=call.language,
            arrived_at=call.arrived_at,
            asked_at=call.asked_at,
            prompt_ended_at=call.prompt_ended_at,
            channel_name=call.channel_name,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
        )
        if call.hangup_asked_at:
            yield from self._abandon(call, fact.at)
        else:
            yield KeepOnChannel(channel=call.channel, variables=recovery.clocks_to_keep(call))

    # ----------------------------------------------------------------------- the seat's leg

    def _seat_offered(self, fact: SeatOffered) -> Outcome:
        call = self._calls.get(fact.call)
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
        )
        self._legs[leg.channel] = leg
        call.leg = leg.offer
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
        )

    def _channel_rang(self, fact: ChannelRang) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and leg.pending and not leg.rang:
            leg.rang = True
            yield OfferRang(at=fact.at, call=leg.call, seat=leg.seat, offer=leg.offer)

    def _channel_answered(self, fact: ChannelAnswered) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and not leg.answered_at:
            leg.answered_at = fact.at
        yield from ()

    def _bridge_joined(self, fact: BridgeJoined) -> Outcome:
        """An answer counts once both are in one bridge; its time is that of the answer."""
        call = self._calls.get(CallId(fact.channel))
        leg = self._legs.get(fact.channel)
        if call is not None:
            call.bridge = fact.bridge
            leg = self._leg_in(call, fact.bridge)
        elif leg is not None:
            leg.bridge = fact.bridge
            call = self._calls.get(leg.call)
        if call is None or leg is None or not leg.pending or leg.bridge != call.bridge:
            return
        if call.phase is CallPhase.WAITING:
            yield from self._connect(call, leg, fact.at)

    def _leg_in(self, call: Call, bridge: BridgeId) -> SeatLeg | None:
        """The leg of `call` in `bridge`; it need not be the one that was rung last."""
        legs = self._legs.values()
        return next((leg for leg in legs if leg.call == call.id and leg.bridge == bridge), None)

    def _cancel(self, leg: SeatLeg | None) -> Outcome:
        """Nobody is rung for a caller who has gone, or who talks to another seat."""
        if leg is not None and leg.pending:
            leg.cancelled = True
            yield HangUp(channel=leg.channel)

    def _connect(self, call: Call, leg: SeatLeg, at: int) -> Outcome:
        if call.leg != leg.offer:
            yield from self._cancel(self._legs.get(ChannelId(call.leg)))
        call.leg = leg.offer
        leg.connected, leg.cancelled = True, False
        leg.answered_at = leg.answered_at or at
        call.answered_at = leg.answered_at
        call.answered = True
        call.in_last_resort = False
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

    def _bridge_left(self, fact: BridgeLeft) -> Outcome:
        call = self._calls.get(CallId(fact.channel))
        leg = self._legs.get(fact.channel)
        if call is not None and call.bridge == fact.bridge:
            call.bridge = BridgeId("")
        elif leg is not None and leg.bridge == fact.bridge:
            leg.bridge = BridgeId("")
            yield from self._seat_left(leg, fact.at)

    def _seat_left(self, leg: SeatLeg, at: int) -> Outcome:
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
        )
        call = self._calls.get(leg.call)
        if call is not None and call.phase is CallPhase.TALKING and call.leg == leg.offer:
            call.go(CallPhase.AFTER, "the seat has left")

    def _originate_ended(self, fact: OriginateEnded) -> Outcome:
        leg = self._legs.get(ChannelId(fact.offer))
        if leg is not None and not fact.accepted and leg.pending and not leg.channel_name:
            detail = f"Asterisk could not ring the device (reason {fact.reason})"
            yield from self._offer_failed(leg, fact.at, "unreachable", detail)

    def _offer_failed(self, leg: SeatLeg, at: int, reason: Any, detail: str = "") -> Outcome:
        leg.left = True
        self._legs.pop(leg.channel, None)
        yield OfferFailed(
            at=at, call=leg.call, seat=leg.seat, offer=leg.offer, reason=reason, detail=detail
        )
        call = self._calls.get(leg.call)
        if call is not None and call.leg == leg.offer:
            call.leg = OfferId("")
            yield from self._take_back(call)

    # --------------------------------------------------------------------------- hanging up

    def _hangup_asked(self, fact: ChannelHangupAsked) -> Outcome:
        call = self._calls.get(CallId(fact.channel))
        leg = self._legs.get(fact.channel)
        if call is not None:
            call.hangup_asked_at = call.hangup_asked_at or fact.at
            if call.ended_by == "unknown":
                call.ended_by = "caller"
            yield from self._abandon(call, fact.at)
        elif leg is not None and leg.connected:
            talk = self._calls.get(leg.call)
            if talk is not None and talk.ended_by == "unknown":
                talk.ended_by = "seat"
            yield from self._seat_left(leg, fact.at)

    def _hung_up(self, fact: ChannelHungUp) -> Outcome:
        call = self._calls.get(CallId(fact.channel))
        leg = self._legs.get(fact.channel)
        if call is not None:
            yield from self._end(call, fact.at, fact.cause)
        elif leg is not None:
            yield from self._leg_hung_up(leg, fact)

    def _leg_hung_up(self, leg: SeatLeg, fact: ChannelHungUp) -> Outcome:
        if leg.connected:
            yield from self._seat_left(leg, fact.at)
            self._legs.pop(leg.channel, None)
            recording = leg.recording
        else:
            gone = leg.call not in self._calls or self._calls[leg.call].leg != leg.offer
            reason = failure_reason(leg, fact.at, fact.cause, caller_gone=gone or leg.cancelled)
            yield from self._offer_failed(leg, fact.at, reason, f"hang-up cause {fact.cause}")
            recording = ""
        yield SeatLegGone(
            at=fact.at, call=leg.call, seat=leg.seat, offer=leg.offer, recording=recording
        )

    def _abandon(self, call: Call, at: int) -> Outcome:
        """The caller gave up: nobody is rung for a caller who has gone."""
        if call.phase is not CallPhase.WAITING:
            return
        call.go(CallPhase.ENDED, "the caller gave up")
        yield CallAbandoned(at=at, call=call.id, queue=call.queue, wait_us=call.wait_until(at))
        yield from self._cancel(self._legs.get(ChannelId(call.leg)))

    def _end(self, call: Call, at: int, cause: int) -> Outcome:
        was = call.phase
        yield from self._abandon(call, call.hangup_asked_at or at)
        if call.phase is not CallPhase.ENDED:
            call.go(CallPhase.ENDED, "the caller's channel is gone")
        waited = was is CallPhase.WAITING or (was is CallPhase.ENDED and not call.answered)
        del self._calls[call.id]
        yield CallEnded(
            at=at,
            call=call.id,
            outcome=outcome_of(call, waited=waited),
            ended_by=call.ended_by,
            cause=cause,
            total_us=max(0, at - call.arrived_at),
        )

    # ------------------------------------------------------------- trouble, time and recovery

    def _effect_failed(self, fact: EffectFailed) -> Outcome:
        leg = self._legs.get(ChannelId(OfferId(fact.subject)))
        if fact.effect != "OriginateSeat" or leg is None or not leg.pending:
            return
        if fact.reason.startswith("refused"):
            yield from self._offer_failed(leg, fact.at, "failed", fact.reason)
        else:
            # Whether the seat rings is unknown: ask Asterisk, never send the Originate again.
            yield Resync(why=f"no word on the offer {leg.offer}: {fact.reason}")

    def _pending_legs(self) -> Iterator[SeatLeg]:
        return (leg for leg in self._legs.values() if leg.pending and leg.ring_us)

    @staticmethod
    def _given_up_at(leg: SeatLeg) -> int:
        if leg.doubted:
            return leg.offered_at + UNCONFIRMED_US
        return leg.offered_at + leg.ring_us + SILENCE_ALLOWANCE_US

    def _time_passed(self, fact: TimePassed) -> Outcome:
        for leg in [leg for leg in self._pending_legs() if self._given_up_at(leg) <= fact.at]:
            yield HangUp(channel=leg.channel)
            reason = "caller-gone" if leg.cancelled else "failed"
            yield from self._offer_failed(leg, fact.at, reason, "no word from Asterisk")
            yield Resync(why=f"no word on the offer {leg.offer}")

    def _snapshot_taken(self, fact: SnapshotTaken) -> Outcome:
        seen = {channel.channel: channel for channel in fact.channels}
        yield from self._miss(seen, fact.at)
        new = {
            call.id: call
            for call in (recovery.found_call(channel, fact.at) for channel in fact.channels)
            if call is not None and call.id not in self._calls
        }
        self._calls.update(new)
        found = [
            leg
            for leg in recovery.found_legs(fact, self._seat_of_device, self._calls)
            if leg.channel not in self._legs and self._attach(leg, new)
        ]
        for call in sorted(new.values(), key=recovery.order_of_return):
            yield recovery.recovered(call, self._legs.get(ChannelId(call.leg)), fact.at)
        for stray in recovery.stray_offers(fact, self._legs):
            yield AnomalySeen(at=fact.at, about=stray, detail="a leg without a caller")
            yield HangUp(channel=stray)
        for call in list(self._calls.values()):
            yield from self._catch_up(call, seen[call.channel], fact.at)
        for leg in found:
            call = self._calls[leg.call]
            if call.id not in new and call.phase is CallPhase.WAITING and not leg.bridge:
                yield recovery.recovered(call, leg, fact.at)
        for leg in list(self._legs.values()):
            if leg.channel in seen:
                yield from self._catch_up_leg(leg, seen[leg.channel], fact.at)
        for call in self._calls.values():
            yield from self._take_back(call)
        yield Resynced(at=fact.at)

    def _miss(self, seen: dict[ChannelId, ChannelSeen], at: int) -> Outcome:
        """Calls and legs that Asterisk does not have any more."""
        for call in [call for call in self._calls.values() if call.channel not in seen]:
            yield from self._lose_sight(call, at)
        for leg in [leg for leg in self._legs.values() if leg.channel not in seen]:
            if not leg.channel_name and at < leg.offered_at + UNCONFIRMED_US:
                leg.doubted = True
            else:
                gone = ChannelHungUp(at=at, channel=leg.channel, cause=0)
                yield from self._leg_hung_up(leg, gone)

    def _attach(self, leg: SeatLeg, new: dict[CallId, Call]) -> bool:
        """A leg found in Asterisk: whether it is taken for its call's. One leg a caller: where two
        ring, the one that was known goes on. In a call that was known, its answer is news."""
        call = self._calls[leg.call]
        rival = self._legs.get(ChannelId(call.leg))
        if call.phase is CallPhase.ENDED:
            return False
        if rival is not None:
            if not (leg.connected and rival.pending):
                return False
            rival.cancelled = True
        self._legs[leg.channel] = leg
        call.leg = leg.offer
        if leg.connected and call.id in new:
            call.phase = CallPhase.TALKING
            call.answered, call.answered_at = True, leg.answered_at
        leg.connected = leg.connected and call.id in new
        return True

    def _catch_up(self, call: Call, seen: ChannelSeen, at: int) -> Outcome:
        """Feed what was missed while the link was away through the normal path."""
        call.bridge = seen.bridge
        call.in_last_resort = recovery.in_last_resort(seen)
        if call.in_last_resort and not call.last_resort_told:
            yield LastResortEntered(at=at, call=call.id)
        call.last_resort_told = call.in_last_resort
        after = recovery.is_after(seen) and not seen.bridge
        if call.phase is CallPhase.MENU and (after or recovery.is_waiting(seen)):
            yield from self._queue(call, recovery.missed_mark(seen, at))
        leg = self._legs.get(ChannelId(call.leg))
        if after and call.phase is CallPhase.TALKING and leg is not None:
            yield from self._seat_left(leg, at)
        elif after and call.phase is CallPhase.WAITING:
            # By whom and when is not known, and is not made up.
            call.phase, call.answered, call.leg = CallPhase.AFTER, True, OfferId("")
            yield recovery.recovered(call, None, at)
            if leg is not None:
                leg.cancelled = True

    def _catch_up_leg(self, leg: SeatLeg, seen: ChannelSeen, at: int) -> Outcome:
        leg.channel_name, leg.doubted = seen.name, False
        if seen.up and not leg.answered_at:
            leg.answered_at = seen.time("CTI_ANSWERED") or at
        if seen.bridge:
            yield from self._bridge_joined(
                BridgeJoined(at=at, bridge=seen.bridge, channel=leg.channel)
            )
        else:
            yield from self._seat_left(leg, at)
        if leg.cancelled:
            yield from self._cancel(leg)  # again: the first may have been lost with the link

    def _take_back(self, call: Call) -> Outcome:
        """Out of Asterisk's own Queue(), unless it rings a seat just now."""
        if call.phase is not CallPhase.WAITING or not call.in_last_resort:
            return
        if call.leg and seat_of_offer(ChannelId(call.leg)) is None:
            return
        call.in_last_resort = False
        yield ReturnToWaitingRoom(channel=call.channel)

    def _lose_sight(self, call: Call, at: int) -> Outcome:
        """It ended while nobody was looking; how and when is not known, and is not made up. That
        the caller gave up is known when it was told before."""
        given_up = call.phase is CallPhase.ENDED and not call.answered
        call.phase = CallPhase.ENDED
        del self._calls[call.id]
        leg = self._legs.get(ChannelId(call.leg))
        if leg is not None and leg.pending:
            leg.cancelled = True
        yield CallEnded(
            at=at,
            call=call.id,
            outcome="abandoned" if given_up else "lost-sight",
            ended_by=call.ended_by if given_up else "unknown",
            cause=0,
            total_us=max(0, at - call.arrived_at),
        )

    def _view(self, call: Call) -> CallSnapshot:
        leg = self._legs.get(ChannelId(call.leg))
        return CallSnapshot(
            call=call.id,
            phase=call.phase,
            hotline=call.hotline,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
            language=call.language,
            queue=call.queue,
            seat=leg.seat if leg else SeatId(""),
            ringing=bool(leg and leg.pending),
            arrived_at=call.arrived_at,
            asked_at=call.asked_at,
            prompt_ended_at=call.prompt_ended_at,
            queued_at=call.queued_at,
            answered_at=call.answered_at,
        )
