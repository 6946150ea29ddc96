"""The menus of a site, put together: flows, sounds, look-ups, and a look at the world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from config.change import said
from config.settings import Settings
from config.site import Site
from cti.agi.conversation import Conversations
from cti.agi.equipment import Equipment, Hotline, LookUps, Sounds
from cti.agi.server import AgiServer
from cti.agi.session import Deadlines
from cti.ids import QueueId
from cti.runtime.clock import Clock
from ivr_flows.hours import Hours
from ivr_flows.model import FlowBook
from ivr_flows.notices import Notice
from ivr_flows.prompt_library import PromptLibrary
from ivr_flows.shelf import FlowShelf
from ivr_flows.site_parts import SiteParts
from ivr_flows.world import QueueFigures, World
from service_desk.lookups import LookupFailed, LookupOutcome, LookupRequest


class Line(Protocol):
    """A queue's figures as the dispatcher gives them."""

    @property
    def waiting(self) -> int: ...
    @property
    def seats_ready(self) -> int: ...
    @property
    def seats_signed_on(self) -> int: ...
    @property
    def wait_s(self) -> float | None: ...


class Lines(Mapping[str, QueueFigures]):
    """The queues' figures, counted when a flow asks for them."""

    def __init__(self, names: tuple[str, ...], figures: Callable[[str], Line]) -> None:
        self._names = names
        self._figures = figures

    def of(self, names: tuple[str, ...]) -> Lines:
        """The same for other queues."""
        return Lines(names, self._figures)

    def __getitem__(self, name: str) -> QueueFigures:
        if name not in self._names:
            raise KeyError(name)
        line = self._figures(name)
        return QueueFigures(line.waiting, line.seats_ready, line.seats_signed_on, line.wait_s)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Menus:
    """The menu sessions of a site. Raises FlowRefused naming the place of all that is wrong."""

    def __init__(
        self,
        settings: Settings,
        site: Site,
        *,
        clock: Clock,
        lines: Lines,
        hours: Mapping[str, Hours],
        notices: Callable[[], tuple[Notice, ...]],
        sounds: Sounds,
        lookups: LookUps,
    ) -> None:
        self._clock = clock
        self._lines = lines
        self._hours = hours
        self._notices = notices
        self.shelf = shelf_of(settings, site, prompts_of(settings, site))
        equipment = Equipment(
            hotlines=hotlines_of(site),
            sounds=sounds,
            lookups=lookups,
            world=self._world,
            spool=settings.path(settings.recording.spool_dir),
            spool_in_asterisk=settings.recording.spool_dir_in_asterisk.rstrip("/"),
        )
        self.server = AgiServer(
            settings.agi.host,
            settings.agi.port,
            Conversations(equipment, self.shelf.current).hold,
            deadlines=Deadlines(step_s=settings.agi.step_timeout),
        )

    @property
    def book(self) -> FlowBook:
        """The flows that a new call hears."""
        return self.shelf.current()

    async def look_for_changes(self) -> bool:
        """Take in flow files that have changed, and tell whether there were any; broken ones are
        reported and change nothing."""
        return await asyncio.to_thread(self.shelf.look)

    def site_changed(self, site: Site) -> None:
        """Flows may name these queues from now on; they are read again at the next look."""
        self._lines = self._lines.of(tuple(site.queues))
        self.shelf.site_changed(site_parts(site))

    def _world(self) -> World:
        now = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC)
        return World(now=now, queues=self._lines, hours=self._hours, notices=self._notices())


def site_parts(site: Site) -> SiteParts:
    """What the flows of `site` may name."""
    return SiteParts(
        queues={name: queue.priority for name, queue in site.queues.items()},
        hours=frozenset(site.hours),
        services=frozenset(site.services),
        outside=frozenset(site.outside),
        zone=ZoneInfo(site.zone),
    )


def hours_of(site: Site) -> Mapping[str, Hours]:
    """Opening hours by name."""
    return {name: part.hours(site.zone) for name, part in site.hours.items()}


def hotlines_of(site: Site) -> Mapping[str, Hotline]:
    """By number."""
    return {
        line.number: Hotline(line.number, line.flow, line.language, line.after_call or "")
        for line in site.hotlines
    }


def hours_of_queues(site: Site) -> Mapping[QueueId, str]:
    """The name of each queue's opening hours; empty: always open."""
    return {QueueId(name): queue.open or "" for name, queue in site.queues.items()}


def prompts_of(settings: Settings, site: Site) -> PromptLibrary:
    """The recorded prompts; the first hotline's language is the main one."""
    main_language = site.hotlines[0].language
    return PromptLibrary(settings.prompts.dir, settings.prompts.dir_in_asterisk, main_language)


def shelf_of(settings: Settings, site: Site, prompts: PromptLibrary) -> FlowShelf:
    """All flows of the site. Raises FlowRefused naming the place of all that is wrong."""
    needed = {line.flow for line in site.hotlines}
    needed |= {line.after_call for line in site.hotlines if line.after_call}
    rules = [rule for queue in site.queues.values() for rule in queue.overflow]
    changes = (change for plan in site.plans.values() for change in plan.queues.values())
    rules += [rule for change in changes for rule in said(change).get("overflow") or ()]
    needed |= {rule.to.flow for rule in rules if rule.to.flow}
    return FlowShelf(
        settings.site.parent / site.flows_dir,
        site=site_parts(site),
        prompts=prompts,
        needed=frozenset(needed),
    )


class NoLookups:
    async def look_up(self, request: LookupRequest) -> LookupOutcome:
        return LookupFailed(f"no service {request.service}")
