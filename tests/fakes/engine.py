"""An engine in memory: seats obey the same rules as `acd.seats`, facts go to every subscriber."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from cti.api.errors import CommandRefused, UnknownCallback, UnknownSeat, UnknownTarget
from cti.api.fanout import Fanout
from cti.api.port import (
    CallbackView,
    CallFilter,
    CallKey,
    CallView,
    Health,
    PastCall,
    QueueView,
    SeatView,
    UserRecord,
    Wish,
)
from cti.facts import CallPhase, DeviceState, Fact, SeatState, SeatStateChanged, TransferTo
from cti.ids import CallbackId, CallId, QueueId, SeatId

START_US = 1_790_000_000_000_000


def seat_view(seat: str, *, state: SeatState = SeatState.SIGNED_OFF) -> SeatView:
    return SeatView(
        seat=SeatId(seat),
        name=f"坐席{seat}",
        device=f"PJSIP/{seat}",
        queues=(QueueId("repairs"),),
        state=state,
        since_us=START_US,
        device_state=DeviceState.IDLE,
    )


class FakeEngine:
    """An `EnginePort`. `now_us` moves by one microsecond with every fact."""

    def __init__(self, seats: Iterable[str] = ("1001", "1002"), *, buffer: int = 2000) -> None:
        self.fanout = Fanout(buffer)
        self.now_us = START_US
        self.transfers: list[tuple[CallId, TransferTo, str]] = []
        self.state = Health(
            ami_link="up",
            database="up",
            loop_lag_us=1500,
            ledger_backlog=0,
            started_us=START_US,
            version="1.2.3",
        )
        self.calls: dict[CallId, CallView] = {}
        self.open_callbacks: dict[CallbackId, CallbackView] = {}
        self.queue_views: dict[QueueId, QueueView] = {
            QueueId("repairs"): QueueView(
                queue=QueueId("repairs"),
                name={"zh-CN": "报修", "en": "Repairs"},
                waiting=0,
                longest_wait_us=0,
                seats_ready=0,
                seats_signed_on=0,
            )
        }
        self._seats = {SeatId(seat): seat_view(seat) for seat in seats}
        self._wishes: dict[SeatId, tuple[SeatState, str]] = {}

    def seats(self) -> tuple[SeatView, ...]:
        return tuple(self._seats.values())

    def queues(self) -> tuple[QueueView, ...]:
        seats = self._seats.values()
        ready = sum(seat.state is SeatState.READY for seat in seats)
        signed_on = sum(seat.state is not SeatState.SIGNED_OFF for seat in seats)
        return tuple(
            replace(queue, seats_ready=ready, seats_signed_on=signed_on)
            for queue in self.queue_views.values()
        )

    def callbacks(self) -> tuple[CallbackView, ...]:
        return tuple(self.open_callbacks.values())

    async def cancel_callback(self, callback: CallbackId, by: str) -> None:
        del by
        if self.open_callbacks.pop(callback, None) is None:
            raise UnknownCallback(callback)

    def live_calls(self) -> tuple[CallView, ...]:
        return tuple(self.calls.values())

    def health(self) -> Health:
        return self.state

    def subscribe(self) -> AbstractContextManager[AsyncIterator[Fact]]:
        return self.fanout.subscribe()

    def publish(self, fact: Fact) -> None:
        self.fanout.publish(fact)

    async def seat_command(
        self, seat: SeatId, wish: Wish, reason: str, by: str, device: str = ""
    ) -> SeatView:
        del by
        view = self._seats.get(seat)
        if view is None:
            raise UnknownSeat(seat)
        off = view.state is SeatState.SIGNED_OFF
        match wish:
            case "sign-on" if off:
                self.move(seat, SeatState.READY)
                if device:
                    self._seats[seat] = replace(self._seats[seat], device=device)
            case "sign-on":
                raise CommandRefused(f"seat {seat} is signed on already")
            case _ if off:
                raise CommandRefused(f"seat {seat} is not signed on")
            case "ready":
                self._wishes.pop(seat, None)
                if view.state in (SeatState.PAUSED, SeatState.WRAP_UP):
                    self.move(seat, SeatState.READY)
            case "pause" | "sign-off":
                new = SeatState.PAUSED if wish == "pause" else SeatState.SIGNED_OFF
                if view.state in (SeatState.RINGING, SeatState.TALKING):
                    self._wishes[seat] = (new, reason)
                else:
                    self.move(seat, new, reason)
        return self._seats[seat]

    def flows(self) -> Collection[str]:
        return ("main", "identify")

    async def send_to_flow(
        self, call: CallId, flow: str, *, by: str, seat: SeatId | None
    ) -> CallView:
        view = self.calls.get(call)
        if view is None or view.phase is not CallPhase.TALKING or seat not in (None, view.seat):
            raise CommandRefused("the caller does not talk with a seat")
        self.calls[call] = replace(view, phase=CallPhase.IN_FLOW, flow=flow)
        return self.calls[call]

    async def transfer(
        self, call: CallId, to: TransferTo, target: str, *, by: str, seat: SeatId | None
    ) -> CallView:
        if target == "nowhere":
            raise UnknownTarget(to, target)
        view = self.calls.get(call)
        if view is None or view.phase is not CallPhase.TALKING or seat not in (None, view.seat):
            raise CommandRefused("the caller does not talk with a seat")
        self.calls[call] = replace(view, phase=CallPhase.WAITING, seat=None)
        self.transfers.append((call, to, target))
        return self.calls[call]

    async def release(self, call: CallId, *, by: str, seat: SeatId | None) -> CallView:
        view = self.calls.get(call)
        if view is None or view.phase is not CallPhase.TALKING or seat not in (None, view.seat):
            raise CommandRefused("the caller does not talk with a seat")
        self.calls[call] = replace(view, phase=CallPhase.AFTER, seat=None)
        return self.calls[call]

    def move(
        self, seat: SeatId, new: SeatState, reason: str = "", call: CallId | None = None
    ) -> None:
        """Change a seat's state and say so; leaving a call grants what was wished during it."""
        old = self._seats[seat]
        if new is SeatState.WRAP_UP and seat in self._wishes:
            new, reason = self._wishes.pop(seat)
        self.now_us += 1
        self._seats[seat] = replace(old, state=new, since_us=self.now_us, reason=reason, call=call)
        self.publish(
            SeatStateChanged(
                at=self.now_us, seat=seat, old=old.state, new=new, reason=reason, call=call
            )
        )


class FakeHistory:
    """A `CallHistory`."""

    def __init__(self, calls: Iterable[PastCall] = ()) -> None:
        self.calls = {call.call: call for call in calls}
        self.facts: dict[CallId, list[Fact]] = {}

    async def past_calls(
        self, wanted: CallFilter, *, before: CallKey | None, limit: int
    ) -> Sequence[PastCall]:
        def key(call: PastCall) -> CallKey:
            return CallKey(arrived_us=call.arrived_us, call=call.call)

        found = [
            call
            for call in self.calls.values()
            if wanted.queue in (None, call.queue)
            and wanted.seat in (None, call.seat)
            and wanted.outcome in (None, call.outcome)
            and wanted.number in (None, call.caller_number)
            and wanted.from_us <= call.arrived_us
            and (not wanted.to_us or call.arrived_us < wanted.to_us)
            and (before is None or key(call) < before)
        ]
        return sorted(found, key=key, reverse=True)[:limit]

    async def past_call(self, call: CallId) -> PastCall | None:
        return self.calls.get(call)

    async def facts_of(self, call: CallId) -> Sequence[Fact]:
        return tuple(self.facts.get(call, ()))


class FakeUsers:
    """A `UserDirectory`."""

    def __init__(self, users: Iterable[UserRecord] = ()) -> None:
        self.users = {user.name: user for user in users}

    async def find(self, name: str) -> UserRecord | None:
        return self.users.get(name)
