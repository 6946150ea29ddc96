"""Background tasks with names. When one dies the daemon stops, visibly, or restarts it by rule."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from cti.errors import JietongError

log = structlog.get_logger(__name__)


class TaskDied(JietongError):
    """A task that the daemon cannot live without has ended. Field: `name`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the task {name!r} has ended; the daemon stops")


class Supervisor:
    """Starts named tasks and waits for the first that must not end."""

    def __init__(self) -> None:
        self._vital: dict[asyncio.Task[Any], str] = {}
        self._passing: set[asyncio.Task[Any]] = set()

    def vital(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` for the daemon's whole life."""
        self._vital[asyncio.create_task(work, name=name)] = name

    def passing(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` once; a failure is logged with its name and ends nothing else."""
        task = asyncio.create_task(work, name=name)
        self._passing.add(task)
        task.add_done_callback(self._passed)

    def _passed(self, task: asyncio.Task[Any]) -> None:
        self._passing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task failed", task=task.get_name(), exc_info=task.exception())

    async def wait(self) -> None:
        """Wait until a vital task ends. Raises TaskDied, from the task's own error."""
        done, _ = await asyncio.wait(self._vital, return_when=asyncio.FIRST_COMPLETED)
        task = next(iter(done))
        cause = None if task.cancelled() else task.exception()
        raise TaskDied(self._vital[task]) from cause

    async def stop(self, grace_s: float = 5.0) -> None:
        """Let passing tasks finish for `grace_s` seconds, then cancel everything."""
        if self._passing:
            await asyncio.wait(self._passing, timeout=grace_s)
        tasks = [*self._passing, *self._vital]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def repeat(name: str, every_s: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` every `every_s` seconds for ever; a failure is logged and the next turn comes."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("periodic work failed", work=name)
        await asyncio.sleep(every_s)
