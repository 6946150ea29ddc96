"""What goes over the wire about plans and about routing while it runs. The fields that may be
changed are those of the site file's own models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from config.change import QUEUE_FIELDS, SEAT_FIELDS, QueueChange, SeatChange
from config.routing import Choice
from cti.api.schemas import Line, QueueName, Received, SeatName, Sent, TimeUs

PlanName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Reason = Annotated[Line, Field(max_length=200)]
Until = Annotated[
    TimeUs | None, Field(description="When the change ends by itself; null: it does not.")
]


class PlanBody(Received):
    on: bool
    reason: Reason


class PlanAnswer(Sent):
    plan: str
    name: Annotated[dict[str, str], Field(description="Language tag to name.")]
    on: bool
    since_us: TimeUs | None
    by: str
    reason: str
    changes: Annotated[list[str], Field(description="What it says, as places of the site file.")]
    hidden: Annotated[
        list[str],
        Field(description="Does not count now: a later plan or a change says otherwise."),
    ]
    notices: Annotated[list[str], Field(description="What callers hear while it is on.")]
    texts_without_voice: Annotated[
        int, Field(description="Texts that nobody can speak yet; callers hear a stand-in.")
    ] = 0


class PlansAnswer(Sent):
    plans: Annotated[
        list[PlanAnswer],
        Field(description="In the order of the site file: the later one counts over the earlier."),
    ]


class _Why(Received):
    reason: Reason | None = None
    until_us: Until = None


if TYPE_CHECKING:

    class QueuePatch(_Why): ...

    class SeatPatch(_Why): ...

else:
    QueuePatch = create_model("QueuePatch", __base__=_Why, **QUEUE_FIELDS)
    SeatPatch = create_model("SeatPatch", __base__=_Why, **SEAT_FIELDS)


class RoutingPatch(_Why):
    choice: Choice | None = None
    queues: Annotated[dict[QueueName, QueueChange], Field(max_length=1000, default_factory=dict)]
    seats: Annotated[dict[SeatName, SeatChange], Field(max_length=10_000, default_factory=dict)]


class RemoveQuery(BaseModel):
    """Not strict: a query string has only text."""

    model_config = {"extra": "forbid", "frozen": True, "hide_input_in_errors": True}

    key: Annotated[
        str | None,
        Field(pattern=r"^[a-z_]{1,64}$", description="Only this value; without: all changes."),
    ] = None


class SourceAnswer(Sent):
    """Where a value comes from that the site file does not say."""

    source: Literal["plan", "change"]
    plan: str | None
    by: str
    since_us: TimeUs
    until_us: TimeUs | None
    reason: str
    file: Annotated[Any, Field(description="What the site file says; it does not count now.")]
    file_says_otherwise_since: Annotated[
        bool,
        Field(description="The site file was changed after it; the change counts until removed."),
    ] = False


class PartAnswer(Sent):
    values: Annotated[dict[str, Any], Field(description="What counts now, as in the site file.")]
    sources: Annotated[
        dict[str, SourceAnswer],
        Field(description="By value; what is not named here comes from the site file."),
    ]


class NotCountingAnswer(Sent):
    place: str
    value: Any
    source: Literal["plan", "change"]
    plan: str | None
    by: str
    why: str


class RoutingAnswer(Sent):
    routing: PartAnswer
    queues: dict[str, PartAnswer]
    seats: dict[str, PartAnswer]
    plans_on: Annotated[list[str], Field(description="The strongest last.")]
    not_counting: Annotated[
        list[NotCountingAnswer],
        Field(description="What plans and changes say, and does not count."),
    ]
    warnings: Annotated[
        list[str], Field(description="A refused site file, and what does not fit together.")
    ]
