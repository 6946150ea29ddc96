"""From the engine's views and facts to what a role may see of them.

Facts are let out by name: a new kind of fact stays inside until it is listed here. Raw reports
(keys pressed, menu marks) never leave, because keys may be a caller's secret.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Final

from cti import facts
from cti.api import schemas
from cti.api.access import NUMBERS_IN_FULL, Identity, may_everything
from cti.api.masking import mask_name, mask_number
from cti.api.port import CallView, Language, Narrate, PastCall, QueueView, SeatView
from cti.facts import CallPhase, Fact

SHOWN: Final[frozenset[type[Fact]]] = frozenset(
    {
        facts.LinkLost,
        facts.PlanSwitched,
        facts.DeviceChanged,
        facts.CallArrived,
        facts.MenuKeyTaken,
        facts.PersonAsked,
        facts.PromptEnded,
        facts.CallQueued,
        facts.SeatOffered,
        facts.OfferRang,
        facts.OfferAnswered,
        facts.OfferFailed,
        facts.TalkStarted,
        facts.SeatLeft,
        facts.SeatHeld,
        facts.SeatConsulted,
        facts.NeedsLowered,
        facts.WantedSeatGivenUp,
        facts.LeadStandsIn,
        facts.WaitOverflowed,
        facts.WaitTold,
        facts.WaitKeyTaken,
        facts.WaitSentOn,
        facts.WaitResumed,
        facts.WaitEnded,
        facts.CallbackBooked,
        facts.CallbackRefused,
        facts.CallbackOffered,
        facts.CallbackDialled,
        facts.CallbackAnswered,
        facts.CallbackFailed,
        facts.CallbackPutOff,
        facts.CallbackReached,
        facts.CallbackClosed,
        facts.CallbackRecovered,
        facts.ContactQueued,
        facts.ContactOffered,
        facts.ContactAccepted,
        facts.ContactOfferFailed,
        facts.ContactReturned,
        facts.ContactAbandoned,
        facts.ContactClosed,
        facts.FlowWishRefused,
        facts.CallerSentToFlow,
        facts.TransferRefused,
        facts.CallerTransferred,
        facts.MonitorGranted,
        facts.MonitorBegun,
        facts.MonitorEnded,
        facts.CallerCameBack,
        facts.CallerLostSeat,
        facts.OutsideRung,
        facts.OutsideDialled,
        facts.SurveyScored,
        facts.MessageLeft,
        facts.MessagePlayed,
        facts.CustomerKnown,
        facts.CallAbandoned,
        facts.CallEnded,
        facts.CallRecovered,
        facts.LastResortEntered,
        facts.SeatStateChanged,
        facts.CommandRefused,
        facts.RecordingStored,
        facts.RecordingMissed,
    }
)
_NOT_FOR_SEATS: Final[frozenset[type[Fact]]] = frozenset(
    {
        facts.SeatOffered,
        facts.CallbackOffered,
        facts.RecordingStored,
        facts.RecordingMissed,
        facts.MessagePlayed,
        facts.MonitorGranted,
        facts.MonitorBegun,
        facts.MonitorEnded,
    }
)
_OF_AN_OFFER: Final = ("contact", "kind", "seat", "offer", "queue", "offer_us")
"""What a seat is told: not who else was asked, nor why."""
_INSIDE: Final = frozenset({"at", "channel_name", "recording"})
"""Fields that mean something inside only."""


class Sight:
    """What one person may see through `operation`."""

    def __init__(
        self, who: Identity, operation: str = "listCalls", *, own_device: str | None = None
    ) -> None:
        self.who = who
        self._own_device = own_device
        self.all_calls = may_everything(operation, who.role)
        self.numbers = who.role in NUMBERS_IN_FULL

    def seat(self, view: SeatView) -> schemas.SeatAnswer:
        mine = self.all_calls or view.seat == self.who.seat
        return schemas.SeatAnswer(
            seat=view.seat,
            name=view.name,
            device=view.device,
            queues=list(view.queues),
            state=view.state,
            since_us=view.since_us,
            reason=view.reason,
            call=view.call if mine else None,
            until_us=view.until_us,
            device_state=view.device_state,
            contacts=list(view.contacts) if mine else None,
        )

    def queue(self, view: QueueView) -> schemas.QueueAnswer:
        return schemas.QueueAnswer(
            queue=view.queue,
            name=dict(view.name),
            waiting=view.waiting,
            longest_wait_us=view.longest_wait_us,
            estimated_wait_us=view.estimated_wait_us,
            seats_ready=view.seats_ready,
            seats_signed_on=view.seats_signed_on,
            open=view.open,
            waiting_calls=list(view.waiting_calls) if self.all_calls else None,
        )

    def number(self, number: str) -> str:
        return number if self.numbers else mask_number(number)

    def live_call(self, view: CallView) -> schemas.CallAnswer:
        return schemas.CallAnswer(
            call=view.call,
            live=True,
            phase=view.phase,
            outcome=None,
            ended_by=None,
            hotline=view.hotline,
            caller_number=self.number(view.caller_number),
            number_masked=not self.numbers,
            queue=view.queue,
            seat=view.seat,
            language=view.language,
            arrived_us=view.arrived_us,
            asked_us=view.asked_us or None,
            prompt_ended_us=view.prompt_ended_us or None,
            answered_us=view.answered_us or None,
            ended_us=None,
            wait_us=None,
            talk_us=None,
            flow=view.flow or None,
            score=None,
        )

    def past_call(self, call: PastCall) -> schemas.CallAnswer:
        return schemas.CallAnswer(
            call=call.call,
            live=False,
            phase=CallPhase.ENDED,
            outcome=call.outcome,
            ended_by=call.ended_by,
            hotline=call.hotline,
            caller_number=self.number(call.caller_number),
            number_masked=not self.numbers,
            queue=call.queue,
            seat=call.seat,
            language=call.language,
            arrived_us=call.arrived_us,
            asked_us=call.asked_us or None,
            prompt_ended_us=call.prompt_ended_us or None,
            answered_us=call.answered_us or None,
            ended_us=call.ended_us or None,
            wait_us=call.wait_us,
            talk_us=call.talk_us,
            flow=None,
            score=call.score,
        )

    def entry(
        self, fact: Fact, narrate: Narrate, language: Language
    ) -> schemas.TimelineAnswer | None:
        """A fact of a call that this person may see, with its sentence; None when not for them."""
        shown = self.fact(fact, frozenset({getattr(fact, "call", "")}))
        if shown is None:
            return None
        text = narrate(fact if self.numbers else _masked(fact), language)
        return schemas.TimelineAnswer(**dict(shown), text=text)

    def fact(self, fact: Fact, own_calls: frozenset[str] | set[str]) -> schemas.FactAnswer | None:
        """The fact as this person may see it, or None. `own_calls` matters for seats only."""
        kind = type(fact)
        if kind not in SHOWN:
            return None
        if not self.numbers:
            fact = _masked(fact)
        data = _fields(fact)
        if not self.all_calls:
            if kind in _NOT_FOR_SEATS or not self._mine(fact, own_calls):
                return None
            if isinstance(fact, facts.SeatStateChanged) and fact.seat != self.who.seat:
                data["call"] = None
            if isinstance(fact, facts.ContactOffered):
                data = {name: data[name] for name in _OF_AN_OFFER}
        return schemas.FactAnswer(kind=kind.__name__, at_us=fact.at, data=data)

    def _mine(self, fact: Fact, own_calls: frozenset[str] | set[str]) -> bool:
        if isinstance(fact, facts.SeatStateChanged | facts.LinkLost | facts.PlanSwitched):
            return True
        if isinstance(fact, facts.DeviceChanged):
            return fact.device == self._own_device
        seat = getattr(fact, "seat", "")
        if seat:
            return bool(seat == self.who.seat)
        return getattr(fact, "call", None) in own_calls


def _fields(value: Any) -> dict[str, Any]:
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in _INSIDE}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def _masked(fact: Fact) -> Fact:
    change: dict[str, Any] = {}
    # There it is a call's id, which is no number of anybody's.
    customer = () if isinstance(fact, facts.CallbackReached) else ("customer",)
    for field in ("caller_number", "number", *customer):
        if isinstance(number := getattr(fact, field, None), str):
            change[field] = mask_number(number)
    if isinstance(name := getattr(fact, "caller_name", None), str):
        change["caller_name"] = mask_name(name)
    return replace(fact, **change)
