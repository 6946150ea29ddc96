"""`python -m bench.routing`: from a seat's hang-up to the next call leaving for it.

On one Asterisk in one run, in turns: the same number of waiting callers and the same seat, served
once by app_queue and once by the daemon. Callers come in through the menu both times. For
app_queue's turn the daemon is then stopped and Asterisk's own Queue() takes the callers over, as
it does whenever the daemon is away: one member, no wrap-up time, autofill, no announcements.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from bench.phones.audio import Silence
from bench.phones.phone import AnswerAfter, Phone, PhoneCall, PhoneError
from bench.routing.watch import Watch, unpause, waiting_in_queue, watching
from config.settings import load_settings
from cti.ami.link import AmiLink
from cti.people import first_password
from tests.acceptance.api_client import ApiClient
from tests.acceptance.hotline import ROOT, Hotline, call_in, hotline

SEAT: Final = "1001"
DEVICE: Final = "PJSIP/1001"
QUEUE: Final = "service"
TALK_S: Final = 0.15
"""A short talk: the gap after it is what is measured."""
AT_ONCE: Final = 10
_US_BUCKETS: Final = (500, 1000, 1500, 2000, 3000, 5000, 10_000, 100_000, 500_000, 1_000_000)


async def all_waiting(line: Hotline, api: ApiClient, count: int) -> list[PhoneCall]:
    """`count` callers who have come through the menu and wait."""
    calls: list[PhoneCall] = []
    for first in range(0, count, AT_ONCE):
        numbers = [f"1390000{n:04d}" for n in range(first, min(first + AT_ONCE, count))]
        calls += await asyncio.gather(*(call_in(line, number=number) for number in numbers))
    for call in calls:
        call.send(Silence())
    async with asyncio.timeout(60):
        while sum(queue["waiting"] for queue in await api.queues()) < count:
            await asyncio.sleep(0.1)
    return calls


async def serve(seat: Phone, count: int, progress: Progress, name: str) -> None:
    """Answer `count` calls, one after the other, hanging up on each after a short talk."""
    bar = progress.add_task(name, total=count)
    for _ in range(count):
        ring = await seat.next_ring(deadline=30)
        await ring.answered(deadline=5)
        await asyncio.sleep(TALK_S)
        await ring.hang_up()
        progress.advance(bar)


async def our_turn(
    line: Hotline, seat: Phone, watch: Watch, count: int, progress: Progress
) -> list[int]:
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        await pause(api)
        calls = await all_waiting(line, api, count)
        watch.forget_last()
        before = len(watch.gaps_us)
        await api.ready(SEAT)
        await serve(seat, count, progress, "daemon")
    await hang_up(line, calls, seat)
    return watch.gaps_us[before:]


async def queue_turn(
    line: Hotline, seat: Phone, watch: Watch, link: AmiLink, *, count: int, progress: Progress
) -> list[int]:
    async with ApiClient(line.api_url) as api:
        await api.log_in("admin", first_password(line.secrets, "admin"))
        await pause(api)
        calls = await all_waiting(line, api, count)
    line.stop_daemon()
    async with asyncio.timeout(60):
        while await waiting_in_queue(link, QUEUE) < count:
            await asyncio.sleep(0.1)
    watch.forget_last()
    before = len(watch.gaps_us)
    await unpause(link, DEVICE)
    await serve(seat, count, progress, "app_queue")
    await hang_up(line, calls, seat)
    gaps = watch.gaps_us[before:]
    await line.start_daemon()
    return gaps


async def pause(api: ApiClient) -> None:
    """The seat is signed on, and rung for nobody until the turn begins."""
    state = (await api.seat(SEAT))["state"]
    if state == "signed-off":
        await api.sign_on(SEAT)
    await api.pause(SEAT, "bench")


async def hang_up(line: Hotline, calls: list[PhoneCall], seat: Phone) -> None:
    for call in calls:
        if call.end_reason is None:
            with contextlib.suppress(PhoneError):
                await call.hang_up()
    for phone in [phone for phone in line.phones if phone is not seat]:
        await phone.stop()
        line.phones.remove(phone)


def figures(gaps_us: list[int]) -> dict[str, float]:
    """Milliseconds."""
    ms = np.array(gaps_us) / 1000
    quantiles = {f"p{q}": float(np.percentile(ms, q)) for q in (50, 95, 99)}
    return {"n": len(gaps_us)} | quantiles | {"max": float(ms.max())}


def show(console: Console, name: str, gaps_us: list[int]) -> None:
    got = figures(gaps_us)
    console.print(
        f"\n{name}: n {got['n']:.0f}, median {got['p50']:.3f} ms, p95 {got['p95']:.3f} ms, "
        f"p99 {got['p99']:.3f} ms, max {got['max']:.3f} ms"
    )
    low = 0
    for high in (*_US_BUCKETS, 1 << 40):
        count = sum(low <= gap < high for gap in gaps_us)
        label = f"< {high / 1000:g} ms" if high < 1 << 40 else "more"
        if count:
            console.print(
                f"  {label:>10}  {'#' * max(1, round(60 * count / len(gaps_us)))} {count}"
            )
        low = high


async def measure(count: int, turns: int, console: Console) -> tuple[list[int], list[int]]:
    ours: list[int] = []
    theirs: list[int] = []
    root = (ROOT / load_settings().asterisk.root_dir).resolve()
    with tempfile.TemporaryDirectory(prefix="jietong-bench-") as folder:
        async with hotline(Path(folder), root_dir=root, wrapup_seconds=0, ring_seconds=20) as line:
            seat = await line.seat(SEAT, AnswerAfter(0))
            async with watching(line.settings, line.secrets, DEVICE) as (watch, link):
                with Progress(console=console, transient=True) as progress:
                    for _ in range(turns):
                        theirs += await queue_turn(
                            line, seat, watch, link, count=count, progress=progress
                        )
                        ours += await our_turn(line, seat, watch, count, progress)
    return ours, theirs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.routing", description=__doc__)
    parser.add_argument("--callers", type=int, default=40)
    parser.add_argument("--turns", type=int, default=3, help="turns of each side")
    parser.add_argument("--json", type=Path, help="also write all gaps (microseconds) here")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    ours, theirs = asyncio.run(measure(arguments.callers, arguments.turns, console))
    console.print(f"{arguments.callers} callers, 1 seat, {arguments.turns} turns each, in turns")
    show(console, "app_queue", theirs)
    show(console, "daemon", ours)
    ratio = figures(theirs)["p50"] / figures(ours)["p50"]
    console.print(f"\nmedian app_queue / median daemon: {ratio:.0f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"daemon_us": ours, "app_queue_us": theirs}))


if __name__ == "__main__":
    main()
