"""In which order fitting seats are asked. Pure.

Each strategy is a number that stays what it is while a seat is free, the smallest first; equal ones
by who has been free longest, then by id, so that a replay decides the same. Tiers (see
`acd.needs`) come before any strategy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acd.needs import Fit
from acd.seats import Seat
from cti.facts import StrategyName

Key = Callable[[Seat, Fit, int], int]


def _longest_idle(seat: Seat, fit: Fit, position: int) -> int:
    del fit, position
    return seat.idle_since


def _fewest_calls(seat: Seat, fit: Fit, position: int) -> int:
    """Taken since sign-on."""
    del fit, position
    return seat.calls


def _least_occupied(seat: Seat, fit: Fit, position: int) -> int:
    del fit, position
    return seat.occupancy_ppm


def _round_robin(seat: Seat, fit: Fit, position: int) -> int:
    """Who was chosen longest ago, answered or not."""
    del fit, position
    return seat.rung_at


def _fixed_order(seat: Seat, fit: Fit, position: int) -> int:
    """As the site file lists them."""
    del seat, fit
    return position


def _best_skill(seat: Seat, fit: Fit, position: int) -> int:
    del seat, position
    return -fit.level


def ranked_by(strategy: StrategyName, seat: Seat, at: int) -> int:
    """`SeatRank.key`, to be read by people."""
    match strategy:
        case "fewest-calls":
            return seat.calls
        case "least-occupied":
            return seat.occupancy_ppm
        case "round-robin":
            return at - seat.rung_at if seat.rung_at else -1
        case _:
            return 0


KEYS: Final[dict[StrategyName, Key]] = {
    "longest-idle": _longest_idle,
    "fewest-calls": _fewest_calls,
    "least-occupied": _least_occupied,
    "round-robin": _round_robin,
    "fixed-order": _fixed_order,
    "best-skill": _best_skill,
    "ring-all": _longest_idle,
}
