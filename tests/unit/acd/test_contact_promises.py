"""What routing promises of texts, chats and mails whatever happens, with calls beside them: random
seats with room for some kinds, gateways and seats whose words come late, twice or never, phones
that are lost, routing that changes, a daemon that starts anew."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from acd.contact_book import ContactSnapshot
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    Capacity,
    ContactAbandoned,
    ContactAccepted,
    ContactCame,
    ContactClosed,
    ContactKind,
    ContactOffered,
    ContactOfferFailed,
    ContactPatience,
    ContactQueued,
    ContactReturned,
    ContactWish,
    ContactWithdrawn,
    DeviceChanged,
    DeviceState,
    EngineStarted,
    Fact,
    LinkLost,
    OfferAnswered,
    OfferFailed,
    QueueRecord,
    Resynced,
    RoutingChanged,
    RoutingRules,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    SeatState,
    SnapshotTaken,
    TimePassed,
)
from cti.ids import CallId, ContactId, QueueId, SeatId, contact_id
from cti.store.contact_projection import fold_contact, open_contact
from tests.unit.acd.life import SECOND, Life

QUEUES: Final = ("repairs", "bills")
KINDS: Final[tuple[ContactKind, ...]] = ("text", "web", "mail")
IN_CALL: Final = (SeatState.TALKING, SeatState.HOLD, SeatState.CONSULT)
RUNG: Final = (SeatState.RESERVED, SeatState.RINGING)
IDLE: Final = (DeviceState.IDLE, DeviceState.UNKNOWN)

kinds: st.SearchStrategy[ContactKind] = st.sampled_from(KINDS)
wishes = st.sampled_from([*["sign-on", "ready"] * 3, "sign-off", "pause"])


@st.composite
def sites(draw: st.DrawFn) -> tuple[list[SeatRecord], list[QueueRecord]]:
    seats = []
    for number in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(QUEUES), min_size=1, max_size=2, unique=True))
        room = draw(st.dictionaries(kinds, st.integers(1, 2), max_size=3))
        seats.append(
            SeatRecord(
                SeatId(f"10{number}"),
                f"Seat {number}",
                f"PJSIP/10{number}",
                tuple(QueueId(one) for one in names),
                capacity=tuple(Capacity(kind, most) for kind, most in sorted(room.items())),
                texts_in_call=draw(st.booleans()),
                pause_after_missed_text=draw(st.booleans()),
            )
        )
    wrapup_us = draw(st.sampled_from([0, 10])) * SECOND
    queues = [
        QueueRecord(
            QueueId(name),
            15 * SECOND,
            wrapup_us,
            wanted_us=draw(st.sampled_from([0, 20])) * SECOND,
            contact_offer_us=30 * SECOND,
            contact_patience=(ContactPatience("web", 45 * SECOND),),
        )
        for name in QUEUES
    ]
    return seats, queues


class ContactRouting(RuleBasedStateMachine):
    @initialize(site=sites())
    def begins(self, site: Any) -> None:
        self.numbers = Counter[str]()
        self.facts: list[Fact] = []
        self.past: list[Fact] = []
        self.known: dict[ContactId, Any] = {}
        self.starts(site)

    def starts(self, site: Any, facts: tuple[Any, ...] = ()) -> None:
        self.seats, self.queues = site
        self.life = Life(*site)
        self.life.now = max([self.life.now, *(one.at for one in self.past)])
        self.offers: dict[str, ContactOffered] = {}
        self.tell(EngineStarted(at=self.life.now, version="1", contacts=facts))
        self.link = False
        self.link_comes_up()

    def tell(self, fact: Fact) -> None:
        self.past.append(fact)
        self.hear(fact)

    def hear(self, fact: Fact) -> None:
        """What it says is kept, and folded as the database does."""
        before = len(self.life.facts)
        self.life.hear(fact)
        for one in (fact, *self.life.facts[before:]):
            self.facts.append(one)
            if isinstance(one, ContactOffered):
                self.offers[one.offer] = one
            contact = getattr(one, "contact", None)
            if contact is not None:
                after = fold_contact(self.known.get(contact), one)
                if after is not None:
                    self.known[contact] = after

    @property
    def now(self) -> int:
        return self.life.now

    # ---------------------------------------------------------------------------------- rules

    @precondition(lambda self: not self.link)
    @rule()
    def link_comes_up(self) -> None:
        self.tell(SnapshotTaken(at=self.now))
        self.tell(Resynced(at=self.now))
        self.link = True

    @precondition(lambda self: self.link)
    @rule()
    def link_is_lost(self) -> None:
        self.tell(LinkLost(at=self.now))
        self.link = False

    @rule(seconds=st.sampled_from([1, 5, 12, 31, 61]))
    def time_goes_by(self, seconds: int) -> None:
        until = self.now + seconds * SECOND
        while (due := self.life.dispatcher.deadline()) is not None and due <= until:
            self.life.now = max(self.now, due)
            self.tell(TimePassed(at=self.now))
        self.life.now = until

    @rule(kind=kinds, queue=st.sampled_from([*QUEUES, "nowhere"]), data=st.data())
    def a_contact_comes(self, kind: ContactKind, queue: str, data: st.DataObject) -> None:
        self.numbers["contacts"] += 1
        wanted = data.draw(st.sampled_from(["", "", "100", "999"]))
        self.tell(
            ContactCame(
                at=self.now,
                contact=contact_id(f"n{self.numbers['contacts']}"),
                kind=kind,
                queue=QueueId(queue),
                sender="13800001111",
                by="gate",
                priority=data.draw(st.integers(3, 7)),
                wanted_seat=SeatId(wanted),
                patience_us=data.draw(st.sampled_from([0, 0, 20 * SECOND])),
            )
        )
        self.life.now += 1

    @rule(
        wish=st.sampled_from(["accept", "accept", "accept", "reject", "close", "close", "requeue"]),
        right=st.booleans(),
        data=st.data(),
    )
    def somebody_wishes(self, wish: Any, right: bool, data: st.DataObject) -> None:
        """Mostly the seat that has it, sometimes another one or a lead, or for what is over."""
        contacts = self.life.dispatcher.contacts.all()
        names = [one.open.contact for one in contacts] or [contact_id("n1")]
        if not right:
            names += [contact_id("n1"), contact_id("nothing")]
        contact = data.draw(st.sampled_from(names))
        seen = self.life.dispatcher.contacts.get(contact)
        seats = [seen.seat] if seen and right else ["", "100", "101", "999"]
        self.tell(
            ContactWish(
                at=self.now,
                contact=contact,
                wish=wish,
                by="somebody",
                seat=SeatId(data.draw(st.sampled_from(seats))),
                queue=QueueId(data.draw(st.sampled_from(["", *QUEUES, "no"]))),
            )
        )

    @rule(data=st.data())
    def a_sender_withdraws(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, self.numbers["contacts"] + 1))
        self.tell(ContactWithdrawn(at=self.now, contact=contact_id(f"n{number}"), by="gate"))

    @rule(queue=st.sampled_from(QUEUES))
    def a_caller_waits(self, queue: str) -> None:
        self.numbers["calls"] += 1
        self.tell(
            CallQueued(
                at=self.now,
                call=CallId(f"c{self.numbers['calls']}"),
                queue=QueueId(queue),
                priority=5,
                language="",
                arrived_at=self.now,
                asked_at=self.now,
                prompt_ended_at=self.now,
                channel_name="",
                caller_number="13800001111",
                caller_name="",
            )
        )
        self.life.now += 1

    @precondition(lambda self: self.with_call(RUNG))
    @rule(data=st.data(), answered=st.booleans())
    def a_ringing_ends(self, data: st.DataObject, answered: bool) -> None:
        offer = data.draw(st.sampled_from(self.with_call(RUNG)))
        who: Any = {"call": offer.call, "seat": offer.seat, "offer": offer.offer}
        if answered:
            more: Any = {"queue": offer.queue, "wait_us": 0, "recording": ""}
            self.tell(OfferAnswered(at=self.now, **who, **more))
        else:
            self.tell(OfferFailed(at=self.now, **who, reason="no-answer"))

    @precondition(lambda self: self.with_call(RUNG))
    @rule(data=st.data())
    def a_caller_gives_up(self, data: st.DataObject) -> None:
        offer = data.draw(st.sampled_from(self.with_call(RUNG)))
        self.tell(CallAbandoned(at=self.now, call=offer.call, queue=offer.queue, wait_us=0))
        self.tell(
            OfferFailed(
                at=self.now,
                call=offer.call,
                seat=offer.seat,
                offer=offer.offer,
                reason="caller-gone",
            )
        )

    @precondition(lambda self: self.with_call(IN_CALL))
    @rule(data=st.data())
    def a_talk_ends(self, data: st.DataObject) -> None:
        offer = data.draw(st.sampled_from(self.with_call(IN_CALL)))
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
        ended: Any = {"outcome": "answered", "ended_by": "caller", "cause": 16, "total_us": 0}
        self.tell(CallEnded(at=self.now, call=offer.call, **ended))

    @rule(data=st.data(), wish=wishes)
    def a_seat_wishes(self, data: st.DataObject, wish: Any) -> None:
        seat = data.draw(st.sampled_from(["100", "101", "102"]))
        self.tell(SeatCommand(at=self.now, seat=SeatId(seat), wish=wish, reason="rest"))

    @rule(data=st.data(), state=st.sampled_from([*DeviceState, *[DeviceState.IDLE] * 3]))
    def a_phone_changes(self, data: st.DataObject, state: DeviceState) -> None:
        record = data.draw(st.sampled_from(self.seats))
        self.tell(DeviceChanged(at=self.now, device=record.device, state=state))

    @rule(site=sites(), queues=st.integers(1, 2))
    def routing_changes(self, site: Any, queues: int) -> None:
        """Room, queues and seats come and go."""
        self.seats, self.queues = site[0], site[1][:queues]
        self.tell(
            RoutingChanged(
                at=self.now,
                seats=tuple(self.seats),
                queues=tuple(self.queues),
                rules=RoutingRules(),
                by="admin",
            )
        )

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def a_report_comes_again(self, data: st.DataObject) -> None:
        """Late, or twice. The API gives a contact that has ended no second life."""
        old = data.draw(st.sampled_from(self.past[-10:]))
        if isinstance(old, ContactCame) and self.life.dispatcher.contacts.get(old.contact) is None:
            return
        if isinstance(old, ContactCame | ContactWish | ContactWithdrawn | SeatCommand):
            self.hear(old)

    @rule(site=sites())
    def the_daemon_starts_anew(self, site: Any) -> None:
        """All that it knows of contacts is what the database has folded. Nobody is signed on."""
        before = {one.open.contact for one in self.life.dispatcher.contacts.all()}
        found = [open_contact(one) for one in self.known.values() if one.ended_us is None]
        assert {one.contact for one in found} == before, "nothing is lost, nothing comes back"
        self.starts(site, tuple(found))

    # -------------------------------------------------------------------------------- reading

    def with_call(self, states: tuple[SeatState, ...]) -> list[SeatOffered]:
        found = []
        for seat in self.life.dispatcher.seats():
            offer = self.life.dispatcher.offer_of(seat.seat)
            if seat.state in states and offer is not None:
                found.append(self.life.offers[offer])
        return found

    def record(self, seat: SeatId) -> SeatRecord | None:
        return next((one for one in self.seats if one.id == seat), None)

    def set_aside(self) -> set[tuple[SeatId, str]]:
        """Read from the facts alone."""
        aside: set[tuple[SeatId, str]] = set()
        for fact in self.facts:
            match fact:
                case ContactOfferFailed(reason="rejected" | "no-answer"):
                    aside.add((fact.seat, fact.kind))
                case ContactReturned(why="requeued"):
                    aside.add((fact.seat, fact.kind))
                case SeatCommand(wish="ready" | "sign-on"):
                    aside = {one for one in aside if one[0] != fact.seat}
                case EngineStarted():
                    aside = set()
        return aside

    # ------------------------------------------------------------------------------- promises

    @invariant()
    def no_free_seat_with_room_beside_a_contact_that_it_fits(self) -> None:
        if not self.link:
            return
        due = self.life.dispatcher.deadline()
        if due is not None and due <= self.now:
            return
        aside = self.set_aside()
        for contact in self.life.dispatcher.contacts.all():
            if contact.state != "waiting":
                continue
            waiting = self.life.dispatcher._line.get(CallId(contact.open.contact))
            assert waiting is not None
            for seat in self.life.dispatcher.seats():
                record = self.record(seat.seat)
                wanted = waiting.wanted_seat in ("", seat.seat)
                if record is None or not wanted or contact.queue not in record.queues:
                    continue
                most = {one.kind: one.most for one in record.capacity}.get(contact.open.kind, 0)
                phone = seat.device_state in IDLE or record.texts_in_call
                ready = seat.state is SeatState.READY and phone
                free = ready or (record.texts_in_call and seat.state in IN_CALL)
                room = self.in_hand(seat.seat, contact.open.kind) < most
                open_to = (seat.seat, contact.open.kind) not in aside
                stays = free and room and open_to and seat.contact_offer is None
                assert not stays, f"{seat} beside {contact}"

    def in_hand(self, seat: SeatId, kind: str) -> int:
        return sum(
            one.open.seat == seat and one.open.kind == kind
            for one in self.life.dispatcher.contacts.all()
        )

    @invariant()
    def what_is_offered_finds_room_and_no_other_offer(self) -> None:
        """Told by the facts: nothing is offered to a seat that is rung, in a call that allows no
        texts, offered something else, or full."""
        held: dict[SeatId, Counter[str]] = {}
        for contact in self.life.dispatcher.contacts.all():
            if contact.state == "in-hand":
                held.setdefault(contact.open.seat, Counter())[contact.open.kind] += 1
        offered = Counter(
            one.seat for one in self.life.dispatcher.contacts.all() if one.state == "offered"
        )
        for seat in self.life.dispatcher.seats():
            assert offered[seat.seat] == (seat.contact_offer is not None) <= 1
            assert not (offered[seat.seat] and seat.state in RUNG), "one offer at a time"
            if offered[seat.seat]:
                assert seat.state not in (SeatState.SIGNED_OFF, SeatState.PAUSED)

    @invariant()
    def nothing_is_accepted_beyond_the_room_at_the_time_of_the_offer(self) -> None:
        hands: dict[SeatId, Counter[str]] = {}
        rooms: dict[SeatId, dict[str, int]] = {}
        for fact in self.facts[self.checked_from() :]:
            match fact:
                case RoutingChanged():
                    rooms = {s.id: {c.kind: c.most for c in s.capacity} for s in fact.seats}
                case ContactOffered():
                    room = rooms.get(fact.seat)
                    if room is not None:
                        assert hands.get(fact.seat, Counter())[fact.kind] < room.get(fact.kind, 0)
                case ContactAccepted():
                    hands.setdefault(fact.seat, Counter())[fact.kind] += 1
                case ContactReturned() | ContactClosed() if fact.seat:
                    hands.setdefault(fact.seat, Counter())[fact.kind] -= 1
                    assert hands[fact.seat][fact.kind] >= 0

    def checked_from(self) -> int:
        """The last start with nothing in hand: what was accepted before it is not counted here."""
        starts = [
            place
            for place, fact in enumerate(self.facts)
            if isinstance(fact, EngineStarted) and not any(one.seat for one in fact.contacts)
        ]
        last = max(p for p, fact in enumerate(self.facts) if isinstance(fact, EngineStarted))
        return last if last in starts else len(self.facts)

    @invariant()
    def a_contact_is_in_one_place(self) -> None:
        waiting = [one for one in self.life.dispatcher._line if one.kind != "call"]
        line: dict[str, Any] = {str(one.call): one for one in waiting}
        hands: list[Any] = [one for seat in self.life.dispatcher.seats() for one in seat.contacts]
        assert len(hands) == len(set(hands))
        assert not set(hands) & set(line)
        contacts = self.life.dispatcher.contacts.all()
        assert {str(one.open.contact) for one in contacts} == set(hands) | set(line)
        for contact in contacts:
            self.is_where_it_says(contact, line, hands)

    @staticmethod
    def is_where_it_says(contact: ContactSnapshot, line: Any, hands: list[CallId]) -> None:
        place = CallId(contact.open.contact)
        assert (place in hands) == (contact.state == "in-hand") == bool(contact.open.seat)
        assert (contact.offer is not None) == (contact.state == "offered")
        if place in line:
            assert line[place].offers == ({contact.offer} if contact.offer else set())
            assert (line[place].ticket == 0) == bool(contact.offer)

    @invariant()
    def every_contact_ends_once_and_each_offer_too(self) -> None:
        ends = Counter(
            fact.contact
            for fact in self.facts
            if isinstance(fact, ContactAbandoned | ContactClosed)
        )
        assert not [contact for contact, times in ends.items() if times > 1]
        came = {fact.contact for fact in self.facts if isinstance(fact, ContactQueued)}
        living = {one.open.contact for one in self.life.dispatcher.contacts.all()}
        assert came == living | set(ends)
        assert not living & set(ends)
        over = Counter(
            fact.offer
            for fact in self.facts
            if isinstance(fact, ContactAccepted | ContactOfferFailed)
        )
        assert not [offer for offer, times in over.items() if times > 1]

    def teardown(self) -> None:
        """The same reports again: the same decisions, byte for byte. Then all comes to an end."""
        if not hasattr(self, "life"):
            return
        again = Life(self.life.seats, self.life.queues)
        for fact, said in zip(self.life.heard, self.life.said, strict=True):
            again.hear(fact)
            assert again.said[-1] == said
        self.time_goes_by(61)
        for _ in range(2):
            self.life.now += 2 * 86_400 * SECOND
            self.tell(TimePassed(at=self.now))
        for contact in self.life.dispatcher.contacts.all():
            wish: Any = {"contact": contact.open.contact, "wish": "close", "by": "lead"}
            self.tell(ContactWish(at=self.now, **wish))
        self.every_contact_ends_once_and_each_offer_too()
        assert self.life.dispatcher.contacts.all() == ()
        assert not [seat for seat in self.life.dispatcher.seats() if seat.contacts]


TestContactRouting = ContactRouting.TestCase
TestContactRouting.settings = settings(
    max_examples=150,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
