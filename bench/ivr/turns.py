"""One turn: a crowd calls one of the two numbers, and what it heard is made into figures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.ivr.callers import Crowd
from bench.ivr.line import DAEMON, DIALPLAN, PROMPT_S, Line
from bench.ivr.listen import Measured, measured

_TICKS_A_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Plan:
    """What each turn is like; `seconds` of key presses."""

    calls: int
    seconds: float
    sound: bool


@dataclass(slots=True)
class Side:
    """All turns at one number. `cpu_s` and `waited_s`: seconds for which each process had a core,
    and for which it was ready and had none; `others_s`: what all other programs had."""

    name: str
    dialled: str
    measured: Measured = field(default_factory=Measured)
    dropped: int = 0
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    waited_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    others_s: float = 0.0
    wall_s: float = 0.0

    def note(self, before: Use, after: Use) -> None:
        """A turn has been taken between two looks."""
        own = {name: after.cpu_s[name] - before.cpu_s[name] for name in after.cpu_s}
        for name, used in own.items():
            self.cpu_s[name] += used
            # Of threads that have ended nothing is known any more.
            self.waited_s[name] += max(0.0, after.waited_s[name] - before.waited_s[name])
        self.others_s += max(0.0, after.all_s - before.all_s - sum(own.values()))
        self.wall_s += after.at_s - before.at_s

    @classmethod
    def both(cls) -> tuple[Side, Side]:
        """The floor and the daemon."""
        return cls("dialplan", DIALPLAN), cls("daemon", DAEMON)


@dataclass(frozen=True, slots=True)
class Use:
    """Use of the processors so far, seconds."""

    cpu_s: Mapping[str, float]
    waited_s: Mapping[str, float]
    all_s: float
    at_s: float

    @classmethod
    def now(cls, pids: Mapping[str, int]) -> Use:
        """Of `pids` by name, and of the whole machine (proc(5), `stat` and `schedstat`)."""
        cpu_s: dict[str, float] = {}
        waited_s: dict[str, float] = defaultdict(float)
        for name, pid in pids.items():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu_s[name] = (int(fields[11]) + int(fields[12])) / _TICKS_A_S
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(OSError):  # a thread that has just ended
                    waited_ns = int((task / "schedstat").read_text().split()[1])
                    waited_s[name] += waited_ns / 1e9
        busy = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        idle_ticks = int(busy[3]) + int(busy[4])
        all_s = (sum(map(int, busy)) - idle_ticks) / _TICKS_A_S
        return cls(cpu_s, waited_s, all_s, time.monotonic())


async def take_turn(
    line: Line, side: Side, plan: Plan, seed: int, advance: Callable[[], None]
) -> None:
    """The floor's turn has no daemon beside it: nothing but Asterisk is at work then."""
    if side.dialled == DAEMON:
        await line.hotline.start_daemon()
    try:
        crowd = Crowd(
            line.hotline.sip,
            side.dialled,
            calls=plan.calls,
            seconds=plan.seconds,
            prompt_s=PROMPT_S,
            sound=plan.sound,
            seed=seed,
            advance=advance,
        )
        pids = {**line.pids, "callers": os.getpid()}
        before = Use.now(pids)
        callers = await asyncio.to_thread(crowd.run)
        side.note(before, Use.now(pids))
    finally:
        await asyncio.to_thread(line.hotline.stop_daemon)
    for caller in callers:
        side.dropped += caller.dropped
        side.measured.add(measured(caller.heard(), caller.keys))
