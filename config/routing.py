"""Parts of the site file that say who is offered whom. All durations are seconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Level = Annotated[int, Field(ge=1, le=9)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
SeatRole = Literal["a", "b", "lead"]
"""a: its own work. b: stands in when no seat in role a is free. lead: when nobody else is there."""
Strategy = Literal[
    "longest-idle", "fewest-calls", "least-occupied", "round-robin", "fixed-order", "best-skill",
    "ring-all",
]  # fmt: skip
Kind = Literal["text", "web", "mail"]
Choice = Literal["place", "due", "queue-ratio"]


def _leveled(skills: Any) -> Any:
    """`[gas, night]` is `{gas: 1, night: 1}`."""
    return dict.fromkeys(skills, 1) if isinstance(skills, list) else skills


Skills = Annotated[dict[Name, Level], BeforeValidator(_leveled), Field(max_length=50)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Target(_Part):
    """The service level: so many percent are to be answered within so many seconds."""

    seconds: Annotated[float, Field(ge=1, le=3600)] = 20
    percent: Annotated[int, Field(ge=1, le=100)] = 80


class Widening(_Part):
    """After so long every skill may be `levels` lower; one that falls below 1 is not asked for."""

    after_seconds: Annotated[float, Field(ge=1, le=86_400)]
    levels: Annotated[int, Field(ge=1, le=9)]


class CustomerClass(_Part):
    head_start_seconds: Seconds
    """Who is of this class stands as if they had come so much earlier."""


class Routing(_Part):
    """What holds for all queues."""

    choice: Choice = "place"
    """Whom a seat takes that serves several queues: who stands first over all of them; who comes
    first to their queue's target; from the queue that has most above its `ratio`."""
    classes: Annotated[dict[Name, CustomerClass], Field(max_length=50)] = {}
