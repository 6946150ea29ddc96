"""Does what the cores want: the one way from an effect to the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import structlog

from cti.ami.actions import Action
from cti.ami.commands import MAY_BE_REFUSED, actions_for, subject_of
from cti.ami.errors import ActionRefused, AmiError, UnsafeValue
from cti.effects import Effect, Resync, StoreRecording, SweepSpool
from cti.facts import EffectFailed, Report
from cti.runtime.clock import Clock

Answer = Coroutine[Any, Any, Any]
log = structlog.get_logger(__name__)


class Sender(Protocol):
    """What is used of the AMI link."""

    def begin(self, action: Action, *, deadline: float = 5.0) -> Answer: ...


class RecordingPort(Protocol):
    """What is used of the recorder. Neither method waits."""

    def store(self, effect: StoreRecording) -> None: ...

    def sweep(self, effect: SweepSpool) -> None: ...


class AsteriskHands:
    """Effects for Asterisk become AMI actions, written in order; answers are awaited beside the
    loop and only a failure comes back to it."""

    def __init__(
        self,
        link: Sender,
        recorder: RecordingPort,
        resync: Callable[[], None],
        post: Callable[[Report], None],
        clock: Clock,
    ) -> None:
        self._link = link
        self._recorder = recorder
        self._resync = resync
        self._post = post
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()

    def perform(self, effect: Effect) -> None:
        """Start doing `effect`. Its actions are written before this returns, so they leave in the
        order of the effects; only the answers are awaited, beside the loop."""
        match effect:
            case StoreRecording():
                self._recorder.store(effect)
            case SweepSpool():
                self._recorder.sweep(effect)
            case Resync():
                log.warning("resync", why=effect.why)
                self._resync()
            case _:
                self._tell_asterisk(effect)

    def _tell_asterisk(self, effect: Effect) -> None:
        answers: list[tuple[Action, Answer]] = []
        failure = ""
        try:
            for action in actions_for(effect) or []:
                answers.append((action, self._link.begin(action)))
        except UnsafeValue as error:
            failure = f"refused: {error}"
        except AmiError as error:
            failure = str(error)
        if answers:
            name = f"effect-{type(effect).__name__}"
            task = asyncio.create_task(self._hear(effect, answers), name=name)
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if failure:
            self._failed(effect, failure)

    async def _hear(self, effect: Effect, answers: list[tuple[Action, Answer]]) -> None:
        """Await every answer; the first that is a failure is reported."""
        told = False
        for action, answer in answers:
            try:
                await answer
                continue
            except ActionRefused as error:
                failure = f"refused: {error.reason}"
                harmless = action.name in MAY_BE_REFUSED
            except AmiError as error:
                failure, harmless = str(error), False
            if not harmless and not told:
                told = True
                self._failed(effect, failure)

    def _failed(self, effect: Effect, reason: str) -> None:
        log.warning("effect failed", effect=repr(effect), reason=reason)
        self._post(
            EffectFailed(
                at=self._clock.now_us(),
                effect=type(effect).__name__,
                subject=subject_of(effect),
                reason=reason,
            )
        )
