"""A daemon that attaches in the middle of real calls, at every event of every trace.

It gets a snapshot that a real Asterisk gave just then, and the rest of the events. Where it does
nothing that the recorded daemon did not do, calls and seats must come out as they did. It may do
something else when something was under way in the very moment of the snapshot: a seat's leg asked
for and not made yet, a member of the queue not paused yet. Then Asterisk would go another way than
the trace does, and only its soundness is asked.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from acd.seats import SeatSnapshot
from cti.effects import HangUp, OriginateSeat
from cti.facts import (
    AnomalySeen,
    CallAbandoned,
    ChannelHangupAsked,
    FlowWish,
    SeatCommand,
    SeatOffered,
    SeatState,
    SeatStateChanged,
)
from tests.replay.outcome import calls_in
from tests.replay.player import Played, attach, play
from tests.replay.test_traces import NAMES
from tests.replay.trace import Trace, load

UNDER_WAY_US: Final = 30_000
"""So long after a decision the snapshot need not show it."""
NEARLY_US: Final = 20_000
"""The dialplan's own stamps, where the daemon had written none yet, are this near."""
BUSY: Final = {SeatState.RESERVED, SeatState.RINGING, SeatState.TALKING}


@cache
def loaded(name: str) -> tuple[Trace, Played]:
    trace = load(name)
    return trace, play(trace)


CUTS: Final = [(name, cut) for name in NAMES for cut in range(len(load(name).events) + 1)]


@pytest.mark.parametrize(("name", "cut"), CUTS)
def test_attached_at_any_event_nothing_is_lost_or_made_up(name: str, cut: int) -> None:
    trace, whole = loaded(name)
    played = attach(trace, cut, whole)
    assert played.calls == (), "no call is left hanging"
    assert not [seat for seat in played.seats if seat.state in {*BUSY, SeatState.WRAP_UP}]
    if is_being_sent(trace, cut, whole):
        pass  # the wish is on its way to Asterisk, and nothing there tells of it yet
    elif in_step(played, whole):
        tells_the_truth(trace, played, who=not under_way(trace, cut, whole))
        for seat in played.seats:
            if not in_motion(seat, cut, trace, whole):
                assert shown(seat) == trace.expected["seats"].get(seat.seat, "signed-off")
    else:
        assert under_way(trace, cut, whole), "only what was under way may be decided anew"


def test_most_attached_daemons_go_on_as_the_recorded_one_did() -> None:
    steps = [
        in_step(attach(trace, cut, whole), whole)
        for name, cut in CUTS
        for trace, whole in [loaded(name)]
        if cut >= trace.runs[-1].first
    ]
    assert sum(steps) > 0.9 * len(steps)


def in_step(played: Played, whole: Played) -> bool:
    """Whether it asked nothing of Asterisk that the recorded daemon did not ask."""
    return set(asked(played)) <= set(asked(whole)) and not played.all(AnomalySeen)


def asked(played: Played) -> list[str]:
    hung_up = [f"hang up {effect.channel}" for effect in played.all(HangUp)]
    return hung_up + [effect.offer for effect in played.all(OriginateSeat)]


def shot_at(trace: Trace, cut: int) -> int:
    return next(shot.at for shot in trace.shots if shot.after >= cut)


def under_way(trace: Trace, cut: int, whole: Played) -> bool:
    """Whether a decision or a hang-up was so new that the snapshot need not show it whole."""
    if any(cut < run.first for run in trace.runs[1:]):
        return True  # it lives where the recorded daemon was away
    at = shot_at(trace, cut)
    decided = whole.all(SeatOffered) + whole.all(SeatStateChanged) + whole.all(ChannelHangupAsked)
    return any(at - UNDER_WAY_US <= fact.at <= at for fact in decided)


def is_being_sent(trace: Trace, cut: int, whole: Played) -> bool:
    """Whether a seat's wish to send its caller to a flow was that new. Its actions are with
    Asterisk before a daemon could start anew; between two of them only this test can look."""
    at = shot_at(trace, cut)
    return any(at - NEARLY_US <= fact.at <= at for fact in whole.all(FlowWish))


def in_motion(seat: SeatSnapshot, cut: int, trace: Trace, whole: Played) -> bool:
    """A wish voiced during a talk is kept in memory only; a change may not be in Asterisk yet."""
    at = shot_at(trace, cut)
    mine = [fact for fact in whole.all(SeatStateChanged) if fact.seat == seat.seat]
    if any(at - UNDER_WAY_US <= fact.at <= at for fact in mine):
        return True
    wishes = [fact.at for fact in whole.all(SeatCommand) if fact.seat == seat.seat]
    then = max((fact for fact in mine if fact.at <= at), key=lambda fact: fact.at, default=None)
    return then is not None and then.new in BUSY and any(then.at <= one <= at for one in wishes)


def tells_the_truth(trace: Trace, played: Played, *, who: bool) -> None:
    """`who`: whether it can be known who hung up; not when it was asked for just before."""
    unknown = () if who else ("ended_by",)
    truth = {call["call"]: call for call in trace.expected["calls"]}
    for call in calls_in(played.facts):
        same(call, truth[call["call"]], *unknown)
        for offer, told in call.get("offers", {}).items():
            same(told, truth[call["call"]].get("offers", {})[offer])
    # Also a second wait, after a talk.
    abandoned = {name for name, call in truth.items() if "abandoned_after_us" in call}
    assert {fact.call for fact in played.all(CallAbandoned)} <= abandoned


def same(told: dict[str, Any], truth: dict[str, Any], *but: str) -> None:
    """What is told of a call is true, as far as it was told then; clocks nearly so."""
    for name, value in told.items():
        if name in ("offers", "keys", *but) or name not in truth:
            continue
        if name.endswith("_us"):
            assert abs(value - truth[name]) < NEARLY_US, name
        else:
            assert value == truth[name], name


def shown(seat: SeatSnapshot) -> str:
    return f"{seat.state}{f': {seat.reason}' if seat.reason else ''}"
