"""Bodies and answers about contacts other than calls."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cti.api.schemas import Line, QueueName, Received, SeatName, Sent, TimeUs, speakable

CONTACT_NAME: Final = r"^contact[.][A-Za-z0-9-]{1,64}$"
ContactName = Annotated[str, Field(pattern=CONTACT_NAME)]
ContactKindName = Literal["text", "web", "mail"]
LONGEST_TEXT = 20_000
"""Characters; what is longer belongs into a file of the other system."""
Text = Annotated[
    str,
    Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"),
    AfterValidator(speakable),
]
"""Several lines; no control characters but tab and line ends."""
SkillName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}(:[1-9])?$")]


class ContactBody(Received):
    kind: ContactKindName
    queue: QueueName
    sender: Annotated[Line, Field(max_length=320)]
    """A number, an address, or what a page knows of its visitor."""
    text: Text
    name: Annotated[Line, Field(max_length=100)] | None = None
    subject: Annotated[Line, Field(max_length=300)] | None = None
    reference: Annotated[Line, Field(max_length=200)] | None = None
    key: Annotated[Line, Field(max_length=200)] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")] = ""
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    skills: Annotated[list[SkillName], Field(max_length=16, default_factory=list)]
    customer_class: QueueName | None = None
    seat: SeatName | None = None
    patience_minutes: Annotated[float, Field(gt=0, le=43_200)] | None = None


class ReturnBody(Received):
    queue: QueueName | None = None


class ContactAnswer(Sent):
    contact: ContactName
    kind: ContactKindName
    state: Literal["waiting", "offered", "in-hand", "ended"]
    queue: str
    seat: Annotated[str | None, Field(description="Offered to it, in its hand, or was last.")]
    sender: str
    sender_masked: bool
    by: Annotated[str, Field(description="Who handed it in.")]
    language: str
    priority: int
    came_us: TimeUs
    until_us: Annotated[TimeUs, Field(description="Its patience ends then, while it waits.")]
    accepted_us: TimeUs | None
    ended_us: TimeUs | None
    outcome: Annotated[
        str | None, Field(description="closed, patience or withdrawn; null while it is open.")
    ]
    wait_us: int | None
    handling_us: int
    name: str | None
    subject: str | None
    text: Annotated[str | None, Field(description="Null in lists, and when not for your role.")]
    reference: str | None


class ContactsQuery(BaseModel):
    """Not strict: a query string has only text."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    state: Literal["open", "all"] = "open"
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ContactsAnswer(Sent):
    contacts: list[ContactAnswer]
