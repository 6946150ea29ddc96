"""What `cti replay` compares, on the ledgers that the recorded calls would have left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

import pytest

from cti.cores import cores_for
from cti.facts import Fact, OfferAnswered, Report, SeatOffered
from cti.replay import FOREVER_US, Replayed
from cti.replay import replay as replay_entries
from cti.runtime.ports import LedgerEntry
from cti.store.codec import UnknownFact
from tests.replay.player import play, site_of
from tests.replay.test_traces import NAMES
from tests.replay.trace import Trace, load

SHOWN = "answered-seat-hangs-up"


def ledger(trace: Trace) -> list[Fact]:
    """The facts of a trace with one run."""
    return play(trace).facts


async def replayed(trace: Trace, *runs: Iterable[Fact], skip: int = 0) -> Replayed:
    """`skip`: the number of an entry of the first run that is missing."""

    async def entries() -> AsyncIterator[LedgerEntry]:
        for number, facts in enumerate(runs):
            for seq, fact in enumerate(facts, 1):
                if not (number == 0 and seq == skip):
                    yield LedgerEntry(f"run{number}", seq, fact, None, None)

    site = site_of(trace)
    return await replay_entries(entries(), lambda: cores_for(site), from_us=0, to_us=FOREVER_US)


@pytest.mark.parametrize("name", [name for name in NAMES if len(load(name).runs) == 1])
async def test_the_same_cores_decide_the_same(name: str) -> None:
    trace = load(name)
    facts = ledger(trace)
    result = await replayed(trace, facts, facts)
    assert result.difference is None
    assert not result.cut_short
    assert (result.runs, result.reports + result.decisions) == (2, 2 * len(facts))


async def test_another_decision_is_shown_with_its_report() -> None:
    trace = load(SHOWN)
    facts = [
        replace(fact, wait_us=1) if isinstance(fact, OfferAnswered) else fact
        for fact in ledger(trace)
    ]
    difference = (await replayed(trace, facts)).difference
    assert difference is not None
    assert isinstance(difference.then, OfferAnswered)
    assert isinstance(difference.now, OfferAnswered)
    assert (difference.then.wait_us, difference.now.wait_us == 1) == (1, False)
    assert "BridgeJoined" in str(difference.report)


async def test_a_decision_that_was_not_made_then_is_shown() -> None:
    trace = load(SHOWN)
    facts = [fact for fact in ledger(trace) if not isinstance(fact, SeatOffered)]
    difference = (await replayed(trace, facts)).difference
    assert difference is not None
    assert isinstance(difference.now, SeatOffered)


async def test_a_hole_ends_a_runs_comparison_and_the_next_run_is_compared() -> None:
    trace = load(SHOWN)
    facts = ledger(trace)
    result = await replayed(trace, facts, facts, skip=10)
    assert result.cut_short == {"run0": "entry 11 follows entry 9"}
    assert result.difference is None
    assert result.reports + result.decisions == 9 + len(facts)


async def test_a_kind_of_another_version_ends_a_runs_comparison() -> None:
    trace = load(SHOWN)
    facts = ledger(trace)
    facts[20] = UnknownFact(at=facts[20].at, kind="CallSung", body="{}")
    result = await replayed(trace, facts)
    assert result.cut_short == {"run0": "entry 21 is of a kind unknown here"}


async def test_a_run_that_was_killed_before_its_decisions_were_written_is_no_difference() -> None:
    trace = load(SHOWN)
    facts = ledger(trace)
    last = max(number for number, fact in enumerate(facts) if isinstance(fact, OfferAnswered))
    killed = facts[:last]
    assert isinstance(killed[-1], Report)
    assert (await replayed(trace, killed)).difference is None
