"""What is written down of contacts, on SQLite and PostgreSQL."""

from __future__ import annotations

from cti.facts import ContactAccepted, ContactCame, ContactClosed, ContactQueued, Fact
from cti.ids import OfferId, QueueId, SeatId, contact_id
from cti.store.contact_texts import StoredContacts
from cti.store.database import Database
from cti.store.ledger import SqlLedger
from tests.contract.store.calls import NOON, SECOND, entries_of

QUEUE = QueueId("repairs")


def closed_by(seat: str, name: str, at: int) -> list[Fact]:
    contact, took = contact_id(name), SeatId(seat)
    return [
        ContactCame(at=at, contact=contact, kind="text", queue=QUEUE, sender="1380", by="sms"),
        ContactQueued(
            at=at, contact=contact, kind="text", queue=QUEUE, priority=5, until=at + SECOND
        ),
        ContactAccepted(
            at=at,
            contact=contact,
            kind="text",
            queue=QUEUE,
            seat=took,
            offer=OfferId(f"contact-offer.{seat}.{at}"),
            wait_us=0,
            by="wangfang",
        ),
        ContactClosed(
            at=at, contact=contact, kind="text", queue=QUEUE, seat=took, handling_us=1, by="w"
        ),
    ]


async def test_newest_of_a_seat_are_those_that_have_ended_in_its_hand(database: Database) -> None:
    records = StoredContacts(database)
    facts = [*closed_by("1001", "first", NOON), *closed_by("1002", "second", NOON + 1)]
    facts += [*closed_by("1001", "third", NOON + 2), *closed_by("1002", "last", NOON + 3)]
    facts += closed_by("1001", "in-hand", NOON + 4)[:-1]
    await SqlLedger(database).append(entries_of(facts))
    assert [one.contact for one in await records.newest(2, None)] == [
        contact_id("in-hand"),
        contact_id("last"),
    ]
    assert [one.contact for one in await records.newest(2, SeatId("1001"))] == [
        contact_id("third"),
        contact_id("first"),
    ]
