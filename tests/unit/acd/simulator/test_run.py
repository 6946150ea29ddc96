"""A day in virtual time: what the dispatcher is told, when, and what becomes of the callers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise
from random import Random
from typing import cast, get_args

import pytest

from acd.dispatcher import Dispatcher
from acd.simulator.chance import exponential_us
from acd.simulator.clockwork import DeadlineStands
from acd.simulator.day import Contact, Day, DayRefused, Move, all_day
from acd.simulator.fates import Fate, Outcome
from acd.simulator.figures import course, figures
from acd.simulator.run import Run
from acd.simulator.watch import Watcher
from cti.facts import (
    CallAbandoned,
    CallEnded,
    CallQueued,
    Fact,
    OfferAnswered,
    OfferFailed,
    OfferRang,
    SeatCommand,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    SeatState,
    SeatStateChanged,
    TalkStarted,
    TimePassed,
    WaitEnded,
)
from cti.facts.site import ChoiceName, QueueRecord, RoutingRules, StrategyName
from cti.ids import QueueId, SeatId
from cti.store.codec import kind_of, storable
from tests.unit.acd.simulator.hotline import (
    LINE,
    NINE,
    SECOND,
    Markov,
    dispatcher_of,
    seats_of,
)


class Recorder(Watcher):
    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def heard(self, fact: Fact) -> None:
        self.facts.append(fact)

    def kinds(self, *chosen: type[Fact]) -> list[str]:
        return [type(fact).__name__ for fact in self.facts if not chosen or type(fact) in chosen]

    def encoded(self) -> bytes:
        return "\n".join(f"{kind_of(fact)} {storable(fact)[1]}" for fact in self.facts).encode()


def caller(after_s: float, talk_s: float = 60, **more: object) -> Contact:
    contact = Contact(NINE + round(after_s * SECOND), LINE, round(talk_s * SECOND))
    return replace(contact, **more)  # type: ignore[arg-type]


def play(
    contacts: Sequence[Contact],
    seats: Sequence[SeatRecord] | None = None,
    moves: Sequence[Move] | None = None,
    *,
    wrapup_s: float = 0,
    **more: object,
) -> tuple[Outcome, Recorder]:
    seats = seats_of(1) if seats is None else seats
    moves = all_day([seat.id for seat in seats], NINE) if moves is None else moves
    recorder = Recorder()
    dispatcher = dispatcher_of(seats, wrapup_s=wrapup_s)
    run = Run(
        dispatcher,
        Day.of(contacts, moves),
        watchers=[recorder],
        **more,  # type: ignore[arg-type]
    )
    return run.run(), recorder


def test_a_caller_is_offered_rung_answered_and_let_go_in_this_order() -> None:
    outcome, heard = play([caller(5, 60, ring_us=4 * SECOND)])
    steps = (CallQueued, SeatOffered, OfferRang, OfferAnswered, TalkStarted, SeatLeft, CallEnded)
    assert heard.kinds(*steps) == [step.__name__ for step in steps]
    times = [fact.at - NINE for fact in heard.facts if type(fact) in steps]
    assert [at / SECOND for at in times] == [5, 5, 5, 9, 9, 69, 69]
    fate = outcome.fates[0]
    assert (fate.line_us, fate.seat) == (4 * SECOND, "1001")


def test_wait_runs_from_the_end_of_the_prompt() -> None:
    outcome, heard = play([caller(5, ring_us=4 * SECOND, lead_us=SECOND)])
    answered = next(fact for fact in heard.facts if isinstance(fact, OfferAnswered))
    assert outcome.fates[0].wait_us == answered.wait_us == 5 * SECOND


def test_who_waits_takes_the_seat_when_it_is_free() -> None:
    outcome, _ = play([caller(0, 100), caller(10, 100), caller(20, 100)])
    assert [fate.wait_us for fate in outcome.fates] == [0, 90 * SECOND, 180 * SECOND]


def test_patience_ends_the_wait_and_the_next_caller_moves_up() -> None:
    outcome, heard = play([caller(0, 100), caller(10, patience_us=30 * SECOND), caller(20, 100)])
    assert [fate.abandoned for fate in outcome.fates] == [False, True, False]
    assert outcome.fates[1].wait_us == 30 * SECOND
    assert outcome.fates[2].wait_us == 80 * SECOND
    assert heard.kinds(CallAbandoned) == ["CallAbandoned"]


def test_who_is_answered_in_time_does_not_give_up() -> None:
    outcome, heard = play([caller(0, 100, patience_us=5 * SECOND)])
    assert not outcome.fates[0].abandoned
    assert outcome.fates[0].ended_at == NINE + 100 * SECOND
    assert not heard.kinds(CallAbandoned)


def test_who_gives_up_while_a_seat_rings_frees_the_seat() -> None:
    outcome, heard = play([caller(0, ring_us=10 * SECOND, patience_us=4 * SECOND), caller(1, 5)])
    failed = [fact for fact in heard.facts if isinstance(fact, OfferFailed)]
    assert [fact.reason for fact in failed] == ["caller-gone"]
    assert [fate.abandoned for fate in outcome.fates] == [True, False]
    assert outcome.fates[1].wait_us == 3 * SECOND


def test_who_leaves_a_message_is_no_abandonment() -> None:
    outcome, heard = play([caller(0, 100), caller(1, patience_us=9 * SECOND, elsewhere=True)])
    day = figures(outcome.fates, outcome.changes, outcome.ended_at, 20 * SECOND)
    assert (day.abandoned, day.elsewhere, day.answered) == (0, 1, 1)
    assert heard.kinds(WaitEnded, CallAbandoned) == ["WaitEnded"]


def test_seats_answer_before_their_time_is_up_however_long_the_day_had_them_ring() -> None:
    outcome, heard = play([caller(0, ring_us=40 * SECOND)])
    assert outcome.fates[0].wait_us == 15 * SECOND
    assert not heard.kinds(OfferFailed)


def test_a_seat_that_does_not_answer_is_set_aside_and_comes_back() -> None:
    deaf = SeatId("1001")
    outcome, heard = play(
        [caller(0, 10), caller(100, 10)],
        seats_of(2),
        answering=lambda offer, _: None if offer.seat == deaf and offer.at == NINE else 0,
        back_after_us=60 * SECOND,
    )
    assert [fate.seat for fate in outcome.fates] == ["1002", "1002"]
    assert outcome.fates[0].wait_us == 15 * SECOND
    failed = next(fact for fact in heard.facts if isinstance(fact, OfferFailed))
    assert (failed.reason, failed.seat) == ("no-answer", deaf)
    back = [change for change in outcome.changes if change.seat == deaf]
    assert (SeatState.PAUSED, SeatState.READY) in [(change.old, change.new) for change in back]


def test_a_phone_that_always_rings_in_vain_does_not_keep_the_day_going_for_ever() -> None:
    outcome, heard = play([caller(0)], answering=lambda *_: None)
    assert outcome.fates[0].waiting
    assert outcome.ended_at <= NINE + 86_400 * SECOND
    assert len(heard.kinds(OfferFailed)) > 1_000


def test_wrap_up_lasts_as_long_as_the_contact_needs_and_no_longer_than_the_queue_allows() -> None:
    outcome, _ = play(
        [
            caller(0, 60, wrapup_us=10 * SECOND),
            caller(1, 60),
            caller(2, 60, wrapup_us=500 * SECOND),
            caller(3, 60, wrapup_us=0),
            caller(4, 60),
        ],
        wrapup_s=30,
    )
    starts = [fate.answered_at - NINE for fate in outcome.fates if fate.answered_at]
    assert [at / SECOND for at in starts] == [0, 70, 160, 250, 310]


def test_a_pause_asked_for_during_a_call_begins_after_its_wrap_up() -> None:
    moves = [
        Move(NINE, SeatId("1001"), "sign-on"),
        Move(NINE + 20 * SECOND, SeatId("1001"), "pause", "lunch"),
        Move(NINE + 500 * SECOND, SeatId("1001"), "ready"),
    ]
    outcome, _ = play([caller(0, 60, wrapup_us=10 * SECOND), caller(1)], moves=moves, wrapup_s=30)
    assert outcome.fates[1].answered_at == NINE + 500 * SECOND
    paused = [change for change in outcome.changes if change.new is SeatState.PAUSED]
    assert [(change.at, change.reason) for change in paused] == [(NINE + 70 * SECOND, "lunch")]


def test_callers_whom_nobody_serves_are_told_of_and_the_run_ends() -> None:
    outcome, _ = play([caller(0), caller(1, patience_us=None)], moves=[])
    day = figures(outcome.fates, outcome.changes, outcome.ended_at, 20 * SECOND)
    assert (day.offered, day.unserved, day.answered) == (2, 2, 0)


def test_a_thousand_phones_ring_at_one_moment() -> None:
    seats = seats_of(1_500)
    moves = all_day([seat.id for seat in seats], NINE + 5_000 * SECOND)
    outcome, _ = play([caller(place) for place in range(1_500)], seats, moves)
    assert all(fate.answered_at == NINE + 5_000 * SECOND for fate in outcome.fates)
    assert len({fate.seat for fate in outcome.fates}) == 1_500


def mixed_day(seed: int) -> tuple[list[SeatRecord], Day]:
    """Two queues, a skill, two priorities, breaks, rings, patience."""
    chance = Random(seed)
    one, two = QueueId("one"), QueueId("two")
    seats = [
        *seats_of(3, one),
        *(replace(seat, id=SeatId(f"2{seat.id}")) for seat in seats_of(3, one, two, skills=["en"])),
    ]
    contacts = [
        Contact(
            at=NINE + int(chance.random() * 7_200 * SECOND),
            queue=two if chance.random() < 0.4 else one,
            talk_us=exponential_us(chance, 150),
            patience_us=exponential_us(chance, 90),
            wrapup_us=exponential_us(chance, 20),
            priority=3 if chance.random() < 0.1 else 5,
            skills=("en",) if chance.random() < 0.2 else (),
            ring_us=int(chance.random() * 20 * SECOND),
        )
        for _ in range(300)
    ]
    moves = list(all_day([seat.id for seat in seats], NINE))
    for place, seat in enumerate(seats):
        begin = NINE + (600 + 900 * place) * SECOND
        moves.append(Move(begin, seat.id, "pause", "break"))
        moves.append(Move(begin + 300 * SECOND, seat.id, "ready"))
    return seats, Day.of(contacts, moves)


def run_mixed(seed: int, *watchers: Watcher) -> tuple[Dispatcher, Outcome]:
    seats, day = mixed_day(seed)
    dispatcher = dispatcher_of(seats, wrapup_s=30)
    for watcher in watchers:
        if isinstance(watcher, Line):
            watcher.dispatcher = dispatcher
    return dispatcher, Run(dispatcher, day, watchers=watchers).run()


@pytest.mark.parametrize("seed", range(5))
def test_the_same_day_twice_is_decided_the_same_to_the_byte(seed: int) -> None:
    first, second, other = Recorder(), Recorder(), Recorder()
    run_mixed(seed, first)
    run_mixed(seed, second)
    run_mixed(seed + 1000, other)
    assert len(first.facts) > 2_000
    assert first.encoded() == second.encoded()
    assert first.encoded() != other.encoded()


class Line(Watcher):
    """The area under the dispatcher's own line, by every fact that may have changed it."""

    dispatcher: Dispatcher

    def __init__(self, *queues: QueueId) -> None:
        self.queues = queues
        self.area = self.length = 0
        self.last = NINE

    def heard(self, fact: Fact) -> None:
        # What this fact does is seen at the next one; the length up to now is known.
        self.length = sum(len(self.dispatcher.waiting(queue)) for queue in self.queues)
        self.area += self.length * (fact.at - self.last)
        self.last = fact.at


@pytest.mark.parametrize("seed", range(8))
def test_littles_law_holds_exactly_on_every_trace(seed: int) -> None:
    """L = lambda W: the area under the number who wait is the sum of the waits. To the
    microsecond, though the one comes from the dispatcher's line and the other from the callers."""
    line = Line(QueueId("one"), QueueId("two"))
    _, outcome = run_mixed(seed, line)
    waits = [fate.line_us for fate in outcome.fates]
    assert None not in waits
    assert line.area == sum(cast("list[int]", waits)) > 0
    day = course(outcome.fates, (), begin=NINE, end=outcome.ended_at, step=60 * SECOND)
    assert sum(day.waiting) * day.step == pytest.approx(line.area)


@pytest.mark.parametrize("seed", range(8))
def test_nobody_of_the_same_kind_is_overtaken(seed: int) -> None:
    """Who came first in a queue, with the same priority and skills, is offered a seat first."""
    recorder = Recorder()
    _, outcome = run_mixed(seed, recorder)
    fates = {fate.call: fate for fate in outcome.fates}
    offered: dict[object, list[int]] = {}
    seen: set[object] = set()
    for fact in recorder.facts:
        if isinstance(fact, SeatOffered) and fact.call not in seen:
            seen.add(fact.call)  # a second offer, to who has been offered one in vain, is no turn
            contact = fates[fact.call].contact
            kind = contact.queue, contact.priority, contact.skills
            offered.setdefault(kind, []).append(contact.at)
    assert len(offered) > 5
    assert all(turns == sorted(turns) for turns in offered.values())


def test_one_queue_is_served_in_the_order_of_arrival() -> None:
    outcome = Markov(5, 130, 200).run(7, 2_000)
    answered = [fate.answered_at for fate in outcome.fates if fate.answered_at]
    assert len(answered) > 1_000
    assert all(before <= after for before, after in pairwise(answered))


@pytest.mark.parametrize("strategy", get_args(StrategyName))
@pytest.mark.parametrize("choice", get_args(ChoiceName))
def test_every_rule_serves_each_caller_once_and_keeps_littles_law(
    strategy: StrategyName, choice: ChoiceName
) -> None:
    class Guard(Line):
        def __init__(self) -> None:
            super().__init__(QueueId("one"), QueueId("two"))
            self.asked: dict[SeatId, object] = {}
            self.rung: Counter[object] = Counter()

        def heard(self, fact: Fact) -> None:
            super().heard(fact)
            if isinstance(fact, SeatOffered):
                assert fact.seat not in self.asked
                self.asked[fact.seat] = fact.call
                self.rung[fact.call] += 1
            elif isinstance(fact, OfferFailed | SeatLeft):
                assert self.asked.pop(fact.seat) == fact.call

    seats, day = mixed_day(1)
    guard = Guard()
    guard.dispatcher = Dispatcher(
        seats,
        [
            QueueRecord(QueueId(name), 15 * SECOND, 30 * SECOND, strategy=strategy)
            for name in ("one", "two")
        ],
        RoutingRules(choice),
    )
    outcome = Run(guard.dispatcher, day, watchers=[guard]).run()
    assert not any(fate.waiting for fate in outcome.fates)
    assert guard.area == sum(fate.line_us or 0 for fate in outcome.fates) > 0
    assert not guard.asked
    assert (max(guard.rung.values()) > 1) == (strategy == "ring-all")


@pytest.mark.parametrize("seed", range(4))
def test_no_seat_has_two_callers_or_one_of_another_queue(seed: int) -> None:
    seats, _ = mixed_day(seed)
    records = {seat.id: seat for seat in seats}

    class Guard(Watcher):
        def __init__(self) -> None:
            self.busy: set[SeatId] = set()

        def heard(self, fact: Fact) -> None:
            if isinstance(fact, SeatOffered):
                assert fact.seat not in self.busy
                assert fact.queue in records[fact.seat].queues
                self.busy.add(fact.seat)
            elif isinstance(fact, OfferFailed | SeatLeft):
                self.busy.discard(fact.seat)

    run_mixed(seed, Guard())


def test_a_watcher_sees_each_arrival_before_the_line_does_and_each_end_of_a_wait() -> None:
    class Looker(Watcher):
        def __init__(self) -> None:
            self.found: list[tuple[int, int]] = []
            self.ended: Counter[str] = Counter()

        def comes(self, fate: Fate) -> None:
            ready = sum(seat.state is SeatState.READY for seat in dispatcher.seats())
            self.found.append((len(dispatcher.waiting(LINE)), ready))

        def served(self, fate: Fate) -> None:
            assert fate.line_us is not None
            self.ended["served"] += 1

        def gone(self, fate: Fate) -> None:
            assert fate.line_us == fate.contact.patience_us
            self.ended["gone"] += 1

    looker, dispatcher = Looker(), dispatcher_of(seats_of(1))
    contacts = [caller(0, 100), caller(1), caller(2, patience_us=SECOND), caller(4)]
    Run(dispatcher, Day.of(contacts, all_day([SeatId("1001")], NINE)), watchers=[looker]).run()
    assert looker.found == [(0, 1), (0, 0), (1, 0), (1, 0)]
    assert looker.ended == {"served": 3, "gone": 1}


def test_progress_tells_how_many_have_come() -> None:
    told: list[int] = []
    play([caller(place, 0) for place in range(600)], progress=told.append)
    assert told == [256, 512, 600]


def test_a_seat_in_a_state_that_is_new_counts_as_at_work() -> None:
    class Newer(StrEnum):
        READY = "ready"
        SIGNED_OFF = "signed-off"
        TEACHING = "teaching"

    def change(at_s: int, old: Newer, new: Newer) -> SeatStateChanged:
        return SeatStateChanged(
            at=NINE + at_s * SECOND,
            seat=SeatId("1"),
            old=old,  # type: ignore[arg-type]
            new=new,  # type: ignore[arg-type]
        )

    changes = [
        change(0, Newer.SIGNED_OFF, Newer.READY),
        change(10, Newer.READY, Newer.TEACHING),
        change(40, Newer.TEACHING, Newer.READY),
    ]
    day = figures([], changes, NINE + 100 * SECOND, 0)
    assert day.occupancy == pytest.approx(0.3)


def test_a_deadline_that_never_passes_is_told_as_a_bug() -> None:
    class Stuck:
        def handle(self, fact: Fact) -> list[Fact]:
            del fact
            return []

        def deadline(self) -> int | None:
            return NINE

    with pytest.raises(DeadlineStands):
        Run(Stuck(), Day.of([caller(1)], ())).run()


def test_the_dispatcher_is_told_the_time_at_its_deadlines() -> None:
    _, heard = play([caller(0, 60)], wrapup_s=30)
    assert [fact.at - NINE for fact in heard.facts if isinstance(fact, TimePassed)] == [90 * SECOND]


def test_moves_of_a_seat_that_does_not_exist_change_nothing() -> None:
    moves = [*all_day([SeatId("1001")], NINE), Move(NINE, SeatId("9999"), "sign-on")]
    outcome, heard = play([caller(0)], moves=moves)
    assert outcome.fates[0].answered_at == NINE
    assert sum(isinstance(fact, SeatCommand) for fact in heard.facts) == 2


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda contact: replace(contact, talk_us=-1), "talk"),
        (lambda contact: replace(contact, patience_us=-1), "patience"),
        (lambda contact: replace(contact, talk_us=10**13), "talk"),
        (lambda contact: replace(contact, wrapup_us=-5), "wrap-up"),
        (lambda contact: replace(contact, ring_us=-5), "ringing"),
        (lambda contact: replace(contact, at=-5), "time of arrival"),
    ],
)
def test_a_day_that_cannot_have_been_is_refused(
    spoil: Callable[[Contact], Contact], what: str
) -> None:
    with pytest.raises(DayRefused) as refused:
        Day.of([caller(0), spoil(caller(1))], ())
    assert refused.value.what == what


def test_a_day_without_callers_is_refused() -> None:
    with pytest.raises(DayRefused):
        Day.of([], all_day([SeatId("1")], NINE))
