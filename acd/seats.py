"""A seat's state, and the one function that changes it.

             sign-on             offer               its phone rings
SIGNED_OFF ----------> READY ------------> RESERVED -----------------> RINGING
    ^  ^              ^ ^ ^ |                |   |                      |   |
    |  |        ready | | | | phone gone     |   | caller gone          |   | answered
    |  |              | | | '-----> UNREACHABLE  '----> READY <---------'   v
    |  |              | | '-----------'  ^   | no sign, no answer,       TALKING <--> HOLD
    |  |              | | phone is back  |   | rejected                   |    ^      |  ^
    |  |              | |                |   v                            |    |      v  |
    |  '------------ PAUSED <----------------'                  seat left |    '---- CONSULT
    |     sign-off      ^                                                 v
    |                   '------------- pause ------------------------- WRAP_UP
    |                                                                 |   |
    '-----------------------------------------------------------------'   '--> READY (time is up,
                                                                               or ready asked for)

RESERVED may go where RINGING goes: a phone may answer without having rung. HOLD and CONSULT end as
TALKING does. A wish (pause, sign-off) voiced from RESERVED to CONSULT is kept and granted
afterwards; UNREACHABLE takes wishes as READY does. A call found after an absence takes a seat to
RINGING or TALKING from any state, and back to RESERVED when an offer of ours was just being made; a
wrap-up that an absence has interrupted goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cti.errors import JietongError
from cti.facts import ContactKind, DeviceState, SeatRecord, SeatState, SeatStateChanged
from cti.ids import CallId, OfferId, QueueId, SeatId

_S = SeatState
_READY: Final = _S.READY
_TALKING: Final = _S.TALKING
_SIGNED_OFF: Final = _S.SIGNED_OFF
_WRAP_UP: Final = _S.WRAP_UP
"""Members by names of their own: finding one in its Enum takes as long as a look into a dict."""
_IN_CALL: Final = frozenset({_S.TALKING, _S.HOLD, _S.CONSULT})
_AT_WORK: Final = _IN_CALL | {_S.WRAP_UP}
_RUNG: Final = frozenset({_S.RESERVED, _S.RINGING})
_AWAY: Final = frozenset({_S.SIGNED_OFF, _S.PAUSED, _S.UNREACHABLE})
_CAN_RING: Final = frozenset({DeviceState.IDLE, DeviceState.UNKNOWN})
_AFTER_A_CALL: Final = frozenset({_S.WRAP_UP, _S.READY, _S.PAUSED, _S.SIGNED_OFF, _S.UNREACHABLE})
_ANYWHERE: Final = frozenset({_S.RESERVED, _S.RINGING, _S.TALKING})
"""Where a call that is found takes a seat."""
_ALLOWED: Final[dict[SeatState, frozenset[SeatState]]] = {
    _S.SIGNED_OFF: _ANYWHERE | {_S.READY, _S.PAUSED, _S.WRAP_UP, _S.UNREACHABLE},
    _S.READY: _ANYWHERE | {_S.PAUSED, _S.SIGNED_OFF, _S.UNREACHABLE},
    _S.UNREACHABLE: _ANYWHERE | {_S.READY, _S.PAUSED, _S.SIGNED_OFF},
    _S.RESERVED: _AFTER_A_CALL - {_S.WRAP_UP} | {_S.RINGING, _S.TALKING},
    _S.RINGING: _AFTER_A_CALL - {_S.WRAP_UP} | {_S.TALKING},
    _S.TALKING: _AFTER_A_CALL | {_S.HOLD, _S.CONSULT, _S.RESERVED},
    _S.HOLD: _AFTER_A_CALL | {_S.TALKING, _S.CONSULT, _S.RESERVED},
    _S.CONSULT: _AFTER_A_CALL | {_S.TALKING, _S.HOLD, _S.RESERVED},
    _S.WRAP_UP: _ANYWHERE | {_S.READY, _S.PAUSED, _S.SIGNED_OFF, _S.UNREACHABLE},
    _S.PAUSED: _ANYWHERE | {_S.READY, _S.SIGNED_OFF, _S.PAUSED, _S.UNREACHABLE},
}


class IllegalSeatMove(JietongError):
    """Fields: `seat`, `old`, `new`."""

    def __init__(self, seat: SeatId, old: SeatState, new: SeatState) -> None:
        self.seat, self.old, self.new = seat, old, new
        super().__init__(f"seat {seat} cannot go from {old} to {new}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a seat asked for during a call, to be granted after it."""

    state: SeatState
    reason: str


def _nobody(seat: Seat) -> None:
    del seat


@dataclass(slots=True)
class Seat:
    """Times are microseconds since the epoch. Who changes anything that decides whether the seat
    can be offered something calls `touched`; `go` and `remark` do."""

    record: SeatRecord
    state: SeatState = SeatState.SIGNED_OFF
    since: int = 0
    reason: str = ""
    idle_since: int = 0
    until: int | None = None
    call: CallId | None = None
    offer: OfferId | None = None
    before: tuple[OfferId, CallId] | None = None
    """The offer that rang when a call of Asterisk's own queue took the seat, until that offer has
    ended or is answered: a seat never has two."""
    wish: Wish | None = None
    device: DeviceState = DeviceState.UNKNOWN
    """Of the device in use."""
    at_device: str = ""
    """The one that it has chosen; empty: its usual one."""
    served: QueueId = QueueId("")
    """Whose call it has just left, while that call's wrap-up is not over."""
    served_us: int = 0
    extended: bool = False
    """The wrap-up has been made longer once."""
    signed_on_at: int = 0
    calls: int = 0
    """Taken since it signed on."""
    busy_us: int = 0
    """In calls and wrap-ups since it signed on, those that are over."""
    rung_at: int = 0
    """When it was last chosen."""
    contacts: dict[CallId, ContactKind] = field(default_factory=dict)
    """Other contacts in hand."""
    contact_offer: OfferId | None = None
    set_aside: set[ContactKind] = field(default_factory=set)
    """Kinds of contacts that it rejected or did not answer, until it says that it is ready."""
    watch: Callable[[Seat], None] = _nobody
    id: SeatId = field(init=False)
    works: bool = field(init=False)
    """Signed on, not paused, and its phone can be reached."""
    signed_on: bool = field(init=False)

    def __post_init__(self) -> None:
        self.id = self.record.id
        self._in(self.state)

    def _in(self, state: SeatState) -> None:
        self.state = state
        self.works, self.signed_on = state not in _AWAY, state is not _SIGNED_OFF

    @property
    def dial(self) -> str:
        """The dial string of the device in use."""
        return self.at_device or self.record.device

    @property
    def busy(self) -> bool:
        """Chosen for a call, or in one."""
        return self.state in _RUNG or self.state in _IN_CALL

    @property
    def rung(self) -> bool:
        return self.state in _RUNG

    @property
    def in_call(self) -> bool:
        return self.state in _IN_CALL

    @property
    def phone_is_free(self) -> bool:
        return self.device in _CAN_RING

    @property
    def can_take_a_call(self) -> bool:
        return self.state is _READY and self.contact_offer is None and self.device in _CAN_RING

    def can_take(self, kind: ContactKind) -> bool:
        """Whether a contact of `kind` may be offered now."""
        if kind == "call":
            return self.can_take_a_call
        # A phone in use while the seat is ready: it talks with somebody whom we did not connect.
        silent = self.state is _READY and self.device in _CAN_RING
        allowed = self.record.texts_in_call and (self.in_call or self.state is _READY)
        if not (silent or allowed) or self.contact_offer is not None or kind in self.set_aside:
            return False
        most = next((one.most for one in self.record.capacity if one.kind == kind), 0)
        return sum(one == kind for one in self.contacts.values()) < most

    @property
    def occupancy_ppm(self) -> int:
        """Share of the time since sign-on spent with calls, in millionths, when it became free."""
        signed_on_us = self.idle_since - self.signed_on_at
        return self.busy_us * 1_000_000 // signed_on_us if signed_on_us > 0 else 0

    def touched(self) -> None:
        self.watch(self)

    def awaits_no_more(self, offer: OfferId) -> None:
        """That one has ended, or has been answered."""
        if self.before is not None and self.before[0] == offer:
            self.before = None

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
        rung = old in _RUNG
        if old in _AT_WORK and at > self.since:
            self.busy_us += at - self.since
        self._in(new)
        self.since, self.reason, self.until, self.call = at, reason, until, call
        if new not in _RUNG and new not in _IN_CALL:
            self.offer = None
        if old is _SIGNED_OFF:
            self.signed_on_at, self.calls, self.busy_us = at, 0, 0
        if new is _READY and not rung:
            self.idle_since = at
        elif new is _TALKING and rung:
            self.calls += 1
        if new is not _WRAP_UP:
            self.extended = False
        self.watch(self)
        return SeatStateChanged(
            at=at,
            seat=self.id,
            old=old,
            new=new,
            reason=reason,
            call=call,
            until=until,
            device=self.at_device,
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
            device=self.at_device,
        )


@dataclass(frozen=True, slots=True)
class SeatSnapshot:
    """What others may see of a seat. `contacts`: what it has in hand besides a call."""

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
    contacts: tuple[CallId, ...] = ()
    contact_offer: OfferId | None = None
