"""The engine as the API sees it: plain reads of the cores, and people's wishes put to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractContextManager
from typing import Final

from acd.dispatcher import Dispatcher
from acd.seats import SeatSnapshot
from cti.api.errors import CommandRefused as CommandRefusedError
from cti.api.errors import UnknownCallback, UnknownFlow, UnknownSeat, UnknownTarget
from cti.api.fanout import Fanout
from cti.api.port import CallbackView, CallView, Health, QueueView, SeatView, Wish
from cti.calls.tracker import CallTracker
from cti.facts import (
    CallbackCancelAsked,
    CallbackRefused,
    CallEnded,
    CallerSentToFlow,
    CallerTransferred,
    CommandRefused,
    Fact,
    FlowWish,
    FlowWishRefused,
    ReleaseRefused,
    ReleaseWish,
    SeatCommand,
    SeatLeft,
    SeatState,
    TransferRefused,
    TransferTo,
    TransferWish,
)
from cti.ids import CallbackId, CallId, QueueId, SeatId
from cti.runtime.clock import Clock
from cti.runtime.loop import EngineLoop

_NOT_AT_WORK: Final = frozenset({SeatState.SIGNED_OFF, SeatState.PAUSED, SeatState.UNREACHABLE})


class Engine:
    """Implements `cti.api.port.EnginePort`. `names` are the queues' names by language."""

    def __init__(
        self,
        *,
        loop: EngineLoop,
        tracker: CallTracker,
        dispatcher: Dispatcher,
        names: dict[QueueId, dict[str, str]],
        fanout: Fanout,
        clock: Clock,
        health: Callable[[], Health],
        flows: Callable[[], Collection[str]] = tuple,
        outside: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._loop = loop
        self._tracker = tracker
        self._dispatcher = dispatcher
        self._names = names
        self._fanout = fanout
        self._clock = clock
        self._health = health
        self._flows = flows
        self._outside = outside

    def name_queues(self, names: dict[QueueId, dict[str, str]]) -> None:
        """These are the queues from now on; the dispatcher knows them already."""
        self._names = names

    def seats(self) -> tuple[SeatView, ...]:
        return tuple(_seat_view(seat) for seat in self._dispatcher.seats())

    def queues(self) -> tuple[QueueView, ...]:
        seats = self._dispatcher.seats()
        return tuple(self._queue_view(queue, seats) for queue in self._names)

    def _queue_view(self, queue: QueueId, seats: tuple[SeatSnapshot, ...]) -> QueueView:
        waiting = self._dispatcher.waiting(queue)
        serving = [seat for seat in seats if queue in seat.queues]
        longest = min((queued_at for _, queued_at in waiting), default=None)
        wait_s = self._dispatcher.figures(queue).wait_s
        return QueueView(
            queue=queue,
            name=self._names[queue],
            waiting=len(waiting),
            longest_wait_us=max(0, self._clock.now_us() - longest) if longest else 0,
            seats_ready=sum(seat.state is SeatState.READY for seat in serving),
            seats_signed_on=sum(seat.state is not SeatState.SIGNED_OFF for seat in serving),
            waiting_calls=tuple(call for call, _ in waiting),
            estimated_wait_us=None if wait_s is None else round(wait_s * 1e6),
            open=self._dispatcher.is_open(queue),
        )

    def live_calls(self) -> tuple[CallView, ...]:
        return tuple(
            CallView(
                call=call.call,
                phase=call.phase,
                hotline=call.hotline,
                caller_number=call.caller_number,
                queue=call.queue or None,
                seat=call.seat or None,
                arrived_us=call.arrived_at,
                asked_us=call.asked_at,
                prompt_ended_us=call.prompt_ended_at,
                answered_us=call.answered_at,
                language=call.language,
                flow=call.flow,
            )
            for call in self._tracker.calls()
        )

    def flows(self) -> Collection[str]:
        return self._flows()

    async def send_to_flow(
        self, call: CallId, flow: str, *, by: str, seat: SeatId | None
    ) -> CallView:
        """Put the wish to the cores and wait for what Asterisk makes of it.

        Raises UnknownFlow, CommandRefusedError.
        """
        if flow not in self._flows():
            raise UnknownFlow(flow)
        at = self._clock.now_us()
        wish = FlowWish(at=at, call=call, flow=flow, by=by, seat=seat or SeatId(""))
        with self._fanout.subscribe() as facts:
            step = await self._loop.ask(wish)
            for fact in step.facts:
                if isinstance(fact, FlowWishRefused):
                    raise CommandRefusedError(fact.why)
            async for fact in facts:
                if isinstance(fact, CallerSentToFlow) and fact.call == call:
                    break
                if why := _came_to_nothing(fact, call):
                    raise CommandRefusedError(why)
        return self._live(call)

    async def transfer(
        self, call: CallId, to: TransferTo, target: str, *, by: str, seat: SeatId | None
    ) -> CallView:
        """Put the wish to the cores and wait for what Asterisk makes of it.

        Raises UnknownTarget, CommandRefusedError.
        """
        wish = TransferWish(
            at=self._clock.now_us(),
            call=call,
            to=to,
            target=target,
            by=by,
            queue=self._queue_for(call, to, target),
            seat=seat or SeatId(""),
        )
        with self._fanout.subscribe() as facts:
            step = await self._loop.ask(wish)
            for fact in step.facts:
                if isinstance(fact, TransferRefused):
                    raise CommandRefusedError(fact.why)
            async for fact in facts:
                if isinstance(fact, CallerTransferred) and fact.call == call:
                    break
                if why := _came_to_nothing(fact, call):
                    raise CommandRefusedError(why)
        return self._live(call)

    async def release(self, call: CallId, *, by: str, seat: SeatId | None) -> CallView:
        """Raises CommandRefusedError; also when the talk ends by itself in the moment."""
        wish = ReleaseWish(at=self._clock.now_us(), call=call, by=by, seat=seat or SeatId(""))
        with self._fanout.subscribe() as facts:
            step = await self._loop.ask(wish)
            for fact in step.facts:
                if isinstance(fact, ReleaseRefused):
                    raise CommandRefusedError(fact.why)
            async for fact in facts:
                if isinstance(fact, SeatLeft) and fact.call == call:
                    break
                if isinstance(fact, CallEnded) and fact.call == call:
                    raise CommandRefusedError("the call has ended")
        return self._live(call)

    def _queue_for(self, call: CallId, to: TransferTo, target: str) -> QueueId:
        """Where a caller waits who is transferred to `target`. Raises UnknownTarget,
        CommandRefusedError."""
        known: Collection[str] = ()
        match to:
            case "queue":
                known = self._names
            case "outside":
                known = self._outside()
            case "flow":
                known = self._flows()
            case "seat":
                return self._queue_of_seat(call, SeatId(target))
        if target not in known:
            raise UnknownTarget(to, target)
        return QueueId(target if to == "queue" else "")

    def _queue_of_seat(self, call: CallId, target: SeatId) -> QueueId:
        """A queue that the seat works for: that of the call, if it is one of them."""
        seat = next((one for one in self._dispatcher.seats() if one.seat == target), None)
        if seat is None:
            raise UnknownTarget("seat", target)
        if seat.state in _NOT_AT_WORK:
            raise CommandRefusedError(f"seat {target} takes no calls now: {seat.state.value}")
        now = next((one.queue for one in self._tracker.calls() if one.call == call), QueueId(""))
        if now in seat.queues or not seat.queues:
            return now
        return seat.queues[0]

    def _live(self, call: CallId) -> CallView:
        for view in self.live_calls():
            if view.call == call:
                return view
        raise CommandRefusedError("the call has ended")

    def callbacks(self) -> tuple[CallbackView, ...]:
        return tuple(
            CallbackView(
                callback=one.open.callback,
                call=one.open.call,
                queue=one.open.queue,
                number=one.open.number,
                state=one.state.value,
                since_us=one.open.since,
                booked_us=one.open.booked_at,
                attempts=one.open.attempts,
                not_before_us=one.open.not_before if one.state.value == "resting" else 0,
            )
            for one in self._dispatcher.callbacks.all()
        )

    async def cancel_callback(self, callback: CallbackId, by: str) -> None:
        """Raises UnknownCallback."""
        asked = CallbackCancelAsked(at=self._clock.now_us(), callback=callback, by=by)
        step = await self._loop.ask(asked)
        if any(isinstance(fact, CallbackRefused) for fact in step.facts):
            raise UnknownCallback(callback)

    async def seat_command(
        self, seat: SeatId, wish: Wish, reason: str, by: str, device: str = ""
    ) -> SeatView:
        """Put a wish to the cores and return the seat as it is then.

        Raises UnknownSeat, CommandRefusedError.
        """
        if all(known.seat != seat for known in self._dispatcher.seats()):
            raise UnknownSeat(seat)
        at = self._clock.now_us()
        command = SeatCommand(at=at, seat=seat, wish=wish, reason=reason, by=by, device=device)
        step = await self._loop.ask(command)
        for fact in step.facts:
            if isinstance(fact, CommandRefused):
                raise CommandRefusedError(fact.why)
        return next(view for view in self.seats() if view.seat == seat)

    def subscribe(self) -> AbstractContextManager[AsyncIterator[Fact]]:
        return self._fanout.subscribe()

    def health(self) -> Health:
        return self._health()


def _came_to_nothing(fact: Fact, call: CallId) -> str:
    """Why the caller of `call` will not go where they were to be sent."""
    if getattr(fact, "call", None) != call:
        return ""
    if isinstance(fact, SeatLeft | CallEnded):
        return "the talk has just ended"
    if isinstance(fact, FlowWishRefused | TransferRefused) and fact.granted:
        return fact.why
    return ""


def _seat_view(seat: SeatSnapshot) -> SeatView:
    return SeatView(
        seat=seat.seat,
        name=seat.name,
        device=seat.device,
        queues=seat.queues,
        state=seat.state,
        since_us=seat.since,
        reason=seat.reason,
        call=seat.call,
        until_us=seat.until,
        device_state=seat.device_state,
        contacts=seat.contacts,
    )
