"""Contacts other than calls, as gateways and seats deal with them: handed in, read, dealt with.

A text is kept before routing hears of the contact: nobody is offered what cannot be read. The name
of a contact that is handed in with a key is made from that key, so a gateway that asks again after
a lost answer gets the same contact.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from acd.contact_book import ContactSnapshot
from acd.dispatcher import Dispatcher
from cti.errors import JietongError
from cti.facts import (
    USUAL_PRIORITY,
    ContactAbandoned,
    ContactCame,
    ContactClosed,
    ContactKind,
    ContactRefused,
    ContactWish,
    ContactWishRefused,
    ContactWithdrawn,
    Fact,
    Report,
    WishForContact,
)
from cti.ids import ContactId, QueueId, SeatId, contact_id
from cti.runtime.clock import Clock
from cti.store.contact_projection import ContactSummary

__all__ = [
    "ContactDesk",
    "ContactRecords",
    "ContactSummary",
    "ContactView",
    "KeptText",
    "NewContact",
    "TextsAway",
]

_NAME_LENGTH: Final = 26
State = Literal["waiting", "offered", "in-hand", "ended"]


class ContactProblem(JietongError):
    """Base of what can be wrong with a contact."""


class TextsAway(ContactProblem):
    """The database cannot be reached; nothing has changed."""


class UnknownContact(ContactProblem):
    """Field: `contact`."""

    def __init__(self, contact: str) -> None:
        self.contact = contact
        super().__init__(f"there is no contact {contact!r}")


class UnknownQueueOfContact(ContactProblem):
    """Field: `queue`."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        super().__init__(f"there is no queue {queue!r}")


class ContactNotTaken(ContactProblem):
    """It, or what is wished for it, does not fit; nothing has changed. Field: `why`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptText:
    """`name`: of whoever wrote. `reference`: the other system's own name for the contact."""

    kept_us: int
    name: str
    subject: str
    text: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """What a gateway hands in; `key` is its own, the same for the same contact."""

    kind: ContactKind
    queue: QueueId
    sender: str
    text: str
    name: str = ""
    subject: str = ""
    reference: str = ""
    key: str = ""
    language: str = ""
    priority: int = USUAL_PRIORITY
    skills: tuple[str, ...] = ()
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    patience_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """`seat`: to which it is offered, in whose hand it is, or was last. Times are microseconds
    since the epoch, 0 where it has not come that far. `text`: None when none is kept."""

    contact: ContactId
    kind: ContactKind
    state: State
    queue: QueueId
    seat: SeatId
    sender: str
    by: str
    language: str
    priority: int
    came_us: int
    until_us: int
    accepted_us: int = 0
    ended_us: int = 0
    outcome: str = ""
    wait_us: int | None = None
    handling_us: int = 0
    text: KeptText | None = None


class Asked(Protocol):
    """What the loop made of a report."""

    @property
    def facts(self) -> Sequence[Fact]: ...


class Loop(Protocol):
    """`cti.runtime.loop.EngineLoop` is one."""

    async def ask(self, report: Report) -> Asked: ...


class ContactRecords(Protocol):
    """What is written down of contacts. All methods raise TextsAway."""

    async def keep(self, contact: ContactId, text: KeptText) -> KeptText:
        """Keep `text`, unless one is kept already; returns the one that is kept now."""
        ...

    async def texts(self, contacts: Collection[ContactId]) -> dict[ContactId, KeptText]: ...

    async def newest(self, limit: int, seat: SeatId | None) -> Sequence[ContactSummary]:
        """`seat`: those that have ended and that it had last; None: all."""
        ...

    async def one(self, contact: ContactId) -> ContactSummary | None: ...


class ContactDesk:
    """`safe` returns when all that the loop has been told is written down: whoever is answered may
    rely on it, whatever becomes of this daemon."""

    def __init__(
        self,
        loop: Loop,
        dispatcher: Dispatcher,
        clock: Clock,
        records: ContactRecords,
        safe: Callable[[], Awaitable[None]],
    ) -> None:
        self._safe = safe
        self._loop = loop
        self._dispatcher = dispatcher
        self._clock = clock
        self._records = records

    def open_ones(self) -> tuple[ContactView, ...]:
        """The one that came first first, without texts."""
        return tuple(_of_open(one) for one in self._dispatcher.contacts.all())

    async def with_texts(self, views: Sequence[ContactView]) -> list[ContactView]:
        """Raises TextsAway."""
        texts = await self._records.texts([one.contact for one in views])
        return [replace(one, text=texts.get(one.contact)) for one in views]

    async def newest(self, limit: int, seat: SeatId | None = None) -> list[ContactView]:
        """Open and ended ones, the newest first, without texts. `seat`: those that it is offered,
        has in hand, or had last. Raises TextsAway."""
        alive = {one.contact: one for one in self.open_ones()}
        kept = await self._records.newest(limit, seat)
        if seat is None:
            return [alive.get(one.contact) or _of_summary(one) for one in kept]
        found = [one for one in alive.values() if one.seat == seat]
        found += [_of_summary(one) for one in kept if one.contact not in alive]
        return sorted(found, key=lambda one: (one.came_us, one.contact), reverse=True)[:limit]

    async def one(self, contact: ContactId) -> ContactView:
        """With its text. Raises UnknownContact or TextsAway."""
        known = self._dispatcher.contacts.get(contact)
        if known is not None:
            return (await self.with_texts([_of_open(known)]))[0]
        summary = await self._records.one(contact)
        if summary is None:
            raise UnknownContact(contact)
        return (await self.with_texts([_of_summary(summary)]))[0]

    async def hand_in(self, new: NewContact, by: str) -> ContactView:
        """Raises UnknownQueueOfContact, ContactNotTaken or TextsAway."""
        if not self._dispatcher.has_queue(new.queue):
            raise UnknownQueueOfContact(new.queue)
        contact = _name_of(new, by)
        kept = KeptText(
            kept_us=self._clock.now_us(),
            name=new.name,
            subject=new.subject,
            text=new.text,
            reference=new.reference,
        )
        known = await self._records.keep(contact, kept)
        if (known.subject, known.text) != (kept.subject, kept.text):
            raise ContactNotTaken("another text was handed in with this key")
        if self._dispatcher.contacts.get(contact) is None and (
            known is kept or not await self._has_ended(contact)
        ):
            await self._came(contact, new, by)
        return await self.one(contact)

    async def _has_ended(self, contact: ContactId) -> bool:
        """What ends just now is to be written down first: one that came to life again would be
        forgotten at the next start."""
        await self._safe()
        kept = await self._records.one(contact)
        return kept is not None and kept.ended_us is not None

    async def _came(self, contact: ContactId, new: NewContact, by: str) -> None:
        came = ContactCame(
            at=self._clock.now_us(),
            contact=contact,
            kind=new.kind,
            queue=new.queue,
            sender=new.sender,
            by=by,
            language=new.language,
            priority=new.priority,
            skills=new.skills,
            customer_class=new.customer_class,
            wanted_seat=new.wanted_seat,
            patience_us=new.patience_us,
        )
        step = await self._loop.ask(came)
        await self._safe()
        for fact in step.facts:
            if isinstance(fact, ContactRefused) and fact.why == "too-many":
                raise ContactNotTaken("too many contacts are open; try again later")

    async def wish(
        self,
        contact: ContactId,
        wish: WishForContact,
        *,
        by: str,
        seat: SeatId,
        queue: QueueId = QueueId(""),
    ) -> ContactView:
        """`seat` empty: a lead acts for whoever has it. Returns the contact as it is then. Raises
        UnknownContact, ContactNotTaken or TextsAway."""
        at = self._clock.now_us()
        asked = ContactWish(at=at, contact=contact, wish=wish, by=by, seat=seat, queue=queue)
        return await self._asked(asked, contact)

    async def withdraw(self, contact: ContactId, by: str) -> ContactView:
        """As `wish`."""
        at = self._clock.now_us()
        return await self._asked(ContactWithdrawn(at=at, contact=contact, by=by), contact)

    async def _asked(self, report: Report, contact: ContactId) -> ContactView:
        before = await self.one(contact)
        step = await self._loop.ask(report)
        await self._safe()
        for fact in step.facts:
            if isinstance(fact, ContactWishRefused):
                raise ContactNotTaken(fact.why)
            if isinstance(fact, ContactClosed | ContactAbandoned):
                # The ledger may not have it yet.
                return replace(before, state="ended", outcome=fact.why, ended_us=fact.at)
        return await self.one(contact)


def _name_of(new: NewContact, by: str) -> ContactId:
    if not new.key:
        return contact_id(uuid.uuid4().hex[:_NAME_LENGTH])
    digest = hashlib.sha256(f"{by}\0{new.kind}\0{new.key}".encode()).hexdigest()
    return contact_id(digest[:_NAME_LENGTH])


def _of_open(one: ContactSnapshot) -> ContactView:
    opened = one.open
    return ContactView(
        contact=opened.contact,
        kind=opened.kind,
        state=one.state.value,
        queue=one.queue,
        seat=one.seat,
        sender=opened.sender,
        by=opened.by,
        language=opened.language,
        priority=opened.priority,
        came_us=opened.came_at,
        until_us=opened.until,
        accepted_us=opened.accepted_at,
    )


def _of_summary(one: ContactSummary) -> ContactView:
    return ContactView(
        contact=one.contact,
        kind=one.kind,
        # What is open the dispatcher knows.
        state="ended",
        queue=one.queue,
        seat=one.seat or SeatId(""),
        sender=one.sender,
        by=one.by,
        language=one.language,
        priority=one.priority,
        came_us=one.came_us,
        until_us=one.until_us,
        accepted_us=one.accepted_us or 0,
        ended_us=one.ended_us or 0,
        outcome=one.outcome or "",
        wait_us=one.wait_us,
        handling_us=one.handling_us,
    )
