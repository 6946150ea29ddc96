"""Emergency plans of the site file: what changes of routing as long as one is switched on, and what
callers are told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from config.change import QueueChange, SeatChange
from config.names import PART, Language, Name, SeatName, Text
from config.routing import Choice, SeatRole

NoticeText = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]


class SiteNotice(BaseModel):
    """An announcement that is heard while a plan is on that names it."""

    model_config = PART

    kind: Literal["emergency", "outage", "info"] = "emergency"
    texts: Annotated[dict[Language, NoticeText], Field(min_length=1)]
    """Made sound when the file is read, so that the first caller hears it."""
    areas: list[Name] = []
    """None: everywhere."""
    then: Literal["go-on", "hang-up", "person"] = "go-on"
    """What follows after it has been said."""


class Plan(BaseModel):
    """Where several that are on say something of the same thing, the one that stands later in the
    file counts."""

    model_config = PART

    name: Text
    choice: Choice | None = None
    queues: dict[Name, QueueChange] = {}
    all_seats: dict[Name, SeatRole] = {}
    """Queues that every seat serves besides its own, and in which role."""
    seats: dict[SeatName, SeatChange] = {}
    notices: list[Name] = []
