"""What routing promises whatever happens: random sites, callers, seats and phones; facts that come
late, twice or never. The dispatcher is held against a plain definition of who may serve whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from acd.needs import lowered, parse_needs
from acd.waiting import WaitingCall
from cti.effects import Effect, SendWaiting
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    DeviceChanged,
    DeviceState,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
    OfferRang,
    OutsideRung,
    Overflow,
    OverflowCause,
    OverflowTarget,
    QueueRecord,
    QueueRole,
    Resynced,
    Role,
    RoutingChanged,
    RoutingRules,
    SeatCommand,
    SeatHeld,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    SeatState,
    SeatStateChanged,
    Skill,
    SnapshotTaken,
    StrategyName,
    TimePassed,
    WaitOverflowed,
    WaitResumed,
    WaitSentOn,
    Widening,
)
from cti.ids import CallId, QueueId, SeatId
from tests.unit.acd.life import SECOND, Life, a_seat, hotline

QUEUES: Final = ("repairs", "bills", "water")
SKILLS: Final = ("gas", "night")
LANGUAGES: Final = ("zh-CN", "en")
RUNG: Final = (SeatState.RESERVED, SeatState.RINGING)
IN_CALL: Final = (SeatState.TALKING, SeatState.HOLD, SeatState.CONSULT)
SPOKEN: Final = SeatOffered | OfferAnswered

skills = st.lists(st.builds(Skill, st.sampled_from(SKILLS), st.integers(1, 3)), max_size=2).map(
    lambda found: tuple({one.name: one for one in found}.values())
)
wishes = st.sampled_from([*["sign-on", "ready"] * 3, "sign-off", "pause"])
asked_for = st.sampled_from(["gas", "gas:2", "night:3", "rare:1", ":", "gas:x"])
usual_widening = (Widening(10 * SECOND, 1), Widening(20 * SECOND, 9))
targets: st.SearchStrategy[tuple[OverflowTarget, str]] = st.one_of(
    st.sampled_from([*QUEUES, "nowhere"]).map(lambda queue: ("queue", queue)),
    st.sampled_from([("outside", "police"), ("message", "box"), ("flow", "busy")]),
)


@st.composite
def overflows(draw: st.DrawFn) -> Overflow:
    to, target = draw(targets)
    when: OverflowCause = draw(st.sampled_from(["wait", "length", "closed", "no-seats"]))
    after_us = draw(st.sampled_from([0, 5, 15])) * SECOND
    return Overflow(when, to, target, after_us=after_us, length=draw(st.integers(0, 3)))


strategies_drawn: st.SearchStrategy[StrategyName] = st.sampled_from(
    ["longest-idle", "fewest-calls", "least-occupied", "round-robin", "fixed-order", "best-skill"]
)


@st.composite
def seat_records(draw: st.DrawFn, number: int) -> SeatRecord:
    queues = draw(st.lists(st.sampled_from(QUEUES), min_size=1, max_size=3, unique=True))
    role: st.SearchStrategy[Role] = st.sampled_from(["a", "a", "b", "lead"])
    roles = [QueueRole(QueueId(one), draw(role)) for one in queues]
    return SeatRecord(
        SeatId(f"10{number:02}"),
        f"Seat {number}",
        f"PJSIP/10{number:02}",
        tuple(QueueId(one) for one in queues),
        draw(skills),
        tuple(roles),
        languages=tuple(draw(st.sampled_from([(), (), ("zh-CN",), LANGUAGES]))),
    )


@st.composite
def sites(draw: st.DrawFn) -> tuple[list[SeatRecord], list[QueueRecord], RoutingRules]:
    merged = draw(st.sampled_from(["", "", "bills"]))
    queues = [
        QueueRecord(
            QueueId(name),
            15 * SECOND,
            draw(st.sampled_from([0, 10 * SECOND])),
            strategy=draw(strategies_drawn),
            ratio=draw(st.integers(1, 3)),
            target_us=draw(st.sampled_from([5, 20])) * SECOND,
            priority_step_us=60 * SECOND,
            widening=draw(st.sampled_from([(), usual_widening])),
            wanted_us=draw(st.sampled_from([0, 15 * SECOND])),
            last_seat_us=draw(st.sampled_from([0, 3600 * SECOND])),
            merged_into=QueueId(merged if name == "water" else ""),
            closed=draw(st.sampled_from([False, False, True])),
            overflow=tuple(draw(st.lists(overflows(), max_size=2))),
        )
        for name in QUEUES
    ]
    seats = [draw(seat_records(number)) for number in range(draw(st.integers(1, 5)))]
    rules = RoutingRules(choice=draw(st.sampled_from(["place", "due", "queue-ratio"])))
    return seats, queues, rules


class Routing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000 * SECOND
        self.calls = 0
        self.link = False
        self.past: list[Fact] = []
        self.numbers = [f"1380000{number:04}" for number in range(3)]
        self.ended: set[CallId] = set()
        self.sent: dict[CallId, tuple[OverflowTarget, str]] = {}
        """Callers who were told to step aside, and where to; until they are back or have left."""
        self.gone: set[CallId] = set()
        """Those of them who have been heard to go."""

    @initialize(site=sites())
    def begin(self, site: Any) -> None:
        self.site = site
        self.life = Life(*site)
        self.records = {record.id: record for record in site[0]}
        self.queues = {queue.id: queue for queue in site[1]}
        self.link_comes_up()
        for seat in self.records:
            self.tell(SeatCommand(at=self.now, seat=seat, wish="sign-on"))

    # ------------------------------------------------------------------------------ what happens

    def tell(self, fact: Fact) -> list[Fact | Effect]:
        self.past.append(fact)
        self.follow(fact)
        out = self.life.hear(fact)
        waiting = {call.call: call for call in self.waiting()}
        for offer in out:
            if isinstance(offer, SeatOffered):
                call = waiting[offer.call]
                assert self.may_serve(offer.seat, call), f"{offer.seat} was offered {call}"
            elif isinstance(offer, SendWaiting):
                assert offer.call in waiting, "who is sent keeps the place"
                assert not waiting[offer.call].offers, "nobody is sent away from a ringing seat"
                assert offer.call not in self.gone, "who has gone is not sent anywhere"
                to = self.sent.setdefault(offer.call, (offer.to, offer.target))
                assert to == (offer.to, offer.target), "nobody is sent to two places"
            elif isinstance(offer, WaitOverflowed) and offer.to == "queue":
                assert offer.call not in self.sent, "who has stepped aside is not moved"
        return out

    def follow(self, fact: Fact) -> None:
        """Whom a seat or a menu has taken elsewhere does not read what they were told to."""
        if isinstance(fact, OfferAnswered):
            self.gone.discard(fact.call)
        if isinstance(fact, OfferAnswered | CallQueued | OutsideRung):
            self.sent = {
                call: to for call, to in self.sent.items() if call != fact.call or call in self.gone
            }

    @precondition(lambda self: self.link and self.sent)
    @rule(data=st.data())
    def who_was_sent_goes(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(list(self.sent)))
        if call in self.gone or self.life.dispatcher.queue_of(call) is None:
            return
        to, target = self.sent[call]
        self.gone.add(call)
        self.tell(WaitSentOn(at=self.now, call=call, to=to, target=target))

    @precondition(lambda self: self.link and self.sent)
    @rule(data=st.data(), helped=st.booleans())
    def who_was_sent_has_been_there(self, data: st.DataObject, *, helped: bool) -> None:
        """To a number outside they leave the line, and come back to their place."""
        call = data.draw(st.sampled_from(list(self.sent)))
        to, _ = self.sent.pop(call)
        self.gone.discard(call)
        if self.life.dispatcher.queue_of(call) is None:
            return  # a seat took them out of there, or they hung up
        self.tell(WaitSentOn(at=self.now, call=call, to=to, target="busy"))
        if to == "outside":
            self.fail_offers_of(call, "caller-gone")
            self.tell(OutsideRung(at=self.now, call=call, target="police"))
            assert self.life.dispatcher.queue_of(call) is None
        if helped:
            self.fail_offers_of(call, "caller-gone")
            self.ends(call)
            return
        if to == "outside":
            first = next(
                one for one in self.past if isinstance(one, CallQueued) and one.call == call
            )
            self.tell(replace(first, at=self.now, queued_at=first.at))
        self.tell(WaitResumed(at=self.now, call=call, sent_on=True))

    @precondition(lambda self: self.waiting())
    @rule(data=st.data())
    def who_looked_at_an_offer_is_back(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.waiting()))
        self.tell(WaitResumed(at=self.now, call=call.call))

    @precondition(lambda self: not self.link)
    @rule()
    def link_comes_up(self) -> None:
        self.tell(SnapshotTaken(at=self.now))
        self.tell(Resynced(at=self.now))
        self.link = True

    @precondition(lambda self: self.link and self.calls % 5 == 4)
    @rule()
    def link_is_lost(self) -> None:
        self.tell(LinkLost(at=self.now))
        self.link = False

    @rule(seconds=st.integers(1, 12))
    def time_goes_by(self, seconds: int) -> None:
        until = self.now + seconds * SECOND
        while (due := self.life.dispatcher.deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.tell(TimePassed(at=self.now))
            again = self.life.dispatcher.deadline()
            assert again is None or again > due, "a deadline that is kept is over"
        self.now = until

    @rule(
        queue=st.sampled_from((*QUEUES, "nowhere")),
        priority=st.sampled_from([1, 5, 5, 9]),
        asked=st.lists(asked_for, max_size=2),
        language=st.sampled_from(("", *LANGUAGES)),
        data=st.data(),
    )
    def a_caller_waits(
        self, queue: str, priority: int, *, asked: list[str], language: str, data: st.DataObject
    ) -> None:
        self.calls += 1
        number = data.draw(st.integers(0, 2))
        wanted = data.draw(st.sampled_from(["", "", *self.records, "9999"]))
        self.tell(
            CallQueued(
                at=self.now,
                call=CallId(f"c{self.calls}"),
                queue=QueueId(queue),
                priority=priority,
                language=language,
                arrived_at=self.now,
                asked_at=self.now,
                prompt_ended_at=self.now,
                channel_name="",
                caller_number=self.numbers[number],
                caller_name="",
                skills=tuple(asked),
                wanted_seat=SeatId(wanted),
            )
        )
        self.now += 1

    @rule(queue=st.sampled_from(QUEUES), data=st.data())
    def a_plain_caller_waits(self, queue: str, data: st.DataObject) -> None:
        self.a_caller_waits(queue=queue, priority=5, asked=[], language="", data=data)

    @precondition(lambda self: len(self.waiting()) > 2)
    @rule(data=st.data())
    def a_caller_gives_up(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(self.waiting()))
        self.ended.add(call.call)
        self.tell(CallAbandoned(at=self.now, call=call.call, queue=call.queue, wait_us=0))
        self.fail_offers_of(call.call, "caller-gone")
        self.ends(call.call)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), queue=st.sampled_from(QUEUES))
    def a_caller_moves_to_another_queue(self, data: st.DataObject, queue: str) -> None:
        call = data.draw(st.sampled_from(self.waiting()))
        told = [one for one in self.past if isinstance(one, CallQueued) and one.call == call.call]
        first = told[0]
        self.tell(
            CallQueued(
                at=self.now,
                call=call.call,
                queue=QueueId(queue),
                priority=5,
                language=first.language,
                arrived_at=first.at,
                asked_at=first.at,
                prompt_ended_at=first.at,
                channel_name="",
                caller_number=first.caller_number,
                caller_name="",
                queued_at=first.at,
            )
        )

    @rule(data=st.data(), wish=wishes)
    def a_seat_wishes(self, data: st.DataObject, wish: Any) -> None:
        seat = data.draw(st.sampled_from([*self.records, SeatId("9999")]))
        self.tell(SeatCommand(at=self.now, seat=seat, wish=wish, reason="rest"))

    @rule(data=st.data(), state=st.sampled_from([*DeviceState, *[DeviceState.IDLE] * 4]))
    def a_phone_changes(self, data: st.DataObject, state: DeviceState) -> None:
        record = data.draw(st.sampled_from(list(self.records.values())))
        self.tell(DeviceChanged(at=self.now, device=record.device, state=state))

    @precondition(lambda self: self.rung())
    @rule(data=st.data())
    def a_phone_rings(self, data: st.DataObject) -> None:
        offer = data.draw(st.sampled_from(self.rung()))
        self.tell(OfferRang(at=self.now, call=offer.call, seat=offer.seat, offer=offer.offer))

    @precondition(lambda self: self.rung())
    @rule(data=st.data())
    def a_seat_answers(self, data: st.DataObject) -> None:
        offer = data.draw(st.sampled_from(self.rung()))
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
        self.fail_offers_of(offer.call, "taken", but=offer.offer)

    @precondition(lambda self: self.rung())
    @rule(
        data=st.data(),
        reason=st.sampled_from(["no-answer", "rejected", "unreachable", "no-response", "failed"]),
    )
    def an_offer_fails(self, data: st.DataObject, reason: Any) -> None:
        offer = data.draw(st.sampled_from(self.rung()))
        self.tell(
            OfferFailed(
                at=self.now, call=offer.call, seat=offer.seat, offer=offer.offer, reason=reason
            )
        )

    @precondition(lambda self: self.talking())
    @rule(data=st.data(), on=st.booleans())
    def a_seat_holds(self, data: st.DataObject, on: bool) -> None:
        offer = data.draw(st.sampled_from(self.talking()))
        self.tell(SeatHeld(at=self.now, call=offer.call, seat=offer.seat, offer=offer.offer, on=on))

    @precondition(lambda self: self.talking())
    @rule(data=st.data(), by_far_end=st.booleans())
    def a_seat_hangs_up(self, data: st.DataObject, by_far_end: bool) -> None:
        offer = data.draw(st.sampled_from(self.talking()))
        self.tell(
            SeatLeft(
                at=self.now,
                call=offer.call,
                seat=offer.seat,
                offer=offer.offer,
                queue=offer.queue,
                talk_us=SECOND,
                by_far_end=by_far_end,
            )
        )
        self.ends(offer.call)

    @rule(site=sites())
    def routing_changes(self, site: Any) -> None:
        """The queues stay, all that they are changes; seats come, go and change."""
        seats, queues, rules = site
        self.records = {record.id: record for record in seats}
        self.queues = {queue.id: queue for queue in queues}
        self.tell(
            RoutingChanged(
                at=self.now, seats=tuple(seats), queues=tuple(queues), rules=rules, by="admin"
            )
        )

    @rule(site=sites(), data=st.data())
    def a_part_of_routing_changes(self, site: Any, data: st.DataObject) -> None:
        """What is not named stays."""
        changes = st.booleans()
        seats = [one for one in site[0] if one.id in self.records and data.draw(changes)]
        queues = [one for one in site[1] if data.draw(changes)]
        self.records |= {record.id: record for record in seats}
        self.queues |= {queue.id: queue for queue in queues}
        self.tell(
            RoutingChanged(
                at=self.now,
                seats=tuple(seats),
                queues=tuple(queues),
                rules=site[2],
                by="lead",
                partial=True,
            )
        )

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def an_old_fact_comes_again(self, data: st.DataObject) -> None:
        """Late, or twice. What begins a wait is not repeated by the tracker for a call that ended,
        and a snapshot is what it is when it comes."""
        old = data.draw(st.sampled_from(self.past[-12:]))
        if isinstance(old, CallQueued):
            if self.life.dispatcher.queue_of(old.call) is None:
                return
        elif isinstance(old, OfferAnswered):
            # Told of another call than the one it rings for, a seat has that one: its own leg ends
            # then, which nobody plays here.
            if self.life.dispatcher.offer_of(old.seat) not in (None, old.offer):
                return
        elif isinstance(old, SnapshotTaken | Resynced | LinkLost | TimePassed | RoutingChanged):
            return
        self.life.hear(old)

    # -------------------------------------------------------------------------------- helpers

    def ends(self, call: CallId) -> None:
        self.ended.add(call)
        self.tell(
            CallEnded(
                at=self.now, call=call, outcome="answered", ended_by="caller", cause=16, total_us=0
            )
        )

    def fail_offers_of(self, call: CallId, reason: Any, but: str = "") -> None:
        for offer in self.rung():
            if offer.call == call and offer.offer != but:
                self.tell(
                    OfferFailed(
                        at=self.now, call=call, seat=offer.seat, offer=offer.offer, reason=reason
                    )
                )

    def waiting(self) -> list[WaitingCall]:
        return sorted(self.life.dispatcher._line, key=lambda one: one.call)

    def with_offer(self, states: tuple[SeatState, ...]) -> list[SeatOffered]:
        found = []
        for seat in self.life.dispatcher.seats():
            offer = self.life.dispatcher.offer_of(seat.seat)
            if seat.state in states and offer is not None:
                found.append(self.life.offers[offer])
        return found

    def rung(self) -> list[SeatOffered]:
        return self.with_offer(RUNG)

    def talking(self) -> list[SeatOffered]:
        return self.with_offer(IN_CALL)

    def line_of(self, queue: QueueId) -> QueueId:
        return self.queues[queue].merged_into or queue

    def serves(self, seat: SeatId, line: QueueId) -> bool:
        return any(self.line_of(queue) == line for queue in self.records[seat].queues)

    def meets(self, seat: SeatId, call: WaitingCall, needs: tuple[Skill, ...]) -> bool:
        record = self.records[seat]
        levels = {one.name: one.level for one in record.skills}
        speaks = not record.languages or not call.language or call.language in record.languages
        return (
            self.serves(seat, call.line)
            and speaks
            and all(levels.get(need.name, 0) >= need.level for need in needs)
        )

    def may_serve(self, seat: SeatId, call: WaitingCall) -> bool:
        """In plain words, without any of the dispatcher's shortcuts."""
        # Who was removed ends a call, and takes no other.
        there = (one for one in self.life.dispatcher.seats() if one.seat in self.records)
        seats = {one.seat: one for one in there}
        needs = lowered(call.needs, self.queues[call.queue], self.now - call.queued_at)
        if call.wanted_seat:
            return seat == call.wanted_seat
        fitting = [one for one in seats if self.meets(one, call, needs)]
        if (needs or call.language) and not any(
            seats[one].state is not SeatState.SIGNED_OFF for one in fitting
        ):
            fitting = [one for one in seats if self.serves(one, call.line)]
        away = (SeatState.SIGNED_OFF, SeatState.PAUSED, SeatState.UNREACHABLE)
        staff = [one for one in fitting if self.records[one].role_in(call.line) != "lead"]
        if any(seats[one].state not in away for one in staff):
            fitting = staff
        return seat in fitting

    # ------------------------------------------------------------------------------- promises

    @invariant()
    def no_free_seat_beside_a_caller_it_may_serve(self) -> None:
        if not self.link:
            return
        free = [
            one.seat
            for one in self.life.dispatcher.seats()
            if one.state is SeatState.READY
            and one.device_state in (DeviceState.IDLE, DeviceState.UNKNOWN)
        ]
        # What time has brought is taken in with the next deadline, not before.
        due = self.life.dispatcher.deadline()
        if due is not None and due <= self.now:
            return
        for call in self.waiting():
            if not call.offers:
                beside = [seat for seat in free if self.may_serve(seat, call)]
                assert not beside, f"{beside} free beside {call}"

    @invariant()
    def a_seat_has_one_offer_and_an_offer_one_seat(self) -> None:
        offers = []
        for seat in self.life.dispatcher.seats():
            offer = self.life.dispatcher.offer_of(seat.seat)
            assert (offer is not None) == (seat.state in (*RUNG, *IN_CALL))
            if offer is not None:
                offers.append(offer)
                assert self.life.offers[offer].seat == seat.seat
        assert len(offers) == len(set(offers))

    @invariant()
    def a_caller_is_in_one_place(self) -> None:
        waiting = {call.call for call in self.waiting()}
        talking = [offer.call for offer in self.talking()]
        assert not waiting & set(talking)
        rung_for = {offer.call for offer in self.rung()}
        for call in self.waiting():
            assert bool(call.offers) == (call.call in rung_for), "a seat rings for who is told so"
            assert len(call.offers) <= 1
            assert (call.ticket == 0) == bool(call.offers), "who is not rung for is sought for"

    @invariant()
    def lines_are_in_the_order_of_places(self) -> None:
        for queue in self.queues:
            order = self.life.dispatcher.order(queue)
            places = [self.life.dispatcher.place_of(call) for call in order]
            assert places == list(range(1, len(order) + 1))

    def teardown(self) -> None:
        """The same facts again: the same decisions, byte for byte. Then all goes to its end."""
        if not hasattr(self, "life"):
            return
        again = Life(*self.site)
        for fact, said in zip(self.life.heard, self.life.said, strict=True):
            again.hear(fact)
            assert again.said[-1] == said
        if not self.link:
            self.link_comes_up()
        for record in self.records.values():
            self.tell(DeviceChanged(at=self.now, device=record.device, state=DeviceState.IDLE))
            self.tell(SeatCommand(at=self.now, seat=record.id, wish="sign-on"))
            self.tell(SeatCommand(at=self.now, seat=record.id, wish="ready"))
        served = {queue for seat in self.records for queue in self.lines_of(seat)}
        left: list[WaitingCall] = []
        for _ in range(20 * (self.calls + len(self.records) + 1)):
            for offer in self.rung():
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
            for offer in self.talking():
                self.tell(
                    SeatLeft(
                        at=self.now,
                        call=offer.call,
                        seat=offer.seat,
                        offer=offer.offer,
                        queue=offer.queue,
                        talk_us=SECOND,
                    )
                )
            self.time_goes_by(12)
            for record in self.records.values():
                self.tell(SeatCommand(at=self.now, seat=record.id, wish="ready"))
            left = [call for call in self.waiting() if call.line in served]
            if not left and not self.talking() and not self.rung():
                break
        assert not left, "nobody waits for ever where a seat serves the line"

    def lines_of(self, seat: SeatId) -> set[QueueId]:
        return {self.line_of(queue) for queue in self.records[seat].queues}


TestRouting = Routing.TestCase
TestRouting.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_needs_are_read_as_menus_write_them() -> None:
    assert parse_needs(["gas:3", "night", "gas:2", ":", "x:99", "y:-1"]) == (
        Skill("gas", 3),
        Skill("night", 1),
        Skill("x", 9),
        Skill("y", 1),
    )


def test_state_changes_name_old_and_new() -> None:
    """What the promises above lean on: a seat's history is gapless."""
    life = hotline([a_seat("1")])
    life.sign_on("1")
    moves = [(one.old, one.new) for one in life.all(SeatStateChanged)]
    assert moves == [(SeatState.SIGNED_OFF, SeatState.READY)]
