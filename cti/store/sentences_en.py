"""The sentences of the time line in English."""

from __future__ import annotations

from typing import Final

from cti import facts
from cti.facts import Fact
from cti.store.codec import UnknownFact
from cti.store.speech import Sentence, Speech, plain, seconds

_PHASES: Final = {
    "menu": "in the menu",
    "waiting": "waiting",
    "talking": "talking",
    "after": "after the talk",
    "ended": "ended",
}
_OUTCOMES: Final = {
    "answered": "answered by a person",
    "abandoned": "the caller gave up",
    "self-service": "served by the menu",
    "left-menu": "hung up in the menu",
    "lost-sight": "lost from sight; when it really ended is not known",
}
_ENDERS: Final = {
    "caller": "the caller hung up",
    "seat": "the seat hung up",
    "flow": "the menu ended it",
    "unknown": "who ended it is not known",
}
_FAILURES: Final = {
    "no-answer": "not answered in time",
    "rejected": "rejected at the phone",
    "unreachable": "the phone cannot be reached",
    "caller-gone": "the caller had gone",
    "seat-gone": "the seat had gone",
    "failed": "failed",
}


def _arrived(fact: facts.CallArrived, to: Speech) -> str:
    del to
    name = f" ({plain(fact.caller_name)})" if fact.caller_name else ""
    number = plain(fact.caller_number) or "a withheld number"
    return f"call from {number}{name} to {plain(fact.hotline)}"


def _offered(fact: facts.SeatOffered, to: Speech) -> str:
    own = next((rank.idle_us for rank in fact.ranking if rank.seat == fact.seat), None)
    others = [rank for rank in fact.ranking if rank.seat != fact.seat]
    idle = "" if own is None else f" ({own / 1e6:.1f} s)"
    why = f"idle longest{idle}" if fact.rule == "longest-idle" else f"rule {plain(fact.rule)}{idle}"
    if others:
        why += (
            f" of {len(fact.ranking)} free seats; "
            f"next {plain(others[0].seat)} ({others[0].idle_us / 1e6:.1f} s)"
        )
    else:
        why += ", the only free seat"
    return (
        f"offered to seat {to.seat(fact.seat)}: {why}; "
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
    return f"offer to seat {to.seat(fact.seat)} failed: {_FAILURES[fact.reason]}{detail}"


def _ended(fact: facts.CallEnded, to: Speech) -> str:
    del to
    return (
        f"call ended after {seconds(fact.total_us)} s: {_OUTCOMES[fact.outcome]}; "
        f"{_ENDERS[fact.ended_by]} (cause {fact.cause})"
    )


def _recovered(fact: facts.CallRecovered, to: Speech) -> str:
    seat = f" with seat {to.seat(fact.seat)}" if fact.seat else ""
    return f"found again in Asterisk after an absence: {_PHASES[fact.phase]}{seat}"


def _seat_changed(fact: facts.SeatStateChanged, to: Speech) -> str:
    reason = f" ({plain(fact.reason)})" if fact.reason else ""
    until = f", until {to.clock(fact.until)}" if fact.until else ""
    return f"seat {to.seat(fact.seat)}: {fact.old} → {fact.new}{reason}{until}"


def _wished(fact: facts.SeatCommand, to: Speech) -> str:
    by = f" (asked by {plain(fact.by)})" if fact.by else ""
    reason = f": {plain(fact.reason)}" if fact.reason else ""
    return f"seat {to.seat(fact.seat)} wants {fact.wish}{reason}{by}"


def _stored(fact: facts.RecordingStored, to: Speech) -> str:
    del to
    return (
        f"recording stored: {seconds(fact.duration_us)} s, {fact.size_bytes} bytes, "
        f"{plain(fact.file, 200)}"
    )


ENGLISH: Final[dict[type[Fact], Sentence]] = {
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
    facts.SeatLegGone: lambda fact, to: f"the line to seat {to.seat(fact.seat)} is closed",
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
