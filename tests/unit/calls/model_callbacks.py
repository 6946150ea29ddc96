"""The model Asterisk that also calls customers back: the seat's leg first, then the customer's
behind it, as `[seat-leg]` of the dialplan does."""

from __future__ import annotations

from cti.effects import OriginateCallback
from cti.facts import (
    BridgeJoined,
    ChannelAnswered,
    EffectFailed,
    FlowMarked,
    OriginateEnded,
)
from cti.ids import BridgeId, ChannelId, OfferId
from tests.unit.calls.model_asterisk import Channel, Fate, ModelAsterisk

CUSTOMER = "called-back"


class CallingBack(ModelAsterisk):
    def callers(self, *contexts: str) -> list[Channel]:
        return [one for one in super().callers(*contexts) if one.context != CUSTOMER]

    def books(self, caller: Channel, number: str) -> None:
        self._mark(caller, "callback-asked", ("Queue", "repairs"), ("Number", number))

    def back_legs(self) -> list[Channel]:
        """Seats' legs that call a customer back."""
        return [leg for leg in self.legs() if "CTI_CALLBACK" in leg.variables]

    def customer_of(self, leg: Channel) -> Channel | None:
        behind = (one for one in self.channels.values() if one.linked == leg.id and one is not leg)
        return next(behind, None)

    def customers(self) -> list[str]:
        """The numbers whose phones ring or are talked on."""
        return [leg.variables["CTI_NUMBER"] for leg in self.back_legs() if self.customer_of(leg)]

    def dialling(self) -> list[Channel]:
        return [leg for leg in self.back_legs() if self.customer_of(leg) and not leg.bridge]

    def answers(self, leg: Channel) -> None:
        if "CTI_CALLBACK" not in leg.variables:
            super().answers(leg)
            return
        leg.up = True
        self._say(ChannelAnswered(at=self.now, channel=leg.id))
        leg.variables["CTI_ANSWERED"] = str(self.now)
        self._say(OriginateEnded(at=self.now, offer=OfferId(leg.id), accepted=True, reason=4))
        self._count += 1
        id_ = ChannelId(f"17.{self._count}")
        customer = Channel(id_, f"PJSIP/trunk-{id_}", leg.id, "from-trunk")
        self.channels[id_] = customer
        self._created(customer)
        customer.context = CUSTOMER

    def customer_answers(self, leg: Channel) -> None:
        customer = self.customer_of(leg)
        assert customer is not None
        customer.up = True
        self._say(ChannelAnswered(at=self.now, channel=customer.id))
        self._count += 1
        bridge = BridgeId(f"b{self._count}")
        for one in (leg, customer):
            one.bridge = bridge
            self._say(BridgeJoined(at=self.now, bridge=bridge, channel=one.id))

    def not_reached(self, leg: Channel, status: str) -> None:
        customer = self.customer_of(leg)
        assert customer is not None
        super()._gone(customer, 17)
        outcome = (("Outcome", status),)
        self._say(FlowMarked(at=self.now, channel=leg.id, mark="callback-result", data=outcome))
        self._gone(leg, 16)

    def seat_hangs_up(self, leg: Channel) -> None:
        customer = self.customer_of(leg) if "CTI_CALLBACK" in leg.variables else None
        super().seat_hangs_up(leg)
        if customer is not None:
            self._leave(customer)
            super()._gone(customer, 16)

    def work(self, fate: Fate = "done") -> EffectFailed | None:
        if not isinstance(self.asked[0], OriginateCallback):
            return super().work(fate)
        effect = self.asked.popleft()
        assert isinstance(effect, OriginateCallback)
        if fate in ("done", "answer lost"):
            self._ring_to_call_back(effect)
        reason = {"refused": "refused: no", "done": ""}.get(fate, "no answer within 5 s")
        if not reason:
            return None
        return EffectFailed(
            at=self.now, effect="OriginateCallback", subject=effect.offer, reason=reason
        )

    def _ring_to_call_back(self, effect: OriginateCallback) -> None:
        if effect.seat in self.unplugged:
            self._say(OriginateEnded(at=self.now, offer=effect.offer, accepted=False, reason=0))
            return
        busy = self._busy(effect.seat)
        leg = Channel(
            ChannelId(effect.offer),
            f"{effect.device}-{self.now % 10**8:08d}",
            ChannelId(effect.offer),
            "seat-leg",
            seat=effect.seat,
            rings_until=self.now + effect.ring_us,
        )
        leg.variables = {
            "CTI_CALL": str(effect.call),
            "CTI_CALLBACK": str(effect.callback),
            "CTI_QUEUE": str(effect.queue),
            "CTI_NUMBER": effect.number,
            "CTI_RECORDING": effect.recording,
        }
        self.channels[leg.id] = leg
        self._created(leg)
        self._show_devices()
        if busy:
            self.not_answered(leg, 17, 5)
