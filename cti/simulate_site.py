"""A site as it is and as it might be: other seats, other rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

import yaml
from pydantic import ValidationError

from acd.dispatcher import Dispatcher
from acd.simulator.day import Move
from config.site import Queue, Seat, Site, load_site
from cti.cores import cores_for
from cti.errors import JietongError
from cti.facts.site import ChoiceName, StrategyName
from cti.ids import SeatId
from cti.site_routing import routing_of

SITES: Final = Path(__file__).parents[1] / "config/sites"
MOST_SEATS: Final = 10_000
_NO_OTHERS: Final[dict[str, Any]] = {"devices": []} if "devices" in Seat.model_fields else {}
"""A double has one phone of its own."""
STRATEGIES: Final[tuple[StrategyName, ...]] = get_args(StrategyName)
CHOICES: Final[tuple[ChoiceName, ...]] = get_args(ChoiceName)
_CHANGE: Final = re.compile(r"(?P<sign>[+-]?)(?P<number>\d{1,6}(?:\.\d+)?)(?P<percent>%?)")
_SETTING: Final = re.compile(r"(?P<queue>\*|[a-z0-9-]+)\.(?P<key>[a-z_]+)=(?P<value>.*)", re.DOTALL)


class ChangeRefused(JietongError):
    """A change that cannot be tried. Fields: `change`, `why`."""

    def __init__(self, change: str, why: str) -> None:
        self.change, self.why = change, why
        super().__init__(f"{change!r} {why}")


@dataclass(frozen=True, slots=True)
class Staffed:
    """A site, and when its seats are there. `rule`: a strategy for every queue, or a choice between
    queues, instead of the site's own."""

    site: Site
    moves: tuple[Move, ...]
    rule: str = ""

    @property
    def seats(self) -> list[SeatId]:
        """Those that are there at some time, in the order of the site."""
        working = {move.seat for move in self.moves}
        return [SeatId(seat) for seat in self.site.seats if seat in working]

    def dispatcher(self) -> Dispatcher:
        """The site's own dispatcher, fresh; with the rule, if there is one."""
        if not self.rule:
            return cores_for(self.site).dispatcher
        seats, queues, rules = routing_of(self.site)
        for strategy in STRATEGIES:
            if strategy == self.rule:
                queues = [replace(queue, strategy=strategy) for queue in queues]
        choice = next((choice for choice in CHOICES if choice == self.rule), None)
        return Dispatcher(seats, queues, rules if choice is None else replace(rules, choice=choice))


def find_site(wanted: Path) -> Site:
    """The site file, the folder it is in, or the name of one that comes with the system. Raises
    SettingsRefused, ChangeRefused."""
    places = (wanted, wanted / "site.yaml", SITES / wanted / "site.yaml")
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        examples = ", ".join(sorted(folder.name for folder in SITES.iterdir() if folder.is_dir()))
        raise ChangeRefused(str(wanted), f"is no site file; examples that come along: {examples}")
    return load_site(found)


def seats_after(change: str, now: int) -> int:
    """How many seats `-10%`, `+3` or `40` makes of `now`, rounded. Raises ChangeRefused."""
    found = _CHANGE.fullmatch(change.strip().replace("％", "%"))
    if found is None:
        raise ChangeRefused(change, "is no number of seats; write -10%, +3 or 40")
    number, sign = float(found["number"]), -1 if found["sign"] == "-" else 1
    if found["percent"]:
        after = now * (1 + sign * number / 100) if found["sign"] else now * number / 100
    else:
        if number != int(number):
            raise ChangeRefused(change, "is no whole number of seats")
        after = now + sign * number if found["sign"] else number
    seats = int(after + 0.5)
    if not 1 <= seats <= MOST_SEATS:
        raise ChangeRefused(
            change, f"leaves {seats} of {now} seats; 1 to {MOST_SEATS} can be tried"
        )
    return seats


def with_seats(staffed: Staffed, count: int) -> Staffed:
    """The same with `count` seats. Who is left out, or doubled, is spread evenly over the kinds of
    seats (the queues and skills they have), so that the mix stays as it was; a double has the
    shifts of the seat that it is made after."""
    seats = sorted(staffed.seats, key=lambda seat: (_kind(staffed.site.seats[seat]), seat))
    if count <= len(seats):
        left_out = set(_evenly(seats, len(seats) - count))
        kept = {seat: one for seat, one in staffed.site.seats.items() if seat not in left_out}
        moves = tuple(move for move in staffed.moves if move.seat not in left_out)
        return replace(staffed, site=staffed.site.model_copy(update={"seats": kept}), moves=moves)
    many, moves_of = dict(staffed.site.seats), _by_seat(staffed.moves)
    added: list[Move] = []
    whole, rest = divmod(count - len(seats), len(seats))
    for turn in range(whole + bool(rest)):
        for seat in seats if turn < whole else _evenly(seats, rest):
            double = SeatId(f"x{turn + 1}-{seat}"[:32])
            record = staffed.site.seats[seat]
            device = f"PJSIP/sim-{turn + 1}-{record.sip_user}"[:64]
            many[double] = record.model_copy(update={"device": device, **_NO_OTHERS})
            added += [replace(move, seat=double) for move in moves_of[seat]]
    site = staffed.site.model_copy(update={"seats": many})
    return replace(staffed, site=site, moves=(*staffed.moves, *added))


def with_settings(site: Site, settings: Iterable[str]) -> Site:
    """`queue.key=value`, as in the site file; `*` is every queue. Raises ChangeRefused."""
    queues = dict(site.queues)
    for setting in settings:
        found = _SETTING.fullmatch(setting)
        if found is None:
            raise ChangeRefused(setting, "is no setting; write repairs.wrapup_seconds=20")
        names = list(queues) if found["queue"] == "*" else [found["queue"]]
        for name in names:
            if name not in queues:
                raise ChangeRefused(setting, f"names no queue of {', '.join(sorted(queues))}")
            queues[name] = _with_setting(queues[name], setting, found["key"], found["value"])
    return site.model_copy(update={"queues": queues})


def check_rule(rule: str) -> None:
    """Raises ChangeRefused."""
    if rule not in STRATEGIES and rule not in CHOICES:
        known = f"{', '.join(STRATEGIES)} rank seats; {', '.join(CHOICES)} choose between queues"
        raise ChangeRefused(rule, f"is no rule: {known}")


def _with_setting(queue: Queue, setting: str, key: str, value: str) -> Queue:
    if key not in Queue.model_fields:
        known = ", ".join(sorted(set(Queue.model_fields) - {"name"}))
        raise ChangeRefused(setting, f"is nothing that a queue has; known: {known}")
    try:
        parsed = yaml.safe_load(value)
        return Queue.model_validate(queue.model_dump(exclude_unset=True) | {key: parsed})
    except (ValidationError, yaml.YAMLError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "is no YAML"
        raise ChangeRefused(setting, f"is refused: {first}") from error


def _kind(seat: Seat) -> tuple[tuple[str, ...], tuple[str, ...]]:
    skills = (f"{name}:{level}" for name, level in seat.skills.items())
    return tuple(sorted(map(str, seat.queues))), tuple(sorted(skills))


def _evenly(seats: Sequence[SeatId], count: int) -> list[SeatId]:
    """`count` of them, from one end to the other."""
    return [seats[(2 * place + 1) * len(seats) // (2 * count)] for place in range(count)]


def _by_seat(moves: Iterable[Move]) -> dict[SeatId, list[Move]]:
    found: dict[SeatId, list[Move]] = {}
    for move in moves:
        found.setdefault(move.seat, []).append(move)
    return found
