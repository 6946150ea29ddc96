"""Whatever plans, changes, site files and restarts come in whatever order while callers wait: they
keep their places, and what holds always fits together."""

from __future__ import annotations

import asyncio
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from config.change import QueueChange, SeatChange, said
from config.overlay import Part
from config.site import Site, load_site
from config.site_slips import slips
from cti.changes import ChangeRefused, ChangesInMemory, Edit, UnknownPart
from cti.facts import Report, RoutingChanged
from cti.overlays import RoutingNow
from cti.plans import PlanBoard, PlanRefused, UnknownPlan
from cti.site_routing import routing_of
from tests.unit.acd.life import START, Life

QUEUES: Final = ("repairs", "bills", "water")
SEATS: Final = ("1001", "1002", "1003")
PLANS: Final[dict[str, Any]] = {
    "rush": {
        "queues": {"repairs": {"merged_into": "bills", "wrapup_seconds": 0}},
        "all_seats": {"repairs": "b", "water": "a"},
    },
    "failure": {
        "choice": "due",
        "queues": {"bills": {"merged_into": "water", "closed": True}},
        "seats": {"1001": {"queues": ["water"], "skills": {"gas": 3}}},
    },
    "disaster": {"queues": {"water": {"merged_into": "repairs", "strategy": "ring-all"}}},
}
"""All on at once would lead in a circle."""
MERGES: Final = (None, *QUEUES)


@cache
def a_site(plans: tuple[str, ...], merged: str, served: str) -> Site:
    """One of the files that somebody may save."""
    content = {
        "name": {"en": "Hotline"},
        "hotlines": [{"number": "12345", "flow": "main"}],
        "queues": {name: {"name": {"en": name}} for name in QUEUES},
        "seats": {
            name: {"name": name, "device": f"PJSIP/{name}", "queues": [served]} for name in SEATS
        },
        "plans": {name: {"name": {"en": name}} | PLANS[name] for name in plans},
    }
    if merged:
        content["queues"]["water"]["merged_into"] = merged  # type: ignore[index]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(content, file)
        file.flush()
        try:
            return load_site(Path(file.name))
        except Exception:
            # A plan that does not fit this file: the file would not be taken in.
            return a_site((), merged, served)


site_files = st.builds(
    a_site,
    st.sampled_from([tuple(PLANS), ("disaster", "rush"), ("failure",), ()]),
    st.sampled_from(["", "", "repairs"]),
    st.sampled_from(QUEUES),
)
queue_changes = st.fixed_dictionaries(
    {},
    optional={
        "merged_into": st.sampled_from(MERGES),
        "closed": st.booleans(),
        "strategy": st.sampled_from(["ring-all", "fixed-order"]),
        "wrapup_seconds": st.integers(0, 60),
        "overflow": st.sampled_from(
            [[], [{"when": "wait", "after_seconds": 20, "to": {"queue": "bills"}}]]
        ),
    },
)
seat_changes = st.fixed_dictionaries(
    {},
    optional={
        "queues": st.lists(st.sampled_from(QUEUES), min_size=1, max_size=3, unique=True),
        "skills": st.dictionaries(st.sampled_from(["gas", "night"]), st.integers(1, 9)),
        "roles": st.dictionaries(st.sampled_from(QUEUES), st.sampled_from(["a", "b", "lead"])),
    },
)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def now_us(self) -> int:
        return self.now


class Overlays(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        self.store = ChangesInMemory()
        self.site = a_site(tuple(PLANS), "", "bills")
        setup = routing_of(self.site)
        self.life = Life(setup.seats, setup.queues, setup.rules)
        self.life.link_up()
        self.came: dict[str, int] = {}
        self.begin()

    def teardown(self) -> None:
        self.runner.close()
        self.folder.cleanup()

    def begin(self) -> None:
        async def tell(report: Report) -> None:
            self.life.hear(report)

        board = PlanBoard(Path(self.folder.name) / "plans.json")
        board.load()
        self.routing = RoutingNow(
            self.site, board, self.store, self.clock, tell=tell, took=lambda site: None
        )
        self.runner.run(self.routing.start())

    # ------------------------------------------------------------------------------ what happens

    @rule(queue=st.sampled_from(QUEUES))
    def a_caller_waits(self, queue: str) -> None:
        self.life.now = self.clock.now = self.clock.now + 1_000_000
        self.came[self.life.call(queue)] = self.clock.now

    @rule(seconds=st.integers(1, 30))
    def time_goes_by(self, seconds: int) -> None:
        self.life.now = self.clock.now
        self.life.wait(seconds)
        self.clock.now = self.life.now
        self.runner.run(self.routing.look())

    @rule(plan=st.sampled_from([*PLANS, "flood"]), on=st.booleans())
    def a_plan_is_switched(self, plan: str, on: bool) -> None:
        try:
            self.runner.run(self.routing.switch(plan, on=on, by="lead", why="storm"))
        except UnknownPlan:
            assert plan not in self.site.plans
        except PlanRefused:
            assert on
            assert plan not in self.routing.plans_on
        else:
            assert (plan in self.routing.plans_on) is on

    @rule(name=st.sampled_from([*QUEUES, "nowhere"]), change=queue_changes, lasts=st.integers(0, 9))
    def a_queue_is_changed(self, name: str, change: dict[str, Any], lasts: int) -> None:
        self.change("queues", name, dict(said(QueueChange(**change))), lasts)

    @rule(name=st.sampled_from([*SEATS, "1009"]), change=seat_changes, lasts=st.integers(0, 9))
    def a_seat_is_changed(self, name: str, change: dict[str, Any], lasts: int) -> None:
        self.change("seats", name, dict(said(SeatChange(**change))), lasts)

    def change(self, part: Part, name: str, values: dict[str, Any], lasts: int) -> None:
        until = self.clock.now + lasts * 10_000_000 if lasts else 0
        before = self.routing.site
        if not values:
            return
        edit = Edit(part, name, values)
        try:
            self.runner.run(self.routing.change([edit], by="lead", until_us=until))
        except (ChangeRefused, UnknownPart):
            assert self.routing.site == before, "what is refused changes nothing"
        else:
            now = getattr(self.routing.site, part)[name]
            besides = ("seats", name, "also") in self.routing.laid.values
            for key, value in values.items():
                if key not in ("queues", "roles") or not besides:
                    assert getattr(now, key) == value, "a change counts over all else"

    @rule(part=st.sampled_from(["queues", "seats", ""]), name=st.sampled_from([*QUEUES, *SEATS]))
    def changes_are_removed(self, part: Any, name: str) -> None:
        try:
            self.runner.run(self.routing.remove(part, name, by="lead"))
        except (UnknownPart, ChangeRefused):
            return
        assert not [one for one in self.store.rows if not part or one[:2] == (part, name)]

    @rule(site=site_files)
    def the_site_file_is_saved(self, site: Site) -> None:
        self.site = site
        self.runner.run(self.routing.file_changed(site))

    @rule()
    def the_daemon_starts_again(self) -> None:
        before = self.routing.site
        setup = routing_of(self.site)
        self.life.hear(
            RoutingChanged(
                at=self.clock.now,
                seats=tuple(setup.seats),
                queues=tuple(setup.queues),
                rules=setup.rules,
                by="start",
            )
        )
        self.begin()
        assert self.routing.site == before

    # -------------------------------------------------------------------------------- promises

    @invariant()
    def nobody_loses_their_place(self) -> None:
        waiting = list(self.life.dispatcher._line)
        assert {one.call: one.queued_at for one in waiting} == self.came
        for queue in QUEUES:
            line = self.life.dispatcher.order(queue)  # type: ignore[arg-type]
            assert list(line) == sorted(line, key=lambda call: self.came[call])

    @invariant()
    def everybody_stands_where_merges_lead(self) -> None:
        for one in self.life.dispatcher._line:
            end = str(one.queue)
            while (merged := self.routing.site.queues[end].merged_into) is not None:
                end = merged
            assert one.line == end

    @invariant()
    def what_holds_fits_together_and_is_what_the_cores_know(self) -> None:
        assert list(slips(self.routing.site)) == []
        setup = routing_of(self.routing.site)
        assert self.life.dispatcher._queues == {queue.id: queue for queue in setup.queues}
        assert {seat.id: seat.record for seat in self.life.dispatcher._seats.values()} == {
            record.id: record for record in setup.seats
        }

    @invariant()
    def all_that_was_said_counts_or_is_told_not_to(self) -> None:
        laid = self.routing.laid
        told = {id(one) for one in laid.values.values()} | {id(one) for one in laid.hidden}
        told |= {id(one.setting) for one in laid.misfits}
        for change in self.routing._changes.values():
            assert id(change.setting) in told

    @invariant()
    def without_plans_and_changes_the_file_counts(self) -> None:
        if not self.routing.plans_on and not self.store.rows:
            assert self.routing.site == self.site


Overlays.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOverlays = Overlays.TestCase
