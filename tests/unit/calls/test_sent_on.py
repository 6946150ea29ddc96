"""Callers whom their queue's rule has sent on, while the link is away or Asterisk is asked."""

from __future__ import annotations

import pytest

from cti.facts import CallEnded, CallRecovered, WaitResumed, WaitSentOn
from tests.unit.story import Story, caller_seen

SENT = {"wait_aside": "1", "stage": "sent", "outside": "evening", "flow": "evening"}


def test_caller_in_the_flow_who_is_looked_at_is_not_taken_to_be_back() -> None:
    story = Story()
    call = story.call_waits()
    story.marks(call, "wait-sent", to="flow", target="evening")
    story.snapshot(caller_seen(call, "sent-on", **SENT))
    assert not story.all(WaitResumed)
    assert len(story.all(WaitSentOn)) == 1
    story.marks(call, "flow-ended")
    story.caller_hangs_up(call)
    assert story.only(CallEnded).outcome == "turned-away"


@pytest.mark.parametrize(
    ("seen", "to", "target"),
    [
        (SENT, "flow", "evening"),
        (SENT | {"outside": "repairs", "flow": "sent-message"}, "message", "repairs"),
    ],
)
def test_caller_who_went_while_the_link_was_away_is_known_to_be_there_and_comes_back(
    seen: dict[str, str], to: str, target: str
) -> None:
    story = Story()
    call = story.call_waits()
    story.link_lost()
    story.snapshot(caller_seen(call, "sent-on", **seen))
    gone = story.only(WaitSentOn)
    assert (gone.call, gone.to, gone.target) == (call, to, target)
    story.marks(call, "wait-again")
    assert story.only(WaitResumed).sent_on


def test_caller_who_came_back_while_the_link_was_away_is_known_to_be_back() -> None:
    story = Story()
    call = story.call_waits()
    story.marks(call, "wait-sent", to="flow", target="evening")
    story.link_lost()
    story.snapshot(caller_seen(call))
    assert story.only(WaitResumed).sent_on


def test_caller_who_is_found_there_after_a_restart_is_not_taken_to_be_back() -> None:
    story = Story()
    call = story.call_waits()
    story.marks(call, "wait-sent", to="flow", target="evening")
    story.daemon_restarts()
    story.snapshot(caller_seen(call, "sent-on", **SENT))
    assert story.new(CallRecovered)[0].sent_on
    assert not story.all(WaitResumed)
