"""An open contact, and how far it has come. Pure. The states are drawn in `acd.contacts`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cti.facts import ContactCame, OpenContact
from cti.ids import CallId, ContactId, OfferId, QueueId, SeatId

MOST_OPEN: Final = 10_000
"""Open contacts of a site; more are refused, so that no flood of mails fills the memory."""
LONGEST_PATIENCE_US: Final = 30 * 86_400 * 1_000_000
LOST_US: Final = 60_000_000
"""A phone that is back sooner keeps its seat's contacts: a phone that registers anew, or a network
that is away for a moment, must not tear conversations apart."""


class ContactState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    IN_HAND = "in-hand"


@dataclass(slots=True)
class Entry:
    """`offer` and `seat` while OFFERED; the hand that it is in stands in `open`."""

    open: OpenContact
    state: ContactState = ContactState.WAITING
    offer: OfferId | None = None
    seat: SeatId = SeatId("")

    @property
    def place(self) -> CallId:
        return place_of(self.open.contact)

    @property
    def held_by(self) -> SeatId:
        """The seat that it is offered to, or in whose hand it is."""
        return self.seat or self.open.seat


@dataclass(frozen=True, slots=True)
class ContactSnapshot:
    """What others may see of an open contact. `queue`: where it waits now. `seat`: to which it is
    offered, or in whose hand it is."""

    open: OpenContact
    state: ContactState
    queue: QueueId
    seat: SeatId
    offer: OfferId | None


def place_of(contact: ContactId) -> CallId:
    """The contact's key in the line."""
    return CallId(contact)


def opened_by(fact: ContactCame, queue: QueueId, usual_us: int) -> OpenContact:
    """The contact that `fact` opens in `queue`, where one has the patience of `usual_us`."""
    patience_us = min(fact.patience_us if fact.patience_us > 0 else usual_us, LONGEST_PATIENCE_US)
    return OpenContact(
        contact=fact.contact,
        kind=fact.kind,
        queue=queue,
        sender=fact.sender,
        by=fact.by,
        came_at=fact.at,
        waits_since=fact.at,
        until=fact.at + patience_us,
        patience_us=patience_us,
        language=fact.language,
        priority=fact.priority,
        skills=fact.skills,
        customer_class=fact.customer_class,
        wanted_seat=fact.wanted_seat,
    )
