"""Texts, web contacts and mails: handed in, listed, dealt with."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Final, TypeVar

import structlog

from cti.api.binding import Ask
from cti.api.contact_schemas import (
    CONTACT_NAME,
    ContactAnswer,
    ContactBody,
    ContactsAnswer,
    ContactsQuery,
    ReturnBody,
)
from cti.api.errors import Problem, not_found
from cti.api.masking import mask_number
from cti.api.schemas import NoBody, NoQuery
from cti.api.wire import Sight
from cti.contact_desk import (
    ContactNotTaken,
    ContactView,
    NewContact,
    TextsAway,
    UnknownContact,
    UnknownQueueOfContact,
)
from cti.facts import WishForContact
from cti.ids import ContactId, QueueId, SeatId

log = structlog.get_logger(__name__)
T = TypeVar("T")
_NAME: Final = re.compile(CONTACT_NAME)


async def hand_in(ask: Ask[NoQuery, ContactBody]) -> ContactAnswer:
    body, by = ask.body, ask.asker.user
    new = NewContact(
        kind=body.kind,
        queue=QueueId(body.queue),
        sender=body.sender,
        text=body.text,
        name=body.name or "",
        subject=body.subject or "",
        reference=body.reference or "",
        key=body.key or "",
        language=body.language,
        priority=body.priority,
        skills=tuple(body.skills),
        customer_class=body.customer_class or "",
        wanted_seat=SeatId(body.seat or ""),
        patience_us=round((body.patience_minutes or 0) * 60e6),
    )
    view = await _done(ask.services.contacts.hand_in(new, by))
    log.info("contact handed in", contact=view.contact, kind=view.kind, queue=view.queue, by=by)
    return _answer(view, Sight(ask.asker, "getContact"))


async def list_contacts(ask: Ask[ContactsQuery, NoBody]) -> ContactsAnswer:
    """A seat sees what it has, or is offered; others see all."""
    desk, sight, query = ask.services.contacts, Sight(ask.asker, "listContacts"), ask.query
    whose = None if sight.all_calls else ask.asker.seat or SeatId("-")
    if query.state == "open":
        found = [one for one in desk.open_ones() if whose in (None, one.seat)]
    else:
        found = await _done(desk.newest(query.limit, whose))
    return ContactsAnswer(contacts=[_answer(one, sight) for one in found[: query.limit]])


async def get_contact(ask: Ask[NoQuery, NoBody]) -> ContactAnswer:
    view = await _done(ask.services.contacts.one(_contact(ask)))
    sight = Sight(ask.asker, "getContact")
    if not sight.all_calls and (not view.seat or view.seat != ask.asker.seat):
        raise not_found(f"there is no contact {view.contact!r} of yours")
    return _answer(view, sight)


async def accept(ask: Ask[NoQuery, NoBody]) -> ContactAnswer:
    return await _wish(ask, "accept")


async def reject(ask: Ask[NoQuery, NoBody]) -> ContactAnswer:
    return await _wish(ask, "reject")


async def give_back(ask: Ask[NoQuery, ReturnBody]) -> ContactAnswer:
    return await _wish(ask, "requeue", QueueId(ask.body.queue or ""))


async def close(ask: Ask[NoQuery, NoBody]) -> ContactAnswer:
    return await _wish(ask, "close")


async def withdraw(ask: Ask[NoQuery, NoBody]) -> ContactAnswer:
    """Whoever wrote wants no answer any more."""
    contact, by = _contact(ask), ask.asker.user
    view = await _done(ask.services.contacts.withdraw(contact, by))
    log.info("contact withdrawn", contact=contact, by=by)
    return _answer(view, Sight(ask.asker, "getContact"))


async def _wish(
    ask: Ask[NoQuery, NoBody] | Ask[NoQuery, ReturnBody],
    wish: WishForContact,
    queue: QueueId = QueueId(""),
) -> ContactAnswer:
    contact, who, desk = _contact(ask), ask.asker, ask.services.contacts
    seat = SeatId("") if who.role != "seat" else who.seat or SeatId("-")
    view = await _done(desk.wish(contact, wish, by=who.user, seat=seat, queue=queue))
    log.info("contact", wish=wish, contact=contact, by=who.user)
    return _answer(view, Sight(who, "getContact"))


def _contact(ask: Ask[NoQuery, NoBody] | Ask[NoQuery, ReturnBody]) -> ContactId:
    """Raises Problem 404 when no contact can be called so: the database is not asked for it."""
    name = ask.path("contact")
    if not _NAME.fullmatch(name):
        raise not_found("there is no such contact")
    return ContactId(name)


async def _done(work: Awaitable[T]) -> T:
    try:
        return await work
    except (UnknownContact, UnknownQueueOfContact) as error:
        raise not_found(str(error)) from error
    except ContactNotTaken as error:
        raise Problem(409, "refused", error.why) from error
    except TextsAway as error:
        raise Problem(503, "not-kept", "the database is away; nothing has changed") from error


def _answer(view: ContactView, sight: Sight) -> ContactAnswer:
    text = view.text if sight.numbers else None
    assert view.kind != "call"
    return ContactAnswer(
        contact=view.contact,
        kind=view.kind,
        state=view.state,
        queue=view.queue,
        seat=view.seat or None,
        sender=view.sender if sight.numbers else mask_number(view.sender),
        sender_masked=not sight.numbers,
        by=view.by,
        language=view.language,
        priority=view.priority,
        came_us=view.came_us,
        until_us=view.until_us,
        accepted_us=view.accepted_us or None,
        ended_us=view.ended_us or None,
        outcome=view.outcome or None,
        wait_us=view.wait_us,
        handling_us=view.handling_us,
        name=text.name or None if text else None,
        subject=text.subject or None if text else None,
        text=text.text if text else None,
        reference=text.reference or None if text else None,
    )
