"""One turn: a crowd calls one of the two numbers, and what it heard is made into figures."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
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
    """All turns at one number. `cpu`: share of one core by process, all turns together."""

    name: str
    dialled: str
    measured: Measured = field(default_factory=Measured)
    dropped: int = 0
    cpu_s: dict[str, float] = field(default_factory=dict)
    wall_s: float = 0.0

    @classmethod
    def both(cls) -> tuple[Side, Side]:
        """The floor and the daemon."""
        return cls("dialplan", DIALPLAN), cls("daemon", DAEMON)


def cpu_s(pid: int) -> float:
    """Processor time of a process so far, seconds (proc(5), fields utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_S


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
        before, began = {name: cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
        callers = await asyncio.to_thread(crowd.run)
        side.wall_s += time.monotonic() - began
        for name, pid in pids.items():
            side.cpu_s[name] = side.cpu_s.get(name, 0.0) + cpu_s(pid) - before[name]
    finally:
        await asyncio.to_thread(line.hotline.stop_daemon)
    for caller in callers:
        side.dropped += caller.dropped
        side.measured.add(measured(caller.heard(), caller.keys))
