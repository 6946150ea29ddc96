"""The call that the interpreter is timed with goes where it was meant to go."""

from __future__ import annotations

from bench.ivr import steps
from ivr_flows.actions import HandToQueue, LookUpNow, Speak, Spell


def test_the_call_looks_up_a_bill_says_it_in_english_and_ends_with_a_person() -> None:
    turns = list(steps.turns(steps.load()))
    assert any(isinstance(turn.action, LookUpNow) for turn in turns)
    said = [turn for turn in turns if isinstance(turn.action, Speak) and turn.state.values]
    spelled = [
        (piece.kind, piece.value)
        for turn in said
        if isinstance(turn.action, Speak)
        for piece in turn.action.utterance
        if isinstance(piece, Spell)
    ]
    assert spelled == [("digits", "12345678"), ("amount", "86.40"), ("date", "2026-12-05")]
    last = turns[-1]
    assert isinstance(last.action, HandToQueue)
    assert (last.action.priority, last.action.skills) == (3, ("mandarin",))
    assert last.state.language == "en"


def test_a_timed_run_counts_whole_calls() -> None:
    speed = steps.measure(steps.one_call, 0.2)
    assert len(speed.per_s) >= 2
    assert speed.turns == len(steps.CALL) + 1
    assert speed.steps == steps.steps_entered(steps.turns(steps.load()))
    assert min(speed.per_s) > 1000
