"""Facts in, figures out."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cti import facts
from cti.api.metrics import Metrics
from cti.ids import CallId, OfferId, QueueId, SeatId
from tests.fakes.engine import FakeEngine

REPAIRS, WANG = QueueId("repairs"), SeatId("1001")


def read(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return read(metrics).get((name, tuple(sorted(labels.items()))))


def arrived(call: str, hotline: str = "12345") -> facts.CallArrived:
    return facts.CallArrived(
        at=0, call=CallId(call), hotline=hotline, caller_number="13800001111", caller_name=""
    )


def ended(call: str) -> facts.CallEnded:
    return facts.CallEnded(
        at=9, call=CallId(call), outcome="answered", ended_by="caller", cause=16, total_us=9
    )


def offered(offer: str) -> facts.SeatOffered:
    return facts.SeatOffered(
        at=1,
        call=CallId("c"),
        seat=WANG,
        offer=OfferId(offer),
        queue=REPAIRS,
        device="PJSIP/1001",
        ring_us=1,
        rule="r",
    )


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics("1.2.3", ["12345"])
    made.attach(FakeEngine())
    return made


def test_calls_are_counted_by_hotline_and_outcome(metrics: Metrics) -> None:
    for fact in (arrived("a"), arrived("b", "99999"), ended("a"), ended("b"), ended("never-seen")):
        metrics.observe(fact)

    assert value(metrics, "cti_calls_total", hotline="12345", outcome="answered") == 1
    assert value(metrics, "cti_calls_total", hotline="other", outcome="answered") == 2


def test_an_offer_that_fails_and_one_that_is_answered_are_counted_by_queue(
    metrics: Metrics,
) -> None:
    metrics.observe(offered("o1"))
    metrics.observe(
        facts.OfferFailed(
            at=2, call=CallId("c"), seat=WANG, offer=OfferId("o1"), reason="no-answer"
        )
    )
    metrics.observe(offered("o2"))
    metrics.observe(
        facts.OfferAnswered(
            at=3,
            call=CallId("c"),
            seat=WANG,
            offer=OfferId("o2"),
            queue=REPAIRS,
            wait_us=14_900_000,
            recording="",
        )
    )

    assert value(metrics, "cti_offers_total", queue="repairs", result="no-answer") == 1
    assert value(metrics, "cti_offers_total", queue="repairs", result="answered") == 1
    labels = {"queue": "repairs", "outcome": "answered"}
    assert value(metrics, "cti_wait_seconds_bucket", le="10.0", **labels) == 0
    assert value(metrics, "cti_wait_seconds_bucket", le="15.0", **labels) == 1
    assert value(metrics, "cti_wait_seconds_sum", **labels) == pytest.approx(14.9)


def test_a_caller_who_gives_up_has_waited_too(metrics: Metrics) -> None:
    metrics.observe(facts.CallAbandoned(at=5, call=CallId("c"), queue=REPAIRS, wait_us=2_000_000))

    assert value(metrics, "cti_wait_seconds_count", queue="repairs", outcome="abandoned") == 1


def test_recordings_and_what_others_count(metrics: Metrics) -> None:
    metrics.observe(
        facts.RecordingMissed(
            at=1, call=CallId("c"), offer=OfferId("o"), file="f", reason="not there"
        )
    )
    metrics.count_ami_events(7)
    metrics.count_journalled(3)

    assert value(metrics, "cti_recordings_total", result="missed") == 1
    assert value(metrics, "cti_recordings_total", result="stored") == 0
    assert value(metrics, "cti_ami_events_total") == 7
    assert value(metrics, "cti_ledger_journalled_total") == 3


async def test_gauges_are_read_from_the_engine_at_each_scrape() -> None:
    engine, metrics = FakeEngine(), Metrics("1.2.3")
    metrics.attach(engine)
    assert value(metrics, "cti_seats", state="signed-off") == 2

    await engine.seat_command(WANG, "sign-on", "", "test")

    assert value(metrics, "cti_seats", state="signed-off") == 1
    assert value(metrics, "cti_seats", state="ready") == 1
    assert value(metrics, "cti_seats", state="talking") == 0
    assert value(metrics, "cti_queue_waiting", queue="repairs") == 0
    assert value(metrics, "cti_ami_link_up") == 1
    assert value(metrics, "cti_loop_lag_seconds") == pytest.approx(0.0015)
    assert value(metrics, "cti_build_info", version="1.2.3") == 1


def test_names_follow_the_conventions_and_no_label_can_grow_without_bound(
    metrics: Metrics,
) -> None:
    metrics.observe(arrived("a"))
    metrics.observe(ended("a"))
    families = list(text_string_to_metric_families(metrics.text().decode()))

    assert {family.name for family in families} >= {"cti_calls", "cti_seats", "cti_build_info"}
    for family in families:
        assert re.fullmatch(r"cti_[a-z_]+", family.name)
        assert family.documentation
        assert not family.name.endswith(("_us", "_ms", "_minutes"))
        for sample in family.samples:
            if family.type == "counter":
                assert sample.name.endswith("_total")
            assert set(sample.labels) <= {
                "hotline", "outcome", "queue", "state", "result", "version", "le",
            }  # fmt: skip


def test_told_waits_are_held_against_the_answer_by_queue_and_direction(metrics: Metrics) -> None:
    def told(call: str, at_s: int, wait_s: int) -> facts.WaitTold:
        return facts.WaitTold(
            at=at_s * 1_000_000,
            call=CallId(call),
            queue=REPAIRS,
            place=1,
            wait_us=wait_s * 1_000_000,
            first=True,
        )

    metrics.observe(told("a", 0, 60))
    metrics.observe(told("a", 45, 40))
    metrics.observe(told("b", 0, 60))
    metrics.observe(
        facts.OfferAnswered(
            at=70_000_000,
            call=CallId("a"),
            seat=WANG,
            offer=OfferId("o"),
            queue=REPAIRS,
            wait_us=0,
            recording="",
        )
    )
    metrics.observe(ended("b"))
    name = "cti_told_wait_error_seconds"
    assert value(metrics, f"{name}_sum", queue="repairs", direction="under") == 10
    assert value(metrics, f"{name}_sum", queue="repairs", direction="over") == 15
    assert value(metrics, f"{name}_count", queue="repairs", direction="over") == 1
