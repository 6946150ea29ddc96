"""Scores, messages and customers: marks of a menu session as facts."""

from __future__ import annotations

import pytest

from cti.calls.findings import seconds_to_us
from cti.facts import CustomerKnown, MessageLeft, SurveyScored
from cti.ids import CallId
from tests.unit.story import Story


def test_a_score_in_the_menu_is_nobodys() -> None:
    story = Story()
    call = story.call_arrives()
    story.marks(call, "survey-score", survey="service", score="3")
    scored = story.only(SurveyScored)
    assert (scored.call, scored.seat, scored.survey, scored.score) == (call, "", "service", 3)


@pytest.mark.parametrize("score", ["", "-1", "4.5", "٣", "1234", "x"])
def test_a_score_that_is_no_number_tells_nothing(score: str) -> None:
    story = Story()
    story.marks(story.call_arrives(), "survey-score", survey="service", score=score)
    assert not story.all(SurveyScored)


def test_a_message_is_told_while_waiting_too() -> None:
    story = Story()
    call = story.call_waits()
    story.marks(call, "message-left", box="complaints", file="msg--1.2--complaints--1.wav",
                seconds="12.34")  # fmt: skip
    left = story.only(MessageLeft)
    assert (left.call, left.box, left.duration_us) == (call, "complaints", 12_340_000)


@pytest.mark.parametrize("file", ["", "../../etc/passwd", "/etc/passwd", "a//b", "a/../b", ".x"])
def test_a_message_whose_file_could_be_elsewhere_tells_nothing(file: str) -> None:
    story = Story()
    story.marks(story.call_arrives(), "message-left", box="complaints", file=file, seconds="1")
    assert not story.all(MessageLeft)


@pytest.mark.parametrize(("word", "verified"), [("yes", True), ("no", False), ("", False)])
def test_a_customer_is_known(word: str, verified: bool) -> None:
    story = Story()
    call = story.call_arrives()
    story.marks(call, "customer", customer="20240017", verified=word)
    known = story.only(CustomerKnown)
    assert (known.call, known.customer, known.verified) == (call, "20240017", verified)


@pytest.mark.parametrize("mark", ["survey-score", "message-left", "customer"])
def test_marks_of_a_call_that_is_over_tell_nothing(mark: str) -> None:
    story = Story()
    call = story.call_arrives()
    story.caller_hangs_up(call)
    data = {"survey": "s", "score": "1", "box": "b", "file": "f", "customer": "1"}
    story.marks(call, mark, **data)
    story.marks(CallId("1700000000.1"), mark, **data)
    assert not [*story.all(SurveyScored), *story.all(MessageLeft), *story.all(CustomerKnown)]


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("12.34", 12_340_000),
        ("0.5", 500_000),
        ("7", 7_000_000),
        ("1.23456789", 1_234_567),
        ("", 0),
        ("-1", 0),
        ("1e9", 0),
        ("9" * 30, 0),
        ("1.", 0),
    ],
)
def test_seconds_are_read_exactly(text: str, us: int) -> None:
    assert seconds_to_us(text) == us
