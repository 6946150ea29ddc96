"""Plays a trace to fresh cores, whole or from a place in its middle."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from acd.seats import SeatSnapshot
from config.site import Site, load_site
from cti.brain import Brain
from cti.calls.call import CallSnapshot
from cti.cores import cores_for
from cti.effects import Effect
from cti.facts import (
    EngineStarted,
    Fact,
    FlowWish,
    Report,
    SeatCommand,
    SeatStateChanged,
    TimePassed,
)
from tests.replay.trace import Trace

SITE: Final = Path(__file__).parents[2] / "config/sites/demo-water/site.yaml"
AFTERWARDS_US: Final = 600_000_000
"""Every deadline of the cores comes within this."""


@cache
def _demo_site() -> Site:
    return load_site(SITE)


def site_of(trace: Trace) -> Site:
    site = _demo_site()
    queues = {
        name: queue.model_copy(update=trace.queue_changes) for name, queue in site.queues.items()
    }
    return site.model_copy(update={"queues": queues})


@dataclass
class Played:
    """What fresh cores made of reports. `places` has, for each fact, how many events had come."""

    facts: list[Fact] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    calls: tuple[CallSnapshot, ...] = ()
    seats: tuple[SeatSnapshot, ...] = ()

    def all(self, kind: type[Any]) -> list[Any]:
        """The facts or effects of that kind."""
        return [one for one in (*self.facts, *self.effects) if isinstance(one, kind)]


class Player:
    """One daemon's cores, and the timer that keeps their deadlines when `own_timer`."""

    def __init__(self, trace: Trace, played: Played, *, own_timer: bool) -> None:
        cores = cores_for(site_of(trace))
        self._tracker, self._dispatcher = cores.tracker, cores.dispatcher
        self._brain = Brain(cores)
        self._own_timer = own_timer
        self.played = played
        self.place = 0

    def hear(self, report: Report) -> None:
        if self._own_timer:
            self.time_passes(report.at)
        self._step(report)

    def time_passes(self, until: int) -> None:
        while (deadline := self._brain.deadline()) is not None and deadline <= until:
            self._step(TimePassed(at=deadline))

    def _step(self, report: Report) -> None:
        step = self._brain.step(report)
        self.played.facts += step.facts
        self.played.effects += step.effects
        self.played.places += [self.place] * len(step.facts)

    def end(self) -> None:
        self.played.calls = self._tracker.calls()
        self.played.seats = self._dispatcher.seats()


def play(trace: Trace) -> Played:
    """The whole trace, run by run, with the reports of others at their recorded places."""
    played = Played()
    for run in trace.runs:
        player = Player(trace, played, own_timer=False)
        own = list(run.own)
        for place in range(run.first, run.last + 1):
            player.place = place
            while own and own[0].after <= place:
                player.hear(own.pop(0).report)
            report = trace.reports[place] if place < run.last else None
            if report is not None:
                player.hear(report)
        player.end()
    return played


def attach(trace: Trace, cut: int, before: Played) -> Played:
    """A daemon that attaches when `cut` events have been: it gets the first snapshot asked for
    from then on, and then the events held back meanwhile and all others. What it remembers of the
    seats is what `before`, the whole trace, had written down by then."""
    shot = next(shot for shot in trace.shots if shot.after >= cut)
    seats = {
        fact.seat: fact
        for fact, place in zip(before.facts, before.places, strict=True)
        if isinstance(fact, SeatStateChanged) and place <= cut
    }
    wishes = [
        own
        for run in trace.runs
        for own in run.own
        if isinstance(own.report, SeatCommand | FlowWish) and own.report.at > shot.at
    ]
    player = Player(trace, Played(), own_timer=True)
    player.place = cut
    player.hear(EngineStarted(at=shot.at, version="test", seats=tuple(seats.values())))
    player.hear(shot.report)
    for place in range(cut, len(trace.events) + 1):
        player.place = place
        while wishes and wishes[0].after <= place:
            player.hear(wishes.pop(0).report)
        report = trace.reports[place] if place < len(trace.events) else None
        if report is not None:
            player.hear(report)
    player.time_passes(shot.at + AFTERWARDS_US)
    player.end()
    return player.played
