"""Listening to talks, as leads and the API see it: asked for, written down, and only then begun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from acd.dispatcher import Dispatcher
from cti.api.errors import CommandRefused
from cti.brain import Step
from cti.calls.monitoring import Monitor
from cti.facts import (
    DeviceState,
    MonitorGranted,
    MonitorMode,
    MonitorModeWish,
    MonitorNoted,
    MonitorRefused,
    MonitorStopWish,
    MonitorWish,
    Report,
    SeatState,
)
from cti.ids import CallId, MonitorId, SeatId

_IN_A_CALL = frozenset(
    {
        SeatState.RESERVED,
        SeatState.RINGING,
        SeatState.TALKING,
        SeatState.HOLD,
        SeatState.CONSULT,
    }
)
_AWAY = frozenset({DeviceState.UNREACHABLE})


class Loop(Protocol):
    async def ask(self, report: Report) -> Step: ...


class Clock(Protocol):
    def now_us(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorView:
    """`seat` is listened to by `by`. `since_us`: their phone's answer; 0 while it rings."""

    monitor: MonitorId
    call: CallId
    seat: SeatId
    by: str
    mode: MonitorMode
    since_us: int


class MonitorDesk:
    """`monitors` gives those that the cores know. `noted` returns when all that was asked before is
    in the ledger or its journal, and raises `cti.api.errors.NotNoted` when it cannot be."""

    def __init__(
        self,
        loop: Loop,
        dispatcher: Dispatcher,
        monitors: Callable[[], Iterator[Monitor]],
        clock: Clock,
        noted: Callable[[Awaitable[Step]], Awaitable[Step]],
    ) -> None:
        self._loop = loop
        self._dispatcher = dispatcher
        self._monitors = monitors
        self._clock = clock
        self._noted = noted

    def all(self) -> tuple[MonitorView, ...]:
        return tuple(_view(one) for one in self._monitors())

    async def begin(
        self, call: CallId, mode: MonitorMode, *, by: str, at_seat: SeatId
    ) -> MonitorView:
        """Ring the phone of `at_seat`, which hears the talk when it answers.

        Raises CommandRefused; NotNoted, and then nobody hears anything.
        """
        device = self._phone_of(at_seat)
        wish = MonitorWish(
            at=self._clock.now_us(), call=call, mode=mode, by=by, at_seat=at_seat, device=device
        )
        return await self._write_down_and_do(wish, by, new=True)

    async def change(self, monitor: MonitorId, mode: MonitorMode, *, by: str) -> MonitorView:
        """Raises CommandRefused; NotNoted, and then it goes on as before."""
        wish = MonitorModeWish(at=self._clock.now_us(), monitor=monitor, mode=mode, by=by)
        return await self._write_down_and_do(wish, by, new=False)

    async def stop(self, monitor: MonitorId, *, by: str) -> None:
        await self._loop.ask(MonitorStopWish(at=self._clock.now_us(), monitor=monitor, by=by))

    async def _write_down_and_do(
        self, wish: MonitorWish | MonitorModeWish, by: str, *, new: bool
    ) -> MonitorView:
        granted: list[MonitorGranted] = []

        async def ask() -> Step:
            step = await self._loop.ask(wish)
            for fact in step.facts:
                if isinstance(fact, MonitorRefused):
                    raise CommandRefused(fact.why)
                if isinstance(fact, MonitorGranted):
                    granted.append(fact)
            return step

        try:
            await self._noted(ask())
        except BaseException:
            # Also when the asking person has gone meanwhile: what is not written down is not done.
            for fact in granted if new else ():
                await self.stop(fact.monitor, by=by)
            raise
        monitor, mode = granted[0].monitor, granted[0].mode
        await self._loop.ask(MonitorNoted(at=self._clock.now_us(), monitor=monitor, mode=mode))
        for view in self.all():
            if view.monitor == monitor:
                return view
        raise CommandRefused("the talk has just ended")

    def _phone_of(self, at_seat: SeatId) -> str:
        """Raises CommandRefused."""
        for seat in self._dispatcher.seats():
            if seat.seat == at_seat:
                if seat.state in _IN_A_CALL:
                    raise CommandRefused("your phone is in a call")
                if seat.device_state in _AWAY:
                    raise CommandRefused("your phone cannot be reached")
                return seat.device
        raise CommandRefused("your seat is not one of the site's any more")


def _view(one: Monitor) -> MonitorView:
    return MonitorView(
        monitor=one.id,
        call=one.call,
        seat=one.seat,
        by=one.by,
        mode=one.mode,
        since_us=one.answered_at,
    )
