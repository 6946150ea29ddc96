"""What holds now: the site file, with the plans that are on and single changes laid over it. The
cores are told when anything of it is news to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import structlog

from config.overlay import Misfit, Overlaid, Overlay, Part
from config.site import Site
from cti.changes import Change, ChangesNotKept, ChangeStore, beneath_of, read
from cti.facts import PlanSwitched, Report, RoutingChanged
from cti.plans import (
    PlanBoard,
    PlansNotKept,
    SwitchedOn,
    notices_of_plans,
    settings_of_plans,
)
from cti.runtime.clock import Clock
from cti.site_routing import RoutingRecords, RoutingSetUp
from ivr_flows.notices import Notice

log = structlog.get_logger(__name__)

FILE: Final = "site file"
MOST_WARNINGS: Final = 20
Place = tuple[Part, str, str]


class Laying:
    """`tell` gives a report to the cores and returns when they have decided; `took` is told of the
    site that holds from then on."""

    def __init__(
        self,
        site: Site,
        plans: PlanBoard,
        store: ChangeStore,
        clock: Clock,
        *,
        tell: Callable[[Report], Awaitable[object]],
        took: Callable[[Site], None],
    ) -> None:
        self._file_site = site
        self._plans = plans
        self._store = store
        self._clock = clock
        self._tell = tell
        self._took = took
        self._overlay = Overlay()
        self._records = RoutingRecords()
        self._told: RoutingSetUp | None = self._records.of(site)
        """What the cores know; None: that is not known."""
        self._contradicted: list[Change] = []
        self._changes: dict[Place, Change] = {}
        self._ended: list[Place] = []
        """Changes whose time is over, and which the database may have still."""
        self._unreadable: list[Misfit] = []
        self.laid = Overlaid(site)
        self.loaded = False
        """The changes of an earlier life are known."""

    # ---------------------------------------------------------------------------- plain reads

    @property
    def site(self) -> Site:
        """What holds now."""
        return self.laid.site

    @property
    def file_site(self) -> Site:
        """What the site file says."""
        return self._file_site

    @property
    def plans_on(self) -> Mapping[str, SwitchedOn]:
        """In the order in which they count, the strongest last."""
        on = self._plans.on
        return {name: on[name] for name in self._file_site.plans if name in on}

    @property
    def misfits(self) -> Sequence[Misfit]:
        """What was said and does not count, since it does not fit any more."""
        return (*self._unreadable, *self.laid.misfits)

    def contradicted(self) -> Sequence[Change]:
        """Changes of values that the site file says otherwise since; they count still."""
        return self._contradicted

    def warnings(self) -> tuple[str, ...]:
        """What was said and does not count, and what the site file says and does not count."""
        return (
            *_some(f"{name_of(one.setting.place)} does not fit: {one.why}" for one in self.misfits),
            *_some(
                f"{name_of(one.setting.place)}: the site file says otherwise since; "
                f"the change by {one.setting.source.by} counts until it is removed"
                for one in self.contradicted()
            ),
        )

    def notices(self) -> tuple[Notice, ...]:
        """What callers hear because of the plans that are on."""
        return notices_of_plans(self._file_site, self._plans.on)

    async def _laid(
        self, on: Mapping[str, SwitchedOn], changes: Mapping[Place, Change]
    ) -> Overlaid:
        site = self._file_site
        settings = [*settings_of_plans(site, on), *(one.setting for one in changes.values())]
        return await asyncio.to_thread(self._overlay.over, site, settings)

    def _new_misfits(self, laid: Overlaid) -> list[Misfit]:
        known = {(one.setting.place, one.setting.source) for one in self.laid.misfits}
        return [one for one in laid.misfits if (one.setting.place, one.setting.source) not in known]

    async def _lay(self, by: str, why: str) -> None:
        """What holds from now on; the cores are told when anything of it is news to them."""
        laid = await self._laid(self._plans.on, self._changes)
        for one in self._new_misfits(laid):
            place = name_of(one.setting.place)
            log.warning("does not fit the site file", place=place, why=one.why)
        self.laid = laid
        self._contradicted = [
            change
            for place, change in self._changes.items()
            if beneath_of(self._file_site, place) != change.beneath
        ]
        now = await asyncio.to_thread(self._records.of, self.laid.site)
        if now != self._told:
            before, self._told = self._told, None
            log.info("routing changed", by=by, why=why, seats=len(now.seats))
            await self._tell(_changed(before, now, self._clock.now_us(), by, why))
            self._told = now
        self._took(self.laid.site)

    async def _load(self) -> bool:
        try:
            rows = await self._store.load()
        except ChangesNotKept as error:
            if not self._unreadable:
                log.warning("changes of routing not read yet", why=str(error))
            return False
        found = [read(row) for row in rows]
        self._unreadable = [one for one in found if isinstance(one, Misfit)]
        self._changes = {one.setting.place: one for one in found if isinstance(one, Change)}
        now = self._clock.now_us()
        self._ended = [place for place, one in self._changes.items() if one.is_over(now)]
        for place in self._ended:
            del self._changes[place]
        self.loaded = True
        return True

    async def _forget_gone_plans(self) -> None:
        """A plan that is not in the file any more cannot be on."""
        gone = [name for name in self._plans.on if name not in self._file_site.plans]
        if not gone:
            return
        on = self._plans.on
        try:
            await self._plans.keep({name: one for name, one in on.items() if name not in gone})
        except PlansNotKept as error:
            log.warning("plan not written off", why=str(error))
            return
        for name in gone:
            why = "it is not in the site file any more"
            log.warning("plan switched off", plan=name, why=why)
            await self._tell_switched(name, on=False, by=FILE, why=why)

    async def _tell_switched(self, plan: str, *, on: bool, by: str, why: str) -> None:
        at = self._clock.now_us()
        log.info("plan switched", plan=plan, on=on, by=by, why=why)
        await self._tell(PlanSwitched(at=at, plan=plan, on=on, by=by, why=why))


def _some(texts: Iterable[str]) -> Iterator[str]:
    """For people: the first ones, and how many more there are."""
    found = list(texts)
    yield from found[:MOST_WARNINGS]
    if len(found) > MOST_WARNINGS:
        yield f"... and {len(found) - MOST_WARNINGS} more"


def _changed(
    before: RoutingSetUp | None, now: RoutingSetUp, at: int, by: str, why: str
) -> RoutingChanged:
    """Only what is not as before, as long as nothing has come, gone or moved: a large site is not
    written down anew for each change of one seat."""
    seats, queues = now.seats, now.queues
    partial = before is not None and _ids(before) == _ids(now)
    if partial and before is not None:
        seats = [one for old, one in zip(before.seats, seats, strict=True) if one != old]
        queues = [one for old, one in zip(before.queues, queues, strict=True) if one != old]
    return RoutingChanged(
        at=at,
        seats=tuple(seats),
        queues=tuple(queues),
        rules=now.rules,
        by=by,
        why=why,
        partial=partial,
    )


def _ids(setup: RoutingSetUp) -> tuple[list[str], list[str]]:
    return [one.id for one in setup.seats], [one.id for one in setup.queues]


def name_of(place: Place) -> str:
    """As it is written in the site file: queues.repairs.merged_into."""
    return ".".join(part for part in place if part)
