"""Events a second through our link and through panoramisk as it comes.

Both read the same stream from the same sender process over a loopback TCP socket, in this process,
in a fresh event loop each time, one after the other, over and over (A B A B); the medians count.
Both handlers read the same four fields, and the sum of what they read must agree. panoramisk has 8
patterns registered, as an engine on it would; our link has its one callback and the list of the
names that those patterns match. A third contestant is the link with no list, to show what leaving
events out early is worth.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import gc
import logging
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from panoramisk import Manager

from bench.ami.sender import GO
from bench.ami.stream import END_EVENT, make_stream
from cti.ami.link import Action, AmiLink, AmiMessage, AmiSettings

PATTERNS = (
    "New*",
    "VarSet",
    "Bridge*",
    "AGIExec*",
    "*Hangup*",
    "DTMFEnd",
    "DeviceStateChange",
    END_EVENT,
)


@dataclass
class Tally:
    """What a handler has read. The clock runs from the first event to the last."""

    count: int = 0
    checksum: int = 0
    began_s: float = 0.0
    began_cpu_s: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, event: str, uniqueid: str, channel: str, timestamp: str) -> None:
        if not self.count:
            self.began_s = time.perf_counter()
            self.began_cpu_s = time.process_time()
        self.count += 1
        self.checksum += len(event) + len(uniqueid) + len(channel) + len(timestamp)
        if event == END_EVENT:
            self.wall_s = time.perf_counter() - self.began_s
            self.cpu_s = time.process_time() - self.began_cpu_s
            self.done.set()


async def run_stock(port: int, _wanted: frozenset[str]) -> Tally:
    tally = Tally()
    manager = Manager(host="127.0.0.1", port=port, username="bench", secret="s", ping_delay=3600)

    def handle(_manager: Any, event: Any) -> None:
        tally.note(event.event, event.uniqueid, event.channel, event.timestamp)

    for pattern in PATTERNS:
        manager.register_event(pattern, handle)
    await manager.connect()
    await manager.authenticated_future
    manager.send_action({"Action": GO})
    await tally.done.wait()
    manager.close()
    return tally


async def run_link(port: int, wanted: frozenset[str] | None) -> Tally:
    tally = Tally()
    up = asyncio.Event()

    def handle(event: AmiMessage) -> None:
        get = event.get
        tally.note(event.event, get("Uniqueid"), get("Channel"), get("Timestamp"))

    settings = AmiSettings(host="127.0.0.1", port=port, username="bench", secret="s")
    link = AmiLink(settings, handle, lambda state: up.set() if state.up else None, wanted=wanted)
    await link.start()
    await up.wait()
    await link.send(Action.of(GO))
    await tally.done.wait()
    await link.stop()
    return tally


async def run_link_all(port: int, _wanted: frozenset[str]) -> Tally:
    return await run_link(port, None)


Contestant = Callable[[int, frozenset[str]], Coroutine[Any, Any, Tally]]
CONTESTANTS: dict[str, Contestant] = {
    "panoramisk, 8 patterns": run_stock,
    "link": run_link,
    "link, every event": run_link_all,
}


def names_in(stream: bytes) -> list[str]:
    lines = stream.decode().split("\r\n")
    return [line[7:] for line in lines if line.startswith("Event: ")]


def matches_a_pattern(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in PATTERNS)


def race(port: int, wanted: frozenset[str], runs: int, loop: str) -> dict[str, list[Tally]]:
    factory = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    results: dict[str, list[Tally]] = {name: [] for name in CONTESTANTS}
    for _ in range(runs):
        for name, run in CONTESTANTS.items():
            gc.collect()
            with asyncio.Runner(loop_factory=factory) as runner:
                results[name].append(runner.run(run(port, wanted)))
    return results


def report(results: dict[str, list[Tally]], events: int) -> None:
    stock = next(iter(results))
    agreed = {(t.count, t.checksum) for name in list(results)[:2] for t in results[name]}
    assert len(agreed) == 1, f"the handlers read different things: {agreed}"
    rates = {n: statistics.median(events / t.wall_s for t in ts) for n, ts in results.items()}
    print(f"{'':24}{'events/s':>10}{'lowest':>10}{'highest':>10}{'CPU us':>9}{'ratio':>8}")
    for name, tallies in results.items():
        each = [events / tally.wall_s for tally in tallies]
        cpu_us = statistics.median(tally.cpu_s for tally in tallies) / events * 1e6
        ratio = rates[name] / rates[stock]
        print(
            f"{name:24}{rates[name]:>10,.0f}{min(each):>10,.0f}{max(each):>10,.0f}"
            f"{cpu_us:>9.2f}{ratio:>7.2f}x"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ami", description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    options = parser.parse_args()
    logging.disable(logging.WARNING)

    stream = make_stream(options.events)
    names = names_in(stream)
    wanted = frozenset(name for name in {*names, END_EVENT} if matches_a_pattern(name))
    matched = sum(name in wanted for name in names)
    headers = stream.count(b"\r\n") / len(names) - 1
    print(
        f"Python {platform.python_version()}, {options.loop}; {options.runs} runs each of "
        f"{len(names):,} events: {len(stream) / len(names):.0f} bytes and {headers:.1f} headers "
        f"on average, {matched / len(names):.0%} wanted"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.txt"
        path.write_bytes(stream)
        command = [sys.executable, "-m", "bench.ami.sender", str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sender:
            assert sender.stdout is not None
            assert sender.stdin is not None
            port = int(sender.stdout.readline())
            try:
                report(race(port, wanted, options.runs, options.loop), len(names))
            finally:
                sender.stdin.close()


if __name__ == "__main__":
    main()
