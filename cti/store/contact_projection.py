"""What the facts say about one contact, folded: the rule behind the `contacts` table. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from cti.facts import (
    ContactAbandoned,
    ContactAccepted,
    ContactCame,
    ContactClosed,
    ContactKind,
    ContactQueued,
    ContactReturned,
    Fact,
    OpenContact,
)
from cti.ids import ContactId, QueueId, SeatId

SENDER_LENGTH: Final = 320
"""Characters of a sender that the table keeps: the longest address of a mail (RFC 3696, erratum
1690, has 254; with a name of its own before it, more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSummary:
    """Times are microseconds since the epoch, None where the contact has not come that far. `seat`:
    in whose hand it is, or was last. `outcome`: closed, patience or withdrawn; None while it is
    open. `wait_us`: until it was first accepted, or given up. `skills`: joined by commas."""

    contact: ContactId
    came_us: int
    kind: ContactKind = "text"
    queue: QueueId = QueueId("")
    sender: str = ""
    by: str = ""
    language: str = ""
    priority: int = 5
    skills: str = ""
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    patience_us: int = 0
    until_us: int = 0
    waits_since_us: int = 0
    seat: SeatId | None = None
    in_hand: bool = False
    accepted_us: int | None = None
    wait_us: int | None = None
    handling_us: int = 0
    """Over all seats that had it in hand."""
    ended_us: int | None = None
    outcome: str | None = None
    ended_by: str = ""


def _came(contact: ContactSummary, fact: ContactCame) -> ContactSummary:
    if contact.until_us:
        return contact  # the same one came again, and was refused
    return replace(
        contact,
        kind=fact.kind,
        queue=fact.queue,
        sender=fact.sender[:SENDER_LENGTH],
        by=fact.by,
        language=fact.language,
        priority=fact.priority,
        skills=",".join(fact.skills),
        customer_class=fact.customer_class,
        wanted_seat=fact.wanted_seat,
    )


def _queued(contact: ContactSummary, fact: ContactQueued) -> ContactSummary:
    return replace(
        contact,
        queue=fact.queue,
        until_us=fact.until,
        waits_since_us=fact.at,
        patience_us=fact.until - fact.at,
    )


def _accepted(contact: ContactSummary, fact: ContactAccepted) -> ContactSummary:
    return replace(
        contact,
        queue=fact.queue,
        seat=fact.seat,
        in_hand=True,
        accepted_us=fact.at,
        wait_us=fact.wait_us if contact.wait_us is None else contact.wait_us,
    )


def _returned(contact: ContactSummary, fact: ContactReturned) -> ContactSummary:
    return replace(
        contact,
        queue=fact.queue,
        in_hand=False,
        handling_us=contact.handling_us + fact.handling_us,
        until_us=fact.until,
        waits_since_us=fact.at,
    )


def _abandoned(contact: ContactSummary, fact: ContactAbandoned) -> ContactSummary:
    return replace(
        contact,
        queue=fact.queue,
        wait_us=fact.wait_us if contact.wait_us is None else contact.wait_us,
        ended_us=fact.at,
        outcome=fact.why,
        ended_by=fact.by,
    )


def _closed(contact: ContactSummary, fact: ContactClosed) -> ContactSummary:
    return replace(
        contact,
        queue=fact.queue,
        in_hand=False,
        handling_us=contact.handling_us + fact.handling_us,
        ended_us=fact.at,
        outcome=fact.why,
        ended_by=fact.by,
    )


_FOLDS: Final[dict[type[Fact], Callable[[ContactSummary, Any], ContactSummary]]] = {
    ContactCame: _came,
    ContactQueued: _queued,
    ContactAccepted: _accepted,
    ContactReturned: _returned,
    ContactAbandoned: _abandoned,
    ContactClosed: _closed,
}
CONTACT_KINDS: Final = tuple(kind.__name__ for kind in _FOLDS)
"""Kinds of fact that the table is made of."""


def is_of_contacts(fact: Fact) -> bool:
    """Whether the table of contacts is made of facts like this one."""
    return type(fact) in _FOLDS


def fold_contact(contact: ContactSummary | None, fact: Fact) -> ContactSummary | None:
    """The contact after `fact`; unchanged (None stays None) when the fact says nothing about it.
    One that has ended stays as it is."""
    step = _FOLDS.get(type(fact))
    if step is None or (contact is not None and contact.ended_us is not None):
        return contact
    start = contact or ContactSummary(
        contact=getattr(fact, "contact"),  # noqa: B009
        came_us=fact.at,
    )
    return step(start, fact)


def open_contact(contact: ContactSummary) -> OpenContact:
    """What a start is told of one that has not ended."""
    held = contact.in_hand and contact.seat is not None
    return OpenContact(
        contact=contact.contact,
        kind=contact.kind,
        queue=contact.queue,
        sender=contact.sender,
        by=contact.by,
        came_at=contact.came_us,
        waits_since=contact.waits_since_us,
        until=contact.until_us,
        patience_us=contact.patience_us,
        language=contact.language,
        priority=contact.priority,
        skills=tuple(contact.skills.split(",")) if contact.skills else (),
        customer_class=contact.customer_class,
        wanted_seat=contact.wanted_seat,
        seat=(contact.seat or SeatId("")) if held else SeatId(""),
        accepted_at=(contact.accepted_us or 0) if held else 0,
    )
