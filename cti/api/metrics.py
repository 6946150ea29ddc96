"""Figures for Prometheus. Labels are hotlines, queues, states and results: never a caller, a call
or a seat, whose number has no bound (and who are people)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cti.api.port import EnginePort
from cti.contact_desk import ContactView
from cti.facts import (
    CallAbandoned,
    CallArrived,
    CallEnded,
    CallRecovered,
    ContactAbandoned,
    ContactClosed,
    Fact,
    OfferAnswered,
    OfferFailed,
    RecordingMissed,
    RecordingStored,
    SeatOffered,
    SeatState,
)
from kpi.told_waits import READS, ToldWaits

WAIT_BUCKETS: Final = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
"""Seconds; the limits that service standards name (10, 15, 20, 30, 60) are bucket borders."""
ERROR_BUCKETS: Final = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
LOOKUP_BUCKETS: Final = (0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10)
_REMEMBERED: Final = 100_000
_OTHER: Final = "other"
_TOLD: Final = frozenset(READS)
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class _Memory:
    """What an earlier fact said that a later one leaves out. Bounded: the oldest is forgotten."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, str] = OrderedDict()

    def put(self, key: str, value: str) -> None:
        self._values[key] = value
        if len(self._values) > _REMEMBERED:
            self._values.popitem(last=False)

    def take(self, key: str) -> str:
        return self._values.pop(key, _OTHER)


class Metrics:
    """`hotlines`: the site's numbers; a call to any other counts under "other"."""

    def __init__(self, version: str, hotlines: Collection[str] = ()) -> None:
        # Beside each counter the client would show when it was made, which nobody here asks.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._hotlines = frozenset(hotlines)
        self._hotline_of, self._queue_of = _Memory(), _Memory()
        self._info = GaugeMetricFamily("cti_build_info", "Always 1.", labels=["version"])
        self._info.add_metric([version], 1)
        self._calls = self._counter("cti_calls", "Calls that ended.", ("hotline", "outcome"))
        self._offers = self._counter(
            "cti_offers", "Offers of a call to a seat that came to an end.", ("queue", "result")
        )
        self._contacts = self._counter(
            "cti_contacts", "Contacts other than calls that ended.", ("queue", "kind", "outcome")
        )
        self._recordings = self._counter("cti_recordings", "Recorded segments.", ("result",))
        self._ami_events = self._counter("cti_ami_events", "Events received from Asterisk.")
        self._journalled = self._counter(
            "cti_ledger_journalled", "Facts kept in the local journal while the database was away."
        )
        self._stand_ins = self._counter(
            "cti_prompts_replaced",
            "Times that a caller heard something else than what was meant, by what was heard.",
            ("by",),
        )
        self._waits = Histogram(
            "cti_wait_seconds",
            "From the end of the last prompt to the answer or to giving up.",
            ("queue", "outcome"),
            buckets=WAIT_BUCKETS,
            registry=self.registry,
        )
        self._told_errors = Histogram(
            "cti_told_wait_error_seconds",
            "Estimated waits told to callers, against the answer: how far off, by direction.",
            ("queue", "direction"),
            buckets=ERROR_BUCKETS,
            registry=self.registry,
        )
        self._told = ToldWaits()
        self._lookups = Histogram(
            "cti_lookup_seconds",
            "How long services took to answer a look-up of a flow.",
            ("service", "result"),
            buckets=LOOKUP_BUCKETS,
            registry=self.registry,
        )
        for result in ("stored", "missed"):
            self._recordings.labels(result)
        self._observers: dict[type[Fact], Callable[[Any], None]] = {
            CallArrived: self._hotline_known,
            CallRecovered: self._hotline_known,
            CallEnded: self._call_ended,
            CallAbandoned: self._abandoned,
            SeatOffered: self._offered,
            OfferAnswered: self._offer_answered,
            OfferFailed: self._offer_failed,
            ContactClosed: self._contact_ended,
            ContactAbandoned: self._contact_ended,
            RecordingStored: lambda fact: self._recordings.labels("stored").inc(),
            RecordingMissed: lambda fact: self._recordings.labels("missed").inc(),
        }

    def _counter(self, name: str, help_text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, help_text, labels, registry=self.registry)

    def observe(self, fact: Fact) -> None:
        """Count one fact. To be fed every fact, once each, in order."""
        observer = self._observers.get(type(fact))
        if observer is not None:
            observer(fact)
        if type(fact) in _TOLD:
            self._wait_told(fact)

    def count_ami_events(self, count: int = 1) -> None:
        self._ami_events.inc(count)

    def count_journalled(self, count: int = 1) -> None:
        self._journalled.inc(count)

    def count_stand_in(self, by: str) -> None:
        """`by`: last-resort (the poorer voice), main-language, neutral."""
        self._stand_ins.labels(by).inc()

    def look_up_ended(self, service: str, result: str, seconds: float) -> None:
        """`service`: its name in the site file; `result`: found, not-found, failed, given-up."""
        self._lookups.labels(service, result).observe(seconds)

    def attach(self, engine: EnginePort) -> None:
        """Read the gauges from `engine` at each scrape. Once."""
        self.registry.register(_EngineCollector(engine, self._info))

    def attach_contacts(
        self, open_ones: Callable[[], Iterable[ContactView]], now_us: Callable[[], int]
    ) -> None:
        """Read the gauges of contacts other than calls at each scrape. Once."""
        self.registry.register(_ContactCollector(open_ones, now_us))

    def text(self) -> bytes:
        """The exposition format 0.0.4."""
        return generate_latest(self.registry)

    def _hotline_known(self, fact: CallArrived | CallRecovered) -> None:
        self._hotline_of.put(fact.call, fact.hotline if fact.hotline in self._hotlines else _OTHER)

    def _call_ended(self, fact: CallEnded) -> None:
        self._calls.labels(self._hotline_of.take(fact.call), fact.outcome).inc()

    def _abandoned(self, fact: CallAbandoned) -> None:
        self._waits.labels(fact.queue, "abandoned").observe(fact.wait_us / 1e6)

    def _wait_told(self, fact: Fact) -> None:
        for told in self._told.take(fact):
            direction = "over" if told.error_us > 0 else "under"
            self._told_errors.labels(told.queue, direction).observe(abs(told.error_us) / 1e6)

    def _offered(self, fact: SeatOffered) -> None:
        self._queue_of.put(fact.offer, fact.queue)

    def _offer_answered(self, fact: OfferAnswered) -> None:
        self._queue_of.take(fact.offer)
        self._offers.labels(fact.queue, "answered").inc()
        self._waits.labels(fact.queue, "answered").observe(fact.wait_us / 1e6)

    def _contact_ended(self, fact: ContactClosed | ContactAbandoned) -> None:
        self._contacts.labels(fact.queue, fact.kind, fact.why).inc()

    def _offer_failed(self, fact: OfferFailed) -> None:
        self._offers.labels(self._queue_of.take(fact.offer), fact.reason).inc()


class _ContactCollector(Collector):
    def __init__(
        self, open_ones: Callable[[], Iterable[ContactView]], now_us: Callable[[], int]
    ) -> None:
        self._open_ones, self._now_us = open_ones, now_us

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        now_us = self._now_us()
        count: dict[tuple[str, ...], int] = {}
        longest: dict[tuple[str, ...], float] = {}
        for one in self._open_ones():
            labels = (one.queue, one.kind)
            key = (*labels, one.state)
            count[key] = count.get(key, 0) + 1
            if one.state != "in-hand":
                waited = max(0, now_us - one.came_us) / 1e6
                longest[labels] = max(waited, longest.get(labels, 0.0))
        opened = GaugeMetricFamily(
            "cti_contacts_open",
            "Contacts other than calls that have not ended.",
            labels=["queue", "kind", "state"],
        )
        for labelled, number in count.items():
            opened.add_metric(list(labelled), number)
        yield opened
        waits = GaugeMetricFamily(
            "cti_contacts_longest_wait_seconds",
            "Time since the one came that has waited longest.",
            labels=["queue", "kind"],
        )
        for waiting, seconds in longest.items():
            waits.add_metric(list(waiting), seconds)
        yield waits


class _EngineCollector(Collector):
    def __init__(self, engine: EnginePort, info: GaugeMetricFamily) -> None:
        self._engine, self._info = engine, info

    def describe(self) -> Iterable[Metric]:
        """Named without asking the engine, which may not be up when this is registered."""
        return []

    def collect(self) -> Iterable[Metric]:
        yield self._info
        waiting = GaugeMetricFamily("cti_queue_waiting", "Callers waiting.", labels=["queue"])
        longest = GaugeMetricFamily(
            "cti_queue_longest_wait_seconds", "Wait of who waits longest.", labels=["queue"]
        )
        estimated = GaugeMetricFamily(
            "cti_queue_estimated_wait_seconds",
            "Estimated for a caller who came now; absent when no seat is there.",
            labels=["queue"],
        )
        for queue in self._engine.queues():
            if queue.estimated_wait_us is not None:
                estimated.add_metric([queue.queue], queue.estimated_wait_us / 1e6)
            waiting.add_metric([queue.queue], queue.waiting)
            longest.add_metric([queue.queue], queue.longest_wait_us / 1e6)
        yield waiting
        yield longest
        yield estimated
        states = dict.fromkeys(SeatState, 0)
        for seat in self._engine.seats():
            states[seat.state] += 1
        seats = GaugeMetricFamily("cti_seats", "Seats by state.", labels=["state"])
        for state, count in states.items():
            seats.add_metric([state.value], count)
        yield seats
        health = self._engine.health()
        yield _gauge(
            "cti_ami_link_up", "1 while the link to Asterisk is up.", float(health.ami_link == "up")
        )
        plans = GaugeMetricFamily("cti_plan_on", "1 for each plan that is on.", labels=["plan"])
        for plan in health.plans_on:
            plans.add_metric([plan], 1)
        yield plans
        yield _gauge(
            "cti_routing_warnings",
            "What of site file, plans and changes of routing does not count.",
            len(health.warnings),
        )
        yield _gauge(
            "cti_loop_lag_seconds",
            "How late the event loop's timer fired last.",
            health.loop_lag_us / 1e6,
        )
        yield _gauge("cti_ledger_backlog", "Facts not yet in the database.", health.ledger_backlog)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)
