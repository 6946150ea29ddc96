"""One report's consequences are complete, in order, before the next is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cti.brain import Brain, EndlessConsequences
from cti.effects import Effect, HangUp
from cti.facts import AnomalySeen, Fact, LinkLost, TimePassed
from cti.ids import ChannelId


class Echo:
    """Answers `heard` with `said` and an effect named after it."""

    def __init__(self, heard: str, *said: str, deadline: int | None = None) -> None:
        self._heard, self._said, self._deadline = heard, said, deadline

    def handle(self, fact: Fact) -> Iterator[Fact | Effect]:
        about = fact.about if isinstance(fact, AnomalySeen) else "start"
        if about == self._heard:
            for word in self._said:
                yield AnomalySeen(at=fact.at, about=word, detail="")
                yield HangUp(channel=ChannelId(word))

    def deadline(self) -> int | None:
        return self._deadline


def told(facts: tuple[Fact, ...]) -> list[str]:
    return [fact.about for fact in facts if isinstance(fact, AnomalySeen)]


def test_facts_go_round_in_the_order_in_which_they_were_concluded() -> None:
    brain = Brain((Echo("start", "a", "b"), Echo("a", "c"), Echo("start", "d")))
    step = brain.step(LinkLost(at=5))
    assert step.facts[0] == LinkLost(at=5)
    assert told(step.facts) == ["a", "b", "d", "c"]
    assert [one.channel for one in step.effects if isinstance(one, HangUp)] == list("abdc")


def test_two_cores_that_answer_each_other_for_ever_are_stopped() -> None:
    brain = Brain((Echo("start", "a"), Echo("a", "b"), Echo("b", "a")))
    report = LinkLost(at=5)
    with pytest.raises(EndlessConsequences) as caught:
        brain.step(report)
    assert caught.value.report is report


def test_deadline_is_the_earliest_of_all_cores() -> None:
    assert Brain((Echo("x"), Echo("x", deadline=9), Echo("x", deadline=7))).deadline() == 7
    assert Brain((Echo("x"),)).deadline() is None


def test_time_that_passes_without_a_deadline_leads_to_nothing() -> None:
    assert Brain((Echo("x"),)).step(TimePassed(at=1)).effects == ()
