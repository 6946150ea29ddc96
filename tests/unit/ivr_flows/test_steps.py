"""Each kind of step, entered and left in every way it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from ivr_flows import interpreter
from ivr_flows.actions import (
    AskDigits,
    AskKey,
    BackToSeat,
    CallbackAsked,
    CustomerKnown,
    DialOutside,
    DigitsKeyed,
    DropMessage,
    EndCall,
    Found,
    HandToQueue,
    KeepMessage,
    KeyPressed,
    KeyTaken,
    LookUpFailed,
    LookUpNow,
    MessageRecorded,
    NoKey,
    NotFound,
    NotReached,
    Outcome,
    RecordMessage,
    Scored,
    Speak,
    Spell,
    Turn,
    Words,
)
from ivr_flows.conditions import Condition
from ivr_flows.hours import Hours, Period, SpecialDay
from ivr_flows.interpreter import Context
from ivr_flows.model import Flow, FlowBook, Step
from ivr_flows.notices import Notice
from ivr_flows.says import Text, read_text
from ivr_flows.state import MAX_VALUE, FlowState
from ivr_flows.steps import (
    Callback,
    Case,
    CheckHours,
    Digits,
    Hangup,
    Identify,
    If,
    LookUp,
    Menu,
    Message,
    Play,
    PlayNotices,
    Queue,
    Return,
    Score,
    SetValues,
    SubFlow,
    SwitchLanguage,
    Transfer,
    recorded,
)
from ivr_flows.templates import Template
from ivr_flows.world import World
from tests.unit.ivr_flows.flows import NOON, clips, said, told

BYE = Hangup(id="bye")
PERSON = Queue(id="person", queue="service", priority=5, say=recorded("transferring"))
LOST = Hangup(id="lost", say=recorded("lost"))


class Call:
    """A call through a book of flows; `turn` is where it stands."""

    def __init__(
        self, *steps: Step, flows: tuple[Flow, ...] = (), world: World = NOON, stage: str = ""
    ) -> None:
        flow = Flow(
            id="main",
            languages=("zh-CN", "en"),
            start=steps[0].id,
            steps={step.id: step for step in (*steps, BYE, PERSON, LOST)},
        )
        self.book = FlowBook.of(flow, *flows)
        self.world = world
        context = Context("zh-CN", stage, {"caller": "13800001111"})
        self.turns = [interpreter.start(self.book, "main", context, world)]

    @property
    def turn(self) -> Turn:
        return self.turns[-1]

    def then(self, *outcomes: Outcome) -> Turn:
        for outcome in outcomes:
            state = self.turn.state
            self.turns.append(interpreter.resume(self.book, state, outcome, self.world))
        return self.turn

    def at(self) -> str:
        return self.turn.state.step


def keys(text: str) -> list[Outcome]:
    return [KeyPressed(key) for key in text]


class TestDigits:
    ASK = Digits(
        id="ask",
        say=recorded("ask"),
        into="account",
        least=4,
        most=8,
        next="bye",
        otherwise="lost",
        wrong=recorded("wrong"),
        too_short=recorded("short"),
        no_key=recorded("none"),
    )

    def test_digits_become_a_value_and_are_told(self) -> None:
        call = Call(self.ASK)
        assert isinstance(call.turn.action, AskDigits)
        turn = call.then(DigitsKeyed("12345", ended=True))
        assert turn.state.values["account"] == "12345"
        assert told(turn) == [KeyTaken("main", "ask", "12345")]
        assert call.at() == "bye"

    @pytest.mark.parametrize(
        ("keyed", "heard"),
        [
            (DigitsKeyed("", ended=False), ("none", "ask")),
            (DigitsKeyed("", ended=True), ("short", "ask")),
            (DigitsKeyed("123", ended=True), ("short", "ask")),
            (DigitsKeyed("12*45", ended=True), ("wrong", "ask")),
        ],
    )
    def test_what_does_not_fit_is_asked_again_with_the_reason(
        self, keyed: DigitsKeyed, heard: tuple[str, ...]
    ) -> None:
        call = Call(self.ASK)
        assert clips(call.then(keyed).action) == heard
        call.then(keyed, keyed)
        assert call.at() == "lost"

    def test_check_digit(self) -> None:
        call = Call(replace(self.ASK, check="luhn", least=8))
        assert clips(call.then(DigitsKeyed("79927397")).action) == ("wrong", "ask")
        call.then(DigitsKeyed("79927396"))
        assert call.at() == "ask"
        call = Call(replace(self.ASK, check="luhn", most=16))
        call.then(DigitsKeyed("4539148803436467"))
        assert call.at() == "bye"

    def test_x_of_an_identity_number_is_keyed_as_star(self) -> None:
        step = replace(self.ASK, check="id-card", least=18, most=18)
        call = Call(step)
        call.then(DigitsKeyed("11010519491231002*"))
        assert call.at() == "bye"
        assert call.turn.state.values["account"] == "11010519491231002X"

    def test_said_back_and_confirmed(self) -> None:
        call = Call(replace(self.ASK, confirm=True))
        turn = call.then(DigitsKeyed("12345", ended=True))
        assert isinstance(turn.action, AskKey)
        assert said(turn.action)[1] == Spell("digits", "12345")
        assert "account" not in turn.state.values
        assert call.then(KeyPressed("1")).state.values["account"] == "12345"

    def test_not_confirmed_is_keyed_again(self) -> None:
        call = Call(replace(self.ASK, confirm=True))
        call.then(DigitsKeyed("12345", ended=True))
        assert isinstance(call.then(KeyPressed("2")).action, AskDigits)
        call.then(DigitsKeyed("6789", ended=True), KeyPressed("7"))
        assert call.at() == "ask"
        assert clips(call.turn.action)[0] == "wrong-key"
        call.then(NoKey())
        assert call.at() == "lost"

    def test_typed_ahead_over_a_prompt(self) -> None:
        hello = Play(id="hello", say=recorded("hello"), next="ask")
        call = Call(hello, self.ASK)
        turn = call.then(KeyPressed("9"))
        assert isinstance(turn.action, AskDigits)
        assert (turn.action.already, turn.action.utterance) == ("9", ())
        state = replace(call.turns[0].state, typed_ahead="1234#7")
        turn = interpreter.resume(call.book, state, NoKey(), NOON)
        assert turn.state.values["account"] == "1234"
        assert turn.state.step == "bye"

    def test_private_digits_leave_no_trace(self) -> None:
        call = Call(replace(self.ASK, private=True, next="person"))
        turn = call.then(DigitsKeyed("98765432", ended=True))
        assert turn.state.values["account"] == "98765432"
        assert "98765432" not in repr(turn.marks)
        assert FlowState.from_text(turn.state.to_text()).values.get("account") is None


class TestLookUp:
    BILL = LookUp(
        id="bill",
        service="billing",
        path=Template.read("/accounts/{account}"),
        query={"area": Template.read("{area}")},
        into={"balance": "/balance", "customer": "/customer"},
        next="say",
        not_found="lost",
        failed="person",
    )
    SAY = Play(id="say", say=(Text({"zh-CN": read_text("余额{balance:amount}。")}),), next="bye")

    def _call(self, account: str = "10/0 2?") -> Call:
        start = SetValues(id="set", values={"account": Template.read(account)}, next="bill")
        return Call(start, self.BILL, self.SAY)

    def test_values_are_in_the_path_as_one_segment_and_in_the_query(self) -> None:
        action = self._call().turn.action
        assert isinstance(action, LookUpNow)
        assert action.path == "/accounts/10%2F0%202%3F"
        assert action.query == {"area": ""}
        assert clips(replace(Speak(utterance=action.meanwhile, barge_in=True))) == (
            "lookup/please-wait",
        )

    @pytest.mark.parametrize("account", [".", "..", "...", "{nothing}"])
    def test_value_that_would_climb_or_is_missing_asks_nobody(self, account: str) -> None:
        assert isinstance(self._call(account).turn.action, HandToQueue)

    def test_found_values_are_said(self) -> None:
        call = self._call()
        turn = call.then(Found({"balance": "12.50", "customer": "c7", "else": "x"}))
        assert said(turn.action) == (Words("余额"), Spell("amount", "12.50"))
        assert told(turn) == [CustomerKnown("c7", verified=False)]
        assert "else" not in turn.state.values

    def test_value_that_is_not_in_the_answer_is_not_said_from_before(self) -> None:
        call = self._call()
        state = replace(call.turn.state, values={**call.turn.state.values, "balance": "99"})
        turn = interpreter.resume(call.book, state, Found({}), NOON)
        assert said(turn.action) == (Words("余额"),)

    @pytest.mark.parametrize(
        ("outcome", "step"),
        [(NotFound(), "lost"), (LookUpFailed("slow"), "person"), (NoKey(), "person")],
    )
    def test_other_answers_have_their_ways(self, outcome: Outcome, step: str) -> None:
        call = self._call()
        call.then(outcome)
        assert call.at() == step

    def test_huge_and_unprintable_values_are_tamed(self) -> None:
        turn = self._call().then(Found({"balance": "1\x00\n2" + "9" * 5000}))
        assert turn.state.values["balance"].startswith("1 2")
        assert len(turn.state.values["balance"]) <= MAX_VALUE


class TestIdentify:
    PIN = Identify(
        id="pin",
        say=recorded("pin"),
        service="billing",
        path=Template.read("/accounts/{account}/pin"),
        next="bye",
        otherwise="lost",
        failed="person",
    )

    def _call(self) -> Call:
        values = {"account": Template.read("42"), "customer": Template.read("c7")}
        return Call(SetValues(id="set", values=values, next="pin"), self.PIN)

    def test_right_pin_verifies_the_customer(self) -> None:
        call = self._call()
        turn = call.then(DigitsKeyed("4711", ended=True))
        assert isinstance(turn.action, LookUpNow)
        assert turn.action.pin == "4711"
        turn = call.then(Found())
        assert turn.state.values["verified"] == "yes"
        assert told(turn) == [CustomerKnown("c7", verified=True)]

    def test_pin_is_shown_nowhere(self) -> None:
        call = self._call()
        for outcome in (DigitsKeyed("4711", ended=True), NotFound(), DigitsKeyed("4711"), Found()):
            turn = call.then(outcome)
            assert "4711" not in turn.state.to_text()
            assert "4711" not in repr(turn)
            assert "4711" not in repr(outcome)

    def test_attempts_are_counted_and_then_locked(self) -> None:
        call = self._call()
        for _ in range(2):
            call.then(DigitsKeyed("4711", ended=True))
            assert isinstance(call.then(NotFound()).action, AskDigits)
        call.then(DigitsKeyed("4711", ended=True))
        assert clips(call.then(NotFound()).action) == ("ask/locked",)
        call.then(NoKey())
        assert call.at() == "lost"

    def test_short_pin_is_wrong_without_asking_the_service(self) -> None:
        call = self._call()
        assert isinstance(call.then(DigitsKeyed("1", ended=True)).action, AskDigits)

    def test_service_away_is_no_wrong_pin(self) -> None:
        call = self._call()
        call.then(DigitsKeyed("4711", ended=True), LookUpFailed("away"))
        assert call.at() == "person"

    def test_daemon_killed_while_checking_asks_again(self) -> None:
        call = self._call()
        turn = call.then(DigitsKeyed("4711", ended=True))
        again = interpreter.take_up(call.book, FlowState.from_text(turn.state.to_text()), NOON)
        assert isinstance(again.action, AskDigits)

    def test_customer_found_by_the_proven_account_is_verified(self) -> None:
        bill = LookUp(
            id="bill",
            service="billing",
            path=Template.read("/accounts/{account}"),
            into={"customer": "/customer"},
            next="bye",
            not_found="lost",
            failed="lost",
        )
        values = {"account": Template.read("42")}
        start = SetValues(id="set", values=values, next="pin")
        call = Call(start, replace(self.PIN, next="bill"), bill)
        turn = call.then(DigitsKeyed("4711", ended=True), Found(), Found({"customer": "c9"}))
        assert told(turn) == [CustomerKnown("c9", verified=True)]

    def test_proof_for_one_account_is_none_for_another(self) -> None:
        other = SetValues(id="other", values={"account": Template.read("43")}, next="person")
        values = {"account": Template.read("42")}
        call = Call(
            SetValues(id="set", values=values, next="pin"), replace(self.PIN, next="other"), other
        )
        turn = call.then(DigitsKeyed("4711", ended=True), Found())
        assert "verified" not in turn.state.values


class TestMessage:
    LEAVE = Message(id="leave", box="main", next="bye", otherwise="lost")

    def test_recorded_confirmed_kept(self) -> None:
        call = Call(self.LEAVE)
        assert isinstance(call.turn.action, RecordMessage)
        assert isinstance(call.then(MessageRecorded("m.wav", 3.25)).action, AskKey)
        turn = call.then(KeyPressed("1"))
        assert isinstance(turn.action, KeepMessage)
        assert (turn.action.file, turn.action.seconds, turn.action.box) == ("m.wav", 3.25, "main")
        call.then(NoKey())
        assert call.at() == "bye"

    def test_silence_keeps_what_was_said(self) -> None:
        call = Call(self.LEAVE)
        assert isinstance(call.then(MessageRecorded("m.wav", 3), NoKey()).action, KeepMessage)

    def test_recorded_again_and_cancelled(self) -> None:
        call = Call(self.LEAVE)
        turn = call.then(MessageRecorded("1.wav", 3), KeyPressed("2"))
        assert turn.action == DropMessage(file="1.wav")
        assert isinstance(call.then(NoKey()).action, RecordMessage)
        turn = call.then(MessageRecorded("2.wav", 3), KeyPressed("*"))
        assert turn.action == DropMessage(file="2.wav")
        call.then(NoKey())
        assert call.at() == "lost"

    def test_nothing_said_is_asked_again_and_then_given_up(self) -> None:
        call = Call(self.LEAVE)
        assert clips(call.then(NoKey()).action)[0] == "message/empty"
        call.then(NoKey(), NoKey())
        assert call.at() == "lost"

    def test_wrong_key_asks_again_and_finally_keeps(self) -> None:
        call = Call(self.LEAVE)
        call.then(MessageRecorded("m.wav", 3), *keys("77"))
        assert isinstance(call.turn.action, AskKey)
        assert isinstance(call.then(KeyPressed("7")).action, KeepMessage)


class TestWaiting:
    """Offers while waiting: the place in line is kept."""

    LINE = Queue(
        id="line",
        queue="service",
        priority=5,
        say=recorded("transferring"),
        offers={"1": "leave", "2": "call-back"},
        offer_say=recorded("offer"),
    )
    LEAVE = Message(id="leave", box="main", next="bye", otherwise="back")
    CALL = Callback(
        id="call-back", queue=None, number=Template.read("{caller}"), next="bye", otherwise="back"
    )

    def _call(self) -> Call:
        return Call(self.LINE, self.LEAVE, self.CALL, Return(id="back"))

    def test_offers_go_along_to_the_line(self) -> None:
        action = self._call().turn.action
        assert isinstance(action, HandToQueue)
        assert (action.offers, clips(Speak(utterance=action.offer, barge_in=True))) == (
            "12",
            ("offer",),
        )

    def test_key_leads_to_the_offer_and_back_to_the_same_place(self) -> None:
        call = self._call()
        assert isinstance(call.then(KeyPressed("1")).action, RecordMessage)
        assert call.turn.state.waiting
        turn = call.then(NoKey(), NoKey(), NoKey())
        assert isinstance(turn.action, HandToQueue)
        assert turn.action.again
        assert turn.action.utterance == ()

    def test_killed_in_the_offer_the_way_back_is_known(self) -> None:
        call = self._call()
        kept = FlowState.from_text(call.then(KeyPressed("1")).state.to_text())
        assert kept.waiting
        turn = interpreter.take_up(call.book, kept, NOON)
        for _ in range(3):
            turn = interpreter.resume(call.book, turn.state, NoKey(), NOON)
        assert isinstance(turn.action, HandToQueue)
        assert turn.action.again

    def test_key_without_an_offer_changes_nothing(self) -> None:
        turn = self._call().then(KeyPressed("7"))
        assert isinstance(turn.action, HandToQueue)
        assert turn.action.again

    def test_callback_keeps_the_place_of_that_line(self) -> None:
        turn = self._call().then(KeyPressed("2"))
        assert CallbackAsked("service", "13800001111") in told(turn)
        assert clips(turn.action) == ("callback/booked",)

    def test_many_looks_at_the_offers_do_not_wear_out(self) -> None:
        call = self._call()
        for _ in range(200):
            call.then(KeyPressed("1"), NoKey(), NoKey(), NoKey())
            assert call.turn.state.frames == ()

    @pytest.mark.parametrize("number", ["", "unknown", "12", "1" * 21, "138 0000", "+12025550123"])
    def test_number_that_cannot_be_called_is_no_callback(self, number: str) -> None:
        step = replace(self.CALL, queue="service", number=Template.read("{to}"))
        value = SetValues(id="set", values={"to": Template.read(number)}, next="call-back")
        call = Call(value, step, Return(id="back"))
        assert not [mark for mark in call.turn.marks if isinstance(mark, CallbackAsked)]

    def test_number_of_this_country_may_be_written_internationally(self) -> None:
        step = replace(self.CALL, queue="service", number=Template.read("{to}"))
        value = SetValues(
            id="set", values={"to": Template.read("+8613800001111")}, next="call-back"
        )
        call = Call(value, step, Return(id="back"))
        asked = [mark for mark in call.turn.marks if isinstance(mark, CallbackAsked)]
        assert asked == [CallbackAsked("service", "+8613800001111")]


class TestOtherSteps:
    def test_transfer_and_what_happens_when_nobody_answers(self) -> None:
        call = Call(Transfer(id="out", to="police", failed="person"))
        assert isinstance(call.turn.action, DialOutside)
        assert call.turn.action.target == "police"
        turn = call.then(NotReached("busy"))
        assert turn.state.values["dialled"] == "busy"
        assert call.at() == "person"

    def test_score_takes_what_is_on_the_scale(self) -> None:
        ask = Score(id="ask", survey="service", say=recorded("score"), next="bye", otherwise="lost")
        call = Call(ask)
        assert clips(call.then(KeyPressed("6")).action) == ("wrong-key", "score")
        turn = call.then(KeyPressed("5"))
        assert told(turn) == [Scored("service", 5)]
        call = Call(ask)
        call.then(NoKey(), KeyPressed("#"))
        assert call.at() == "lost"

    def test_set_values_count_for_the_routing(self) -> None:
        values = {
            "queue": Template.read("repairs"),
            "priority": Template.read("1"),
            "skills": Template.read("gas:3  night gas:3 Bad! gas:0"),
            "class": Template.read("vip"),
            "seat": Template.read("1001"),
            "customer": Template.read("c1"),
        }
        line = Queue(id="line", queue=None, priority=5, skills=("night",))
        action = Call(SetValues(id="set", values=values, next="line"), line).turn.action
        assert action == HandToQueue(
            queue="repairs",
            priority=1,
            utterance=(),
            skills=("night", "gas:3"),
            customer="c1",
            customer_class="vip",
            wanted_seat="1001",
        )

    @pytest.mark.parametrize("stage", ["", "after", "seat"])
    def test_return_leads_to_where_the_flow_was_called_from(self, stage: str) -> None:
        sub = Flow(
            id="sub",
            languages=("zh-CN", "en"),
            start="hello",
            steps={
                "hello": Play(id="hello", say=recorded("sub"), next="back"),
                "back": Return(id="back"),
            },
        )
        call = Call(
            SubFlow(id="call", flow="sub", next="end"), Return(id="end"), flows=(sub,), stage=stage
        )
        assert call.turn.state.flow == "sub"
        turn = call.then(NoKey())
        assert turn.state.flow == "main"
        assert isinstance(turn.action, BackToSeat if stage == "seat" else EndCall)

    def test_if_goes_by_the_first_case_that_holds(self) -> None:
        cases = (
            Case(Condition(caller=("139*",)), "lost"),
            Case(Condition(caller=("1380000*",), language="zh-CN"), "bye"),
            Case(Condition(caller=("*",)), "lost"),
        )
        assert Call(If(id="if", cases=cases, otherwise="lost")).at() == "bye"

    @pytest.mark.parametrize(
        ("day", "hour", "step", "closed_for", "until"),
        [
            (23, 11, "bye", "", "2026-11-23T12:00:00+08:00"),
            (23, 13, "lost", "", "2026-11-25T09:00:00+08:00"),
            (24, 8, "lost", "", "2026-11-25T09:00:00+08:00"),
            (24, 10, "lost", "停电", "2026-11-25T09:00:00+08:00"),
            (26, 10, "person", "假日", "2026-11-27T09:00:00+08:00"),
        ],
    )
    def test_hours_lead_on_and_tell_why_and_until(
        self, day: int, hour: int, step: str, closed_for: str, until: str
    ) -> None:
        class Free:
            def day(self, day: date) -> SpecialDay | None:
                return SpecialDay(works=False, name={"zh-CN": "假日"}) if day.day == 26 else None

        zone = timezone(timedelta(hours=8))

        def moment(hour: int, day: int = 24) -> datetime:
            return datetime(2026, 11, day, hour, tzinfo=zone)

        outage = Period(moment(9), moment(12), {"zh-CN": "停电", "en": "power cut"})
        office = Hours(zone, (((540, 720),),) * 7, calendar=Free(), closures=(outage,))
        world = replace(NOON, now=moment(hour, day), hours={"office": office})
        asked = CheckHours(id="h", hours="office", open="said", closed="told", holiday="free")
        ways = {"said": "bye", "told": "lost", "free": "person"}
        plays = [Play(id=name, say=recorded(name), next=to) for name, to in ways.items()]
        call = Call(asked, *plays, world=world)
        values = call.turn.state.values
        assert (values["closed_for"], values["until"]) == (closed_for, until)
        assert ways[call.at()] == step

    def test_notices_are_heard_and_may_end_the_call(self) -> None:
        def world(then: str, kind: str = "outage") -> World:
            notice = Notice(id="n", kind=kind, texts={"zh-CN": "停水"}, then=then)  # type: ignore[arg-type]
            return replace(NOON, notices=(notice,))

        step = PlayNotices(id="news", area=None, next="bye", person="person")
        assert isinstance(Call(step).turn.action, EndCall)
        call = Call(step, world=world("go-on"))
        assert said(call.turn.action) == (Words("停水"),)
        call.then(NoKey())
        assert call.at() == "bye"
        call = Call(step, world=world("person", "emergency"))
        assert isinstance(call.turn.action, Speak)
        assert not call.turn.action.barge_in
        call.then(NoKey())
        assert call.at() == "person"
        assert isinstance(Call(step, world=world("hang-up")).then(NoKey()).action, EndCall)

    def test_text_in_a_language_that_lacks_it_is_said_in_the_main_one(self) -> None:
        say = (Text({"zh-CN": read_text("您好")}),)
        call = Call(
            SwitchLanguage(id="l", to="en", next="hello"), Play(id="hello", say=say, next="bye")
        )
        assert said(call.turn.action) == (Words("您好"),)

    def test_repeat_key_is_no_attempt(self) -> None:
        menu = Menu(
            id="m",
            say=recorded("m"),
            choices={"1": "bye"},
            otherwise="lost",
            repeat_key="*",
            attempts=2,
        )
        call = Call(menu)
        call.then(*keys("*****"))
        assert (call.at(), call.turn.state.attempts) == ("m", 0)
        assert clips(call.turn.action) == ("m",)
        call.then(*keys("*" * 55))
        assert call.at() == "lost"


class TestConditions:
    WORLD = World(now=datetime(2026, 11, 21, 15, 30, tzinfo=UTC))  # Saturday

    @pytest.mark.parametrize(
        ("value", "holds"),
        [("5.01", True), ("5", False), ("x", False), ("NaN", False), ("", False)],
    )
    def test_numbers(self, value: str, *, holds: bool) -> None:
        from decimal import Decimal

        condition = Condition(value="v", over=Decimal(5))
        assert condition.holds("en", {"v": value}, self.WORLD) is holds

    def test_times_over_midnight_and_weekdays(self) -> None:
        from datetime import time
        from zoneinfo import ZoneInfo

        zone = ZoneInfo("Asia/Shanghai")  # 23:30 there
        night = Condition(between=(time(22), time(6)), zone=zone)
        assert night.holds("en", {}, self.WORLD)
        day = Condition(between=(time(6), time(22)), zone=zone)
        assert not day.holds("en", {}, self.WORLD)
        assert Condition(weekdays=frozenset({5}), zone=zone).holds("en", {}, self.WORLD)

    def test_line_without_seats_waits_longer_than_any_time(self) -> None:
        assert Condition(queue="q", wait_over_s=60).holds("en", {}, self.WORLD)
        assert Condition(queue="q", staffed=False).holds("en", {}, self.WORLD)
        assert not Condition(queue="q", waiting_over=0).holds("en", {}, self.WORLD)

    def test_caller_without_a_number(self) -> None:
        assert Condition(caller=("unknown",)).holds("en", {}, self.WORLD)
        assert not Condition(caller=("1*",)).holds("en", {}, self.WORLD)
