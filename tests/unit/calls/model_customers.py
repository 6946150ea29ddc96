"""The model Asterisk that rings customers before any seat, as `[customer-called]` of the dialplan
does: who answers goes to the waiting room with the place that came with the call."""

from __future__ import annotations

from cti.effects import HangUp, OriginateCustomer
from cti.facts import ChannelAnswered, EffectFailed, OriginateEnded
from cti.ids import ChannelId, OfferId, seat_of_customer
from tests.unit.calls.model_asterisk import Channel, Fate
from tests.unit.calls.model_callbacks import CallingBack


class RingingCustomers(CallingBack):
    def called(self) -> list[Channel]:
        """Customers' channels, rung or answered."""
        return [one for one in self.channels.values() if seat_of_customer(one.id) is not None]

    def ringing_customers(self) -> list[Channel]:
        return [one for one in self.called() if not one.up]

    def callers(self, *contexts: str) -> list[Channel]:
        ringing = self.ringing_customers()
        return [one for one in super().callers(*contexts) if one not in ringing]

    def customers(self) -> list[str]:
        return super().customers() + [one.variables["CTI_NUMBER"] for one in self.called()]

    def picks_up(self, customer: Channel) -> None:
        customer.up = True
        self._say(ChannelAnswered(at=self.now, channel=customer.id))
        self._say(OriginateEnded(at=self.now, offer=OfferId(customer.id), accepted=True, reason=4))
        customer.variables |= {
            "CTI_CALL": str(customer.id),
            "CTI_T_ARRIVED": str(self.now),
            "CTI_T_PROMPT": str(self.now),
            "CTI_WAITING": customer.variables["CTI_T_QUEUED"],
        }
        customer.context = "waiting-room"

    def is_not_reached(self, customer: Channel, cause: int) -> None:
        self._gone(customer, cause)
        self._say(OriginateEnded(at=self.now, offer=OfferId(customer.id), accepted=False, reason=5))

    def passes_time(self, until: int) -> None:
        for customer in self.ringing_customers():
            if customer.rings_until <= until:
                super().passes_time(max(self.now, customer.rings_until))
                self.is_not_reached(customer, 0)
        super().passes_time(until)

    def work(self, fate: Fate = "done") -> EffectFailed | None:
        effect = self.asked[0]
        if isinstance(effect, HangUp) and fate != "lost":
            customer = self.channels.get(effect.channel)
            if customer is not None and customer in self.called():
                self.asked.popleft()
                if customer.up:
                    self.caller_hangs_up(customer)
                    self.reap(customer)
                else:
                    self.is_not_reached(customer, 16)
                return None
        if not isinstance(effect, OriginateCustomer):
            return super().work(fate)
        self.asked.popleft()
        if fate in ("done", "answer lost"):
            self._ring_customer(effect)
        reason = {"refused": "refused: no", "done": ""}.get(fate, "no answer within 5 s")
        if not reason:
            return None
        return EffectFailed(
            at=self.now, effect="OriginateCustomer", subject=effect.offer, reason=reason
        )

    def _ring_customer(self, effect: OriginateCustomer) -> None:
        id_ = ChannelId(effect.offer)
        customer = Channel(id_, f"PJSIP/trunk-{self.now % 10**8:08d}", id_, "from-trunk")
        customer.rings_until = self.now + effect.ring_us
        customer.variables = {
            "CTI_CALLBACK": str(effect.callback),
            "CTI_BOOKED": str(effect.call),
            "CTI_NUMBER": effect.number,
            "CTI_QUEUE": str(effect.queue),
            "CTI_PRIORITY": str(effect.priority),
            "CTI_HOTLINE": effect.hotline,
            "CTI_LANG": effect.language,
            "CTI_T_QUEUED": str(effect.since),
            "CTI_RING": str(effect.ring_us // 1_000_000),
        }
        self.channels[id_] = customer
        self._created(customer)
