"""Why this seat: each reason is made to be true on the dispatcher, and then read as a sentence."""

from __future__ import annotations

import json
import unicodedata
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from cti.calls_why import print_why, why_as_json
from cti.facts import (
    CallbackAsked,
    CallbackOffered,
    CallEnded,
    CustomerClass,
    RoutingRules,
    SeatOffered,
    Widening,
)
from cti.ids import CallId, QueueId
from cti.store.narrator import Narrator
from cti.store.speech import HOME_ZONE, Names, Speech
from cti.store.why import Offered
from tests.unit.acd.floor import SECOND, Floor, queue, seat
from tests.unit.store.test_codec import facts_of

SAY = Narrator(Names())


def why(floor: Floor, call: str) -> str:
    """The English sentence, without its beginning and its end."""
    told = SAY(floor.offered(call), "en")
    assert SAY(floor.offered(call), "zh-CN")
    return told.partition(": ")[2].rpartition("; may ring")[0]


def zh(floor: Floor, call: str) -> str:
    told = SAY(floor.offered(call), "zh-CN")
    return told.partition("：")[2].rpartition("；最长振铃")[0]


def all_talk(floor: Floor, *names: str) -> None:
    floor.signs_on(*names)
    for name in names:
        floor.joins(f"first-{name}")
    for name in names:
        floor.answers(name)


# ------------------------------------------------------------------------------ the seat


def test_free_longest_of_those_with_the_skill() -> None:
    seats = [
        seat("1001", skills={"gas": 2}),
        *[seat(f"100{place}", skills={"gas": 3 + place % 2}) for place in (2, 3, 4)],
    ]
    floor = Floor(seats, [queue()])
    for name in ("1001", "1003", "1002", "1004"):
        floor.signs_on(name)
        floor.wait(10)
    floor.wait(1.2)
    floor.joins("anna", skills=("gas:3",))
    assert floor.offered("anna").seat == "1003"
    assert why(floor, "anna") == (
        "free for 31.2 s, idle longest of 3 free seats with gas 3 or better; "
        "next 1002 (21.2 s); the caller did not have to wait"
    )
    assert zh(floor, "anna") == (
        "3 个 gas≥3 的空闲坐席中空闲最久（31.2 秒）；其次 1002（21.2 秒）；来电者无需等待"
    )


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ("fewest-calls", "with the fewest calls since sign-on (0 calls) of 2 free seats"),
        ("least-occupied", "least occupied since sign-on (0.0 % occupied) of 2 free seats"),
        ("round-robin", "not rung for the longest time (never rung) of 2 free seats"),
        ("best-skill", "best skilled (levels 0 in all) of 2 free seats"),
        ("fixed-order", "first in the fixed order of 2 free seats"),
    ],
)
def test_the_rule_that_ranked_the_seats_is_named_with_its_figure(
    strategy: str, reason: str
) -> None:
    floor = Floor([seat("1001"), seat("1002")], [queue(strategy=strategy)])
    floor.signs_on("1001")
    floor.wait(30)
    floor.joins("early")
    floor.answers("1001")
    floor.wait(30)
    floor.leaves("1001", 30)
    floor.signs_on("1002")
    floor.wait(60)
    floor.joins("anna")
    ranked = {rank.seat: rank.key for rank in floor.offered("anna").ranking}
    if strategy == "fewest-calls":
        assert ranked == {"1002": 0, "1001": 1}
    if strategy == "least-occupied":
        assert ranked == {"1002": 0, "1001": 500_000}
    if strategy == "round-robin":
        assert ranked == {"1002": -1, "1001": 90 * SECOND}
    assert reason in why(floor, "anna")


def test_all_that_ring_are_told_so() -> None:
    floor = Floor([seat(f"100{place}") for place in (1, 2, 3)], [queue(strategy="ring-all")])
    floor.signs_on("1001", "1002", "1003")
    floor.joins("anna")
    assert "one of 3 free seats that ring together, idle longest first" in why(floor, "anna")
    assert "同时振铃" in zh(floor, "anna")


def test_seat_in_role_a_is_compared_with_its_own_kind_only() -> None:
    seats = [seat("1001", role="b"), seat("1002"), seat("1003"), seat("1004", role="lead")]
    floor = Floor(seats, [queue()])
    for name in ("1004", "1001", "1002", "1003"):
        floor.signs_on(name)
        floor.wait(10)
    floor.joins("anna")
    # The lead may not be asked while others are there, so it is none of those that fit.
    assert "idle longest of 2 free seats in role A (3 with others)" in why(floor, "anna")
    floor.joins("bert")
    assert floor.offered("bert").seat == "1003"
    assert "the only one in role A of 2 free seats" in why(floor, "bert")
    floor.joins("carl")
    assert floor.offered("carl").seat == "1001"
    told = why(floor, "carl")
    assert "the only free seat; it stands in (role B): no fitting seat in role A was free" in told
    assert "由 B 角接替" in zh(floor, "carl")


def test_lead_stands_in_when_nobody_else_is_there() -> None:
    floor = Floor([seat("1001"), seat("1002", role="lead")], [queue()])
    floor.signs_on("1002")
    floor.joins("anna")
    assert "a lead stands in: nobody in role A or B was there" in why(floor, "anna")


def test_when_nobody_has_the_skill_it_is_named() -> None:
    floor = Floor([seat("1001")], [queue()])
    floor.signs_on("1001")
    floor.joins("anna", skills=("gas:3",))
    told = why(floor, "anna")
    assert "nobody signed on has gas 3 or better: any seat of the queue" in told
    assert "with gas" not in told


def test_language_is_told_where_seats_differ_in_it() -> None:
    one = Floor([seat("1001", languages=("en",)), seat("1002")], [queue()])
    one.signs_on("1001", "1002")
    one.joins("anna", language="en")
    assert "2 free seats speaking en" in why(one, "anna")
    other = Floor([seat("1001"), seat("1002")], [queue()])
    other.signs_on("1001", "1002")
    other.joins("anna", language="en")
    assert "speaking" not in why(other, "anna")


def test_needs_that_were_lowered_are_told_with_what_is_left() -> None:
    widening = (Widening(30 * SECOND, 2), Widening(60 * SECOND, 9))
    floor = Floor([seat("1001", skills={"gas": 1}), seat("1002", skills={"gas": 5})], [
        queue(widening=widening)
    ])  # fmt: skip
    floor.signs_on("1001", "1002")
    floor.wishes("1002", "pause", "tea")
    floor.joins("anna", skills=("gas:3",))
    floor.joins("bert", skills=("gas:5",))
    floor.wait(31)
    assert "with gas 1 or better; needs were lowered once" in why(floor, "anna")
    floor.answers("1001")
    floor.wait(30)
    floor.leaves("1001")
    assert "needs were lowered 2 times, to nothing for the long wait" in why(floor, "bert")


@pytest.mark.parametrize(("how", "words"), [("owner", "open matter"), ("last", "talked with last")])
def test_wanted_seat_is_the_reason_before_all_others(how: str, words: str) -> None:
    records = [queue(wanted_us=60 * SECOND, last_seat_us=3_600 * SECOND)]
    floor = Floor([seat("1001"), seat("1002", role="b")], records)
    floor.signs_on("1001")
    floor.wait(50)
    floor.signs_on("1002")
    more = {"wanted_seat": "1002"} if how == "owner" else {}
    if how == "last":
        floor.wishes("1001", "pause", "tea")
        floor.joins("before", caller_number="13800138000")
        floor.answers("1002")
        floor.wait(5)
        floor.leaves("1002", 5)
        floor.wishes("1001", "ready")
        floor.wait(10)
    floor.joins("anna", caller_number="13800138000", **more)
    assert floor.offered("anna").seat == "1002"
    told = why(floor, "anna")
    assert words in told
    assert "role" not in told


# ------------------------------------------------------------------------------ the caller


def test_who_stood_first_waited_and_had_a_head_start() -> None:
    rules = RoutingRules(classes=(CustomerClass("vip", 60 * SECOND),))
    floor = Floor([seat("1001")], [queue()], rules)
    all_talk(floor, "1001")
    floor.joins("anna", priority=3, customer_class="vip")
    floor.wait(12.5)
    floor.joins("bert", priority=6)
    floor.wait(1)
    floor.leaves("1001")
    assert why(floor, "anna").endswith(
        "the caller had waited 13.5 s and stood first in line "
        "(priority 3, class vip: as if come 5 min earlier)"
    )
    floor.answers("1001")
    floor.leaves("1001")
    assert "(priority 6: as if come 2 min later)" in why(floor, "bert")
    assert "优先级 6：相当于推后 2 分钟到达" in zh(floor, "bert")


def test_before_were_only_those_who_needed_other_seats() -> None:
    """Of five before: one is rung, one waits for her own seat, two need English; one has gone."""
    seats = [seat("1001"), seat("1002", skills={"english": 1}), seat("1003")]
    floor = Floor(seats, [queue(wanted_us=600 * SECOND)])
    all_talk(floor, "1001", "1002", "1003")
    floor.joins("rung")
    floor.wait(1)
    floor.joins("wants", wanted_seat="1002")
    floor.wait(1)
    for call in ("e1", "e2", "gone"):
        floor.joins(call, skills=("english",))
        floor.wait(1)
    floor.joins("anna")
    floor.joins("bert")
    floor.gives_up("gone")
    floor.leaves("1001")
    assert floor.offered("rung").seat == "1001"
    assert floor.offered("rung").why.ahead == 0  # type: ignore[union-attr]
    floor.leaves("1003")
    assert "and stood first of those it could serve (3 callers before needed other seats)" in why(
        floor, "anna"
    )
    assert "前面 3 人需要其他坐席" in zh(floor, "anna")


def test_seat_of_several_queues_takes_who_stands_first_over_all() -> None:
    floor = Floor([seat("1001", "repairs", "bills")], [queue(), queue("bills")])
    all_talk(floor, "1001")
    floor.joins("anna", "bills")
    floor.wait(1)
    floor.joins("bert")
    floor.leaves("1001")
    offer = floor.offered("anna")
    assert offer.why is not None
    assert (offer.why.rule, offer.why.lines) == ("place", 2)
    assert "stood first in line" in why(floor, "anna")


def test_target_time_and_queue_share_are_named_as_the_rule() -> None:
    records = [queue(target_us=90 * SECOND), queue("bills", target_us=20 * SECOND, ratio=9)]
    for choice, words, call in (
        ("due", "came first to a queue's target time, of 2 kinds of callers", "bert"),
        ("queue-ratio", "stood first in the queue most over its share, of 2 kinds", "anna"),
    ):
        rules = RoutingRules(choice=choice)  # type: ignore[arg-type]
        floor = Floor([seat("1001", "repairs", "bills")], records, rules)
        all_talk(floor, "1001")
        floor.joins("anna")
        floor.wait(10)
        floor.joins("bert", "bills")
        floor.leaves("1001")
        assert words in why(floor, call)


def test_merged_queues_with_other_targets_say_who_stood_before_without_a_false_reason() -> None:
    records = [
        queue(target_us=90 * SECOND),
        queue("bills", target_us=20 * SECOND, merged_into=QueueId("repairs")),
    ]
    floor = Floor([seat("1001", skills={"gas": 1})], records, RoutingRules(choice="due"))
    all_talk(floor, "1001")
    floor.joins("anna")
    floor.wait(10)
    floor.joins("bert", "bills", skills=("gas",))
    floor.leaves("1001")
    told = why(floor, "bert")
    assert "(1 caller stood before in its line)" in told
    assert "needed other seats" not in told


def test_callback_says_why_as_a_call_does() -> None:
    floor = Floor([seat("1001"), seat("1002")], [queue()])
    floor.joins("anna")
    floor.tell(
        CallbackAsked(
            at=floor.now,
            call=CallId("anna"),
            queue=QueueId("repairs"),
            number="13800138000",
            hotline="12345",
            language="zh-CN",
            priority=5,
            since=floor.now,
        )
    )
    floor.tell(
        CallEnded(
            at=floor.now,
            call=CallId("anna"),
            outcome="callback",
            ended_by="caller",
            cause=16,
            total_us=1,
        )
    )
    floor.wait(40)
    floor.signs_on("1001")
    (offer,) = floor.all(CallbackOffered)
    assert SAY(offer, "en").endswith(
        "is rung: just free, the only free seat; "
        "the customer had waited 40.0 s and was the only one it could serve; 1 waiting"
    )
    assert "客户已等待 40.0 秒" in SAY(offer, "zh-CN")


@settings(deadline=None)
@given(st.one_of(facts_of(SeatOffered), facts_of(CallbackOffered)))
def test_no_offer_makes_the_table_fail_or_steers_a_terminal(offer: Offered) -> None:
    for language in ("zh-CN", "en"):
        screen = StringIO()
        to = Speech(Names(), language, HOME_ZONE)
        print_why(Console(file=screen, width=100), [offer], SAY, to)
        shown = screen.getvalue()
        assert shown.strip()
        assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in shown if char != "\n")
        json.dumps(why_as_json(offer, SAY, to))
