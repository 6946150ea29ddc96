"""Seats. A part of the route table."""

from __future__ import annotations

from typing import Final

from cti.api import seats
from cti.api.binding import Operation
from cti.api.operation import V1, operation
from cti.api.schemas import PauseBody, SeatAnswer, SeatsAnswer, SignOnBody

_SEAT: Final = f"{V1}/seats/{{seat}}"

SEATS: Final[tuple[Operation, ...]] = (
    operation("listSeats", "GET", f"{V1}/seats", "All seats", seats.list_seats, SeatsAnswer),
    operation("getSeat", "GET", _SEAT, "One seat", seats.get_seat, SeatAnswer, 404),
    operation(
        "signOn",
        "POST",
        f"{_SEAT}/sign-on",
        "Begin to work",
        seats.sign_on,
        SeatAnswer,
        404,
        409,
        503,
        body=SignOnBody,
    ),
    operation(
        "signOff",
        "POST",
        f"{_SEAT}/sign-off",
        "Stop to work; during a call: after it",
        seats.sign_off,
        SeatAnswer,
        404,
        409,
        503,
    ),
    operation(
        "ready", "POST", f"{_SEAT}/ready", "Take calls", seats.ready, SeatAnswer, 404, 409, 503
    ),
    operation(
        "pause",
        "POST",
        f"{_SEAT}/pause",
        "Take no calls; during a call: after it",
        seats.pause,
        SeatAnswer,
        404,
        409,
        503,
        body=PauseBody,
    ),
)
