"""Contacts other than calls: text messages, web chats and forms, mails.

What people wrote is personal data and stands in a table of its own; a fact has the contact's id, so
a text can be removed while the ledger stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cti.facts.base import Fact, Report
from cti.facts.seats import Choice, SeatRank
from cti.facts.site import USUAL_PRIORITY, ContactKind
from cti.ids import ContactId, OfferId, QueueId, SeatId

WishForContact = Literal["accept", "reject", "close", "requeue"]
ContactRefusal = Literal["open-already", "too-many"]
ContactOfferFailure = Literal["rejected", "no-answer", "seat-gone", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCame(Report):
    """A gateway handed a contact in. `sender`: a number, an address, or what a page knows of its
    visitor. `patience_us`: how long it waits at most; 0: as long as its queue says. `by`: the
    gateway's user."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    sender: str
    by: str
    language: str = ""
    priority: int = USUAL_PRIORITY
    skills: tuple[str, ...] = ()
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    patience_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWish(Report):
    """What a seat wants done with a contact that is offered to it or in its hand. `seat` is empty
    when a lead wants it done for whoever has the contact. `queue`: requeue into another one."""

    contact: ContactId
    wish: WishForContact
    by: str
    seat: SeatId = SeatId("")
    queue: QueueId = QueueId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWithdrawn(Report):
    """Whoever wrote has gone or wants no answer any more, a gateway says."""

    contact: ContactId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQueued(Fact):
    """`until`: when its patience is over, microseconds since the epoch."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    priority: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRefused(Fact):
    """Not taken in; nothing has changed."""

    contact: ContactId
    why: ContactRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOffered(Fact):
    """Fields as in SeatOffered. `waiting`: contacts of this kind in that queue's line, this one
    included."""

    contact: ContactId
    kind: ContactKind
    seat: SeatId
    offer: OfferId
    queue: QueueId
    offer_us: int
    """How long the seat has to accept, microseconds."""
    rule: str
    ranking: tuple[SeatRank, ...] = ()
    waiting: int = 0
    why: Choice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAccepted(Fact):
    """`wait_us`: since it came, or since it last came back into the line."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    seat: SeatId
    offer: OfferId
    wait_us: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOfferFailed(Fact):
    """After rejected and no-answer the seat is offered none of this kind until it says that it is
    ready. withdrawn: the contact ended meanwhile."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    seat: SeatId
    offer: OfferId
    reason: ContactOfferFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactReturned(Fact):
    """Out of a seat's hand, back at the place in line that it had. requeued: the seat gave it back.
    seat-gone: it signed off, or its phone stayed lost."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    seat: SeatId
    why: Literal["requeued", "seat-gone"]
    handling_us: int
    until: int
    """When its patience is over now."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAbandoned(Fact):
    """An end: nobody has accepted it. patience: it has waited long enough. `wait_us` as in
    ContactAccepted."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    wait_us: int
    why: Literal["patience", "withdrawn"]
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactClosed(Fact):
    """An end: dealt with. `seat` is empty when a lead closed what nobody had in hand, and
    `handling_us`, the time in the last seat's hand, is 0 then."""

    contact: ContactId
    kind: ContactKind
    queue: QueueId
    seat: SeatId
    handling_us: int
    by: str
    why: Literal["closed", "withdrawn"] = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWishRefused(Fact):
    """A wish that does not fit what the contact is now; nothing has changed."""

    contact: ContactId
    seat: SeatId
    wish: str
    why: str
