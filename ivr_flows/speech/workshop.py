"""The daemon's side of the process that computes sound.

One process, started at the first text, ended after `IDLE_S` without one, and killed when a text
takes longer than it may: a model that hangs is gone, and the next text gets a fresh one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from ivr_flows.speech.choice import EngineName, EngineSpec, engine_of
from ivr_flows.speech.errors import EngineFailed, EngineMissing, EngineTooSlow, reason

IDLE_S: Final = 600.0
STARTING_S: Final = 20.0
"""On top of a text's own time: a model is loaded in 2 s; a busy machine gets more."""
MARGIN_S: Final = 2.0
END_S: Final = 1.0
_ROOT: Final = str(Path(__file__).parents[2])
_LINE: Final = 65536


class Workshop:
    """Makes sound files with the engine of `spec`, one after the other."""

    def __init__(self, spec: EngineSpec, *, idle_s: float = IDLE_S) -> None:
        self._spec = spec
        self._idle_s = idle_s
        self.engine: EngineName = engine_of(spec)
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether there is an engine at all."""
        return self.engine != "none"

    async def make(self, text: str, language: str, out: Path) -> float:
        """Speak `text` into `out`, which appears whole or not at all; its seconds of sound.

        Takes at most the engine's time and STARTING_S once its turn has come. Raises SpeechError.
        """
        if not self.open:
            raise EngineMissing("none", "no engine is set, and this machine has none")
        async with self._turn:
            self._rest(None)
            try:
                return await self._made({"text": text, "language": language, "out": str(out)})
            except _Told:
                raise
            except BaseException:
                # Also when nobody waits any more: an answer that comes later would be taken for
                # the next text's.
                await self._end()
                raise
            finally:
                self._rest(self._idle_s)

    async def close(self) -> None:
        """End the process."""
        self._rest(None)
        await self._end()

    async def _made(self, asked: dict[str, Any]) -> float:
        try:
            # A program or a server that is too slow is reported by the process itself, and better.
            async with asyncio.timeout(self._spec.seconds + MARGIN_S + STARTING_S):
                answer = await self._answer(asked)
        except TimeoutError:
            raise EngineTooSlow(self.engine, self._spec.seconds) from None
        except (OSError, EOFError, ValueError) as error:
            raise EngineFailed(self.engine, f"its process has ended ({error})") from None
        if "error" in answer:
            raise _Told(self.engine, str(answer["error"]))
        return float(answer["seconds"])

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._process is not None and self._process.returncode is None:
            try:
                async with asyncio.timeout(self._spec.seconds + MARGIN_S):
                    return await _exchange(self._process, asked)
            except (ConnectionError, EOFError):
                # It was on its way out, for want of work. Not its text's fault.
                await self._end()
        self._process = await self._started()
        return await _exchange(self._process, asked)

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ivr_flows.speech.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
                limit=_LINE,
            )
        except OSError as error:
            raise EngineFailed(self.engine, reason(error)) from error
        assert process.stdin is not None
        process.stdin.write(_line(self._spec.to_json()))
        return process

    def _rest(self, seconds: float | None) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if seconds is not None:
            self._idle = asyncio.get_running_loop().call_later(
                seconds, self._signal, signal.SIGTERM
            )

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _end(self) -> None:
        if self._process is None:
            return
        try:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), END_S)
        finally:
            self._signal(signal.SIGKILL)
        await self._process.wait()
        self._process = None


class _Told(EngineFailed):
    """The process is well and says what went wrong."""

    def __init__(self, engine: str, why: str) -> None:
        super().__init__(engine, why)
        self.args = (why,)


async def _exchange(process: asyncio.subprocess.Process, asked: dict[str, Any]) -> dict[str, Any]:
    """Raises ConnectionError or EOFError when the process has gone, ValueError for nonsense."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_line(asked))
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        code = await process.wait()
        raise EOFError(f"signal {-code}" if code < 0 else f"exit code {code}")
    answer = json.loads(line)
    if not isinstance(answer, dict) or not ({"seconds", "error"} & answer.keys()):
        raise ValueError("its answer makes no sense")
    return answer


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _environment() -> dict[str, str]:
    """Ours without our secrets; the package is found also where it is not installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CTI_")}
    paths = [_ROOT, *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
