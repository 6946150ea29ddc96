"""Follows every call through Asterisk's reports and says what they mean.

Pure: a fact goes in, facts and effects come out. Reports are Asterisk's word and may come twice,
late, or not at all; each handler asks whether the report fits what is known before it acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from cti.calls import recovery
from cti.calls.call import Call, CallSnapshot, SeatLeg
from cti.calls.endings import failure_reason
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
    SeatLeft,
    SeatLegGone,
    SeatOffered,
    SnapshotTaken,
    TalkStarted,
    TimePassed,
)
from cti.ids import CallId, ChannelId, OfferId, QueueId, SeatId, seat_of_offer

Outcome = Iterator[Fact | Effect]

CALLER_CONTEXTS: Final = frozenset({"from-trunk", "from-seat"})
"""Where a caller comes in: from outside, or a seat that tries its own hotline."""
SILENCE_ALLOWANCE_US: Final = 5_000_000
"""Asterisk ends an Originate at its own ring time-out; when it has said nothing this long after
that, the leg is given up and Asterisk is asked what is really there."""


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
        if fact.channel in self._legs:
            self._legs[fact.channel].channel_name = fact.name
        elif seat_of_offer(fact.channel) is not None:
            yield AnomalySeen(at=fact.at, about=fact.channel, detail="a leg that nobody asked for")
            yield HangUp(channel=fact.channel)
        elif fact.context in CALLER_CONTEXTS and CallId(fact.channel) not in self._calls:
            yield self._arrive(fact)
        elif CallId(fact.linked) in self._calls:
            self._note_last_resort_leg(fact)

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

    def _note_last_resort_leg(self, fact: ChannelCreated) -> None:
        """Asterisk's own Queue() rings a seat: its leg is linked to the caller's channel."""
        seat = self._seat_of_device.get(fact.name.rpartition("-")[0])
        call = self._calls[CallId(fact.linked)]
        if seat is None or call.phase is not CallPhase.WAITING:
            return
        leg = SeatLeg.offered(
            offer=OfferId(fact.channel),
            seat=seat,
            call=call.id,
            queue=call.queue,
            at=fact.at,
            ring_us=0,
        )
        leg.channel_name, leg.rang = fact.name, True
        self._legs[fact.channel] = leg
        call.leg = leg.offer

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
            case "queued":
                yield from self._queue(call, fact)
            case "flow-ended":
                call.ended_by = "flow"

    def _queue(self, call: Call, fact: FlowMarked) -> Outcome:
        call.go(CallPhase.WAITING, "queued by the menu")
        call.queue = QueueId(fact.get("Queue"))
        priority = fact.get("Priority")
        call.priority = int(priority) if priority.isascii() and priority.isdigit() else 5
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
        if leg is not None and not leg.rang:
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
            leg = self._legs.get(ChannelId(call.leg))
        elif leg is not None:
            leg.bridge = fact.bridge
            call = self._calls.get(leg.call)
        if call is None or leg is None or leg.connected or leg.bridge != call.bridge:
            return
        if call.phase is CallPhase.WAITING and call.leg == leg.offer:
            yield from self._connect(call, leg, fact.at)

    def _connect(self, call: Call, leg: SeatLeg, at: int) -> Outcome:
        leg.connected = True
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
            queue=call.queue,
            wait_us=call.wait_until(leg.answered_at),
            recording=leg.recording,
        )
        yield TalkStarted(at=at, call=call.id, seat=leg.seat, offer=leg.offer)

    def _bridge_left(self, fact: BridgeLeft) -> Outcome:
        leg = self._legs.get(fact.channel)
        if leg is not None and leg.bridge == fact.bridge:
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
            if call.in_last_resort:
                call.in_last_resort = False
                yield ReturnToWaitingRoom(channel=call.channel)

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
        leg = self._legs.get(ChannelId(call.leg))
        if leg is not None and leg.pending:
            leg.cancelled = True
            yield HangUp(channel=leg.channel)

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
            outcome="answered" if call.answered else "abandoned" if waited else "self-service",
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
        return leg.offered_at + leg.ring_us + SILENCE_ALLOWANCE_US

    def _time_passed(self, fact: TimePassed) -> Outcome:
        for leg in [leg for leg in self._pending_legs() if self._given_up_at(leg) <= fact.at]:
            yield HangUp(channel=leg.channel)
            yield from self._offer_failed(leg, fact.at, "failed", "no word from Asterisk")
            yield Resync(why=f"no word on the offer {leg.offer}")

    def _snapshot_taken(self, fact: SnapshotTaken) -> Outcome:
        seen = {channel.channel: channel for channel in fact.channels}
        for call in [call for call in self._calls.values() if call.channel not in seen]:
            yield from self._lose_sight(call, fact.at)
        for leg in [leg for leg in self._legs.values() if leg.channel not in seen]:
            yield from self._leg_hung_up(
                leg, ChannelHungUp(at=fact.at, channel=leg.channel, cause=0)
            )
        new_calls = [
            call
            for call in (recovery.found_call(channel, fact.at) for channel in fact.channels)
            if call is not None and call.id not in self._calls
        ]
        self._calls.update((call.id, call) for call in new_calls)
        for _, leg in recovery.found_legs(fact, self._seat_of_device, self._calls):
            if leg.channel not in self._legs:
                self._attach(leg, is_new=any(call.id == leg.call for call in new_calls))
        for call in sorted(new_calls, key=recovery.order_of_return):
            yield recovery.recovered(call, self._legs.get(ChannelId(call.leg)), fact.at)
        for stray in recovery.stray_offers(fact, self._legs):
            yield AnomalySeen(at=fact.at, about=stray, detail="a leg without a caller")
            yield HangUp(channel=stray)
        yield from self._catch_up(fact, seen)

    def _attach(self, leg: SeatLeg, *, is_new: bool) -> None:
        """A leg found in Asterisk. In a call that was known, its answer is news to be told."""
        call = self._calls[leg.call]
        self._legs[leg.channel] = leg
        call.leg = leg.offer
        if not leg.connected:
            return
        if is_new:
            call.phase = CallPhase.TALKING
            call.answered, call.answered_at = True, leg.answered_at
        else:
            leg.connected = False

    def _catch_up(self, fact: SnapshotTaken, seen: dict[ChannelId, ChannelSeen]) -> Outcome:
        """Feed what was missed while the link was away through the normal path."""
        for call in list(self._calls.values()):
            channel = seen[call.channel]
            if call.phase is CallPhase.MENU and recovery.is_waiting(channel):
                yield from self._queue(call, recovery.missed_mark(channel, fact.at))
            call.bridge = channel.bridge
            call.in_last_resort = recovery.in_last_resort(channel)
            leg = self._legs.get(ChannelId(call.leg))
            if leg is not None:
                yield from self._catch_up_leg(leg, seen[leg.channel], fact.at)
            elif call.phase is CallPhase.WAITING and call.in_last_resort:
                yield LastResortEntered(at=fact.at, call=call.id)
                yield ReturnToWaitingRoom(channel=call.channel)
                call.in_last_resort = False

    def _catch_up_leg(self, leg: SeatLeg, seen: ChannelSeen, at: int) -> Outcome:
        leg.channel_name = seen.name
        if seen.up and not leg.answered_at:
            leg.answered_at = seen.time("CTI_ANSWERED") or at
        if seen.bridge:
            yield from self._bridge_joined(
                BridgeJoined(at=at, bridge=seen.bridge, channel=leg.channel)
            )
        else:
            yield from self._seat_left(leg, at)

    def _lose_sight(self, call: Call, at: int) -> Outcome:
        """It ended while nobody was looking; how and when is not known, and is not made up."""
        call.phase = CallPhase.ENDED
        del self._calls[call.id]
        leg = self._legs.get(ChannelId(call.leg))
        if leg is not None and leg.pending:
            leg.cancelled = True
        yield CallEnded(
            at=at,
            call=call.id,
            outcome="lost-sight",
            ended_by="unknown",
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
