"""A queue of the site file. All durations are seconds where their names do not say otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from config.names import PART, Name, Text
from config.overflow import Overflow
from config.routing import Kind, Seconds, Strategy, Target, Widening

RetryCause = Literal["busy", "no-answer", "unreachable"]
RungFirst = Literal["seat", "customer"]
RetryMinutes = Annotated[float, Field(ge=0.05, le=1440)]


class Queue(BaseModel):
    model_config = PART

    name: Text
    ring_seconds: Annotated[float, Field(ge=1, le=120)] = 15
    wrapup_seconds: Annotated[float, Field(ge=0, le=3600)] = 10
    priority: Annotated[int, Field(ge=0, le=9)] = 5
    announce_every_seconds: Annotated[float, Field(ge=0, le=3600)] = 45
    """How often a waiting caller hears the place in line and the estimated wait, never more often
    than every 15 s; 0: only once that all seats are busy."""
    expected_talk_seconds: Annotated[float, Field(ge=5, le=3600)] = 180
    """Talk and wrap-up together, for the estimated wait until calls have been measured."""
    callback_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    callback_retry_minutes: RetryMinutes | None = None
    """One pause for every cause that `callback_retry` does not name."""
    callback_retry: dict[RetryCause, Annotated[list[RetryMinutes], Field(min_length=1)]] = {}
    """Minutes after the first, second ... attempt that failed by this cause; the last one stands
    for all that follow. Not named here nor by `callback_retry_minutes`: busy 3, no answer 10,
    unreachable 30."""
    callback_first: RungFirst = "seat"
    """Whose phone rings first. customer: a seat is kept for them meanwhile, and rung once they have
    answered."""
    strategy: Strategy = "longest-idle"
    """Which of the free seats that fit is rung. ring-all: several at once, who answers first has
    the caller."""
    ring_most: Annotated[int, Field(ge=1, le=50)] = 5
    """With ring-all: how many seats at once."""
    auto_answer: bool = False
    """Seats' phones are asked to answer by themselves."""
    wrapup_extension_seconds: Annotated[float, Field(ge=0, le=3600)] = 0
    """How much longer a seat may make its wrap-up, once a call."""
    target: Target = Target()
    ratio: Annotated[int, Field(ge=1, le=100)] = 1
    """For `routing.choice: queue-ratio`: its share of all who wait, against the others'."""
    priority_step_seconds: Annotated[float, Field(ge=1, le=86_400)] = 120
    """What a step of priority is worth: who stands a step behind stands before all who come that
    much later, so nobody waits for ever."""
    widening: Annotated[list[Widening], Field(max_length=9)] = []
    wanted_seconds: Seconds = 0
    """How long a caller waits for the seat they are to be put to, when it is busy."""
    last_seat_hours: Annotated[float, Field(ge=0, le=720)] = 0
    """So long after a talk the caller is put to the same seat again."""
    open: Name | None = None
    """Name of opening hours in `hours`; None: open until a lead closes it."""
    overflow: Annotated[list[Overflow], Field(max_length=9)] = []
    """The first rule that applies counts, each once for a caller."""
    contact_offer_seconds: Annotated[float, Field(ge=5, le=3600)] = 60
    """How long a seat has to accept a text, a web contact or a mail."""
    contact_patience_minutes: dict[Kind, Annotated[float, Field(gt=0, le=43_200)]] = {}
    """How long one waits here at most, by kind; not named: a day."""
    merged_into: Name | None = None
    """Its callers stand in that queue's line."""
    closed: bool = False
    """Nobody is to come in, whatever the hours say; who waits is served, or goes by the overflow
    rule for closed queues."""

    @property
    def names(self) -> dict[str, str]:
        """The queue's name by language tag."""
        return {str(language): name for language, name in self.name.items()}
