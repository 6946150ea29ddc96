"""A gateway that asks again gets the same contact, whatever has become of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from acd.dispatcher import Dispatcher
from cti.brain import Step
from cti.contact_desk import ContactDesk, ContactSummary, KeptText, NewContact
from cti.facts import Fact, Report, Resynced, SnapshotTaken, TimePassed
from cti.ids import ContactId, QueueId, SeatId
from cti.store.contact_projection import fold_contact
from tests.unit.acd.life import SECOND, START, a_queue, a_seat

TEXT = NewContact(
    kind="text",
    queue=QueueId("repairs"),
    sender="13800001111",
    text="家里停水了",
    key="gateway-7",
    patience_us=SECOND,
)


class Clock:
    now = START

    def now_us(self) -> int:
        return self.now


class Ledger:
    """Writes down what the dispatcher says when it is asked to, and no sooner."""

    def __init__(self) -> None:
        self.dispatcher = Dispatcher([a_seat("1")], [a_queue()])
        self.texts_kept: dict[ContactId, KeptText] = {}
        self.rows: dict[ContactId, ContactSummary] = {}
        self.told: list[Fact] = []
        self.waiting: list[Fact] = []

    async def ask(self, report: Report) -> Step:
        facts = [one for one in self.dispatcher.handle(report) if isinstance(one, Fact)]
        self.told += [report, *facts]
        self.waiting += [report, *facts]
        return Step(tuple(facts), ())

    async def safe(self) -> None:
        for fact in self.waiting:
            contact = getattr(fact, "contact", None)
            if contact and (row := fold_contact(self.rows.get(contact), fact)):
                self.rows[contact] = row
        self.waiting = []

    async def keep(self, contact: ContactId, text: KeptText) -> KeptText:
        return self.texts_kept.setdefault(contact, text)

    async def texts(self, contacts: Collection[ContactId]) -> dict[ContactId, KeptText]:
        return {one: self.texts_kept[one] for one in contacts}

    async def newest(self, limit: int, seat: SeatId | None) -> Sequence[ContactSummary]:
        del limit, seat
        return list(self.rows.values())

    async def one(self, contact: ContactId) -> ContactSummary | None:
        return self.rows.get(contact)


async def test_one_whose_end_is_not_written_down_yet_does_not_come_to_life_again() -> None:
    ledger, clock = Ledger(), Clock()
    desk = ContactDesk(ledger, ledger.dispatcher, clock, ledger, ledger.safe)
    for fact in (SnapshotTaken(at=START), Resynced(at=START)):
        list(ledger.dispatcher.handle(fact))
    came = await desk.hand_in(TEXT, "sms")
    assert came.state == "waiting"
    clock.now += 2 * SECOND
    await ledger.ask(TimePassed(at=clock.now))
    again = await desk.hand_in(TEXT, "sms")
    assert (again.contact, again.state, again.outcome) == (came.contact, "ended", "patience")
    assert desk.open_ones() == ()
