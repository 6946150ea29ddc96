"""A hotline's life with contacts other than calls, for tests."""

from __future__ import annotations

from typing import Any

from acd.contact_book import ContactSnapshot
from cti.facts import Capacity, ContactCame, ContactOffered, ContactWish, ContactWithdrawn
from cti.ids import ContactId, QueueId, SeatId, contact_id
from tests.unit.acd.life import Life


def texts(most: int = 2) -> tuple[Capacity, ...]:
    return (Capacity("text", most),)


def comes(life: Life, name: str, queue: str = "repairs", **parts: Any) -> ContactId:
    """A text message, unless `kind` says otherwise."""
    contact = contact_id(name)
    whole: dict[str, Any] = {"kind": "text", "sender": "13800001111", "by": "sms"}
    life.hear(ContactCame(at=life.now, contact=contact, queue=QueueId(queue), **whole | parts))
    life.now += 1
    return contact


def wishes(life: Life, seat: str, wish: Any, contact: ContactId, queue: str = "") -> None:
    """`seat` is empty for a lead."""
    life.hear(
        ContactWish(
            at=life.now,
            contact=contact,
            wish=wish,
            by=f"user of {seat}" if seat else "lead",
            seat=SeatId(seat),
            queue=QueueId(queue),
        )
    )


def withdraws(life: Life, contact: ContactId) -> None:
    life.hear(ContactWithdrawn(at=life.now, contact=contact, by="sms"))


def offered(life: Life) -> list[tuple[str, str]]:
    """Which contact was offered to whom, in order."""
    return [(one.contact, one.seat) for one in life.all(ContactOffered)]


def seen(life: Life, contact: ContactId) -> ContactSnapshot:
    found = life.dispatcher.contacts.get(contact)
    assert found is not None, f"{contact} is not open"
    return found


def in_hand(life: Life, seat: str) -> tuple[str, ...]:
    return next(one.contacts for one in life.dispatcher.seats() if one.seat == seat)
