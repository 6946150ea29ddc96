"""Spoken messages over the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cti.api.message_port import MessageState
from cti.api.schemas import Sent, TimeUs

MessageNumber = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,14}$")]


class MessagesQuery(BaseModel):
    """Not strict: a query string has only text."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    box: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")] = None
    state: MessageState | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,200}$",
            description="`next` of the page before; keep the other parameters the same.",
        ),
    ] = None


class MessageAnswer(Sent):
    message: Annotated[int, Field(ge=1)]
    call: str
    box: str
    caller_number: str
    number_masked: bool
    customer: Annotated[str | None, Field(description="Who it is, as the flow found out.")]
    left_us: TimeUs
    duration_us: Annotated[int, Field(ge=0)]
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(description="Of the whole WAV file, hexadecimal.")]
    state: MessageState
    handled_by: Annotated[str | None, Field(description="Who moved it to this state.")]
    handled_us: TimeUs | None


class MessagesAnswer(Sent):
    messages: list[MessageAnswer]
    next: Annotated[str | None, Field(description="Cursor of the next page; null on the last.")]
