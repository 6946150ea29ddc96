"""A seat's state, and the one function that changes it.

             sign-on                offer              answered
SIGNED_OFF ----------> READY ----------------> RINGING ----------> TALKING
    ^  ^                ^ ^ |                   |    |                |
    |  |          ready | | | pause  no answer, |    | caller gone    | seat left
    |  |                | | v        rejected   v    '---> READY      v
    |  '------------- PAUSED <-----------------'                   WRAP_UP
    |     sign-off      ^                                           |   |
    |                   '------------- pause ----------------------'   | time is up,
    '------------------------------------------------------------------' or ready -> READY

A wish (pause, sign-off) voiced while RINGING or TALKING is kept and granted afterwards.
A call found after an absence takes a seat to RINGING or TALKING from any state; a wrap-up that an
absence has interrupted goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cti.errors import JietongError
from cti.facts import DeviceState, SeatState, SeatStateChanged
from cti.ids import CallId, OfferId, QueueId, SeatId

_S = SeatState
_ALLOWED: Final[dict[SeatState, frozenset[SeatState]]] = {
    _S.SIGNED_OFF: frozenset({_S.READY, _S.PAUSED, _S.RINGING, _S.TALKING, _S.WRAP_UP}),
    _S.READY: frozenset({_S.RINGING, _S.PAUSED, _S.SIGNED_OFF, _S.TALKING}),
    _S.RINGING: frozenset({_S.TALKING, _S.PAUSED, _S.READY, _S.SIGNED_OFF}),
    _S.TALKING: frozenset({_S.WRAP_UP, _S.READY, _S.PAUSED, _S.SIGNED_OFF}),
    _S.WRAP_UP: frozenset({_S.READY, _S.PAUSED, _S.SIGNED_OFF, _S.RINGING, _S.TALKING}),
    _S.PAUSED: frozenset({_S.READY, _S.SIGNED_OFF, _S.PAUSED, _S.RINGING, _S.TALKING}),
}


class IllegalSeatMove(JietongError):
    """Fields: `seat`, `old`, `new`."""

    def __init__(self, seat: SeatId, old: SeatState, new: SeatState) -> None:
        self.seat, self.old, self.new = seat, old, new
        super().__init__(f"seat {seat} cannot go from {old} to {new}")


@dataclass(frozen=True, slots=True)
class SeatRecord:
    """Who sits where: from the site file."""

    id: SeatId
    name: str
    device: str
    queues: tuple[QueueId, ...]
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a seat asked for during a call, to be granted after it."""

    state: SeatState
    reason: str


@dataclass(slots=True)
class Seat:
    """Times are microseconds since the epoch."""

    record: SeatRecord
    state: SeatState = SeatState.SIGNED_OFF
    since: int = 0
    reason: str = ""
    idle_since: int = 0
    until: int | None = None
    call: CallId | None = None
    offer: OfferId | None = None
    wish: Wish | None = None
    device: DeviceState = DeviceState.UNKNOWN
    served: QueueId = QueueId("")
    """Whose call it has just left, while that call's wrap-up is not over."""
    served_us: int = 0

    @property
    def id(self) -> SeatId:
        return self.record.id

    @property
    def busy(self) -> bool:
        return self.state in (SeatState.RINGING, SeatState.TALKING)

    @property
    def works(self) -> bool:
        """Signed on and not paused."""
        return self.state not in (SeatState.SIGNED_OFF, SeatState.PAUSED)

    @property
    def can_take_a_call(self) -> bool:
        return self.state is SeatState.READY and self.device in (
            DeviceState.IDLE,
            DeviceState.UNKNOWN,
        )

    def go(
        self,
        new: SeatState,
        at: int,
        *,
        reason: str = "",
        call: CallId | None = None,
        until: int | None = None,
    ) -> SeatStateChanged:
        """Change state; returns the fact that says so. Raises IllegalSeatMove."""
        old = self.state
        if new not in _ALLOWED[old]:
            raise IllegalSeatMove(self.id, old, new)
        self.state, self.since, self.reason, self.until, self.call = new, at, reason, until, call
        if not self.busy:
            self.offer = None
        if new is SeatState.READY and old is not SeatState.RINGING:
            self.idle_since = at
        return SeatStateChanged(
            at=at, seat=self.id, old=old, new=new, reason=reason, call=call, until=until
        )

    def remark(self, at: int, reason: str) -> SeatStateChanged:
        """Say more about a state that goes on."""
        self.reason = reason
        return SeatStateChanged(
            at=at,
            seat=self.id,
            old=self.state,
            new=self.state,
            reason=reason,
            call=self.call,
            until=self.until,
        )


@dataclass(frozen=True, slots=True)
class SeatSnapshot:
    """What others may see of a seat."""

    seat: SeatId
    name: str
    device: str
    queues: tuple[QueueId, ...]
    state: SeatState
    since: int
    reason: str
    call: CallId | None
    until: int | None
    device_state: DeviceState
