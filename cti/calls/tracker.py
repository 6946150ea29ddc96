"""Follows every call through Asterisk's reports and says what they mean.

Pure: a fact goes in, facts and effects come out. Reports are Asterisk's word and may come twice,
late, or not at all; each handler asks whether the report fits what is known before it acts.

    tracker ---> callers    arrival, menu, waiting, end
            ---> legs       a seat's leg from offer to end
            ---> withdrawals  a seat that gives no sign, or whose phone is lost
            ---> meetings   who is in one bridge
            ---> holding    a seat's caller on hold, and whom the seat consults meanwhile
            ---> visits     a seat sends its caller to a flow and gets them back
            ---> transfers  a seat gives its caller away
            ---> monitoring who listens to which talk
            ---> outside    numbers outside that are dialled for a caller
            ---> findings   scores, messages, customers
            ---> catch_up   a snapshot against belief
    all of them look at one book of living calls and legs
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from cti.calls.book import Book, Outcome
from cti.calls.call import Call, CallSnapshot
from cti.calls.callers import Callers
from cti.calls.catch_up import CatchUp
from cti.calls.findings import found
from cti.calls.holding import Holding
from cti.calls.legs import SeatLegs
from cti.calls.meetings import Meetings
from cti.calls.monitoring import Monitoring
from cti.calls.outside import OutsideCalls
from cti.calls.transfers import Transfers
from cti.calls.visits import Visits
from cti.calls.withdrawals import NO_SIGN_US, Withdrawals
from cti.effects import HangUp, Resync
from cti.facts import (
    AgiCommandEnded,
    AnomalySeen,
    BridgeJoined,
    BridgeLeft,
    CallbackReached,
    CallbackRefused,
    CallPhase,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHeld,
    ChannelHungUp,
    ChannelRang,
    DeviceChanged,
    EffectFailed,
    EngineStarted,
    Fact,
    FlowMarked,
    FlowWish,
    MonitorModeWish,
    MonitorNoted,
    MonitorStopWish,
    MonitorWish,
    OriginateEnded,
    ReleaseRefused,
    ReleaseWish,
    RoutingChanged,
    SeatOffered,
    SeatRecord,
    SnapshotTaken,
    TimePassed,
    TransferWish,
    WaitOverflowed,
)
from cti.ids import (
    CallId,
    SeatId,
    seat_of_callback,
    seat_of_customer,
    seat_of_monitor,
    seat_of_offer,
)

CALLER_CONTEXTS: Final = frozenset({"from-trunk", "from-seat"})
"""Where a caller comes in: from outside, or a seat that tries its own hotline."""


def devices_of(seats: Iterable[SeatRecord]) -> dict[str, SeatId]:
    """The seat of each device, by dial string."""
    return {device: seat.id for seat in seats for device in (seat.device, *seat.devices)}


class CallTracker:
    """The core of `cti.calls`. `devices` maps a device's dial string to its seat. `no_sign_us`: how
    long a phone that is rung may give no sign, microseconds; 0: as long as it may ring."""

    def __init__(self, devices: dict[str, SeatId], no_sign_us: int = NO_SIGN_US) -> None:
        self._book = Book(dict(devices))
        self._legs = SeatLegs(self._book)
        self._withdrawals = Withdrawals(self._book, self._legs, no_sign_us)
        self._holding = Holding(self._book)
        self._callers = Callers(self._book, self._legs)
        self._visits = Visits(self._book, self._callers)
        self._outside = OutsideCalls(self._book, self._legs)
        self._transfers = Transfers(self._book, self._legs)
        self.monitoring = Monitoring(self._book)
        meetings = Meetings(self._book, self._legs, self._visits, self._transfers)
        catch_up = CatchUp(
            self._book,
            self._callers,
            self._legs,
            meetings,
            self._visits,
            self._transfers,
            self._outside,
            self._holding,
            self.monitoring,
        )
        self._handlers: dict[type[Fact], Callable[[Any], Outcome]] = {
            EngineStarted: self._engine_started,
            ChannelCreated: self._channel_created,
            ChannelRang: self._legs.rang,
            ChannelAnswered: self._answered,
            ChannelHangupAsked: self._hangup_asked,
            ChannelHungUp: self._hung_up,
            ChannelHeld: self._holding.held,
            DeviceChanged: self._withdrawals.device_changed,
            RoutingChanged: self._routing_changed,
            BridgeJoined: meetings.joined,
            BridgeLeft: meetings.left,
            AgiCommandEnded: self._callers.agi_command_ended,
            FlowMarked: self._flow_marked,
            OriginateEnded: self._originate_ended,
            SeatOffered: self._legs.offered,
            EffectFailed: self._effect_failed,
            FlowWish: self._visits.wished,
            TransferWish: self._transfers.wished,
            MonitorWish: self.monitoring.wished,
            MonitorModeWish: self.monitoring.mode_wished,
            MonitorStopWish: self.monitoring.stop_wished,
            MonitorNoted: self.monitoring.noted,
            ReleaseWish: self._release,
            SnapshotTaken: catch_up.snapshot_taken,
            TimePassed: self._time_passed,
            CallbackReached: self._callers.called_back,
            CallbackRefused: self._callers.callback_refused,
            WaitOverflowed: self._callers.overflowed,
        }

    def handle(self, fact: Fact) -> Outcome:
        """What `fact` means for the calls."""
        handler = self._handlers.get(type(fact))
        return handler(fact) if handler else iter(())

    def deadline(self) -> int | None:
        """When `TimePassed` is wanted next, microseconds since the epoch."""
        moments = (self._legs.deadline(), self._withdrawals.deadline())
        return min((moment for moment in moments if moment is not None), default=None)

    def calls(self) -> tuple[CallSnapshot, ...]:
        """Frozen snapshots of the calls alive, oldest first."""
        return tuple(self._view(call) for call in self._book.calls.values())

    def _engine_started(self, fact: EngineStarted) -> Outcome:
        self._book.open_before = fact.open_calls
        yield from ()

    def _routing_changed(self, fact: RoutingChanged) -> Outcome:
        kept: dict[str, SeatId] = {}
        if fact.partial:
            changed = {seat.id for seat in fact.seats}
            before = self._book.seat_of_device.items()
            kept = {device: seat for device, seat in before if seat not in changed}
        self._book.seat_of_device = kept | devices_of(fact.seats)
        yield from ()

    def _channel_created(self, fact: ChannelCreated) -> Outcome:
        self._holding.created(fact)
        leg = self._book.legs.get(fact.channel)
        if leg is not None:
            yield from self._legs.created(leg, fact)
        elif seat_of_offer(fact.channel) is not None:
            yield AnomalySeen(at=fact.at, about=fact.channel, detail="a leg that nobody asked for")
            yield HangUp(channel=fact.channel)
        elif seat_of_callback(fact.channel) or seat_of_customer(fact.channel):
            return  # see cti/calls/callbacks.py
        elif seat_of_monitor(fact.channel):
            return
        elif fact.linked != fact.channel:
            self._outside.created(fact)
            # A leg of Queue() has the context of its endpoint, as a call that a seat makes has.
            if CallId(fact.linked) in self._book.calls:
                yield from self._queue_rings(fact)
        elif self._is_a_callers(fact) and CallId(fact.channel) not in self._book.calls:
            yield self._callers.arrive(fact)

    def _is_a_callers(self, fact: ChannelCreated) -> bool:
        """Not a call between seats: one calls another by its id."""
        seats = self._book.seat_of_device.values()
        between = fact.context == "from-seat" and fact.exten in seats
        return fact.context in CALLER_CONTEXTS and not between

    def _queue_rings(self, fact: ChannelCreated) -> Outcome:
        """Asterisk's own Queue() rings a seat: its leg is linked to the caller's channel. It took
        the daemon for dead; a snapshot tells what else it did, and takes the leg in."""
        seat = self._book.seat_at(fact.name)
        call = self._book.calls[CallId(fact.linked)]
        if seat is not None and call.phase in (CallPhase.MENU, CallPhase.WAITING):
            yield Resync(why=f"Asterisk's own queue rings {seat} for {call.id}")

    def _hangup_asked(self, fact: ChannelHangupAsked) -> Outcome:
        call = self._book.calls.get(CallId(fact.channel))
        leg = self._book.legs.get(fact.channel)
        if call is not None:
            yield from self._callers.hangup_asked(call, fact)
        elif leg is not None:
            yield from self._legs.hangup_asked(leg, fact)
        else:
            self._outside.hangup_asked(fact)

    def _hung_up(self, fact: ChannelHungUp) -> Outcome:
        yield from self._holding.hung_up(fact)
        yield from self.monitoring.hung_up(fact)
        call = self._book.calls.get(CallId(fact.channel))
        leg = self._book.legs.get(fact.channel)
        if call is not None:
            yield from self._outside.closing(call, fact.at)
            yield from self._callers.end(call, fact.at, fact.cause)
        elif leg is not None:
            yield from self._legs.hung_up(leg, fact)
        else:
            self._outside.hung_up(fact)

    def _answered(self, fact: ChannelAnswered) -> Outcome:
        self._outside.answered(fact)
        yield from self._holding.answered(fact)
        yield from self.monitoring.answered(fact)
        yield from self._legs.answered(fact)

    def _originate_ended(self, fact: OriginateEnded) -> Outcome:
        yield from self._legs.originate_ended(fact)
        yield from self.monitoring.originate_ended(fact)

    def _release(self, fact: ReleaseWish) -> Outcome:
        """The seat's leg is hung up; the caller goes where every caller goes then."""
        call = self._book.calls.get(fact.call)
        leg = self._book.leg_of(call) if call is not None else None
        talks = call is not None and call.phase in (CallPhase.TALKING, CallPhase.IN_FLOW)
        if leg is None or leg.left or not talks or fact.seat not in ("", leg.seat):
            why = "the caller does not talk with a seat"
            yield ReleaseRefused(at=fact.at, call=fact.call, by=fact.by, why=why)
            return
        yield HangUp(channel=leg.channel)

    def _time_passed(self, fact: TimePassed) -> Outcome:
        yield from self._withdrawals.time_passed(fact)
        yield from self._legs.time_passed(fact)

    def _flow_marked(self, fact: FlowMarked) -> Outcome:
        yield from found(self._book, fact)
        yield from self._transfers.flow_marked(fact)
        yield from self._callers.flow_marked(fact)
        yield from self._visits.flow_marked(fact)
        yield from self._outside.flow_marked(fact)

    def _effect_failed(self, fact: EffectFailed) -> Outcome:
        yield from self._legs.effect_failed(fact)
        yield from self._withdrawals.effect_failed(fact)
        yield from self._visits.effect_failed(fact)
        yield from self._transfers.effect_failed(fact)
        yield from self.monitoring.effect_failed(fact)

    def _view(self, call: Call) -> CallSnapshot:
        leg = self._book.leg_of(call)
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
            flow=call.flow if call.on_visit else "",
        )
