"""`python -m bench.routing`: from a seat's hang-up to the next call leaving for it.

On one Asterisk in one run, in turns: as many waiting callers and the same seat, served once by
app_queue and once by the daemon. Callers come in through the menu both times. For app_queue's turn
the daemon is then stopped and Asterisk's own Queue() takes the callers over, as it does whenever
the daemon is away: one member, no wrap-up time, autofill, no announcements.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from bench.phones.phone import AnswerAfter
from bench.routing.report import Figures, histogram
from bench.routing.turns import DEVICE, SEAT, Bench, Side
from bench.routing.watch import watching
from config.settings import load_settings
from cti.sandbox import build_root
from tests.acceptance.hotline import ROOT, hotline

SEED: Final = 12345


async def measure(callers: int, served: int, turns: int, console: Console) -> tuple[Side, Side]:
    """app_queue and the daemon, `turns` turns of each."""
    queue, daemon = Side("app_queue"), Side("daemon")
    root = (ROOT / load_settings().asterisk.root_dir).resolve()
    await build_root(root, console.print)
    with tempfile.TemporaryDirectory(prefix="jietong-bench-") as folder:
        ports = 4 * callers + 100
        async with hotline(
            Path(folder), root_dir=root, rtp_ports=ports, wrapup_seconds=0, ring_seconds=20
        ) as line:
            seat = await line.seat(SEAT, AnswerAfter(0))
            async with watching(line.settings, line.secrets, DEVICE) as (watch, link):
                bench = Bench(line, seat, watch, link, callers, served, random.Random(SEED))
                columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn())
                with Progress(*columns, console=console, transient=True) as progress:
                    for turn in range(1, turns + 1):
                        for side, run in ((queue, bench.queue_turn), (daemon, bench.daemon_turn)):
                            name = f"turn {turn} of {turns}, {side.name}"
                            bar = progress.add_task(name, total=served)
                            await run(side, lambda bar=bar: progress.advance(bar))  # type: ignore[misc]
    return queue, daemon


def show(console: Console, side: Side) -> None:
    console.print(f"\n{side.name}: {Figures.of(side.gaps_us)}")
    for line in histogram(side.gaps_us):
        console.print(line)
    console.print(f"  at the phone, BYE out to INVITE in: {Figures.of(side.phone_us)}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.routing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--callers", type=int, default=40, help="in each turn, at least 2")
    parser.add_argument("--served", type=int, help="so many of them; all when it is not given")
    parser.add_argument("--turns", type=int, default=3, help="turns of each side")
    parser.add_argument("--json", type=Path, help="also write figures and all gaps here")
    options = parser.parse_args()
    served = options.callers if options.served is None else options.served
    if not 2 <= served <= options.callers or options.turns < 1:
        parser.error("a gap needs two callers who are served, and a turn")
    console = Console(highlight=False, soft_wrap=True)
    queue, daemon = asyncio.run(measure(options.callers, served, options.turns, console))
    console.print(
        f"{options.callers} callers of whom {served} are served, 1 seat, "
        f"{options.turns} turns of each side, in turns"
    )
    for side in (queue, daemon):
        show(console, side)
    ratio = Figures.of(queue.gaps_us).median / Figures.of(daemon.gaps_us).median
    console.print(f"\nmedian of app_queue / median of the daemon: {ratio:.0f}")
    if options.json:
        report = {
            side.name: {
                "figures_ms": Figures.of(side.gaps_us).as_dict(),
                "gaps_us": side.gaps_us,
                "phone_figures_ms": Figures.of(side.phone_us).as_dict(),
                "phone_us": side.phone_us,
            }
            for side in (queue, daemon)
        }
        asked = {"callers": options.callers, "served": served, "turns": options.turns}
        whole = {**asked, "ratio": ratio, **report}
        options.json.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
