"""Whatever happens, the hotline keeps its promises: random lives against a model Asterisk."""

from __future__ import annotations

from collections import Counter, deque
from typing import ClassVar, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from acd.comfort import MIN_APART_US, Comfort
from acd.dispatcher import Dispatcher
from acd.last_resort import LastResortKeeper
from cti.brain import Brain, Step
from cti.calls.callbacks import CallbackLegs
from cti.calls.tracker import CallTracker
from cti.effects import (
    OriginateCallback,
    OriginateCustomer,
    OriginateSeat,
    Resync,
    StoreRecording,
    SweepSpool,
)
from cti.facts import (
    CallAbandoned,
    CallbackFailed,
    CallbackOffered,
    CallbackReached,
    CallbackRecovered,
    CallEnded,
    CallQueued,
    CallRecovered,
    DeviceState,
    EffectFailed,
    EngineStarted,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
    QueueRecord,
    Report,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    SeatState,
    SeatStateChanged,
    SnapshotTaken,
    TimePassed,
    WaitEnded,
    WaitTold,
)
from cti.ids import CallId, OfferId, QueueId, SeatId
from recording.rules import RecordingKeeper
from tests.unit.calls.model_asterisk import Channel, Fate, ModelAsterisk
from tests.unit.story import RING, SECOND, WRAP_UP, Wish, device_of

BUSY = {SeatState.RESERVED, SeatState.RINGING, SeatState.TALKING, SeatState.HOLD}
SERVES = {"1001": ("repairs",), "1002": ("repairs", "bills"), "1003": ("bills", "repairs")}
SEATS = tuple(
    SeatRecord(SeatId(seat), seat, device_of(seat), tuple(QueueId(one) for one in queues))
    for seat, queues in SERVES.items()
)
TOGETHER = 2
"""So many seats are rung at once for a caller of `bills`."""
QUEUES = (
    QueueRecord(QueueId("repairs"), RING, WRAP_UP),
    QueueRecord(QueueId("bills"), RING, WRAP_UP, strategy="ring-all", ring_most=TOGETHER),
)
WISHES: tuple[Wish, ...] = ("sign-on", "ready", "ready", "ready", "sign-off", "pause")
FATES: tuple[Fate, ...] = ("done", "done", "done", "refused", "answer lost", "lost")
Place = tuple[int, int, str]
ORIGINATES: Final = OriginateSeat | OriginateCallback | OriginateCustomer


class Life:
    """One daemon from its start: its cores, what it heard, and what it said."""

    def __init__(self, queues: tuple[QueueRecord, ...] = QUEUES) -> None:
        self.tracker = CallTracker({seat.device: seat.id for seat in SEATS})
        self.dispatcher = Dispatcher(SEATS, queues)
        self.brain = Brain(
            (
                CallbackLegs(),
                self.tracker,
                self.dispatcher,
                Comfort(queues, self.dispatcher),
                LastResortKeeper(SEATS),
                RecordingKeeper(),
            )
        )
        self.heard: list[Report] = []
        self.said: list[str] = []
        self.facts: list[Fact] = []
        self.stored: Counter[OfferId] = Counter()
        self.offers: dict[OfferId, tuple[SeatId, CallId]] = {}
        self.offered_at: dict[OfferId, int] = {}
        self.places: dict[CallId, Place] = {}
        self.told: dict[CallId, int] = {}

    def hear(self, report: Report) -> Step:
        step = self.brain.step(report)
        self.heard.append(report)
        self.said.append(repr(step))
        self.facts += step.facts
        self.stored.update(one.offer for one in step.effects if isinstance(one, StoreRecording))
        for fact in step.facts:
            self._follow(fact)
        self._check_order_of_service(step)
        return step

    def _follow(self, fact: Fact) -> None:
        match fact:
            case CallQueued() | CallRecovered():
                queued_at = fact.queued_at or fact.at
                self.places[fact.call] = (fact.priority, queued_at, fact.call)
        match fact:
            case SeatOffered():
                taken = {seat for seat, _ in self.offers.values()}
                others = [one for one, (_, call) in self.offers.items() if call == fact.call]
                assert fact.seat not in taken, f"two offers at one seat: {fact}"
                together = fact.rule == "ring-all" and len(others) < TOGETHER
                same_time = all(self.offered_at.get(one) == fact.at for one in others)
                assert not others or (together and same_time), f"two offers for a caller: {fact}"
                self.offers[fact.offer] = (fact.seat, fact.call)
                self.offered_at[fact.offer] = fact.at
            case OfferAnswered() | CallRecovered() if fact.offer:
                self.offers[fact.offer] = (fact.seat, fact.call)
            case CallbackOffered():
                taken = {seat for seat, _ in self.offers.values()}
                assert fact.seat not in taken, f"two offers at one seat: {fact}"
                self.offers[fact.offer] = (fact.seat, CallId(fact.callback))
            case CallbackReached():
                self.offers.pop(fact.offer, None)
            case CallbackRecovered(first="seat"):
                self.offers[fact.offer] = (fact.seat, CallId(fact.callback))
            case CallbackRecovered(phase="dialling"):
                # One that was given up may be found beside the next one; a seat is kept for one.
                if fact.seat not in {seat for seat, _ in self.offers.values()}:
                    self.offers[fact.offer] = (fact.seat, CallId(fact.callback))
            case OfferFailed() | SeatLeft() | CallbackFailed():
                self.offers.pop(fact.offer, None)
            case WaitTold():
                calls = {call for _, call in self.offers.values()}
                assert fact.call not in calls, f"told while a seat rings: {fact}"
                line = self.dispatcher.order(fact.queue)
                assert line.index(fact.call) + 1 == fact.place
                assert fact.at - self.told.get(fact.call, 0) >= MIN_APART_US
                self.told[fact.call] = fact.at

    def _check_order_of_service(self, step: Step) -> None:
        failed = {fact.call for fact in step.facts if isinstance(fact, OfferFailed)}
        for fact in step.facts:
            if isinstance(fact, SeatOffered) and not (fact.why and fact.why.kept):
                served = SERVES[fact.seat]
                for call in self.unoffered(*served):
                    fair = self.places[fact.call] <= self.places[call] or call in failed
                    assert fair, f"{fact.call} was served before {call}"

    def unoffered(self, *queues: str) -> list[CallId]:
        offered = {call for _, call in self.offers.values()}
        lines = (self.dispatcher.waiting(QueueId(queue)) for queue in queues)
        return [call for line in lines for call, _ in line if call not in offered]

    def last_states(self) -> tuple[SeatStateChanged, ...]:
        changes = (fact for fact in self.facts if isinstance(fact, SeatStateChanged))
        return tuple({fact.seat: fact for fact in changes}.values())


class Hotline(RuleBasedStateMachine):
    queues: ClassVar[tuple[QueueRecord, ...]] = QUEUES

    def __init__(self) -> None:
        super().__init__()
        self.asterisk = ModelAsterisk(tuple(SERVES))
        self.gate_open = False
        self.calm = 0
        self.life = Life(self.queues)
        self._hear(EngineStarted(at=self.asterisk.now, version="1"))

    def _hear(self, report: Report) -> None:
        step = self.life.hear(report)
        self.asterisk.now += 1
        failures: list[EffectFailed] = []
        for effect in step.effects:
            if isinstance(effect, Resync):
                self.gate_open = False
            elif isinstance(effect, ORIGINATES) and not self.asterisk.connected:
                failures.append(
                    EffectFailed(
                        at=self.asterisk.now,
                        effect=type(effect).__name__,
                        subject=effect.offer,
                        reason="the link is down",
                    )
                )
            elif self.asterisk.connected and not isinstance(effect, StoreRecording | SweepSpool):
                self.asterisk.asked.append(effect)
        for failure in failures:
            self._hear(failure)

    # ------------------------------------------------------------------------------- callers

    @initialize()
    def the_link_comes_up_and_seats_sign_on(self) -> None:
        self.snapshot()
        for seat in sorted(SERVES):
            self._hear(SeatCommand(at=self.asterisk.now, seat=SeatId(seat), wish="sign-on"))

    @precondition(lambda self: len(self.asterisk.callers()) < 4)
    @rule()
    def a_call_arrives(self) -> None:
        self.asterisk.call_arrives()

    @precondition(lambda self: len(self.asterisk.callers()) < 4)
    @rule(queue=st.sampled_from(["repairs", "bills"]), urgent=st.booleans())
    def a_call_arrives_and_waits(self, queue: str, urgent: bool) -> None:
        self.asterisk.call_arrives()
        self.asterisk.menu_ends(self.asterisk.callers("menu")[-1], queue, 0 if urgent else 5)

    @rule()
    def all_goes_well(self) -> None:
        """Asterisk does what it was asked for, and everything it says arrives."""
        self.calm += 1
        if not self.asterisk.connected:
            return
        self._settle()
        for leg in self.asterisk.legs():
            if not leg.rings:
                self.asterisk.rings(leg)

    @precondition(lambda self: self._in_the_first_menu())
    @rule(data=st.data(), queue=st.sampled_from(["repairs", "bills"]), urgent=st.booleans())
    def a_caller_asks_for_a_person(self, data: st.DataObject, queue: str, urgent: bool) -> None:
        caller = data.draw(st.sampled_from(self._in_the_first_menu()))
        self.asterisk.menu_ends(caller, queue, 0 if urgent else 5)

    @precondition(lambda self: self._in_waiting_room())
    @rule(data=st.data())
    def a_waiting_caller_takes_an_offer(self, data: st.DataObject) -> None:
        self.asterisk.steps_aside(data.draw(st.sampled_from(self._in_waiting_room())))

    @precondition(lambda self: self.asterisk.aside())
    @rule(data=st.data(), deed=st.sampled_from(["back", "message", "repairs", "bills"]))
    def a_caller_aside_goes_on(self, data: st.DataObject, deed: str) -> None:
        caller = data.draw(st.sampled_from(self.asterisk.aside()))
        match deed:
            case "back":
                self.asterisk.comes_back(caller)
            case "message":
                self.asterisk.leaves_a_message(caller)
            case queue:
                self.asterisk.moves_on(caller, queue)

    def _in_the_first_menu(self) -> list[Channel]:
        callers = self.asterisk.callers("menu")
        return [one for one in callers if "CTI_WAIT_ASIDE" not in one.variables]

    def _in_waiting_room(self) -> list[Channel]:
        return [one for one in self.asterisk.callers("waiting-room") if not one.bridge]

    @precondition(lambda self: self.asterisk.callers() and self.calm % 2 == 0)
    @rule(data=st.data(), at_once=st.booleans())
    def a_caller_hangs_up(self, data: st.DataObject, at_once: bool) -> None:
        caller = data.draw(st.sampled_from(self.asterisk.callers()))
        self.asterisk.caller_hangs_up(caller)
        if at_once:
            self.asterisk.reap(caller)

    @rule()
    def hang_ups_complete(self) -> None:
        dying = [one for one in self.asterisk.channels.values() if one.dying]
        for caller in dying:
            self.asterisk.reap(caller)

    # --------------------------------------------------------------------------------- seats

    @rule(seat=st.sampled_from(sorted(SERVES)), wish=st.sampled_from(WISHES))
    def a_seat_wishes(self, seat: str, wish: Wish) -> None:
        reason = "tea" if wish == "pause" else ""
        now = self.asterisk.now
        self._hear(SeatCommand(at=now, seat=SeatId(seat), wish=wish, reason=reason))

    @precondition(lambda self: any(not leg.rings for leg in self.asterisk.legs()))
    @rule(data=st.data())
    def a_phone_rings(self, data: st.DataObject) -> None:
        silent = [leg for leg in self.asterisk.legs() if not leg.rings]
        self.asterisk.rings(data.draw(st.sampled_from(silent)))

    @precondition(lambda self: any(not leg.rings for leg in self.asterisk.legs()))
    @rule(data=st.data())
    def a_phone_answers_without_a_sign(self, data: st.DataObject) -> None:
        silent = [leg for leg in self.asterisk.legs() if not leg.rings and not leg.up]
        if silent:
            self.asterisk.answers(data.draw(st.sampled_from(silent)))

    @precondition(lambda self: self.asterisk.talks())
    @rule(data=st.data(), on=st.booleans())
    def a_seat_holds_or_resumes(self, data: st.DataObject, on: bool) -> None:
        self.asterisk.holds(data.draw(st.sampled_from(self.asterisk.talks())), on)

    @precondition(lambda self: self.asterisk.legs(ringing=True))
    @rule(data=st.data())
    def a_seat_answers(self, data: st.DataObject) -> None:
        self.asterisk.answers(data.draw(st.sampled_from(self.asterisk.legs(ringing=True))))

    @rule()
    def all_goes_well_and_every_seat_answers(self) -> None:
        self.all_goes_well()
        for leg in self.asterisk.legs(ringing=True):
            if leg.id in self.asterisk.channels:
                self.asterisk.answers(leg)

    @precondition(lambda self: self.asterisk.legs(ringing=True))
    @rule(data=st.data())
    def a_seat_rejects(self, data: st.DataObject) -> None:
        leg = data.draw(st.sampled_from(self.asterisk.legs(ringing=True)))
        self.asterisk.not_answered(leg, 21, 5)

    @precondition(lambda self: self.asterisk.talks())
    @rule(data=st.data())
    def a_seat_hangs_up(self, data: st.DataObject) -> None:
        self.asterisk.seat_hangs_up(data.draw(st.sampled_from(self.asterisk.talks())))

    @precondition(lambda self: self.calm % 3 == 1)
    @rule(seat=st.sampled_from(sorted(SERVES)))
    def a_phone_is_unplugged_or_plugged(self, seat: str) -> None:
        self.asterisk.plug(seat)

    # ---------------------------------------------------------------------- time, wire, trouble

    @rule(us=st.sampled_from([1, 1_000, SECOND // 2, 3 * SECOND, RING, 30 * SECOND]))
    def time_passes(self, us: int) -> None:
        until = self.asterisk.now + us
        while (deadline := self.life.brain.deadline()) is not None and deadline <= until:
            self.asterisk.passes_time(deadline)
            self._hear(TimePassed(at=self.asterisk.now))
        self.asterisk.passes_time(until)

    @precondition(lambda self: self.gate_open)
    @rule(share=st.sampled_from([0.3, 1.0, 1.0]), twice=st.booleans())
    def reports_arrive(self, share: float, twice: bool) -> None:
        wire = self.asterisk.wire
        for _ in range(round(len(wire) * share)):
            if not self.gate_open:
                return
            report = wire.popleft()
            self._hear(report)
            if twice and self.gate_open:
                self._hear(report)

    @precondition(lambda self: self.asterisk.asked)
    @rule(data=st.data())
    def asterisk_works(self, data: st.DataObject) -> None:
        while self.asterisk.asked:
            fate: Fate = "done"
            if isinstance(self.asterisk.asked[0], ORIGINATES):
                fate = data.draw(st.sampled_from(FATES))
            failure = self.asterisk.work(fate)
            if failure is not None:
                self._hear(failure)

    @precondition(lambda self: self.asterisk.connected and not self.gate_open)
    @rule()
    def snapshot(self) -> None:
        """What was asked for before is done before; what was on the wire follows behind, all at
        once. An Originate's channel may come up after: it is made in a thread of its own."""
        waiting = [one for one in self.asterisk.asked if isinstance(one, ORIGINATES)]
        for _ in range(len(self.asterisk.asked)):
            if isinstance(self.asterisk.asked[0], ORIGINATES):
                self.asterisk.asked.popleft()
            else:
                self.asterisk.work()
        self.asterisk.asked.extend(waiting)
        report = self.asterisk.snapshot()
        held, self.asterisk.wire = list(self.asterisk.wire), deque()
        self.gate_open = True
        for heard in (report, *held):
            self._hear(heard)

    @precondition(lambda self: self.asterisk.connected and self.calm > 2)
    @rule(done=st.booleans())
    def the_link_breaks(self, done: bool) -> None:
        self.calm = 0
        lost = list(self.asterisk.asked)
        while self.asterisk.asked:
            self.asterisk.work("answer lost" if done else "lost")
        self.asterisk.wire.clear()
        self.asterisk.connected = self.gate_open = False
        self._hear(LinkLost(at=self.asterisk.now))
        for effect in lost:
            if isinstance(effect, ORIGINATES):
                name = type(effect).__name__
                at, offer = self.asterisk.now, effect.offer
                self._hear(EffectFailed(at=at, effect=name, subject=offer, reason="link lost"))

    @precondition(lambda self: not self.asterisk.connected)
    @rule()
    def the_link_is_back(self) -> None:
        self.asterisk.connected = True

    @precondition(lambda self: self.calm > 2)
    @rule(done=st.booleans())
    def the_daemon_restarts(self, done: bool) -> None:
        self.calm = 0
        self._finish_life()
        while self.asterisk.asked:
            self.asterisk.work("answer lost" if done else "lost")
        self.asterisk.wire.clear()
        seats = self.life.last_states()
        self.life = Life(self.queues)
        self.asterisk.connected, self.gate_open = True, False
        self._hear(EngineStarted(at=self.asterisk.now, version="2", seats=seats))

    @precondition(
        lambda self: (
            (not self.asterisk.connected or self.calm % 4 == 3)
            and self.asterisk.callers("menu", "waiting-room", "last-resort")
        )
    )
    @rule(data=st.data())
    def asterisk_takes_the_daemon_for_dead(self, data: st.DataObject) -> None:
        """With the link away, or when the sign of life came late."""
        contexts = ("menu", "waiting-room", "last-resort")
        caller = data.draw(st.sampled_from(self.asterisk.callers(*contexts)))
        if not caller.bridge:
            self.asterisk.last_resort(caller)

    # ------------------------------------------------------------------------------ promises

    @invariant()
    def no_ready_seat_is_idle_beside_a_caller_it_could_serve(self) -> None:
        snapshots = [one for one in self.life.heard if isinstance(one, SnapshotTaken | LinkLost)]
        if not snapshots or isinstance(snapshots[-1], LinkLost):
            return
        for seat in self.life.dispatcher.seats():
            reachable = seat.device_state in (DeviceState.IDLE, DeviceState.UNKNOWN)
            if seat.state is SeatState.READY and reachable:
                left = self.life.unoffered(*seat.queues)
                assert not left, f"{seat.seat} is ready, {left} wait"

    @invariant()
    def a_seat_is_busy_with_its_offer_and_an_offer_keeps_its_seat_busy(self) -> None:
        for seat in self.life.dispatcher.seats():
            offer = self.life.dispatcher.offer_of(seat.seat)
            busy = seat.state in BUSY
            assert (offer is not None) == busy == (seat.call is not None and busy)
            assert offer is None or offer in self.life.offers, f"{seat.seat} stuck on {offer}"

    @invariant()
    def a_call_ends_once_and_in_one_way(self) -> None:
        ended = Counter(fact.call for fact in self.life.facts if isinstance(fact, CallEnded))
        assert all(count == 1 for count in ended.values())
        gave_up = [fact.call for fact in self.life.facts if isinstance(fact, CallAbandoned)]
        answered = [fact.call for fact in self.life.facts if isinstance(fact, OfferAnswered)]
        assert len(gave_up) == len(set(gave_up))
        assert not set(gave_up) & set(answered)

    def _finish_life(self) -> None:
        """The same reports lead to the same facts and effects, byte for byte."""
        again = Life(self.queues)
        for report, said in zip(self.life.heard, self.life.said, strict=True):
            assert repr(again.hear(report)) == said

    def _settle(self) -> None:
        self.asterisk.connected = True
        for _ in range(50):
            while self.asterisk.asked:
                self.asterisk.work()
            if not self.gate_open:
                self.snapshot()
            while self.gate_open and self.asterisk.wire:
                self._hear(self.asterisk.wire.popleft())
            if self.gate_open and not self.asterisk.wire and not self.asterisk.asked:
                self._check_phones()
                return
        raise AssertionError("Asterisk and the cores answer each other for ever")

    def _check_phones(self) -> None:
        """When all has been said and done, a phone rings only for a caller who waits, and no more
        than are rung at once."""
        unbridged = [leg for leg in self.asterisk.legs() if not leg.bridge]
        rung_for = Counter(leg.variables["CTI_CALL"] for leg in unbridged)
        assert all(count <= TOGETHER for count in rung_for.values()), "too many ring for one"
        for leg in unbridged:
            caller = self.asterisk.caller_of(leg)
            assert caller is not None, f"{leg.id} rings for nobody"
            waits = caller.context in ("waiting-room", "last-resort")
            # Also of one whose hang-up has begun unseen: the channel is there until it is reaped.
            aside = caller.context == "menu" and caller.variables.get("CTI_WAIT_ASIDE")
            assert (waits or aside) and not caller.bridge

    def teardown(self) -> None:
        """Everybody hangs up and time goes by: nothing may be left over, nobody untold."""
        self._settle()
        known = {call.call for call in self.life.tracker.calls()}
        assert known == {CallId(one.id) for one in self._all_callers()}
        for caller in self._all_callers():
            if not caller.dying:
                self.asterisk.caller_hangs_up(caller)
            self.asterisk.reap(caller)
        for _ in range(2):
            self._settle()
            self.time_passes(60 * SECOND)
        self._settle()
        assert not self.asterisk.channels
        assert self.life.tracker.calls() == ()
        assert not self.life.unoffered("repairs", "bills")
        for seat in self.life.dispatcher.seats():
            assert seat.state not in {*BUSY, SeatState.WRAP_UP}
        self._check_ends()
        self._finish_life()

    def _all_callers(self) -> list[Channel]:
        return [
            one
            for one in self.asterisk.channels.values()
            if not one.seat and one.context != "called-back"
        ]

    def _check_ends(self) -> None:
        told = [fact for fact in self.life.facts if isinstance(fact, CallQueued | CallRecovered)]
        ends = {fact.call: fact for fact in self.life.facts if isinstance(fact, CallEnded)}
        gave_up = {fact.call for fact in self.life.facts if isinstance(fact, CallAbandoned)}
        satisfied = {
            fact.call: fact.outcome for fact in self.life.facts if isinstance(fact, WaitEnded)
        }
        answered = [fact for fact in self.life.facts if isinstance(fact, OfferAnswered)]
        with_seat = {fact.call for fact in answered}
        for call in {fact.call for fact in told}:
            outcome = ends[call].outcome
            if call in with_seat:
                assert outcome in ("answered", "lost-sight")
            if call in gave_up:
                assert outcome == "abandoned"
            assert (call in gave_up) + (call in satisfied) + (call in with_seat) <= 1
            if call in satisfied:
                assert outcome == satisfied[call]
            queued = any(isinstance(fact, CallQueued) and fact.call == call for fact in told)
            assert not (queued and outcome in ("self-service", "left-menu"))
        for fact in answered:
            assert fact.wait_us >= 0
            assert self.life.stored[fact.offer] == 1, f"recording of {fact.offer}"


TestHotline = Hotline.TestCase
TestHotline.settings = settings(
    max_examples=300,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
