"""Real calls, recorded: from Asterisk's bytes to what came of each call, to the microsecond."""

from __future__ import annotations

import pytest

from cti.effects import OriginateSeat
from cti.facts import AnomalySeen, SeatOffered
from tests.replay.outcome import calls_in, seats_in
from tests.replay.player import play
from tests.replay.trace import BANNER, TRACES, Trace, load, parse, reports_in

NAMES = sorted(file.stem for file in TRACES.glob("*.ami"))


@pytest.fixture(params=NAMES)
def trace(request: pytest.FixtureRequest) -> Trace:
    return load(request.param)


def test_every_scenario_has_its_trace_and_none_is_large() -> None:
    from tests.replay.scenarios import SCENARIOS

    assert sorted(SCENARIOS) == NAMES
    assert all(file.stat().st_size < 150_000 for file in TRACES.iterdir())


def test_calls_and_seats_come_out_as_they_did(trace: Trace) -> None:
    played = play(trace)
    assert calls_in(played.facts) == trace.expected["calls"]
    assert seats_in(played.facts) == trace.expected["seats"]
    assert played.calls == ()
    for seat in played.seats:
        assert f"{seat.state}{f': {seat.reason}' if seat.reason else ''}" == trace.expected[
            "seats"
        ].get(seat.seat, "signed-off")
    assert not played.all(AnomalySeen)


def test_each_offer_is_one_originate_and_it_is_the_one_in_the_trace(trace: Trace) -> None:
    """Offers carry seat and time in their id: the cores decide what they decided then."""
    played = play(trace)
    effects: list[OriginateSeat] = played.all(OriginateSeat)
    offers: list[SeatOffered] = played.all(SeatOffered)
    assert [effect.offer for effect in effects] == [fact.offer for fact in offers]
    messages = parse(trace.bytes)
    legs = {
        message.get("Uniqueid"): message for message in messages if message.event == "Newchannel"
    }
    answers = {
        message.get("ActionID"): message
        for message in messages
        if message.event == "OriginateResponse"
    }
    kept = {
        str(seen.channel): seen.get("CTI_RECORDING")
        for shot in trace.shots
        for seen in shot.report.channels
        if seen.get("CTI_RECORDING")
    }
    assert {name for name in legs if name.startswith("offer.")} == {one.offer for one in effects}
    for effect in effects:
        leg, answer = legs[effect.offer], answers[effect.offer]
        assert leg.get("Channel").rpartition("-")[0] == effect.device
        assert answer.get("Context") == "seat-leg"
        assert answer.get("CallerIDNum") == effect.caller_number
        assert kept.get(effect.offer, effect.recording) == effect.recording


def test_played_twice_every_fact_is_the_same_to_the_byte(trace: Trace) -> None:
    first, second = play(trace), play(trace)
    assert repr(first.facts) == repr(second.facts)
    assert repr(first.effects) == repr(second.effects)


def test_snapshots_hold_no_word_for_an_unset_variable(trace: Trace) -> None:
    variables = {
        value
        for shot in trace.shots
        for seen in shot.report.channels
        for _, value in seen.variables
    }
    assert not variables & {"", "(null)"}


@pytest.mark.parametrize("name", ["hung-up-in-menu", "answered-caller-hangs-up"])
def test_split_at_every_byte_the_reports_are_the_same(name: str) -> None:
    trace = load(name)
    whole = parse(trace.bytes)
    assert tuple(reports_in(whole)) == trace.reports
    for cut in range(1, len(trace.bytes)):
        assert parse(trace.bytes[:cut], trace.bytes[cut:]) == whole


def test_dripping_in_byte_by_byte_the_reports_are_the_same(trace: Trace) -> None:
    drops = (trace.bytes[place : place + 1] for place in range(len(trace.bytes)))
    assert tuple(reports_in(parse(*drops))) == trace.reports


def test_what_stands_before_the_first_message_is_the_banner(trace: Trace) -> None:
    assert trace.bytes.startswith(BANNER)
    assert len(parse(trace.bytes)) == len(trace.events)
