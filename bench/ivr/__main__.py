"""`python -m bench.ivr`: from a key to the next prompt, and how even a hundred prompts are.

On one Asterisk in one run, in turns: the same menus with the same number of callers, once spoken
by the daemon and once by Asterisk's own dialplan (Background, WaitExten) as the floor. `steps`
instead runs the interpreter alone, without Asterisk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from bench.ivr import ahead
from bench.ivr.line import bench_line
from bench.ivr.report import as_dict, show, show_steps
from bench.ivr.turns import Plan, Side, take_turn
from config.settings import load_settings
from cti.sandbox import build_root
from tests.acceptance.hotline import ROOT


async def measure(plan: Plan, turns: int, console: Console) -> tuple[Side, Side]:
    """The floor and the daemon, `turns` turns of each."""
    sides = Side.both()
    root = (ROOT / load_settings().asterisk.root_dir).resolve()
    await build_root(root, console.print)
    with tempfile.TemporaryDirectory(prefix="jietong-bench-") as folder:
        async with bench_line(Path(folder), root, plan.calls) as line:
            columns = (*Progress.get_default_columns()[:3], TimeElapsedColumn())
            with Progress(
                *columns, console=console, transient=True, refresh_per_second=1
            ) as progress:
                for turn in range(turns):
                    for side in sides:
                        name = f"turn {turn + 1} of {turns}, {side.name}, {plan.seconds:g} s"
                        bar = progress.add_task(name, total=plan.calls)
                        await take_turn(line, side, plan, turn, partial(progress.advance, bar))
    return sides


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ivr", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", nargs="?", choices=("calls", "steps"), default="calls")
    parser.add_argument("--calls", type=int, default=50, help="callers in menus at the same time")
    parser.add_argument("--seconds", type=float, default=20, help="of key presses in each turn")
    parser.add_argument("--turns", type=int, default=1, help="turns of each side")
    parser.add_argument("--sound", action="store_true", help="callers send sound all the time")
    parser.add_argument("--ahead", action="store_true", help="ahead of other programs (as root)")
    parser.add_argument("--json", type=Path, help="also write the figures and every sample here")
    options = parser.parse_args()
    if options.calls < 1 or options.turns < 1 or options.seconds < 1:
        parser.error("a call, a turn and a second are the least")
    if options.ahead and not ahead.wanted():
        sys.exit(ahead.run_ahead(sys.argv[1:]))
    console = Console(highlight=False, soft_wrap=True)
    load = os.getloadavg()
    if options.what == "steps":
        speeds = show_steps(console, load)
        report = {"load_before": load, "steps_a_s": speeds}
    else:
        plan = Plan(options.calls, options.seconds, options.sound)
        sides = asyncio.run(measure(plan, options.turns, console))
        show(console, plan, options.turns, sides, load)
        report = as_dict(plan, options.turns, sides, load)
    if options.json:
        options.json.write_text(json.dumps(report) + "\n", "utf-8")


if __name__ == "__main__":
    main()
