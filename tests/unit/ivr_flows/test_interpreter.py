from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows import interpreter
from ivr_flows.actions import (
    AskKey,
    EndCall,
    HandToQueue,
    KeyPressed,
    KeyTaken,
    LanguageChosen,
    NoKey,
    Outcome,
    PersonAsked,
    Speak,
    StepEntered,
    Turn,
)
from ivr_flows.errors import FlowMisled, StateUnreadable
from ivr_flows.interpreter import Context
from ivr_flows.model import KEYS, Flow, FlowBook, Step
from ivr_flows.state import MAX_TEXT, MAX_TYPED_AHEAD, FlowState, Frame
from ivr_flows.steps import Hangup, Menu, Play, Queue, SwitchLanguage, recorded
from ivr_flows.walk import MAX_KEYS
from tests.unit.ivr_flows.flows import NOON, clips, tail, told

CHINESE = Context("zh-CN")


def start(flow: Flow, context: Context) -> Turn:
    return interpreter.start(FlowBook.of(flow), flow.id, context, NOON)


def resume(flow: Flow, state: FlowState, outcome: Outcome) -> Turn:
    return interpreter.resume(FlowBook.of(flow), state, outcome, NOON)


def take_up(flow: Flow, state: FlowState) -> Turn:
    return interpreter.take_up(FlowBook.of(flow), state, NOON)


def _flow(*steps: Step) -> Flow:
    return Flow(
        id="f", languages=("zh-CN", "en"), start=steps[0].id, steps={s.id: s for s in steps}
    )


def _menu(**changes: object) -> Menu:
    fields: dict[str, object] = {
        "id": "menu",
        "say": recorded("menu"),
        "choices": {"1": "one", "9": "language", "5": "second"},
        "otherwise": "person",
        "wrong_key": recorded("wrong"),
        "no_key": recorded("none"),
    }
    return Menu(**(fields | changes))  # type: ignore[arg-type]


FLOW = _flow(
    Play(id="hello", say=recorded("hello"), next="notice"),
    Play(id="notice", say=recorded("notice"), next="menu", barge_in=False),
    _menu(),
    _menu(
        id="second", say=recorded("second", "more"), choices={"0": "menu", "1": "bye"}, attempts=1
    ),
    SwitchLanguage(id="language", to="other", next="menu"),
    Queue(id="one", queue="repairs", priority=4, say=recorded("moment")),
    Queue(id="person", queue="service", priority=5),
    Hangup(id="bye", say=recorded("bye")),
)
LONGEST = 2 + 2 * MAX_KEYS * 3 + 10
"""Turns: the two prompts, three rounds of each of two menus for each key that is taken."""


def _run(flow: Flow, outcomes: list[Outcome]) -> list[Turn]:
    """Every turn until the flow ends; the caller is silent when `outcomes` are used up."""
    turns = [start(flow, CHINESE)]
    pending = iter(outcomes)
    while isinstance(turns[-1].action, Speak | AskKey):
        assert len(turns) < LONGEST + len(outcomes)
        turns.append(resume(flow, turns[-1].state, next(pending, NoKey())))
    return turns


def _keys(text: str) -> list[Outcome]:
    return [NoKey() if key == "-" else KeyPressed(key) for key in text]


class TestMenus:
    def test_choice_leads_to_its_step_and_is_told(self) -> None:
        last = _run(FLOW, _keys("--1"))[-1]
        assert isinstance(last.action, HandToQueue)
        assert (last.action.queue, last.action.priority) == ("repairs", 4)
        assert clips(last.action) == ("moment",)
        assert told(last) == [KeyTaken("f", "menu", "1"), PersonAsked("repairs")]
        assert StepEntered("f", "one", "keys.1") in last.marks

    def test_wrong_key_and_silence_ask_again_with_their_words(self) -> None:
        turns = _run(FLOW, _keys("--7-"))
        asked = [clips(turn.action) for turn in turns if isinstance(turn.action, AskKey)]
        assert asked == [("menu",), ("wrong", "menu"), ("none", "menu")]
        assert turns[-1].action == HandToQueue(queue="service", priority=5, utterance=())

    def test_attempts_start_anew_after_a_choice(self) -> None:
        turns = _run(FLOW, _keys("--779"))
        assert isinstance(turns[-4].action, AskKey)
        assert turns[-4].state.language == "en"
        assert [turn.state.attempts for turn in turns] == [0, 0, 0, 1, 2, 0, 1, 2, 0]

    def test_menu_without_words_for_a_slip_just_asks_again(self) -> None:
        flow = _flow(_menu(wrong_key=(), no_key=()), *FLOW.steps.values())
        flow = Flow(
            id="f",
            languages=("en",),
            start="menu",
            steps={**flow.steps, "menu": _menu(wrong_key=())},
        )
        turn = resume(flow, start(flow, CHINESE).state, KeyPressed("7"))
        assert isinstance(turn.action, AskKey)
        assert clips(turn.action) == ("menu",)

    @pytest.mark.parametrize("key", ["", "A", "１", "11", "é", "\0"])
    def test_what_is_no_key_is_a_wrong_key(self, key: str) -> None:
        turn = _run(FLOW, [*_keys("--"), KeyPressed(key)])[3]
        assert isinstance(turn.action, AskKey)
        assert clips(turn.action) == ("wrong", "menu")

    def test_key_of_a_private_menu_is_not_told(self) -> None:
        flow = _flow(_menu(private=True), *[s for s in FLOW.steps.values() if s.id != "menu"])
        turn = start(flow, CHINESE)
        assert isinstance(turn.action, AskKey)
        assert turn.action.private
        turn = resume(flow, turn.state, KeyPressed("1"))
        assert told(turn) == [PersonAsked("repairs")]
        assert StepEntered("f", "one", "keys") in turn.marks


class TestTypingAhead:
    def test_key_during_a_prompt_is_taken_by_the_menu_behind_it(self) -> None:
        turns = _run(FLOW, _keys("1"))
        assert [type(turn.action) for turn in turns] == [Speak, Speak, HandToQueue]

    def test_prompt_that_must_be_heard_is_played_all_the_same(self) -> None:
        turns = _run(FLOW, _keys("1"))
        assert isinstance(turns[1].action, Speak)
        assert (clips(turns[1].action), turns[1].action.barge_in) == (("notice",), False)

    def test_keys_beyond_the_limit_are_dropped(self) -> None:
        plays = [
            Play(id=f"p{n}", say=recorded("p"), next=f"p{n + 1}", barge_in=False) for n in range(40)
        ]
        flow = _flow(*plays, Hangup(id="p40"))
        turns = _run(flow, _keys("1" * 40))
        assert max(len(turn.state.typed_ahead) for turn in turns) == MAX_TYPED_AHEAD

    def test_is_not_kept_in_the_states_text(self) -> None:
        state = _run(FLOW, _keys("8"))[1].state
        assert state.typed_ahead == "8"
        assert FlowState.from_text(state.to_text()).typed_ahead == ""


class TestLanguages:
    def test_other_goes_round(self) -> None:
        turns = _run(FLOW, _keys("--991"))
        assert [turn.state.language for turn in turns[2:5]] == ["zh-CN", "en", "zh-CN"]
        assert LanguageChosen("en") in turns[3].marks

    def test_unknown_language_of_the_caller_becomes_the_main_one(self) -> None:
        assert start(FLOW, Context("fr")).state.language == "zh-CN"

    def test_language_can_be_named(self) -> None:
        flow = _flow(SwitchLanguage(id="l", to="en", next="bye"), Hangup(id="bye"))
        turn = start(flow, CHINESE)
        assert turn.state.language == "en"
        assert turn.action == EndCall(utterance=())


class TestTakingUpAgain:
    def test_same_step_same_language_no_greeting(self) -> None:
        before = _run(FLOW, _keys("--97"))[4]
        turn = take_up(FLOW, FlowState.from_text(before.state.to_text()))
        assert turn.state == before.state
        assert isinstance(turn.action, AskKey)
        assert clips(turn.action) == ("menu",)

    def test_person_is_told_once(self) -> None:
        state = _run(FLOW, _keys("--1"))[-1].state
        assert told(take_up(FLOW, state)) == []

    @pytest.mark.parametrize(
        "change", [{"flow": "gone"}, {"step": "gone"}, {"language": "fr"}], ids=str
    )
    def test_state_of_a_flow_that_has_changed_is_unreadable(self, change: dict[str, str]) -> None:
        state = replace(FlowState(flow="f", step="menu", language="en"), **change)  # type: ignore[arg-type]
        with pytest.raises(StateUnreadable):
            take_up(FLOW, state)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "v2",
            "v1/f/menu/en/0/0/0",
            "v3/f/menu/en/0/0/0/",
            "v2/f/menu/en/0/0/2/",
            "v2/f/menu/en/-1/0/0/",
            "v2/f/menu/en/１/0/0/",
            "v2/f/menu/en/99999/0/0/",
            "v2/f/menu/en/0/0/0/\n",
            "v2/f/me nu/en/0/0/0/",
            "v2/../menu/en/0/0/0/",
            "v2/f/menu/en/0/0/0/AAAA",
            "v2/f/menu/en/0/0/0/" + tail("[]"),
            "v2/f/menu/en/0/0/0/" + tail('{"v":[1]}'),
            "v2/f/menu/en/0/0/0/" + tail('{"v":{"A B":"1"}}'),
            "v2/f/menu/en/0/0/0/" + tail('{"v":{"a":1}}'),
            "v2/f/menu/en/0/0/0/" + tail('{"f":["a"]}'),
            "v2/f/menu/en/0/0/0/" + tail('{"f":' + '["a/b"' + ',"a/b"' * 9 + "]}"),
            "v2/f/menu/en/0/0/0/" + tail('{"s":"elsewhere"}'),
            "v2/f/menu/en/0/0/0/" + tail("[" * 3000),
        ],
    )
    def test_other_text_is_unreadable(self, text: str) -> None:
        with pytest.raises(StateUnreadable):
            FlowState.from_text(text)


class TestOwnBugs:
    def test_outcome_after_the_end_is_refused(self) -> None:
        flow = _flow(Hangup(id="bye"))
        with pytest.raises(FlowMisled):
            resume(flow, start(flow, CHINESE).state, NoKey())

    def test_flow_that_goes_round_is_an_error_and_not_a_busy_loop(self) -> None:
        flow = _flow(
            SwitchLanguage(id="a", to="en", next="b"), SwitchLanguage(id="b", to="en", next="a")
        )
        with pytest.raises(FlowMisled):
            start(flow, CHINESE)

    def test_resume_in_a_vanished_step_is_unreadable(self) -> None:
        with pytest.raises(StateUnreadable):
            resume(FLOW, FlowState(flow="f", step="gone", language="en"), NoKey())


OUTCOMES = st.lists(
    st.one_of(
        st.just(NoKey()),
        st.sampled_from(KEYS).map(KeyPressed),
        st.text(max_size=2).map(KeyPressed),
    ),
    max_size=400,
)
NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=32)
STATES = st.builds(
    FlowState,
    flow=NAMES,
    step=NAMES,
    language=st.sampled_from(["zh-CN", "en", "zh-Hans-CN", "yue"]),
    attempts=st.integers(0, 10),
    keys=st.integers(0, MAX_KEYS),
    person_asked=st.booleans(),
    stage=st.sampled_from(["", "after", "seat"]),
    waiting=st.booleans(),
    values=st.dictionaries(
        NAMES.map(lambda name: f"v{name}"[:32]), st.text(max_size=200), max_size=6
    ),
    frames=st.lists(st.builds(Frame, NAMES, NAMES), max_size=8).map(tuple),
)


class TestAlways:
    @given(OUTCOMES)
    def test_any_caller_comes_to_an_end(self, outcomes: list[Outcome]) -> None:
        turns = _run(FLOW, outcomes)
        assert isinstance(turns[-1].action, HandToQueue | EndCall)
        marks = [mark for turn in turns for mark in turn.marks]
        assert sum(isinstance(mark, PersonAsked) for mark in marks) <= 1
        assert sum(isinstance(mark, KeyTaken) for mark in marks) <= MAX_KEYS

    @given(st.sampled_from(KEYS))
    def test_stuck_key_ends_within_a_bounded_number_of_turns(self, key: str) -> None:
        turns = [start(FLOW, CHINESE)]
        while isinstance(turns[-1].action, Speak | AskKey):
            assert len(turns) < LONGEST
            turns.append(resume(FLOW, turns[-1].state, KeyPressed(key)))

    @given(OUTCOMES)
    def test_every_state_comes_back_from_its_text(self, outcomes: list[Outcome]) -> None:
        for turn in _run(FLOW, outcomes):
            again = FlowState.from_text(turn.state.to_text())
            assert again.to_text() == turn.state.to_text()
            if not turn.state.typed_ahead:
                assert again == turn.state
                assert take_up(FLOW, again).state == again

    @given(STATES)
    def test_states_text_is_one_plain_word(self, state: FlowState) -> None:
        text = state.to_text()
        assert replace(FlowState.from_text(text), values={}) == replace(state, values={})
        assert FlowState.from_text(text).values.items() <= state.values.items()
        assert len(text) <= MAX_TEXT
        assert set(text) <= set(string.ascii_letters + string.digits + "/-_")

    @given(OUTCOMES, st.integers(0, 50))
    def test_killed_and_taken_up_anywhere_it_still_ends(
        self, outcomes: list[Outcome], moment: int
    ) -> None:
        turns = _run(FLOW, outcomes)
        turn = take_up(
            FLOW, FlowState.from_text(turns[min(moment, len(turns) - 1)].state.to_text())
        )
        for _ in range(LONGEST):
            if isinstance(turn.action, HandToQueue | EndCall):
                return
            turn = resume(FLOW, turn.state, NoKey())
        raise AssertionError(turn)
