"""Routing as it is now, and how it is changed while calls go on.

    site file --.
    plans ------+--> Laying --> RoutingChanged --> cores
    changes ----'

One change at a time is decided: it is checked with all that holds, kept, then told to the cores.
Changes that come while one is under way are decided together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

import structlog

from config.overlay import Part, Setting, Source
from config.site import Site
from cti.changes import (
    Change,
    ChangeRefused,
    ChangesNotKept,
    ChangeStore,
    Edit,
    UnknownPart,
    beneath_of,
    kept,
)
from cti.facts import Report
from cti.laying import FILE, Laying, Place, name_of
from cti.plans import PlanBoard, PlanRefused, SwitchedOn, UnknownPlan
from cti.runtime.clock import Clock

log = structlog.get_logger(__name__)

TIME: Final = "time is over"
MOST_NAMED: Final = 8


class _Asked(NamedTuple):
    put: list[Change]
    done: asyncio.Future[None]


class RoutingNow(Laying):
    """What is asked for by people, by the site file, and by time."""

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
        super().__init__(site, plans, store, clock, tell=tell, took=took)
        self._asked: list[_Asked] = []
        self._lock = asyncio.Lock()

    # -------------------------------------------------------------------------------- changes

    async def start(self) -> None:
        """Lay what was on before over the site file. The database may be away: `look` tries
        again."""
        async with self._lock:
            await self._forget_gone_plans()
            await self._load()
            await self._lay("restart", "as it was before the restart")

    async def look(self) -> None:
        """Read what could not be read before, and end changes whose time is over."""
        if self.loaded and not self._over() and not self._ended:
            return
        async with self._lock:
            try:
                if not self.loaded and await self._load():
                    await self._lay("restart", "as it was before the restart")
                await self._end(self._over())
            except ChangesNotKept as error:
                log.warning("changes not forgotten yet", why=str(error))

    def _over(self) -> list[Place]:
        now = self._clock.now_us()
        return [place for place, one in self._changes.items() if one.is_over(now)]

    async def _end(self, over: Sequence[Place]) -> None:
        """They count no longer, also when the database cannot be told yet."""
        if over:
            for place in over:
                del self._changes[place]
            self._ended += over
            await self._lay(TIME, _names(over))
        if self._ended:
            await self._store.keep((), [one for one in self._ended if one not in self._changes])
            self._ended = []

    async def file_changed(self, site: Site) -> None:
        """The site file says this from now on."""
        async with self._lock:
            before = {id(one) for one in self.contradicted()}
            self._file_site = site
            await self._forget_gone_plans()
            await self._lay(FILE, "")
            for one in self.contradicted():
                if id(one) not in before:
                    setting = one.setting
                    log.warning(
                        "the site file says otherwise; the change counts until it is removed",
                        place=name_of(setting.place),
                        by=setting.source.by,
                    )

    async def switch(self, plan: str, *, on: bool, by: str, why: str = "") -> None:
        """Raises UnknownPlan, PlanRefused, PlansNotKept."""
        async with self._lock:
            if plan not in self._file_site.plans:
                raise UnknownPlan(plan, tuple(self._file_site.plans))
            if (plan in self._plans.on) == on:
                return
            after = {name: one for name, one in self._plans.on.items() if name != plan}
            if on:
                after[plan] = SwitchedOn(by=by, at_us=self._clock.now_us(), why=why)
                laid = await self._laid(after, self._changes)
                if new := self._new_misfits(laid):
                    raise PlanRefused(plan, f"{name_of(new[0].setting.place)}: {new[0].why}")
            await self._plans.keep(after)
            await self._tell_switched(plan, on=on, by=by, why=why)
            await self._lay(by, f"plan {plan} {'on' if on else 'off'}")

    async def change(
        self, edits: Iterable[Edit], *, by: str, why: str = "", until_us: int = 0
    ) -> None:
        """All of it or nothing; what is said here counts over file and plans. Raises UnknownPart,
        ChangeRefused, ChangesNotKept."""
        now = self._clock.now_us()
        if until_us and until_us <= now:
            raise ChangeRefused("until_us", "that time is over")
        source = Source(by=by, at_us=now, until_us=until_us, why=why)
        put = [
            Change(Setting(edit.part, edit.name, key, value, source), "")
            for edit in edits
            for key, value in edit.values.items()
        ]
        asked = _Asked(put, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        async with self._lock:
            if not asked.done.done():
                await self._decide()
        await asked.done

    async def remove(self, part: Part | Literal[""], name: str, key: str = "", *, by: str) -> None:
        """File and plans count again for this value, for all of this part, or for everything when
        no part is named. Raises UnknownPart, ChangeRefused, ChangesNotKept."""

        def meant(place: Place) -> bool:
            return not part or (place[:2] == (part, name) and key in ("", place[2]))

        async with self._lock:
            gone = [place for place in self._changes if meant(place)]
            unread = [one.setting.place for one in self._unreadable if meant(one.setting.place)]
            if not gone and not unread:
                what = ".".join(word for word in (part, name, key) if word) or "routing"
                raise UnknownPart(f"nothing is changed of {what}")
            left = {place: one for place, one in self._changes.items() if place not in gone}
            if new := self._new_misfits(await self._laid(self._plans.on, left)):
                raise ChangeRefused(name_of(new[0].setting.place), new[0].why)
            await self._store.keep((), [*gone, *unread])
            self._changes = left
            self._unreadable = [one for one in self._unreadable if one.setting.place not in unread]
            await self._lay(by, f"removed: {_names(gone)}")

    # --------------------------------------------------------------------------------- inside

    async def _decide(self) -> None:
        """All that has been asked for meanwhile, together; one by one when it does not fit."""
        asked, self._asked = self._asked, []
        try:
            await self._take([change for one in asked for change in one.put])
        except (ChangeRefused, UnknownPart) as error:
            if len(asked) == 1:
                _refuse(asked, error)
                return
            for one in asked:
                try:
                    await self._take(one.put)
                except Exception as refused:
                    _refuse([one], refused)
        except Exception as error:
            _refuse(asked, error)
        except BaseException:
            # Whoever decided for all was cancelled; the others were not.
            _refuse(asked, ChangesNotKept("it was not decided in time; look before asking again"))
            raise
        for one in asked:
            if not one.done.done():
                one.done.set_result(None)

    async def _take(self, put: list[Change]) -> None:
        if not self.loaded:
            raise ChangesNotKept("the changes made before could not be read yet")
        site, after = self._file_site, dict(self._changes)
        put = [replace(one, beneath=beneath_of(site, one.setting.place)) for one in put]
        for one in put:
            part, name, _ = one.setting.place
            if part != "routing" and name not in getattr(site, part):
                raise UnknownPart(f"there is no {part[:-1]} {name!r}")
            # Said last counts last, where changes depend on each other.
            after.pop(one.setting.place, None)
            after[one.setting.place] = one
        laid = await self._laid(self._plans.on, after)
        asked = {id(one.setting) for one in put}
        own = [one for one in laid.misfits if id(one.setting) in asked]
        if wrong := own or self._new_misfits(laid):
            raise ChangeRefused(name_of(wrong[0].setting.place), wrong[0].why)
        await self._store.keep([kept(one) for one in put], ())
        self._changes = after
        who = dict.fromkeys(one.setting.source.by for one in put)
        whys = dict.fromkeys(one.setting.source.why for one in put if one.setting.source.why)
        what = _names([one.setting.place for one in put])
        await self._lay(", ".join(who), "; ".join([what, *whys]))


def _names(places: Sequence[Place]) -> str:
    more = f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
    return ", ".join(name_of(place) for place in places[:MOST_NAMED]) + more


def _refuse(asked: Iterable[_Asked], error: BaseException) -> None:
    for one in asked:
        if not one.done.done():
            one.done.set_exception(error)
