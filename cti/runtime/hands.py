"""Does what the cores want: the one way from an effect to the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from cti.ami.actions import Action
from cti.ami.commands import MAY_BE_REFUSED, actions_for, subject_of
from cti.ami.errors import ActionRefused, AmiError, UnsafeValue
from cti.effects import Effect, Resync, StoreRecording, SweepSpool
from cti.facts import EffectFailed, Report
from cti.runtime.clock import Clock

log = structlog.get_logger(__name__)


class Sender(Protocol):
    """What is used of the AMI link."""

    async def send(self, action: Action, *, deadline: float = 5.0) -> Any: ...


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
        """Start doing `effect`. Tasks start in the order of creation, and each writes its first
        action before it waits, so actions reach the wire in the order of the effects."""
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
        try:
            actions = actions_for(effect)
        except UnsafeValue as error:
            self._failed(effect, f"refused: {error}")
            return
        task = asyncio.create_task(
            self._send(effect, actions or []), name=f"effect-{type(effect).__name__}"
        )
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, effect: Effect, actions: list[Action]) -> None:
        for action in actions:
            try:
                await self._link.send(action)
            except ActionRefused as error:
                if action.name not in MAY_BE_REFUSED:
                    self._failed(effect, f"refused: {error.reason}")
                    return
            except UnsafeValue as error:
                self._failed(effect, f"refused: {error}")
                return
            except AmiError as error:
                self._failed(effect, str(error))
                return

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
