"""Routing as it is now: the site file, with the plans that are on and the changes made while
running laid over it.

The site file counts least, then come plans, one that stands later in the file over one before it,
then single changes. Every value in `Overlaid.values` keeps where it comes from. What does not fit
the file (any more) is left out, and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ValidationError

from config.change import said
from config.plan import Plan
from config.queue import Queue
from config.seat import Seat
from config.site_slips import slips

if TYPE_CHECKING:
    from config.site import Site

Part = Literal["queues", "seats", "routing"]
_CAN_CIRCLE: Final = frozenset({"merged_into", "overflow"})


@dataclass(frozen=True, slots=True)
class Source:
    """Who or what says so. `plan`: empty for a single change. Times are microseconds since the
    epoch; `until_us` 0: without end."""

    plan: str = ""
    by: str = ""
    at_us: int = 0
    until_us: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that is to count. `key` "also" of a seat: queues it serves besides, with roles."""

    part: Part
    name: str
    key: str
    value: Any
    source: Source

    @property
    def place(self) -> tuple[Part, str, str]:
        return self.part, self.name, self.key


@dataclass(frozen=True, slots=True)
class Misfit:
    setting: Setting
    why: str


@dataclass(frozen=True, slots=True)
class Overlaid:
    """`values`: what counts that the file does not say. `hidden`: what does not count because
    something above it says otherwise."""

    site: Site
    values: Mapping[tuple[Part, str, str], Setting] = field(default_factory=dict)
    hidden: Sequence[Setting] = ()
    misfits: Sequence[Misfit] = ()


def settings_of(plan: str, site: Site, source: Source) -> Iterator[Setting]:
    """What the plan of that name says, in the order in which it counts."""
    content: Plan = site.plans[plan]
    if content.choice is not None:
        yield Setting("routing", "", "choice", content.choice, source)
    for name, queue in content.queues.items():
        for key, value in said(queue).items():
            yield Setting("queues", name, key, value, source)
    for name, seat in content.seats.items():
        for key, value in said(seat).items():
            yield Setting("seats", name, key, value, source)
    if content.all_seats:
        for name in site.seats:
            yield Setting("seats", name, "also", content.all_seats, source)


class Overlay:
    """Lays settings over a site; what has not changed since the last time is not made again."""

    def __init__(self) -> None:
        self._made: dict[tuple[Part, str], tuple[BaseModel, list[Setting], BaseModel]] = {}

    def over(self, site: Site, settings: Iterable[Setting]) -> Overlaid:
        """`settings` in the order in which they count, the strongest last."""
        kept, misfits = list(settings), []
        while True:
            made, wrong = self._make(site, kept)
            wrong = wrong or list(_culprits(site, made, kept))
            if not wrong:
                break
            misfits += wrong
            dropped = {id(one.setting) for one in wrong}
            # What a plan gives to all seats it gives to all or to none.
            besides = {id(one.setting.value) for one in wrong if one.setting.key == "also"}
            kept = [
                one
                for one in kept
                if id(one) not in dropped and not (one.key == "also" and id(one.value) in besides)
            ]
        values = {one.place: one for one in kept}
        # Queues that a seat serves besides add up.
        hidden = [one for one in kept if one.key != "also" and values[one.place] is not one]
        return Overlaid(made, values, hidden, misfits)

    def _make(self, site: Site, settings: list[Setting]) -> tuple[Site, list[Misfit]]:
        grouped: dict[tuple[Part, str], list[Setting]] = {}
        for one in settings:
            grouped.setdefault((one.part, one.name), []).append(one)
        queues, seats, routing = dict(site.queues), dict(site.seats), site.routing
        wrong: list[Misfit] = []
        before, self._made = self._made, {}
        for (part, name), said_of_it in grouped.items():
            base = _base(site, part, name)
            if base is None:
                wrong += (Misfit(one, f"there is no {part[:-1]} {name!r}") for one in said_of_it)
                continue
            known = before.get((part, name))
            if known is not None and known[0] is base and known[1] == said_of_it:
                made = known[2]
            else:
                try:
                    made = _changed(base, said_of_it)
                except ValidationError as error:
                    wrong += _refused(said_of_it, error)
                    continue
            self._made[part, name] = base, said_of_it, made
            if isinstance(made, Queue):
                queues[name] = made
            elif isinstance(made, Seat):
                seats[name] = made
            else:
                routing = made  # type: ignore[assignment]
        update = {"queues": queues, "seats": seats, "routing": routing}
        return site.model_copy(update=update), wrong


def _base(site: Site, part: Part, name: str) -> BaseModel | None:
    if part == "queues":
        return site.queues.get(name)
    return site.seats.get(name) if part == "seats" else site.routing


def _changed(base: BaseModel, settings: Sequence[Setting]) -> BaseModel:
    """Raises ValidationError."""
    values = {name: getattr(base, name) for name in type(base).model_fields}
    update = {one.key: one.value for one in settings if one.key != "also"}
    values |= update
    if isinstance(base, Seat):
        if "queues" in update and "roles" not in update:
            roles = values["roles"].items()
            values["roles"] = {queue: role for queue, role in roles if queue in update["queues"]}
        for one in settings:
            if one.key == "also":
                values = _also(values, one.value)
    return type(base).model_validate(values)


def _also(values: dict[str, Any], besides: Mapping[str, str]) -> dict[str, Any]:
    """The seat's own queues stay as they are."""
    more = {queue: role for queue, role in besides.items() if queue not in values["queues"]}
    return values | {
        "queues": [*values["queues"], *more],
        "roles": values["roles"] | {queue: role for queue, role in more.items() if role != "a"},
    }


def _refused(settings: Sequence[Setting], error: ValidationError) -> Iterator[Misfit]:
    keys = {str(item["loc"][0]) if item["loc"] else "": item["msg"] for item in error.errors()}
    found = [one for one in settings if one.key in keys]
    for one in found or settings[-1:]:
        yield Misfit(one, keys.get(one.key, str(error)))


def _culprits(site: Site, made: Site, settings: Sequence[Setting]) -> Iterator[Misfit]:
    """The settings without which the rest would fit together. Of those that lead in a circle
    together it is the one said last. What does not fit in `site` itself is no setting's fault: a
    queue's rule may name what counts after a restart only."""
    wrong = [(loc, why) for loc, why in slips(made) if loc[0] in ("queues", "seats", "routing")]
    if not wrong or not settings:
        return
    of_place: dict[tuple[object, ...], Setting] = {}
    for one in settings:
        of_place[one.part, one.name, one.key] = one
        if one.key == "also":
            of_place[one.part, one.name, "queues"] = of_place[one.part, one.name, "roles"] = one
    before = set(slips(site))
    wrong = [slip for slip in wrong if slip[0][:3] in of_place or slip not in before]
    if not wrong:
        return
    found = {loc[:3]: Misfit(of_place[loc[:3]], why) for loc, why in wrong if loc[:3] in of_place}
    others = [one for loc, one in found.items() if loc[2] not in _CAN_CIRCLE]
    if others or not found:
        yield from others or [Misfit(settings[-1], wrong[0][1])]
        return
    yield max(found.values(), key=lambda one: _index(settings, one.setting))


def _index(settings: Sequence[Setting], wanted: Setting) -> int:
    return next(place for place, one in enumerate(settings) if one is wanted)
