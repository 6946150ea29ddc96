"""Texts, web contacts and mails. A part of the route table."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from cti.api import contacts
from cti.api.binding import Operation
from cti.api.contact_schemas import (
    ContactAnswer,
    ContactBody,
    ContactsAnswer,
    ContactsQuery,
    ReturnBody,
)
from cti.api.operation import V1, operation
from cti.api.schemas import NoBody

_CONTACT_WISHES: Final[tuple[tuple[str, str, str, Any, type[BaseModel]], ...]] = (
    ("acceptContact", "accept", "Take what is offered", contacts.accept, NoBody),
    ("rejectContact", "reject", "Leave what is offered to others", contacts.reject, NoBody),
    ("returnContact", "return", "Give it back into a line", contacts.give_back, ReturnBody),
    ("closeContact", "close", "It is dealt with", contacts.close, NoBody),
    ("withdrawContact", "withdraw", "No answer is wanted any more", contacts.withdraw, NoBody),
)

CONTACTS: Final[tuple[Operation, ...]] = (
    operation(
        "handInContact",
        "POST",
        f"{V1}/contacts",
        "Hand in a text, a web contact or a mail; with a key, the same one once only",
        contacts.hand_in,
        ContactAnswer,
        404,
        409,
        503,
        body=ContactBody,
    ),
    operation(
        "listContacts",
        "GET",
        f"{V1}/contacts",
        "Contacts other than calls",
        contacts.list_contacts,
        ContactsAnswer,
        503,
        query=ContactsQuery,
    ),
    operation(
        "getContact",
        "GET",
        f"{V1}/contacts/{{contact}}",
        "One contact, with its text",
        contacts.get_contact,
        ContactAnswer,
        404,
        503,
    ),
    *(
        operation(
            name,
            "POST",
            f"{V1}/contacts/{{contact}}/{word}",
            summary,
            handler,
            ContactAnswer,
            404,
            409,
            503,
            body=body,
        )
        for name, word, summary, handler, body in _CONTACT_WISHES
    ),
)
