"""Tells the cores a story in a hotline's own words and keeps what they concluded.

    story = Story()
    story.signs_on("1001")
    call = story.call_waits()
    story.rings("1001")
    story.answers("1001")
    assert story.only(OfferAnswered).seat == "1001"

Time stands still until `wait` moves it on, and `wait` keeps the deadlines that the cores publish.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from acd.callback_rules import CallbackRules
from acd.comfort import Comfort
from acd.dispatcher import Dispatcher
from acd.last_resort import LastResortKeeper
from acd.seats import SeatSnapshot
from cti.brain import Brain, Step
from cti.calls.call import CallSnapshot
from cti.calls.callbacks import CallbackLegs
from cti.calls.tracker import CallTracker, devices_of
from cti.effects import Effect, HangUp
from cti.facts import (
    AgiCommandEnded,
    BridgeJoined,
    BridgeLeft,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHungUp,
    ChannelRang,
    ChannelSeen,
    DeviceState,
    EngineStarted,
    Fact,
    FlowMarked,
    LinkLost,
    MemberSeen,
    OriginateEnded,
    QueueRecord,
    Report,
    RungFirst,
    SeatCommand,
    SeatRecord,
    SeatStateChanged,
    Skill,
    SnapshotTaken,
    StrategyName,
    TimePassed,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId, QueueId, SeatId
from cti.store.callbacks import open_callbacks
from recording.rules import RecordingKeeper

T = TypeVar("T")
Wish = Literal["sign-on", "sign-off", "ready", "pause"]

SECOND = 1_000_000
START = 1_800_000_000 * SECOND
RING = 15 * SECOND
WRAP_UP = 8 * SECOND
HOTLINE = "12345"
BOTH_QUEUES = ("repairs", "bills")


def device_of(seat: str) -> str:
    return f"PJSIP/{seat}"


def name_of(call: str) -> str:
    """The caller's channel name, as SIP trunks have it."""
    return f"PJSIP/trunk-{call}"


def caller_seen(
    call: str, context: str = "waiting-room", /, *, bridge: str = "", **variables: str
) -> ChannelSeen:
    """A caller's channel in a snapshot. Variables are given without `CTI_`, in any case."""
    known = {"CTI_CALL": call, "CTI_HOTLINE": HOTLINE, "CTI_QUEUE": "repairs", "CTI_LANG": "zh-CN"}
    known |= {f"CTI_{name.upper()}": value for name, value in variables.items()}
    return ChannelSeen(
        channel=ChannelId(call),
        name=name_of(call),
        linked=ChannelId(call),
        context=context,
        application="Wait",
        up=True,
        bridge=BridgeId(bridge),
        caller_number="13800001111",
        caller_name="",
        variables=tuple(known.items()),
    )


def leg_seen(
    leg: str, call: str, seat: str, *, up: bool = False, bridge: str = "", **variables: str
) -> ChannelSeen:
    """A seat's leg in a snapshot: ours when `leg` is an offer, else Asterisk's own Queue()'s."""
    known = {"CTI_CALL": call}
    known |= {f"CTI_{name.upper()}": value for name, value in variables.items()}
    ours = leg.startswith("offer.")
    return ChannelSeen(
        channel=ChannelId(leg),
        name=f"{device_of(seat)}-{leg}".replace("offer.", ""),
        linked=ChannelId(leg if ours else call),
        context="seat-leg" if ours else "last-resort",
        application="Bridge" if bridge else "AppDial2",
        up=up or bool(bridge),
        bridge=BridgeId(bridge),
        caller_number=seat,
        caller_name="",
        variables=tuple(known.items()),
    )


def member(seat: str, queue: str = "repairs", *, paused: str = "") -> MemberSeen:
    """A member of a queue of last resort; `paused` is the reason of its pause."""
    return MemberSeen(
        queue=QueueId(queue),
        seat=SeatId(seat),
        device=device_of(seat),
        paused=bool(paused),
        reason=paused,
    )


class Story:
    """One hotline with its cores. The link is up unless `link` is False."""

    def __init__(
        self,
        *,
        seats: tuple[str, ...] = ("1001", "1002", "1003"),
        queues_of: dict[str, tuple[str, ...]] | None = None,
        wrap_up: int = WRAP_UP,
        link: bool = True,
        announce: int = 45 * SECOND,
        rules: CallbackRules | None = None,
        skills_of: dict[str, tuple[str, ...]] | None = None,
        more_devices: dict[str, tuple[str, ...]] | None = None,
        strategy: StrategyName = "longest-idle",
        first: RungFirst = "seat",
    ) -> None:
        self._rules = rules
        skills = skills_of or {}
        serves = queues_of or {}
        self._seats = [
            SeatRecord(
                SeatId(seat),
                f"Seat {seat}",
                device_of(seat),
                tuple(QueueId(queue) for queue in serves.get(seat, BOTH_QUEUES)),
                tuple(Skill(name) for name in skills.get(seat, ())),
                devices=(more_devices or {}).get(seat, ()),
            )
            for seat in seats
        ]
        self._queues = [
            QueueRecord(
                QueueId(queue),
                RING,
                wrap_up,
                announce_us=announce,
                strategy=strategy,
                callback_first=first,
            )
            for queue in BOTH_QUEUES
        ]
        self.now = START
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []
        self.step = Step((), ())
        self._calls = 0
        self._bridges = 0
        self._last_states: dict[SeatId, SeatStateChanged] = {}
        self._start_daemon()
        if link:
            self.snapshot()

    def _start_daemon(self) -> None:
        self.tracker = CallTracker(devices_of(self._seats))
        self.dispatcher = Dispatcher(self._seats, self._queues, callbacks=self._rules)
        self.brain = Brain(
            (
                CallbackLegs(),
                self.tracker,
                self.dispatcher,
                Comfort(self._queues, self.dispatcher),
                LastResortKeeper(self._seats),
                RecordingKeeper(),
            )
        )
        states = tuple(self._last_states.values())
        open_ones = open_callbacks(self.facts)
        self.hear(EngineStarted(at=self.now, version="test", seats=states, callbacks=open_ones))

    # ------------------------------------------------------------------------------- telling

    def hear(self, report: Report) -> Step:
        """Let the cores decide on `report`."""
        self.step = self.brain.step(report)
        self.facts += self.step.facts
        self.effects += self.step.effects
        for fact in self.step.facts:
            if isinstance(fact, SeatStateChanged):
                self._last_states[fact.seat] = fact
        return self.step

    def wait(self, seconds: float = 0, *, us: int = 0) -> None:
        """Time goes by, deadline after deadline."""
        until = self.now + round(seconds * SECOND) + us
        while (deadline := self.brain.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.hear(TimePassed(at=self.now))
            assert self.brain.deadline() != deadline, "a deadline that has come must go"
        self.now = until

    # ------------------------------------------------------------------------------- callers

    def call_arrives(self, number: str = "13800001111", *, context: str = "from-trunk") -> CallId:
        self._calls += 1
        call = CallId(f"1800000000.{self._calls}")
        self.hear(
            ChannelCreated(
                at=self.now,
                channel=ChannelId(call),
                name=name_of(call),
                linked=ChannelId(call),
                context=context,
                exten=HOTLINE,
                caller_number=number,
                caller_name="",
            )
        )
        return call

    def command_ends(self, call: CallId, command: str = "STREAM FILE welcome 1") -> None:
        self.hear(
            AgiCommandEnded(at=self.now, channel=ChannelId(call), command=command, result="Success")
        )

    def marks(self, call: CallId, mark: str, **data: str) -> None:
        """The menu session writes a milestone into Asterisk's stream."""
        pairs = tuple((name.capitalize(), value) for name, value in data.items())
        self.hear(FlowMarked(at=self.now, channel=ChannelId(call), mark=mark, data=pairs))

    def queued(
        self, call: CallId, queue: str = "repairs", *, priority: int = 5, skills: str = ""
    ) -> None:
        more = {"skills": skills} if skills else {}
        self.marks(call, "queued", queue=queue, priority=str(priority), language="zh-CN", **more)

    def call_waits(self, queue: str = "repairs", *, priority: int = 5, skills: str = "") -> CallId:
        """A call arrives, asks for a person, hears the prompt to its end and is queued."""
        call = self.call_arrives()
        self.command_ends(call, "GET OPTION menu 12")
        self.marks(call, "person-asked", queue=queue)
        self.command_ends(call)
        self.marks(call, "prompt-ended", prompt="please-hold")
        self.queued(call, queue, priority=priority, skills=skills)
        return call

    def hang_up_begins(self, channel: str, cause: int = 16) -> None:
        self.hear(ChannelHangupAsked(at=self.now, channel=ChannelId(channel), cause=cause))

    def channel_gone(self, channel: str, cause: int = 16) -> None:
        self.hear(ChannelHungUp(at=self.now, channel=ChannelId(channel), cause=cause))

    def caller_hangs_up(self, call: CallId) -> None:
        self.hang_up_begins(call)
        self.channel_gone(call)

    # --------------------------------------------------------------------------------- seats

    def signs_on(self, *seats: str) -> None:
        for seat in seats:
            self.wishes(seat, "sign-on")

    def wishes(self, seat: str, wish: Wish, reason: str = "", device: str = "") -> None:
        command = SeatCommand(
            at=self.now, seat=SeatId(seat), wish=wish, reason=reason, device=device
        )
        self.hear(command)

    def offer(self, seat: str) -> OfferId:
        """The offer that the seat rings or talks for."""
        offer = self.dispatcher.offer_of(SeatId(seat))
        assert offer is not None, f"{seat} has no offer"
        return offer

    def leg_created(self, offer: OfferId, seat: str) -> None:
        self.hear(
            ChannelCreated(
                at=self.now,
                channel=ChannelId(offer),
                name=f"{device_of(seat)}-{offer[-8:]}",
                linked=ChannelId(offer),
                context="seat-leg",
                exten="s",
                caller_number=seat,
                caller_name="",
            )
        )

    def queue_rings(self, leg: str, call: CallId, seat: str) -> None:
        """Asterisk's own Queue() makes a leg to a seat."""
        self.hear(
            ChannelCreated(
                at=self.now,
                channel=ChannelId(leg),
                name=f"{device_of(seat)}-{leg}",
                linked=ChannelId(call),
                context="from-seat",
                exten="s",
                caller_number=seat,
                caller_name="",
            )
        )

    def rings(self, seat: str) -> OfferId:
        """Asterisk makes the leg of the seat's offer and the phone rings."""
        offer = self.offer(seat)
        self.leg_created(offer, seat)
        self.hear(ChannelRang(at=self.now, channel=ChannelId(offer)))
        return offer

    def picks_up(self, leg: str) -> None:
        """The seat answers; the two are not in one bridge yet."""
        self.hear(ChannelAnswered(at=self.now, channel=ChannelId(leg)))

    def joins(self, bridge: str, channel: str) -> None:
        self.hear(BridgeJoined(at=self.now, bridge=BridgeId(bridge), channel=ChannelId(channel)))

    def bridged(self, leg: str, call: CallId) -> BridgeId:
        self._bridges += 1
        bridge = BridgeId(f"bridge-{self._bridges}")
        self.joins(bridge, leg)
        self.joins(bridge, call)
        return bridge

    def answers(self, seat: str) -> BridgeId:
        """The seat answers, and three milliseconds later the two can hear each other."""
        offer = self.offer(seat)
        call = next(one.call for one in self.dispatcher.seats() if one.seat == seat)
        assert call is not None
        self.picks_up(offer)
        self.wait(us=3_000)
        return self.bridged(offer, call)

    def leaves(self, bridge: BridgeId, channel: str) -> None:
        self.hear(BridgeLeft(at=self.now, bridge=bridge, channel=ChannelId(channel)))

    def does_not_answer(self, seat: str) -> None:
        """Asterisk's own ring time-out ends the leg."""
        offer = self.offer(seat)
        self.wait(RING / SECOND)
        self.channel_gone(offer, 0)
        self.hear(OriginateEnded(at=self.now, offer=offer, accepted=False, reason=3))

    def seat_rejects(self, seat: str) -> None:
        offer = self.offer(seat)
        self.channel_gone(offer, 21)
        self.hear(OriginateEnded(at=self.now, offer=offer, accepted=False, reason=5))

    def cannot_be_reached(self, seat: str) -> None:
        """There is no phone: Asterisk cannot even make a channel."""
        offer = self.offer(seat)
        self.hear(OriginateEnded(at=self.now, offer=offer, accepted=False, reason=0))

    # ------------------------------------------------------------------------ daemon and link

    def link_lost(self) -> None:
        self.hear(LinkLost(at=self.now))

    def snapshot(
        self,
        *channels: ChannelSeen,
        members: tuple[MemberSeen, ...] = (),
        devices: dict[str, DeviceState] | None = None,
    ) -> Step:
        states = {device_of(seat.id): DeviceState.IDLE for seat in self._seats}
        states |= {device_of(seat): state for seat, state in (devices or {}).items()}
        return self.hear(
            SnapshotTaken(
                at=self.now,
                channels=channels,
                members=members,
                devices=tuple(states.items()),
            )
        )

    def daemon_restarts(self) -> None:
        """A new daemon that remembers nothing but the ledger's last states of the seats."""
        self._start_daemon()

    # ------------------------------------------------------------------------------- reading

    def all(self, kind: type[T]) -> list[T]:
        """Every fact or effect of one kind so far."""
        return [one for one in (*self.facts, *self.effects) if isinstance(one, kind)]

    def new(self, kind: type[T]) -> list[T]:
        """The facts or effects of one kind from the last report."""
        return [one for one in (*self.step.facts, *self.step.effects) if isinstance(one, kind)]

    def only(self, kind: type[T]) -> T:
        """The one fact or effect of this kind so far."""
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} x {kind.__name__}: {found}"
        return found[0]

    def hung_up(self, *, lately: bool = False) -> list[str]:
        """Channels that the cores have hung up: all of them, or those of the last report."""
        return [one.channel for one in (self.new if lately else self.all)(HangUp)]

    def seat(self, seat: str) -> SeatSnapshot:
        return next(one for one in self.dispatcher.seats() if one.seat == seat)

    def call(self, call: CallId) -> CallSnapshot | None:
        return next((one for one in self.tracker.calls() if one.call == call), None)

    def waiting(self, queue: str = "repairs") -> list[CallId]:
        return [call for call, _ in self.dispatcher.waiting(QueueId(queue))]
