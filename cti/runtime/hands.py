"""Does what the cores want: the one way from an effect to the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import structlog

from cti.ami.actions import Action
from cti.ami.commands import MAY_BE_REFUSED, actions_for, subject_of
from cti.ami.errors import ActionRefused, AmiError, UnsafeValue
from cti.effects import (
    Effect,
    HangUp,
    KeepOnChannel,
    OriginateCallback,
    OriginateCustomer,
    Resync,
    StoreRecording,
    SweepSpool,
    TellWaiting,
    WithdrawLeg,
)
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


class SoundsPort(Protocol):
    """What is used of the announcer. Neither method waits or raises."""

    def waiting(self, effect: TellWaiting) -> str: ...

    def callback(self, effect: OriginateCallback) -> OriginateCallback: ...

    def customer(self, effect: OriginateCustomer) -> OriginateCustomer: ...


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
        *,
        sounds: SoundsPort | None = None,
    ) -> None:
        self._sounds = sounds
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
            case TellWaiting():
                said = self._sounds.waiting(effect) if self._sounds else ""
                if said:
                    kept = (("CTI_SAY", said),)
                    self._tell_asterisk(KeepOnChannel(channel=effect.channel, variables=kept))
            case OriginateCallback():
                self._tell_asterisk(self._sounds.callback(effect) if self._sounds else effect)
            case OriginateCustomer():
                self._tell_asterisk(self._sounds.customer(effect) if self._sounds else effect)
            case _:
                self._tell_asterisk(effect)

    def _tell_asterisk(self, effect: Effect) -> None:
        answers: list[tuple[Action, Answer]] = []
        failure = ""
        try:
            for action in actions_for(effect) or []:
                answers.append((action, self._link.begin(action)))
        except Exception as error:
            failure = _told(error)
        if answers:
            name = f"effect-{type(effect).__name__}"
            if isinstance(effect, WithdrawLeg):
                task = asyncio.create_task(self._withdraw(effect, answers), name=name)
            else:
                task = asyncio.create_task(self._hear(effect, answers, bool(failure)), name=name)
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if failure:
            self._failed(effect, failure)

    async def _hear(self, effect: Effect, answers: list[tuple[Action, Answer]], told: bool) -> None:
        """Await every answer; the first that is a failure is reported, once an effect."""
        for action, answer in answers:
            try:
                await answer
            except Exception as error:
                if isinstance(error, ActionRefused) and action.name in MAY_BE_REFUSED:
                    log.info("refused, taken as so", action=action.name, why=error.reason)
                elif not told:
                    told = True
                    self._failed(effect, _told(error))

    async def _withdraw(self, effect: WithdrawLeg, answers: list[tuple[Action, Answer]]) -> None:
        """Asterisk knows by now that the leg is not wanted, and the leg has told whether it came
        first. Where no channel is, nobody has been taken."""
        taken = ""
        for _, answer in answers:
            try:
                taken = (await answer).get("Value")
            except ActionRefused as error:
                log.info("no leg to withdraw", leg=effect.channel, why=error.reason)
            except Exception as error:
                self._failed(effect, _told(error))
                return
        if taken:
            self._failed(effect, "refused: taken")
        else:
            self._tell_asterisk(HangUp(channel=effect.channel))

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


def _told(error: Exception) -> str:
    """The reason in `EffectFailed`: "refused" says for certain that nothing has been done."""
    if isinstance(error, ActionRefused):
        return f"refused: {error.reason}"
    if isinstance(error, UnsafeValue):
        return f"refused: {error}"
    if isinstance(error, AmiError):
        return str(error)
    log.error("an effect met a bug of ours", exc_info=error)
    return repr(error)
