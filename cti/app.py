"""The only place where objects are wired; the order of start and stop.

start: flows -> database -> cores and loop -> FastAGI -> HTTP -> AMI link -> sign of life
stop:  AMI link -> FastAGI -> recorder -> HTTP -> the loop takes in what is left -> ledger;
       Asterisk and its calls stay as they are
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog

from config.hours import undecreed
from config.secrets import Secrets
from config.settings import Settings
from config.site import Site
from cti.ami.actions import Action
from cti.ami.errors import AmiError
from cti.ami.link import AmiLink, AmiSettings, LinkState, Phase
from cti.ami.resync import EventGate
from cti.ami.translate import EVENT_NAMES, LIST_EVENT_NAMES
from cti.announcer import Announcer
from cti.api.fanout import Fanout
from cti.api.metrics import Metrics
from cti.api.port import Health
from cti.api.records import LedgerHistory, StoredUsers
from cti.api.server import ApiServer
from cti.asterisk_parts import LOOK_EVERY_S as PARTS_EVERY_S
from cti.asterisk_parts import AsteriskParts
from cti.brain import Brain
from cti.contact_desk import ContactDesk
from cti.cores import cores_for
from cti.errors import JietongError
from cti.facts import EngineStarted, Fact, OpenCall, Resynced
from cti.ids import QueueId
from cti.menus import Lines, Menus, hours_of, hours_of_queues, prompts_of, site_parts
from cti.monitor_desk import MonitorDesk
from cti.notices import NoticeBoard
from cti.noting import noted
from cti.overlays import RoutingNow
from cti.people import make_people
from cti.plans import PlanBoard, plan_texts
from cti.ports import AddressRefused
from cti.queue_doors import LOOK_EVERY_S as DOORS_EVERY_S
from cti.queue_doors import QueueDoors
from cti.runtime.clock import Clock, HostClock
from cti.runtime.engine import Engine
from cti.runtime.errors import LoopEnded
from cti.runtime.hands import AsteriskHands
from cti.runtime.loop import EngineLoop
from cti.runtime.supervisor import Supervisor, repeat
from cti.site_watch import SiteWatch
from cti.store.callbacks import LOOK_BACK_US
from cti.store.contact_texts import StoredContacts
from cti.store.customers import CustomerStore
from cti.store.database import Database, database_url
from cti.store.entries import EntryMaker, new_run
from cti.store.errors import StoreUnavailable
from cti.store.journal import Journal
from cti.store.ledger import SqlLedger
from cti.store.narrator import Narrator
from cti.store.routing_changes import StoredChanges
from cti.store.site_names import names_of, queue_names
from cti.store.users import UserStore
from cti.store.writer import LedgerWriter
from cti.store.writer_state import WriterState
from cti.voice_mail import VoiceMail
from ivr_flows.speech.wiring import sound_book
from recording.recorder import Recorder
from service_desk.http import HttpClient
from service_desk.wiring import lookups_of

log = structlog.get_logger(__name__)

COUNT_EVERY_S = 1.0
LOOK_EVERY_S = 2.0
LOOK_AT_CALENDARS_EVERY_S = 86_400.0
PEOPLE_RETRY_S = 5.0
LAST_SEATS_US = 31 * 86_400 * 1_000_000
"""Who came back after a month is known to nobody any more."""
JOURNAL_PATIENCE_S = 5.0
"""How long a start waits for a left-over journal to be written to the database."""


class FolderRefused(JietongError):
    """A folder that the daemon needs cannot be made. Fields: `setting`, `folder`."""

    def __init__(self, setting: str, folder: Path, error: OSError) -> None:
        self.setting, self.folder = setting, folder
        super().__init__(f"{setting}: {folder} cannot be made ({error.strerror or error})")


@contextlib.contextmanager
def _listening(section: str, host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AddressRefused(section, host, port, error) from error


class Daemon:
    """One daemon for one Asterisk. `start`, then `wait`, then `stop`."""

    def __init__(self, settings: Settings, site: Site, secrets: Secrets) -> None:
        self._settings = settings
        self._site = site
        self._secrets = secrets
        self._started_us = time.time_ns() // 1000
        clock: Clock = HostClock()
        self._clock = clock
        self._site_watch = SiteWatch(settings.site, site)
        self._supervisor = Supervisor()
        self._leaving = asyncio.Event()
        self._link_ended = asyncio.Event()
        # Ledger
        self._database = Database(database_url(settings.database.url, settings.state_dir))
        self._ledger = SqlLedger(self._database)
        self._writer = LedgerWriter(self._ledger, Journal(settings.state_dir / "ledger.journal"))
        self._entries = EntryMaker(new_run(self._started_us))
        # Cores and loop
        cores = cores_for(site, no_sign_us=int(settings.asterisk.no_sign_seconds * 1e6))
        dispatcher = cores.dispatcher
        self._loop = EngineLoop(Brain(cores), clock)
        self._gate = EventGate(self._loop.post, clock)
        self._link = AmiLink(
            AmiSettings(
                host=settings.asterisk.host,
                port=settings.asterisk.ami_port,
                username=settings.asterisk.ami_username,
                secret=settings.asterisk.ami_secret or secrets.get("ami"),
            ),
            self._gate.event,
            self._on_link_state,
            wanted=(*EVENT_NAMES, *LIST_EVENT_NAMES),
        )
        self._asterisk_parts = AsteriskParts(self._link)
        self._recorder = Recorder(
            settings.path(settings.recording.spool_dir),
            settings.path(settings.recording.store_dir),
            self._loop.post,
            clock,
            safe=self._facts_safe,
        )
        prompts = prompts_of(settings, site)
        hands = AsteriskHands(
            self._link,
            self._recorder,
            self._gate.request,
            self._loop.post,
            clock,
            sounds=Announcer(prompts, site.hotlines[0].language),
        )
        # The outside
        self._metrics = Metrics(version("jietong"), [line.number for line in site.hotlines])
        self._sounds = sound_book(
            settings, site, prompts_of(settings, site), stood_in=self._metrics.count_stand_in
        )
        self._http = HttpClient()
        self._doors = QueueDoors(
            settings.state_dir / "queue-doors.json",
            hours_of_queues(site),
            hours_of(site),
            clock,
            tell=self._loop.post,
        )
        self._notices = NoticeBoard(
            settings.state_dir / "notices.json",
            site.areas,
            clock,
            tell=self._loop.post,
            speak=self._sounds.prepare,
        )
        self._plans = PlanBoard(settings.state_dir / "plans.json")
        self._routing = RoutingNow(
            site,
            self._plans,
            StoredChanges(self._database),
            clock,
            tell=self._loop.ask,
            took=self._site_holds,
        )
        self._menus = Menus(
            settings,
            site,
            clock=clock,
            lines=Lines(tuple(site.queues), lambda name: dispatcher.figures(QueueId(name))),
            hours=hours_of(site),
            notices=lambda: (*self._routing.notices(), *self._notices.active()),
            sounds=self._sounds,
            lookups=lookups_of(
                site,
                secrets,
                self._http,
                CustomerStore(self._database),
                self._metrics.look_up_ended,
            ),
        )
        self._agi = self._menus.server
        self._fanout = Fanout()
        self._engine = Engine(
            loop=self._loop,
            tracker=cores.tracker,
            dispatcher=dispatcher,
            names=queue_names(site),
            fanout=self._fanout,
            clock=clock,
            health=self._health,
            flows=lambda: self._menus.shelf.current().flows,
            outside=lambda: self._site.outside,
        )
        self._voice_mail = VoiceMail(
            settings,
            database=self._database,
            ledger=self._ledger,
            writer=self._writer,
            loop=self._loop,
            clock=clock,
            alive=lambda: [view.call for view in self._engine.live_calls()],
        )
        self._users = UserStore(self._database)
        self._metrics.attach(self._engine)
        records = StoredContacts(self._database)
        self._contacts = ContactDesk(self._loop, dispatcher, clock, records, self._facts_safe)
        self._metrics.attach_contacts(self._contacts.open_ones, clock.now_us)
        self._api = ApiServer(
            settings.http,
            self._engine,
            LedgerHistory(self._ledger),
            users=StoredUsers(self._users),
            notices=self._notices,
            routing=self._routing,
            doors=self._doors,
            contacts=self._contacts,
            monitors=MonitorDesk(
                self._loop,
                dispatcher,
                cores.tracker.monitoring.all,
                clock,
                partial(noted, self._writer),
            ),
            messages=self._voice_mail.records,
            secrets=secrets,
            metrics=self._metrics,
            narrate=Narrator(names_of(site)),
            allowed_hosts=settings.http.allowed_hosts,
        )
        self._counted_events = self._counted_journalled = 0
        self._loop.attach(hands, self._write, self._observe)

    async def start(self) -> None:
        """Returns when AGI and HTTP listen and the AMI link is being made.

        Raises StoreError, FlowRefused, FolderRefused or AddressRefused before a call is touched.
        """
        settings = self._settings
        for name in ("spool_dir", "store_dir"):
            folder = settings.path(getattr(settings.recording, name))
            try:
                await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            except OSError as error:
                raise FolderRefused(f"recording.{name}", folder, error) from error
        await asyncio.to_thread(self._notices.load)
        await asyncio.to_thread(self._plans.load)
        await asyncio.to_thread(self._doors.load)
        await asyncio.to_thread(self._writer.open)
        self._supervisor.vital("ledger", self._writer.run())
        self._loop.post(await self._remembered())
        self._doors.look()
        self._supervisor.vital("engine-loop", self._loop.run())
        await self._routing.start()
        with _listening("agi", settings.agi.host, settings.agi.port):
            await self._agi.start()
        with _listening("http", settings.http.host, settings.http.port):
            await self._api.start()
        await self._link.start()
        self._supervisor.vital("ami-link", self._until_link_ends())
        self._supervisor.vital("resync", self._gate.run(self._link))
        self._supervisor.vital("counters", repeat("counters", COUNT_EVERY_S, self._count))
        calendars = repeat("calendars", LOOK_AT_CALENDARS_EVERY_S, self._look_at_calendars)
        self._supervisor.vital("calendars", calendars)
        self._supervisor.passing("notices-made-ahead", self._notices.prepare())
        self._supervisor.passing("plans-made-ahead", self._speak_plans())
        self._supervisor.passing("texts-made-ahead", self._sounds.prebuild(self._menus.book))
        changes = repeat("flow-files", LOOK_EVERY_S, self._look_for_changed_flows)
        self._supervisor.vital("flow-files", changes)
        site_changes = repeat("site-file", LOOK_EVERY_S, self._look_for_changed_site)
        self._supervisor.vital("site-file", site_changes)
        self._supervisor.vital("routing", repeat("routing", COUNT_EVERY_S, self._routing.look))
        parts = repeat("asterisk-parts", PARTS_EVERY_S, self._look_at_asterisk)
        self._supervisor.vital("asterisk-parts", parts)
        doors = repeat("queue-doors", DOORS_EVERY_S, self._look_at_doors)
        self._supervisor.vital("queue-doors", doors)
        beat_s = settings.life.beat_seconds
        self._supervisor.vital("sign-of-life", repeat("sign-of-life", beat_s, self._beat))
        log.info("started", http=settings.http.port, agi=settings.agi.port)

    async def wait(self) -> None:
        """Runs until a vital task ends. Raises TaskDied."""
        await self._supervisor.wait()

    async def stop(self) -> None:
        """Leave Asterisk alone with the calls; write down what is known. A part that fails to stop
        does not keep the others from it."""
        self._leaving.set()
        for stop in (
            self._link.stop,
            self._agi.stop,
            self._http.close,
            self._sounds.close,
            self._recorder.stop,
            self._voice_mail.stop,
            self._api.stop,
            self._loop.settled,
            self._writer.stop,
            self._supervisor.stop,
            self._database.close,
        ):
            try:
                await stop()
            except LoopEnded:
                pass  # it was the loop that died; that is why we stop
            except Exception:
                log.exception("a part did not stop well", part=stop.__qualname__)
        log.info("stopped")

    async def _remembered(self) -> EngineStarted:
        """The start, with what is written down of earlier lives and Asterisk does not keep. The
        database may be away: then nothing is remembered."""
        started = EngineStarted(at=self._clock.now_us(), version=version("jietong"))
        try:
            await self._database.upgrade()
            await make_people(self._site, self._secrets, self._users, self._started_us)
            # What an earlier life left in the journal is part of what it knew.
            async with asyncio.timeout(JOURNAL_PATIENCE_S):
                await self._writer.drained()
            seats = await self._ledger.last_seat_states()
            calls = await self._ledger.open_calls()
            callbacks = await self._ledger.open_callbacks(self._started_us - LOOK_BACK_US)
            contacts = await self._ledger.open_contacts()
            last_seats = await self._ledger.last_seats(self._started_us - LAST_SEATS_US)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("database away at start; facts go to the journal", error=str(error))
            self._supervisor.passing("people", self._make_people_later())
            return started
        return replace(
            started,
            seats=tuple(seats.values()),
            open_calls=tuple(OpenCall(call=one.call, arrived_at=one.arrived_us) for one in calls),
            callbacks=callbacks,
            last_seats=last_seats,
            contacts=contacts,
        )

    async def _make_people_later(self) -> None:
        """Nobody can log in before the database is there; then everybody of the site can."""
        while not self._leaving.is_set():
            try:
                async with asyncio.timeout(PEOPLE_RETRY_S):
                    await self._leaving.wait()
            except TimeoutError:
                with contextlib.suppress(StoreUnavailable):
                    await make_people(self._site, self._secrets, self._users, self._started_us)
                    return

    async def _facts_safe(self) -> None:
        """Returns when every report posted before is in the ledger or its journal."""
        await self._loop.settled()
        await self._writer.flush()

    async def _look_for_changed_flows(self) -> None:
        if await self._menus.look_for_changes():
            self._supervisor.passing("texts-made-ahead", self._sounds.prebuild(self._menus.book))

    async def _look_for_changed_site(self) -> None:
        """Routing and plans follow their parts of the site file."""
        site = await asyncio.to_thread(self._site_watch.look)
        if site is not None:
            await self._routing.file_changed(site)
            self._supervisor.passing("plans-made-ahead", self._speak_plans())

    async def _speak_plans(self) -> None:
        """What plans say is sound before one is switched on."""
        await self._sounds.prepare(plan_texts(self._routing.file_site))

    def _site_holds(self, site: Site) -> None:
        """Whoever names a queue follows routing."""
        if site_parts(site) != site_parts(self._site):
            self._menus.site_changed(site)
        self._site = site
        self._engine.name_queues(queue_names(site))
        self._doors.site_changed(hours_of_queues(site))

    async def _look_at_asterisk(self) -> None:
        """A phone that Asterisk has come to know may be there already."""
        if self._serving and await self._asterisk_parts.look(self._site):
            self._gate.request()

    async def _look_at_doors(self) -> None:
        self._doors.look()

    async def _look_at_calendars(self) -> None:
        """Holidays are decreed once a year; a daemon that runs for months notices what is missing.
        In a thread: the first look computes years of them."""
        today = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC).date()
        for gap in await asyncio.to_thread(lambda: list(undecreed(self._site.hours, today))):
            log.warning(gap.what, do=gap.advice)

    async def _count(self) -> None:
        """Counters of parts that know nothing of metrics."""
        events, journalled = self._link.stats.events, self._writer.stats().kept_in_journal
        self._metrics.count_ami_events(events - self._counted_events)
        self._metrics.count_journalled(journalled - self._counted_journalled)
        self._counted_events, self._counted_journalled = events, journalled

    def _write(self, facts: tuple[Fact, ...]) -> None:
        self._writer.write([self._entries.entry(fact) for fact in facts])

    def _observe(self, facts: tuple[Fact, ...]) -> None:
        for fact in facts:
            self._metrics.observe(fact)
            self._fanout.publish(fact)
            self._voice_mail.observe(fact)
            if isinstance(fact, Resynced):
                # At once, not at the next turn: callers must not go to Queue() meanwhile.
                self._supervisor.passing("first-sign-of-life", self._beat())

    def _on_link_state(self, state: LinkState) -> None:
        if state.up:
            self._gate.link_up()
        else:
            self._gate.link_down()
        if state.phase is Phase.STOPPED:
            self._link_ended.set()

    async def _until_link_ends(self) -> None:
        """It ends for good only when we stop it, or by a bug of ours: then the daemon ends too."""
        await self._link_ended.wait()

    @property
    def _serving(self) -> bool:
        """Whether calls are routed: the link is up and the cores know what Asterisk holds."""
        return self._gate.open and self._loop.in_step

    async def _beat(self) -> None:
        """The dialplan serves callers itself when this has been absent for too long: also when the
        daemon lives and is connected, and yet cannot route."""
        if not self._serving:
            return
        action = Action.of("Setvar", Variable="CTI_BEAT", Value=int(time.time()))
        with contextlib.suppress(AmiError):
            await self._link.send(action, deadline=self._settings.life.beat_seconds * 2)

    def _health(self) -> Health:
        stats = self._writer.stats()
        phase = self._link.state.phase
        loop = self._loop.stats
        database = {
            WriterState.DATABASE: "up",
            WriterState.JOURNAL: "journal",
            WriterState.MEMORY: "down",
            WriterState.LOSING: "down",
        }
        return Health(
            ami_link="up" if self._serving else "down" if phase is Phase.STOPPED else "connecting",
            database=database[stats.state],  # type: ignore[arg-type]
            loop_lag_us=loop.lag_us,
            ledger_backlog=stats.queued + stats.journalled,
            started_us=self._started_us,
            version=version("jietong"),
            plans_on=tuple(self._routing.plans_on),
            warnings=self._routing_warnings(),
        )

    def _routing_warnings(self) -> tuple[str, ...]:
        """What of the site file, plans and changes does not count."""
        refused = self._site_watch.refused
        return (
            *((f"the site file is refused: {refused}",) if refused else ()),
            *self._routing.warnings(),
            *self._asterisk_parts.missing,
        )
