"""Messages of the live connection (`cti/api/events.py` has the drawing)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cti.api.schemas import CallAnswer, FactAnswer, QueueAnswer, Received, SeatAnswer, Sent

Sequence = Annotated[int, Field(ge=0, description="Counts this connection's messages, no gaps.")]


class TokenMessage(Received):
    """From the client: first message, or a renewed token."""

    token: Annotated[str, Field(min_length=1, max_length=2048)]


class SnapshotMessage(Sent):
    """Everything that this person may see; replaces what was told before."""

    type: Literal["snapshot"] = "snapshot"
    seq: Sequence
    seats: list[SeatAnswer]
    queues: list[QueueAnswer]
    calls: list[CallAnswer]


class FactMessage(FactAnswer):
    type: Literal["fact"] = "fact"
    seq: Sequence


class QueuesMessage(Sent):
    """All queues again, some 0.2 s after a change at the latest."""

    type: Literal["queues"] = "queues"
    seq: Sequence
    queues: list[QueueAnswer]


class LaggingMessage(Sent):
    """The last message to a reader that was too slow: facts were lost, connect again."""

    type: Literal["lagging"] = "lagging"
    seq: Sequence


MESSAGES = (TokenMessage, SnapshotMessage, FactMessage, QueuesMessage, LaggingMessage)
