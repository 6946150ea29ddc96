"""Whatever happens to calls, seats, the link and the daemon: a callback that was booked is made,
given up or cancelled, once; and nobody is rung twice at once for it."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from cti.effects import OriginateCallback
from cti.facts import (
    CallbackAnswered,
    CallbackBooked,
    CallbackCancelAsked,
    CallbackClosed,
    CallbackOffered,
    EngineStarted,
    Fact,
    Report,
)
from cti.ids import CallbackId
from cti.store.callbacks import open_callbacks
from tests.unit.calls.model_asterisk import Fate
from tests.unit.calls.model_callbacks import CallingBack
from tests.unit.test_brain_properties import FATES, SERVES, Hotline, Life

NUMBERS = ("13800000001", "13800000002", "13800000003")


class CallbackHotline(Hotline):
    asterisk: CallingBack
    model: ClassVar[type[CallingBack]] = CallingBack

    def __init__(self) -> None:
        super().__init__()
        self.asterisk = self.model(tuple(SERVES))
        self.life = Life(self.queues)
        self.gate_open = False
        self.ledger: list[Fact] = []
        self._hear(EngineStarted(at=self.asterisk.now, version="1"))

    def _hear(self, report: Report) -> None:
        if isinstance(report, EngineStarted) and hasattr(self, "ledger"):
            report = EngineStarted(
                at=report.at,
                version=report.version,
                seats=report.seats,
                callbacks=open_callbacks(self.ledger),
            )
        before = len(self.life.facts)
        super()._hear(report)
        if hasattr(self, "ledger"):
            self._follow(self.life.facts[before:])

    def _follow(self, facts: list[Fact]) -> None:
        for fact in facts:
            if not any(fact is one for one in self.ledger[-200:]):
                self.ledger.append(fact)

    # --------------------------------------------------------------------------------- deeds

    @precondition(lambda self: self.asterisk.callers("menu"))
    @rule(data=st.data(), number=st.sampled_from(NUMBERS), goes=st.booleans())
    def a_caller_books_a_callback(self, data: st.DataObject, number: str, goes: bool) -> None:
        caller = data.draw(st.sampled_from(self.asterisk.callers("menu")))
        if caller.bridge:
            return
        self.asterisk.books(caller, number)
        if goes:
            self.asterisk.caller_hangs_up(caller)
            self.asterisk.reap(caller)

    @rule(number=st.sampled_from(NUMBERS), waits=st.booleans())
    def somebody_calls_books_and_goes(self, number: str, waits: bool) -> None:
        self.asterisk.call_arrives()
        caller = self.asterisk.callers("menu")[-1]
        if waits:
            self.asterisk.menu_ends(caller, "repairs", 5)
            self.asterisk.steps_aside(caller)
        self.asterisk.books(caller, number)
        self.asterisk.caller_hangs_up(caller)
        self.asterisk.reap(caller)

    @rule(how=st.sampled_from(["answer", "answer", "miss", "dial"]))
    def seats_that_ring_for_callbacks_answer(self, how: str) -> None:
        self.all_goes_well()
        for leg in self.asterisk.back_legs():
            if leg.rings and not leg.up:
                self.asterisk.answers(leg)
            if how == "answer" and leg in self.asterisk.dialling():
                self.asterisk.customer_answers(leg)
            elif how == "miss" and leg in self.asterisk.dialling():
                self.asterisk.not_reached(leg, "NOANSWER")

    @precondition(lambda self: self.asterisk.dialling())
    @rule(data=st.data())
    def a_customer_answers(self, data: st.DataObject) -> None:
        self.asterisk.customer_answers(data.draw(st.sampled_from(self.asterisk.dialling())))

    @precondition(lambda self: self.asterisk.dialling())
    @rule(data=st.data(), status=st.sampled_from(["BUSY", "NOANSWER", "CHANUNAVAIL"]))
    def a_customer_is_not_reached(self, data: st.DataObject, status: str) -> None:
        self.asterisk.not_reached(data.draw(st.sampled_from(self.asterisk.dialling())), status)

    @precondition(lambda self: self.asterisk.back_legs())
    @rule(data=st.data())
    def a_seat_hangs_up_on_a_callback(self, data: st.DataObject) -> None:
        leg = data.draw(st.sampled_from(self.asterisk.back_legs()))
        if leg.up:
            self.asterisk.seat_hangs_up(leg)

    @precondition(lambda self: self.life.dispatcher.callbacks.all())
    @rule(data=st.data())
    def a_lead_cancels(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.life.dispatcher.callbacks.all()))
        self._cancel(entry.open.callback)

    @precondition(lambda self: isinstance(_next_asked(self), OriginateCallback))
    @rule(fate=st.sampled_from(FATES))
    def an_originate_goes_its_way(self, fate: Fate) -> None:
        failure = self.asterisk.work(fate)
        if failure is not None:
            self._hear(failure)

    def _cancel(self, callback: CallbackId) -> None:
        now = self.asterisk.now
        self._hear(CallbackCancelAsked(at=now, callback=callback, by="lead"))

    # ------------------------------------------------------------------------------ promises

    @invariant()
    def every_callback_that_was_booked_is_open_or_closed_once(self) -> None:
        numbers: dict[CallbackId, str] = {}
        for fact in self.ledger:
            match fact:
                case CallbackBooked():
                    numbers[fact.callback] = fact.number
                case CallbackOffered():
                    assert fact.callback in numbers, "offered after its end"
                case CallbackClosed():
                    assert numbers.pop(fact.callback, None), "closed twice"
        assert len(set(numbers.values())) == len(numbers), "two for one number"
        known = {one.open.callback for one in self.life.dispatcher.callbacks.all()}
        assert known == set(numbers)

    @invariant()
    def no_customer_is_rung_while_an_earlier_attempt_may_go_on(self) -> None:
        """In Asterisk itself, whatever has been heard of it."""
        rung = Counter(self.asterisk.customers())
        assert all(count == 1 for count in rung.values()), rung

    def _check_phones(self) -> None:
        """When all has been said and done, a seat rings for a callback that is open, and no two
        seats for one."""
        rung_for = Counter(leg.variables["CTI_CALLBACK"] for leg in self.asterisk.back_legs())
        assert all(count == 1 for count in rung_for.values()), rung_for
        open_ones = {one.open.callback for one in self.life.dispatcher.callbacks.all()}
        for leg in self.asterisk.back_legs():
            if not leg.bridge:
                assert leg.variables["CTI_CALLBACK"] in open_ones, f"{leg.id} rings for nothing"
        hidden = {leg.id: leg for leg in self.asterisk.back_legs()}
        for id_ in hidden:
            del self.asterisk.channels[id_]
        super()._check_phones()
        self.asterisk.channels |= hidden

    def teardown(self) -> None:
        self._settle()
        for entry in self.life.dispatcher.callbacks.all():
            self._cancel(entry.open.callback)
        self._settle()
        for leg in self.asterisk.back_legs():
            self.asterisk.seat_hangs_up(leg)
        self._settle()
        assert not self.life.dispatcher.callbacks.all()
        answered = [one for one in self.life.facts if isinstance(one, CallbackAnswered)]
        for fact in answered:
            assert self.life.stored[fact.offer] == 1, f"recording of {fact.offer}"
        super().teardown()


def _next_asked(hotline: Hotline) -> object:
    return hotline.asterisk.asked[0] if hotline.asterisk.asked else None


TestCallbackHotline = CallbackHotline.TestCase
TestCallbackHotline.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
