"""Keeps the members of Asterisk's own queues what the seats are, so that `Queue()` can serve the
callers while this daemon is away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cti.effects import DropMember, Effect, KeepMember
from cti.facts import (
    Fact,
    MemberSeen,
    RoutingChanged,
    SeatRecord,
    SeatState,
    SeatStateChanged,
    SnapshotTaken,
)
from cti.ids import QueueId, SeatId


class LastResortKeeper:
    """A core: seat states in, membership effects out."""

    def __init__(self, seats: Iterable[SeatRecord]) -> None:
        self._records = {record.id: record for record in seats}
        self._wanted: dict[tuple[QueueId, SeatId], KeepMember] = {}
        self._fresh = True

    def handle(self, fact: Fact) -> Iterator[Fact | Effect]:
        if isinstance(fact, SeatStateChanged):
            yield from self._seat_changed(fact)
        elif isinstance(fact, SnapshotTaken):
            yield from self._reconcile(fact)
        elif isinstance(fact, RoutingChanged) and (fact.queues or fact.partial):
            yield from self._routing_changed(fact)

    def deadline(self) -> int | None:
        return None

    def _routing_changed(self, fact: RoutingChanged) -> Iterator[Effect]:
        """Members of queues that their seat does not serve any more go; those of new ones come."""
        kept = self._records if fact.partial else {}
        records = kept | {record.id: record for record in fact.seats}
        there = {seat: member for (_, seat), member in self._wanted.items()}
        for (queue, seat), member in list(self._wanted.items()):
            if seat not in records or queue not in records[seat].queues:
                del self._wanted[queue, seat]
                yield DropMember(queue=queue, seat=seat, device=member.device)
        for seat, member in there.items():
            for queue in records[seat].queues if seat in records else ():
                if (queue, seat) not in self._wanted:
                    self._wanted[queue, seat] = replace(member, queue=queue)
                    yield self._wanted[queue, seat]
        self._records = records

    def _seat_changed(self, fact: SeatStateChanged) -> Iterator[Effect]:
        record = self._records.get(fact.seat)
        if record is None:
            return  # it is no more, and its members went with it
        for queue in record.queues:
            key = (queue, record.id)
            before = self._wanted.get(key)
            if fact.new is SeatState.SIGNED_OFF:
                if before is not None:
                    del self._wanted[key]
                    yield DropMember(queue=queue, seat=record.id, device=before.device)
                continue
            device = fact.device or record.device
            if before is not None and before.device != device:
                yield DropMember(queue=queue, seat=record.id, device=before.device)
            member = KeepMember(
                queue=queue,
                seat=record.id,
                device=device,
                paused=fact.new is SeatState.PAUSED,
                reason=fact.reason if fact.new is SeatState.PAUSED else "",
            )
            if before != member:
                self._wanted[key] = member
                yield member

    def _reconcile(self, fact: SnapshotTaken) -> Iterator[Effect]:
        """Put right what Asterisk lost or kept wrongly while nobody watched. On the first snapshot
        its members are the truth, and the seats' own states follow from them; but who signed on
        before it, while there was no link, is told to Asterisk now."""
        seen = {(member.queue, member.seat, member.device): member for member in fact.members}
        fresh, self._fresh = self._fresh, False
        for key, wanted in self._wanted.items():
            found = seen.get((*key, wanted.device))
            if found is None or (found.paused, found.reason) != (wanted.paused, wanted.reason):
                yield wanted
        chosen: dict[SeatId, str] = {}
        for member in seen.values():
            record = self._records.get(member.seat)
            device = self._device_of(member) if not fresh else member.device
            if record is not None and fresh and _fits(member, record):
                device = chosen.setdefault(member.seat, member.device)
            if record is None or not _fits(member, record) or member.device != device:
                yield _drop(member)

    def _device_of(self, member: MemberSeen) -> str:
        """With which device the member ought to be there; empty: with none."""
        wanted = self._wanted.get((member.queue, member.seat))
        return wanted.device if wanted is not None else ""


def _fits(member: MemberSeen, record: SeatRecord) -> bool:
    """A member under a device that the seat had before would be rung beside the new one."""
    known = (record.device, *record.devices)
    return member.queue in record.queues and member.device in known


def _drop(member: MemberSeen) -> DropMember:
    return DropMember(queue=member.queue, seat=member.seat, device=member.device)
