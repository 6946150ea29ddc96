"""Who listens to which talk.

    wish --> granted --(written down)--> rung --answered--> hears --> ended
                                                  ^   |
                        another mode: granted, written down, changed

The seat's leg is spied on, by a channel of its own that ends with it; the talk is not touched. In
the ledger it stands first: the phone is rung, or the mode changed, only at `MonitorNoted`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cti.calls.book import Book, Outcome
from cti.calls.call import Call, SeatLeg
from cti.effects import ChangeMonitor, HangUp, RingMonitor
from cti.facts import (
    CallPhase,
    ChannelAnswered,
    ChannelHungUp,
    ChannelSeen,
    EffectFailed,
    MonitorBegun,
    MonitorEnded,
    MonitorGranted,
    MonitorMode,
    MonitorModeWish,
    MonitorNoted,
    MonitorRefused,
    MonitorStopWish,
    MonitorWish,
    OriginateEnded,
    SnapshotTaken,
)
from cti.ids import (
    CallId,
    ChannelId,
    MonitorId,
    OfferId,
    SeatId,
    monitor_id,
    seat_of_monitor,
    seat_of_offer,
)

_TALKS: Final = frozenset({CallPhase.TALKING, CallPhase.IN_FLOW})
_MODES: Final[dict[str, MonitorMode]] = {"listen": "listen", "whisper": "whisper", "barge": "barge"}


@dataclass(slots=True)
class Monitor:
    """`mode`: how they hear it, or will. `rung`: their phone has been asked for."""

    id: MonitorId
    call: CallId
    seat: SeatId
    leg: OfferId
    by: str
    at_seat: SeatId
    device: str
    mode: MonitorMode
    rung: bool = False
    answered_at: int = 0

    @property
    def channel(self) -> ChannelId:
        return ChannelId(self.id)


class Monitoring:
    """Of the calls in `book`."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._monitors: dict[ChannelId, Monitor] = {}

    def all(self) -> Iterator[Monitor]:
        """Those that are granted or hear, the oldest first."""
        return iter(self._monitors.values())

    def wished(self, fact: MonitorWish) -> Outcome:
        call = self._book.calls.get(fact.call)
        leg = self._book.leg_of(call) if call is not None else None
        why = self._refusal(call, leg, fact)
        if why or leg is None:
            yield MonitorRefused(at=fact.at, call=fact.call, by=fact.by, why=why)
            return
        one = Monitor(
            id=monitor_id(fact.at_seat, fact.at),
            call=leg.call,
            seat=leg.seat,
            leg=leg.offer,
            by=fact.by,
            at_seat=fact.at_seat,
            device=fact.device,
            mode=fact.mode,
        )
        self._monitors[one.channel] = one
        yield _granted(one, fact.at, fact.mode)

    def _refusal(self, call: Call | None, leg: SeatLeg | None, fact: MonitorWish) -> str:
        if call is None or call.phase not in _TALKS or leg is None or leg.left:
            return "the caller does not talk with a seat"
        if leg.seat == fact.at_seat:
            return "it is your own talk"
        if seat_of_offer(leg.channel) is None:
            return "a callback, or a call that Asterisk put through by itself, cannot be monitored"
        if any(one.at_seat == fact.at_seat for one in self._monitors.values()):
            return "your phone listens to a talk already"
        return ""

    def mode_wished(self, fact: MonitorModeWish) -> Outcome:
        one = self._monitors.get(ChannelId(fact.monitor))
        if one is None:
            why = "nobody listens there any more"
            yield MonitorRefused(at=fact.at, call=CallId(""), by=fact.by, why=why)
            return
        yield _granted(one, fact.at, fact.mode)

    def noted(self, fact: MonitorNoted) -> Outcome:
        one = self._monitors.get(ChannelId(fact.monitor))
        if one is None:
            return
        one.mode = fact.mode
        if one.rung:
            yield ChangeMonitor(channel=one.channel, mode=one.mode)
        elif self._goes_on(one):
            one.rung = True
            yield RingMonitor(
                monitor=one.id,
                device=one.device,
                spied=ChannelId(one.leg),
                seat=one.seat,
                mode=one.mode,
                by=one.by,
            )
        else:
            yield self._ended(one, fact.at)

    def _goes_on(self, one: Monitor) -> bool:
        leg = self._book.legs.get(ChannelId(one.leg))
        return leg is not None and not leg.left

    def stop_wished(self, fact: MonitorStopWish) -> Outcome:
        one = self._monitors.get(ChannelId(fact.monitor))
        if one is None:
            return
        if one.rung:
            yield HangUp(channel=one.channel)
        else:
            yield self._ended(one, fact.at)

    def answered(self, fact: ChannelAnswered) -> Outcome:
        one = self._monitors.get(fact.channel)
        if one is not None and not one.answered_at:
            one.answered_at = fact.at
            yield MonitorBegun(at=fact.at, monitor=one.id, call=one.call, seat=one.seat, by=one.by)

    def hung_up(self, fact: ChannelHungUp) -> Outcome:
        one = self._monitors.get(fact.channel)
        if one is not None:
            yield self._ended(one, fact.at)

    def originate_ended(self, fact: OriginateEnded) -> Outcome:
        one = self._monitors.get(ChannelId(fact.offer))
        if one is not None and not fact.accepted and not one.answered_at:
            yield self._ended(one, fact.at)

    def effect_failed(self, fact: EffectFailed) -> Outcome:
        """A phone that could not be rung; when it is not known, the next snapshot tells."""
        one = self._monitors.get(ChannelId(fact.subject))
        if (
            one is not None
            and fact.effect == RingMonitor.__name__
            and fact.reason.startswith("ref")
        ):
            yield self._ended(one, fact.at)

    def take_in(self, fact: SnapshotTaken) -> Outcome:
        """Whose phone has hung up unseen, and who was there before this daemon."""
        seen = {one.channel: one for one in fact.channels}
        for one in [one for one in self._monitors.values() if one.rung]:
            if one.channel not in seen:
                yield self._ended(one, fact.at)
        for channel in fact.channels:
            if seat_of_monitor(channel.channel) and channel.channel not in self._monitors:
                yield from self._found(channel)

    def _found(self, seen: ChannelSeen) -> Outcome:
        leg = self._book.legs.get(ChannelId(seen.get("CTI_SPIED")))
        seat = seat_of_monitor(seen.channel)
        if leg is None or seat is None:
            yield HangUp(channel=seen.channel)
            return
        self._monitors[seen.channel] = Monitor(
            id=MonitorId(seen.channel),
            call=leg.call,
            seat=leg.seat,
            leg=leg.offer,
            by=seen.get("CTI_MONITOR_BY"),
            at_seat=seat,
            device="",
            mode=_MODES.get(seen.get("CTI_MONITOR_MODE"), "listen"),
            rung=True,
            answered_at=seen.time("CTI_ANSWERED"),
        )

    def _ended(self, one: Monitor, at: int) -> MonitorEnded:
        del self._monitors[one.channel]
        return MonitorEnded(
            at=at,
            monitor=one.id,
            call=one.call,
            seat=one.seat,
            by=one.by,
            heard_us=max(0, at - one.answered_at) if one.answered_at else 0,
        )


def _granted(one: Monitor, at: int, mode: MonitorMode) -> MonitorGranted:
    return MonitorGranted(
        at=at,
        monitor=one.id,
        call=one.call,
        seat=one.seat,
        offer=one.leg,
        by=one.by,
        mode=mode,
    )
