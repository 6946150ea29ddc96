"""What the seats were before the daemon went away. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from acd.phones import Phones
from acd.seats import Seat
from cti.facts import DeviceState, EngineStarted, SeatState, SeatStateChanged, SnapshotTaken
from cti.ids import SeatId


class Restoring:
    """Part of the dispatcher: after a start, Asterisk's queue members tell who is signed on, and
    the ledger what they do not keep; after the first snapshot our own belief rules."""

    def __init__(self, seats: Mapping[SeatId, Seat], phones: Phones) -> None:
        self._seats = seats
        self._phones = phones
        self._remembered: dict[SeatId, SeatStateChanged] = {}
        self._fresh = True

    def engine_started(self, fact: EngineStarted) -> None:
        self._remembered = {state.seat: state for state in fact.seats}

    def snapshot_taken(self, fact: SnapshotTaken) -> Iterator[SeatStateChanged]:
        if not self._fresh:
            return
        self._fresh = False
        for member in fact.members:
            seen = self._seats.get(member.seat)
            if seen is None or seen.state is not SeatState.SIGNED_OFF:
                continue
            self._restore_device(seen, member.device)
            if member.paused:
                yield seen.go(SeatState.PAUSED, fact.at, reason=member.reason)
            else:
                yield self._restored(seen, fact.at)
            self._restore_since(seen)

    def _restore_device(self, seat: Seat, device: str) -> None:
        """With which of its devices it had signed on."""
        if device in seat.record.devices:
            seat.at_device = device
            self._phones.chosen(seat)

    def _restored(self, seat: Seat, at: int) -> SeatStateChanged:
        """Asterisk's members do not tell wrap-up from ready; the ledger does."""
        kept = self._remembered.get(seat.id)
        if kept and kept.new is SeatState.WRAP_UP and kept.until and kept.until > at:
            return seat.go(SeatState.WRAP_UP, at, call=kept.call, until=kept.until)
        unreachable = seat.device is DeviceState.UNREACHABLE
        return seat.go(SeatState.UNREACHABLE if unreachable else SeatState.READY, at)

    def _restore_since(self, seat: Seat) -> None:
        """Asterisk does not keep since when; the ledger does, when it agrees on the state."""
        kept = self._remembered.get(seat.id)
        if kept is not None and kept.new is seat.state:
            seat.since = seat.idle_since = kept.at
            seat.touched()
