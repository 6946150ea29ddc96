"""The promises of callbacks where the customer is rung first, whatever is lost, late or told twice;
and no seat stays kept for a customer who is not rung any more."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from cti.effects import OriginateCustomer
from cti.facts import QueueRecord
from tests.unit.calls.model_asterisk import Channel, Fate
from tests.unit.calls.model_callbacks import CallingBack
from tests.unit.calls.model_customers import RingingCustomers
from tests.unit.test_brain_properties import FATES, QUEUES
from tests.unit.test_callback_properties import CallbackHotline


class CustomerFirstHotline(CallbackHotline):
    asterisk: RingingCustomers
    model: ClassVar[type[CallingBack]] = RingingCustomers
    queues: ClassVar[tuple[QueueRecord, ...]] = tuple(
        replace(queue, callback_first="customer") for queue in QUEUES
    )

    # --------------------------------------------------------------------------------- deeds

    @precondition(lambda self: self.asterisk.ringing_customers())
    @rule(data=st.data())
    def a_customer_picks_up(self, data: st.DataObject) -> None:
        ringing = self.asterisk.ringing_customers()
        self.asterisk.picks_up(data.draw(st.sampled_from(ringing)))

    @precondition(lambda self: self.asterisk.ringing_customers())
    @rule(data=st.data(), cause=st.sampled_from([17, 19, 21, 1, 34]))
    def a_customer_does_not(self, data: st.DataObject, cause: int) -> None:
        ringing = self.asterisk.ringing_customers()
        self.asterisk.is_not_reached(data.draw(st.sampled_from(ringing)), cause)

    @rule()
    def all_goes_well_and_every_customer_picks_up(self) -> None:
        self.all_goes_well()
        for customer in self.asterisk.ringing_customers():
            self.asterisk.picks_up(customer)

    @precondition(lambda self: self._asked_for_a_customer())
    @rule(fate=st.sampled_from(FATES))
    def a_customers_originate_goes_its_way(self, fate: Fate) -> None:
        failure = self.asterisk.work(fate)
        if failure is not None:
            self._hear(failure)

    def _asked_for_a_customer(self) -> bool:
        asked = self.asterisk.asked
        return bool(asked) and isinstance(asked[0], OriginateCustomer)

    # ------------------------------------------------------------------------------ promises

    def _all_callers(self) -> list[Channel]:
        ringing = self.asterisk.ringing_customers()
        return [one for one in super()._all_callers() if one not in ringing]

    def _check_phones(self) -> None:
        """When all has been said and done, a customer is rung for a callback that is open."""
        super()._check_phones()
        open_ones = {one.open.callback for one in self.life.dispatcher.callbacks.all()}
        ringing = self.asterisk.ringing_customers()
        for customer in ringing:
            assert customer.variables["CTI_CALLBACK"] in open_ones, f"{customer.id} rings"

    def teardown(self) -> None:
        """As everywhere, and so no seat stays kept when nobody is rung any more."""
        self._settle()
        for customer in self.asterisk.ringing_customers():
            self.asterisk.is_not_reached(customer, 19)
        super().teardown()


TestCustomerFirstHotline = CustomerFirstHotline.TestCase
TestCustomerFirstHotline.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
