"""Days that nobody thought of: whatever callers and seats do, nobody is lost and time adds up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.dispatcher import Dispatcher
from acd.simulator.day import Contact, Day, Move
from acd.simulator.fates import Outcome
from acd.simulator.figures import course, figures, spells
from acd.simulator.run import Run
from acd.simulator.watch import Watcher
from cti.facts import (
    Fact,
    OfferFailed,
    QueueRecord,
    SeatLeft,
    SeatOffered,
    SeatRecord,
    Skill,
)
from cti.ids import QueueId, SeatId
from cti.store.codec import kind_of, storable

SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND
QUEUES = (QueueId("a"), QueueId("b"))
SEATS = tuple(
    SeatRecord(SeatId(name), name, f"PJSIP/{name}", queues, tuple(map(Skill, skills)))
    for name, queues, skills in (
        ("1", QUEUES[:1], ()),
        ("2", QUEUES, ("en",)),
        ("3", QUEUES[1:], ()),
    )
)

_seconds = st.integers(0, 40).map(lambda seconds: seconds * SECOND)
_contacts = st.builds(
    Contact,
    at=st.integers(0, 120).map(lambda seconds: BEGIN + seconds * SECOND),
    queue=st.sampled_from(QUEUES),
    talk_us=_seconds,
    patience_us=st.none() | _seconds,
    wrapup_us=st.none() | _seconds,
    priority=st.sampled_from((3, 5)),
    skills=st.sampled_from(((), ("en",), ("unknown",))),
    ring_us=_seconds,
    elsewhere=st.booleans(),
)
_moves = st.builds(
    Move,
    at=st.integers(0, 120).map(lambda seconds: BEGIN + seconds * SECOND),
    seat=st.sampled_from([seat.id for seat in SEATS] + [SeatId("nobody")]),
    wish=st.sampled_from(("sign-on", "sign-on", "sign-off", "pause", "ready")),
    reason=st.sampled_from(("", "tea")),
)


@dataclass
class _Witness(Watcher):
    """The area under the dispatcher's line, who rings for whom, and all facts as bytes."""

    dispatcher: Dispatcher
    area: int = 0
    last: int = BEGIN

    def __post_init__(self) -> None:
        self.asked: dict[SeatId, object] = {}
        self.encoded: list[str] = []

    def heard(self, fact: Fact) -> None:
        length = sum(len(self.dispatcher.waiting(queue)) for queue in QUEUES)
        self.area += length * (fact.at - self.last)
        assert fact.at >= self.last
        self.last = fact.at
        self.encoded.append(f"{kind_of(fact)} {storable(fact)[1]}")
        if isinstance(fact, SeatOffered):
            assert fact.seat not in self.asked
            self.asked[fact.seat] = fact.call
        elif isinstance(fact, OfferFailed | SeatLeft):
            assert self.asked.pop(fact.seat) == fact.call


def play(
    contacts: Sequence[Contact], moves: Sequence[Move], deaf: frozenset[SeatId]
) -> tuple[Outcome, _Witness]:
    dispatcher = Dispatcher(
        SEATS, [QueueRecord(queue, 15 * SECOND, 20 * SECOND) for queue in QUEUES]
    )
    witness = _Witness(dispatcher)
    run = Run(
        dispatcher,
        Day.of(contacts, moves),
        watchers=[witness],
        answering=lambda offer, contact: None if offer.seat in deaf else contact.ring_us,
        back_after_us=3_600 * SECOND,
    )
    return run.run(), witness


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_contacts, min_size=1, max_size=25),
    st.lists(_moves, max_size=15),
    st.frozensets(st.sampled_from([seat.id for seat in SEATS]), max_size=2),
)
def test_whatever_happens_everybody_has_one_fate_and_time_adds_up(
    contacts: list[Contact], moves: list[Move], deaf: frozenset[SeatId]
) -> None:
    outcome, witness = play(contacts, moves, deaf)
    end = max(outcome.ended_at, witness.last)
    assert len(outcome.fates) == len(contacts)
    waits = 0
    for fate in outcome.fates:
        assert (fate.answered_at is None) or (fate.gone_at is None)
        assert not (fate.waiting and fate.contact.patience_us is not None)
        assert (fate.seat is None) == (fate.answered_at is None)
        assert not (fate.answered_at is not None and fate.seat in deaf)
        line = fate.line_us
        assert line is None or line >= 0
        if fate.contact.patience_us is not None and line is not None:
            assert line <= fate.contact.patience_us
        waits += witness.last - fate.contact.at if line is None else line
    assert witness.area == waits
    forever = any(fate.waiting for fate in outcome.fates) and deaf
    assert forever or not witness.asked
    day = figures(outcome.fates, outcome.changes, end, 20 * SECOND)
    assert day.offered == day.answered + day.abandoned + day.elsewhere + day.unserved
    assert 0 <= day.occupancy <= 1
    assert all(spell.begin <= spell.end for spell in spells(outcome.changes, end))
    shown = course(outcome.fates, outcome.changes, begin=BEGIN, end=end + 1, step=7 * SECOND)
    assert all(0 <= busy <= there <= 3 for busy, there in zip(shown.busy, shown.there, strict=True))
    again = play(contacts, moves, deaf)[1]
    assert again.encoded == witness.encoded
