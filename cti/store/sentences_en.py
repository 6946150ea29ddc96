"""The sentences of the time line in English."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.facts import Fact
from cti.ids import SeatId
from cti.store.callback_sentences_en import CALLBACKS_EN
from cti.store.codec import UnknownFact
from cti.store.contact_sentences_en import CONTACT_SENTENCES
from cti.store.monitor_sentences_en import MONITOR_SENTENCES
from cti.store.speech import Sentence, Speech, plain, seconds
from cti.store.why_en import needs_en, why_en
from cti.store.words_en import (
    ENDERS,
    FAILURES,
    GIVEN_UP,
    IN_HAND,
    NOT_REACHED,
    NOTICE_CHANGES,
    OUTCOMES,
    OVERFLOWS,
    PHASES,
)


def _arrived(fact: facts.CallArrived, to: Speech) -> str:
    del to
    name = f" ({plain(fact.caller_name)})" if fact.caller_name else ""
    number = plain(fact.caller_number) or "a withheld number"
    if fact.callback:
        return f"{number} was called back ({plain(fact.callback)}) and has answered"
    return f"call from {number}{name} to {plain(fact.hotline)}"


def _offered(fact: facts.SeatOffered, to: Speech) -> str:
    return (
        f"offered to seat {to.seat(fact.seat)}: {why_en(fact, to)}; "
        f"may ring {fact.ring_us / 1e6:.0f} s, {fact.waiting} waiting"
    )


def _answered(fact: facts.OfferAnswered, to: Speech) -> str:
    return (
        f"seat {to.seat(fact.seat)} answered after {seconds(fact.wait_us)} s "
        f"(prompt ended {to.clock(fact.at - fact.wait_us)} → answered {to.clock(fact.at)})"
    )


def _abandoned(fact: facts.CallAbandoned, to: Speech) -> str:
    return (
        f"the caller gave up after {seconds(fact.wait_us)} s of waiting "
        f"(prompt ended {to.clock(fact.at - fact.wait_us)} → hung up {to.clock(fact.at)})"
    )


def _failed(fact: facts.OfferFailed, to: Speech) -> str:
    detail = f" ({plain(fact.detail)})" if fact.detail else ""
    return f"offer to seat {to.seat(fact.seat)} failed: {FAILURES[fact.reason]}{detail}"


def _ended(fact: facts.CallEnded, to: Speech) -> str:
    del to
    return (
        f"call ended after {seconds(fact.total_us)} s: {OUTCOMES[fact.outcome]}; "
        f"{ENDERS[fact.ended_by]} (cause {fact.cause})"
    )


def _recovered(fact: facts.CallRecovered, to: Speech) -> str:
    seat = f" with seat {to.seat(fact.seat)}" if fact.seat else ""
    flow = f" ({plain(fact.flow)})" if fact.flow else ""
    return f"found again in Asterisk after an absence: {PHASES[fact.phase]}{flow}{seat}"


def _seat_changed(fact: facts.SeatStateChanged, to: Speech) -> str:
    reason = f" ({plain(fact.reason)})" if fact.reason else ""
    until = f", until {to.clock(fact.until)}" if fact.until else ""
    return f"seat {to.seat(fact.seat)}: {fact.old} → {fact.new}{reason}{until}"


def _wished(fact: facts.SeatCommand, to: Speech) -> str:
    by = f" (asked by {plain(fact.by)})" if fact.by else ""
    reason = f": {plain(fact.reason)}" if fact.reason else ""
    return f"seat {to.seat(fact.seat)} wants {fact.wish}{reason}{by}"


def _outside(fact: facts.OutsideDialled, to: Speech) -> str:
    del to
    target, ring = plain(fact.target), seconds(fact.ring_us)
    if fact.answered:
        return f"{target} outside answered after {ring} s and talked {seconds(fact.talk_us)} s"
    why = NOT_REACHED.get(fact.detail, "the caller hung up")
    return f"{target} outside not reached after {ring} s: {why}"


def _flow_wished(fact: facts.FlowWish, to: Speech) -> str:
    who = f"seat {to.seat(fact.seat)}" if fact.seat else plain(fact.by)
    return f"{who} wants the caller to go through the flow {plain(fact.flow)}"


def _transfer_wished(fact: facts.TransferWish, to: Speech) -> str:
    who = f"seat {to.seat(fact.seat)}" if fact.seat else plain(fact.by)
    return f"{who} wants the caller to be transferred to {_given_to(fact, to)}"


def _given_to(
    fact: facts.TransferWish | facts.TransferRefused | facts.CallerTransferred, to: Speech
) -> str:
    if fact.to == "seat":
        return f"seat {to.seat(SeatId(fact.target))}"
    what = {"queue": "the queue", "outside": "the outside number", "flow": "the flow"}[fact.to]
    return f"{what} {plain(fact.target)}"


def _message(fact: facts.MessageLeft, to: Speech) -> str:
    del to
    return f"left a message of {seconds(fact.duration_us)} s in {plain(fact.box)}"


def _customer(fact: facts.CustomerKnown, to: Speech) -> str:
    del to
    how = "verified" if fact.verified else "not verified"
    return f"customer {plain(fact.customer)} ({how})"


def _stored(fact: facts.RecordingStored, to: Speech) -> str:
    del to
    return (
        f"recording stored: {seconds(fact.duration_us)} s, {fact.size_bytes} bytes, "
        f"{plain(fact.file, 200)}"
    )


def _told(fact: facts.WaitTold, to: Speech) -> str:
    del to
    wait = "" if fact.wait_us is None else f", about {fact.wait_us / 60e6:.1f} min"
    busy = "all seats are busy, " if fact.first else ""
    return f"was told: {busy}place {fact.place} in line{wait}"


def _wait_ended(fact: facts.WaitEnded, to: Speech) -> str:
    del to
    return f"stopped waiting after {seconds(fact.wait_us)} s, {IN_HAND[fact.outcome]}"


ENGLISH: Final[dict[type[Fact], Sentence]] = {
    **CALLBACKS_EN,
    **CONTACT_SENTENCES,
    **MONITOR_SENTENCES,
    facts.CallArrived: _arrived,
    facts.MenuKeyTaken: lambda fact, to: (
        f"pressed {plain(fact.key)} in menu {plain(fact.flow)}/{plain(fact.step)}"
    ),
    facts.FlowStepsTaken: lambda fact, to: (
        "went through the menu: " + ", ".join(plain(step.step) for step in fact.steps)
    ),
    facts.PersonAsked: lambda fact, to: f"asked for a person (queue {to.queue(fact.queue)})",
    facts.PromptEnded: lambda fact, to: f"prompt ended ({plain(fact.prompt)}): the wait starts",
    facts.CallQueued: lambda fact, to: (
        f"queued in {to.queue(fact.queue)}, priority {fact.priority}"
    ),
    facts.SeatOffered: _offered,
    facts.OfferRang: lambda fact, to: f"seat {to.seat(fact.seat)} rings",
    facts.OfferAnswered: _answered,
    facts.OfferFailed: _failed,
    facts.TalkStarted: lambda fact, to: f"caller and seat {to.seat(fact.seat)} can hear each other",
    facts.SeatLeft: lambda fact, to: (
        f"seat {to.seat(fact.seat)} left after {seconds(fact.talk_us)} s of talk"
    ),
    facts.FlowWish: _flow_wished,
    facts.FlowWishRefused: lambda fact, to: (
        f"not sent to the flow {plain(fact.flow)}: {plain(fact.why, 200)}"
    ),
    facts.CallerSentToFlow: lambda fact, to: (
        f"seat {to.seat(fact.seat)} sent the caller to the flow {plain(fact.flow)} and waits"
    ),
    facts.TransferWish: _transfer_wished,
    facts.TransferRefused: lambda fact, to: (
        f"not transferred to {_given_to(fact, to)}: {plain(fact.why, 200)}"
    ),
    facts.CallerTransferred: lambda fact, to: (
        f"seat {to.seat(fact.seat)} transferred the caller to {_given_to(fact, to)}"
    ),
    facts.CallerCameBack: lambda fact, to: (
        f"back with seat {to.seat(fact.seat)} after {seconds(fact.away_us)} s "
        f"in the flow {plain(fact.flow)}"
    ),
    facts.CallerLostSeat: lambda fact, to: (
        f"back from the flow {plain(fact.flow)}, but seat {to.seat(fact.seat)} had gone: "
        "waits again, at the place of before"
    ),
    facts.OutsideRung: lambda fact, to: f"put through to {plain(fact.target)} outside",
    facts.OutsideDialled: _outside,
    facts.SurveyScored: lambda fact, to: (
        f"scored {fact.score} in the survey {plain(fact.survey)}"
        + (f" (seat {to.seat(fact.seat)})" if fact.seat else "")
    ),
    facts.MessageLeft: _message,
    facts.MessagePlayed: lambda fact, to: f"{plain(fact.by)} played message {fact.message}",
    facts.CustomerKnown: _customer,
    facts.SeatLegGone: lambda fact, to: f"the line to seat {to.seat(fact.seat)} is closed",
    facts.WaitTold: _told,
    facts.WaitKeyTaken: lambda fact, to: (
        f"pressed {plain(fact.key)} while waiting; the place is kept"
    ),
    facts.WaitSentOn: lambda fact, to: (
        f"has stepped aside to the {fact.to} {plain(fact.target)}; the place is kept"
    ),
    facts.WaitResumed: lambda fact, to: "waits again, at the same place",
    facts.WaitEnded: _wait_ended,
    facts.NoticeSwitched: lambda fact, to: (
        f"{plain(fact.by)} "
        f"{NOTICE_CHANGES[fact.change, fact.on].format(plain(fact.notice))}: "
        f"{plain(fact.text, 200)}"
    ),
    facts.CallAbandoned: _abandoned,
    facts.CallEnded: _ended,
    facts.CallRecovered: _recovered,
    facts.LastResortEntered: lambda fact, to: (
        "the daemon was away: Asterisk's own queue serves the caller"
    ),
    facts.AnomalySeen: lambda fact, to: (
        f"anomaly at {plain(fact.about)}: {plain(fact.detail, 200)}"
    ),
    facts.SeatStateChanged: _seat_changed,
    facts.SeatHeld: lambda fact, to: (
        f"seat {to.seat(fact.seat)} "
        + ("put the caller on hold" if fact.on else "took the caller back from hold")
    ),
    facts.SeatConsulted: lambda fact, to: (
        f"seat {to.seat(fact.seat)} {'began' if fact.on else 'ended'} a consultation"
    ),
    facts.NeedsLowered: lambda fact, to: (
        f"after {seconds(fact.waited_us)} s less is asked of a seat: {needs_en(fact.needs)}"
    ),
    facts.WantedSeatGivenUp: lambda fact, to: (
        f"waits for seat {to.seat(fact.seat)} alone no longer: {GIVEN_UP[fact.why]}"
    ),
    facts.LeadStandsIn: lambda fact, to: (
        f"nobody in role A or B is there for {to.queue(fact.queue)}: "
        f"the lead at seat {to.seat(fact.seat)} stands in"
    ),
    facts.WaitOverflowed: lambda fact, to: (
        f"left {to.queue(fact.queue)} after {seconds(fact.waited_us)} s, "
        f"{OVERFLOWS[fact.cause]}: to the {fact.to} {plain(fact.target)}"
    ),
    facts.RoutingChanged: lambda fact, to: (
        f"{plain(fact.by)} changed the routing: {len(fact.queues)} queues, {len(fact.seats)} seats"
        + (f" ({plain(fact.why, 200)})" if fact.why else "")
    ),
    facts.PlanSwitched: lambda fact, to: (
        f"{plain(fact.by)} switched the plan {plain(fact.plan)} {'on' if fact.on else 'off'}"
        + (f": {plain(fact.why, 200)}" if fact.why else "")
    ),
    facts.QueueDoorMoved: lambda fact, to: (
        f"queue {to.queue(fact.queue)} {'opened' if fact.open else 'closed'}"
    ),
    facts.CommandRefused: lambda fact, to: (
        f"seat {to.seat(fact.seat)}: {plain(fact.wish)} refused: {plain(fact.why, 200)}"
    ),
    facts.SeatCommand: _wished,
    facts.RecordingStored: _stored,
    facts.RecordingMissed: lambda fact, to: (
        f"recording missing: {plain(fact.file, 200)} ({plain(fact.reason, 200)})"
    ),
    facts.EffectFailed: lambda fact, to: (
        f"{plain(fact.effect)} failed for {plain(fact.subject)}: {plain(fact.reason, 200)}"
    ),
    facts.EngineStarted: lambda fact, to: f"the daemon started (version {plain(fact.version)})",
    facts.LinkLost: lambda fact, to: "the link to Asterisk was lost",
    UnknownFact: lambda fact, to: f"written by another version: {plain(fact.kind)}",
}
