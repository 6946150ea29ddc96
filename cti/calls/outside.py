"""Calls to the site's outside numbers: from the dialplan's word that one is dialled to what came
of it.

    MENU, WAITING, IN_FLOW, AFTER --outside-dials--> OUTSIDE --outside-failed--> where it was
                                                        '--answered, talked--> ENDED
"""

from __future__ import annotations

from typing import Final

from cti.calls.book import Book, Outcome
from cti.calls.call import Call, OutsideTry
from cti.calls.callers import queued
from cti.calls.legs import SeatLegs
from cti.facts import (
    CallPhase,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelSeen,
    FlowMarked,
    OutsideDialled,
    OutsideRung,
    SnapshotTaken,
)
from cti.ids import CallId, ChannelId, seat_of_callback, seat_of_monitor, seat_of_offer

_FROM: Final = frozenset({CallPhase.MENU, CallPhase.WAITING, CallPhase.IN_FLOW, CallPhase.AFTER})


class OutsideCalls:
    """The legs to outside numbers of the calls in `book`."""

    def __init__(self, book: Book, legs: SeatLegs) -> None:
        self._book = book
        self._legs = legs
        self._call_of: dict[ChannelId, CallId] = {}

    def flow_marked(self, fact: FlowMarked) -> Outcome:
        call = self._book.calls.get(CallId(fact.channel))
        if call is None:
            return
        if fact.mark == "outside-dials" and call.phase in _FROM:
            yield from self.begin(call, fact.get("Target"), fact.at)
        elif fact.mark == "outside-failed" and call.phase is CallPhase.OUTSIDE:
            yield from self.failed(call, fact.at, fact.get("Outcome"))

    def begin(self, call: Call, target: str, at: int) -> Outcome:
        call.outside = OutsideTry(target=target, dialled_at=at, before=call.phase)
        call.go(CallPhase.OUTSIDE, "put through to a number outside")
        yield OutsideRung(at=at, call=call.id, target=target)
        if call.outside.before is CallPhase.WAITING:
            yield from self._legs.cancel_all(call, "caller-gone")

    def failed(self, call: Call, at: int, detail: str) -> Outcome:
        """Nobody answered: the session goes on where it was."""
        tried = call.outside
        if tried is None:
            return
        yield _told(call, tried, at, detail)
        self._call_of.pop(tried.leg, None)
        call.outside = None
        call.go(tried.before, "nobody answered outside")
        if tried.before is CallPhase.WAITING:
            yield queued(call, at)

    def created(self, fact: ChannelCreated) -> None:
        """A leg that Dial() makes is linked to its caller."""
        call = self._book.calls.get(CallId(fact.linked))
        if call is None or call.outside is None or call.outside.leg:
            return
        if self._book.seat_at(fact.name) is None:
            self._follow(call, call.outside, fact.channel)

    def _follow(self, call: Call, tried: OutsideTry, leg: ChannelId) -> None:
        tried.leg = leg
        self._call_of[leg] = call.id

    def answered(self, fact: ChannelAnswered) -> None:
        tried = self._tried(fact.channel)
        if tried is not None and not tried.answered_at:
            tried.answered_at = fact.at

    def hangup_asked(self, fact: ChannelHangupAsked) -> None:
        call = self._book.calls.get(self._call_of.get(fact.channel, CallId("")))
        tried = self._tried(fact.channel)
        if call is None or tried is None:
            return
        tried.ended_at = tried.ended_at or fact.at
        if tried.answered_at and fact.by_far_end and call.ended_by == "unknown":
            call.ended_by = "outside"

    def hung_up(self, fact: ChannelHungUp) -> None:
        tried = self._tried(fact.channel)
        if tried is not None:
            tried.ended_at = tried.ended_at or fact.at
        self._call_of.pop(fact.channel, None)

    def _tried(self, leg: ChannelId) -> OutsideTry | None:
        call = self._book.calls.get(self._call_of.get(leg, CallId("")))
        return call.outside if call is not None else None

    def closing(self, call: Call, at: int) -> Outcome:
        """The call ends: what came of the number outside."""
        tried = call.outside
        if tried is not None:
            self._call_of.pop(tried.leg, None)
            yield _told(call, tried, at, "")

    def take_in(self, fact: SnapshotTaken) -> None:
        """Legs to outside numbers in a snapshot."""
        for seen in fact.channels:
            call = self._book.calls.get(CallId(seen.get("CTI_CALL")))
            if call is None or call.outside is None or not self._is_outside(seen, call):
                continue
            self._follow(call, call.outside, seen.channel)
            if seen.up and not call.outside.answered_at:
                call.outside.answered_at = seen.time("CTI_ANSWERED") or fact.at

    def _is_outside(self, seen: ChannelSeen, call: Call) -> bool:
        ours = (
            seat_of_offer(seen.channel)
            or seat_of_callback(seen.channel)
            or seat_of_monitor(seen.channel)
        )
        device = seen.name.rpartition("-")[0]
        return (
            seen.channel != call.channel
            and ours is None
            and device not in self._book.seat_of_device
        )


def _told(call: Call, tried: OutsideTry, at: int, detail: str) -> OutsideDialled:
    ended = tried.ended_at or at
    return OutsideDialled(
        at=at,
        call=call.id,
        target=tried.target,
        answered=bool(tried.answered_at),
        ring_us=max(0, (tried.answered_at or ended) - tried.dialled_at),
        talk_us=max(0, ended - tried.answered_at) if tried.answered_at else 0,
        detail=detail,
    )
