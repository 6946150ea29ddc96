"""Records traces of real calls: `python -m tests.replay.record NAME...` (or `all`).

Starts a hotline with its Asterisk, plays the scenario with real phones, listens on a second AMI
connection, and takes from the ledger what the daemon heard from others than Asterisk. Look at the
`expected` part of NAME.yaml before you commit it: the tests believe it.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from inspect import getdoc
from pathlib import Path
from typing import Any

from config.settings import load_settings
from cti.facts import (
    AgiCommandEnded,
    EffectFailed,
    EngineStarted,
    Fact,
    FlowWish,
    LinkLost,
    RecordingMissed,
    RecordingStored,
    Report,
    SeatCommand,
    SnapshotTaken,
    TimePassed,
)
from cti.sandbox import build_root
from cti.store.database import Database, database_url
from cti.store.ledger import SqlLedger
from tests.acceptance.branches import what_it_takes
from tests.acceptance.hotline import ROOT, hotline
from tests.replay.outcome import calls_in, seats_in
from tests.replay.scenarios import SCENARIOS, WITH_BRANCHES, Stage
from tests.replay.tap import Tap
from tests.replay.trace import Own, Run, Trace, save

OWN = (
    EngineStarted,
    SnapshotTaken,
    LinkLost,
    TimePassed,
    EffectFailed,
    SeatCommand,
    FlowWish,
    RecordingStored,
    RecordingMissed,
)
_FOREVER_US = 2**62
_SANDBOX = re.compile(r"test-[0-9]+-[0-9]+")
"""The folder of one sandbox's files; it stands in the paths of prompts."""


async def record(name: str) -> Trace:
    scenario, changes = SCENARIOS[name]
    root = (ROOT / load_settings().asterisk.root_dir).resolve()
    await build_root(root, print)
    with tempfile.TemporaryDirectory(prefix="trace-") as folder:
        more = what_it_takes(Path(folder), survey=True) if name in WITH_BRANCHES else {}
        async with hotline(Path(folder), root_dir=root, **changes, **more) as line:
            tap = Tap(lambda text: _SANDBOX.sub("hotline", text.replace(folder, "/hotline")))
            address = line.settings.asterisk
            secret = address.ami_secret or line.secrets.get("ami")
            await tap.connect(address.host, address.ami_port, address.ami_username, secret)
            async with AsyncExitStack() as stack:
                stage = Stage(line, tap, stack, None, None)  # type: ignore[arg-type]
                await stage.connect()
                await scenario(stage)
                await tap.no_channels()
        runs = await ledger_runs(Path(folder) / "state")
    draft = Trace(name, getdoc(scenario) or "", tuple(tap.events), tuple(tap.shots))
    placed = [place(draft, run) for run in runs]
    facts = [fact for _, heard in placed for fact in heard]
    return Trace(
        name,
        " ".join(draft.about.split()),
        draft.events,
        draft.shots,
        {"ring_seconds": 3, "wrapup_seconds": 0} | changes,
        tuple(run for run, _ in placed),
        {"calls": calls_in(facts), "seats": seats_in(facts)},
    )


async def ledger_runs(state_dir: Path) -> list[list[Fact]]:
    """The facts of each life of the daemon, in order."""
    database = Database(database_url("", state_dir))
    runs: dict[str, list[Fact]] = {}
    try:
        async for entry in SqlLedger(database).facts_between(0, _FOREVER_US):
            runs.setdefault(entry.run, []).append(_clean(entry.fact))
    finally:
        await database.close()
    return list(runs.values())


def _clean(fact: Fact) -> Fact:
    """With the paths of prompts as the trace has them."""
    if isinstance(fact, AgiCommandEnded):
        return replace(fact, command=_SANDBOX.sub("hotline", fact.command))
    return fact


def place(trace: Trace, facts: list[Fact]) -> tuple[Run, list[Fact]]:
    """Where in the trace a run began and what it heard from others there; and its facts up to the
    trace's end."""
    known = [(number, report) for number, report in enumerate(trace.reports) if report is not None]
    heard = [fact for fact in facts if isinstance(fact, Report) and not isinstance(fact, OWN)]
    start = next(
        start
        for start in range(len(known) + 1)
        if all(one == two for (_, one), two in zip(known[start:], heard, strict=False))
    )
    coming = iter(known[start:])
    first = known[start][0] if start < len(known) else len(trace.events)
    after, own, kept = first, [], []
    for fact in facts:
        if isinstance(fact, OWN):
            own.append(Own(after, fact))
        elif isinstance(fact, Report):
            number = next(coming, None)
            if number is None:  # the phones signed off, after the trace's end
                break
            after = number[0] + 1
        kept.append(fact)
    return Run(first, after, tuple(own)), kept


def main(names: list[str]) -> Any:
    for name in SCENARIOS if names == ["all"] else names:
        trace = asyncio.run(record(name))
        save(trace)
        print(f"{name}: {len(trace.events)} events, {len(trace.shots)} snapshots")


if __name__ == "__main__":
    main(sys.argv[1:])
