"""What may be changed of a queue or a seat while calls go on: the fields of the site file's own
models, all of them optional, so that a change is checked as the file is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, create_model

from config.names import PART
from config.queue import Queue
from config.seat import Seat

QUEUE_STAYS: Final = frozenset({"name"})
"""Menus and people call it so."""
SEAT_STAYS: Final = frozenset({"name", "device", "devices"})
"""Asterisk has an account for each device."""


def _optional(model: type[BaseModel], stays: Collection[str]) -> dict[str, Any]:
    """None where nothing is said; it can be said only where the model itself takes it."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name not in stays:
            kind: Any = field.annotation
            if field.metadata:
                kind = Annotated[(kind, *field.metadata)]
            fields[name] = (kind, None)
    return fields


QUEUE_FIELDS: Final = _optional(Queue, QUEUE_STAYS)
SEAT_FIELDS: Final = _optional(Seat, SEAT_STAYS)

if TYPE_CHECKING:

    class QueueChange(BaseModel): ...

    class SeatChange(BaseModel): ...

else:
    QueueChange = create_model("QueueChange", __config__=PART, **QUEUE_FIELDS)
    SeatChange = create_model("SeatChange", __config__=PART, **SEAT_FIELDS)


def said(change: BaseModel) -> Mapping[str, Any]:
    """What is to be changed, by field."""
    return {name: getattr(change, name) for name in sorted(change.model_fields_set)}
