"""Named tasks: what must not end, what may, and what comes again."""

from __future__ import annotations

import asyncio

import pytest

from cti.runtime.supervisor import Supervisor, TaskDied, repeat


async def test_vital_task_that_fails_is_named_with_its_cause() -> None:
    async def fails() -> None:
        raise OSError("disk")

    supervisor = Supervisor()
    supervisor.vital("other", asyncio.Event().wait())  # type: ignore[arg-type]
    supervisor.vital("ledger", fails())
    with pytest.raises(TaskDied, match="ledger") as died:
        await supervisor.wait()
    assert isinstance(died.value.__cause__, OSError)
    await supervisor.stop()


async def test_vital_task_that_merely_returns_has_died_too() -> None:
    async def returns() -> None:
        pass

    supervisor = Supervisor()
    supervisor.vital("loop", returns())
    with pytest.raises(TaskDied) as died:
        await supervisor.wait()
    assert died.value.__cause__ is None


async def test_passing_task_that_fails_ends_nothing_else() -> None:
    failed = asyncio.Event()

    async def fails() -> None:
        failed.set()
        raise ValueError

    supervisor = Supervisor()
    supervisor.vital("loop", asyncio.Event().wait())  # type: ignore[arg-type]
    supervisor.passing("once", fails())
    waiting = asyncio.create_task(supervisor.wait())
    await failed.wait()
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    await supervisor.stop()


async def test_stop_lets_passing_work_finish_and_ends_what_does_not() -> None:
    log: list[str] = []
    go = asyncio.Event()

    async def finishes() -> None:
        await go.wait()
        log.append("finished")

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    supervisor = Supervisor()
    supervisor.passing("a", finishes())
    go.set()
    await supervisor.stop(grace_s=5.0)
    supervisor.passing("b", never())
    supervisor.vital("c", never())
    await asyncio.sleep(0)
    await supervisor.stop(grace_s=0.0)
    assert log == ["finished", "ended", "ended"]


async def test_repeated_work_that_fails_comes_again() -> None:
    turns = 0
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal turns
        turns += 1
        if turns == 3:
            enough.set()
        raise OSError

    task = asyncio.create_task(repeat("beat", 0.0, work))
    async with asyncio.timeout(5.0):
        await enough.wait()
    task.cancel()
