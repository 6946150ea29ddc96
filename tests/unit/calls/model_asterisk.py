"""An honest little Asterisk: channels, bridges, its own queues, and an AMI link that can break.

It does what the effects ask for, one after the other, and says what happened in order. What it
says lies on the wire until it is delivered; while nobody is connected it is said to nobody. Phones
have one line.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from cti.effects import (
    DropMember,
    Effect,
    HangUp,
    KeepMember,
    KeepOnChannel,
    OriginateSeat,
    ReturnToWaitingRoom,
    WithdrawLeg,
)
from cti.facts import (
    AgiCommandEnded,
    BridgeJoined,
    BridgeLeft,
    ChannelAnswered,
    ChannelCreated,
    ChannelHangupAsked,
    ChannelHeld,
    ChannelHungUp,
    ChannelRang,
    ChannelSeen,
    DeviceChanged,
    DeviceState,
    EffectFailed,
    FlowMarked,
    MemberSeen,
    OriginateEnded,
    Report,
    SnapshotTaken,
)
from cti.ids import BridgeId, CallId, ChannelId, OfferId, QueueId, SeatId
from tests.unit.story import HOTLINE, RING, START, device_of

Fate = Literal["done", "refused", "answer lost", "lost"]


@dataclass
class Channel:
    """A caller's when `seat` is empty, else the leg of a seat, ours or Queue()'s."""

    id: ChannelId
    name: str
    linked: ChannelId
    context: str
    seat: SeatId = SeatId("")
    rings_until: int = 0
    rings: bool = False
    up: bool = False
    dying: bool = False
    bridge: BridgeId = BridgeId("")
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        return self.id.startswith(("offer.", "callback.", "customer."))


class ModelAsterisk:
    """`connected`: somebody hears; `now`: its clock, microseconds."""

    def __init__(self, seats: tuple[str, ...]) -> None:
        self.now = START
        self.connected = True
        self.wire: deque[Report] = deque()
        self.asked: deque[Effect] = deque()
        self.channels: dict[ChannelId, Channel] = {}
        self._members: dict[tuple[QueueId, SeatId], MemberSeen] = {}
        self.unplugged: set[SeatId] = set()
        self._seats = tuple(SeatId(seat) for seat in seats)
        self._shown = dict.fromkeys(self._seats, DeviceState.IDLE)
        self._count = 0

    # --------------------------------------------------------------------------------- reading

    def callers(self, *contexts: str) -> list[Channel]:
        return [
            one
            for one in self.channels.values()
            if not one.seat and not one.dying and (not contexts or one.context in contexts)
        ]

    def legs(self, *, ringing: bool = False) -> list[Channel]:
        legs = [one for one in self.channels.values() if one.seat]
        return [leg for leg in legs if leg.rings and not leg.up] if ringing else legs

    def talks(self) -> list[Channel]:
        """Legs that are in a bridge with their caller."""
        return [leg for leg in self.legs() if leg.bridge]

    def caller_of(self, leg: Channel) -> Channel | None:
        return self.channels.get(ChannelId(leg.variables["CTI_CALL"]))

    def _busy(self, seat: SeatId) -> bool:
        return any(leg.seat == seat for leg in self.legs())

    # --------------------------------------------------------------------------------- talking

    def _say(self, report: Report) -> None:
        if self.connected:
            self.wire.append(report)
        self.now += 1

    def _show_devices(self) -> None:
        for seat in self._seats:
            state = DeviceState.IN_USE if self._busy(seat) else DeviceState.IDLE
            state = DeviceState.UNREACHABLE if seat in self.unplugged else state
            if self._shown[seat] is not state:
                self._shown[seat] = state
                self._say(DeviceChanged(at=self.now, device=device_of(seat), state=state))

    def snapshot(self) -> SnapshotTaken:
        return SnapshotTaken(
            at=self.now,
            channels=tuple(
                ChannelSeen(
                    channel=one.id,
                    name=one.name,
                    linked=one.linked,
                    context=one.context,
                    application="",
                    up=one.up,
                    bridge=one.bridge,
                    caller_number="",
                    caller_name="",
                    variables=tuple(one.variables.items()),
                )
                for one in self.channels.values()
            ),
            members=tuple(self._members.values()),
            devices=tuple((device_of(seat), self._shown[seat]) for seat in self._seats),
        )

    # --------------------------------------------------------------------------------- callers

    def call_arrives(self) -> None:
        self._count += 1
        id_ = ChannelId(f"18.{self._count}")
        variables = {"CTI_CALL": str(id_), "CTI_HOTLINE": HOTLINE, "CTI_ARRIVED": str(self.now)}
        caller = Channel(id_, f"PJSIP/trunk-{id_}", id_, "from-trunk", up=True)
        caller.variables = variables
        self.channels[id_] = caller
        self._created(caller)
        caller.context = "menu"

    def _created(self, one: Channel) -> None:
        self._say(
            ChannelCreated(
                at=self.now,
                channel=one.id,
                name=one.name,
                linked=one.linked,
                context=one.context,
                exten=HOTLINE,
                caller_number="",
                caller_name="",
            )
        )

    def menu_ends(self, caller: Channel, queue: str, priority: int) -> None:
        """The prompt ends and the session hands the caller to the waiting room."""
        stream = "STREAM FILE please-hold 1"
        self._say(AgiCommandEnded(at=self.now, channel=caller.id, command=stream, result="Success"))
        caller.variables |= {"CTI_QUEUE": queue, "CTI_PRIORITY": str(priority)}
        data = (("Queue", queue), ("Priority", str(priority)))
        for mark in ("prompt-ended", "queued"):
            self._say(FlowMarked(at=self.now, channel=caller.id, mark=mark, data=data))
        caller.context = "waiting-room"
        caller.variables["CTI_WAITING"] = str(self.now)

    def steps_aside(self, caller: Channel) -> None:
        """A key that is offered while waiting: into the menu, where they still wait."""
        caller.context = "menu"
        caller.variables["CTI_WAIT_ASIDE"] = "1"
        self._mark(caller, "wait-key", ("Key", "1"))

    def comes_back(self, caller: Channel) -> None:
        caller.context = "waiting-room"
        del caller.variables["CTI_WAIT_ASIDE"]
        self._mark(caller, "wait-again")

    def moves_on(self, caller: Channel, queue: str) -> None:
        """The menu sends one who is aside to a queue: another one or the same."""
        caller.variables |= {"CTI_QUEUE": queue, "CTI_PRIORITY": "5"}
        self._mark(caller, "queued", ("Queue", queue), ("Priority", "5"))
        self.comes_back(caller)

    def leaves_a_message(self, caller: Channel) -> None:
        self._mark(caller, "message-left", ("Box", "general"))

    def aside(self) -> list[Channel]:
        """Callers in the menu who still wait."""
        return [
            one
            for one in self.callers("menu")
            if one.variables.get("CTI_WAIT_ASIDE") and not one.bridge
        ]

    def _mark(self, caller: Channel, mark: str, *data: tuple[str, str]) -> None:
        self._say(FlowMarked(at=self.now, channel=caller.id, mark=mark, data=data))

    def caller_hangs_up(self, caller: Channel) -> None:
        """The hang-up begins; the channel goes in `reap`, with what hangs on it."""
        caller.dying = True
        self._say(ChannelHangupAsked(at=self.now, channel=caller.id, cause=16))

    def reap(self, caller: Channel) -> None:
        talk = next((leg for leg in self.talks() if self.caller_of(leg) is caller), None)
        self._leave(caller)
        self._gone(caller, 16)
        if talk is not None:
            self._leave(talk)
            self._gone(talk, 16)
        self._drop_queue_legs(caller)

    def _drop_queue_legs(self, caller: Channel) -> None:
        for leg in self.legs():
            if not leg.ours and leg.linked == caller.id and not leg.bridge:
                self._gone(leg, 26)

    def _leave(self, one: Channel) -> None:
        if one.bridge:
            self._say(BridgeLeft(at=self.now, bridge=one.bridge, channel=one.id))
            one.bridge = BridgeId("")

    def _gone(self, one: Channel, cause: int) -> None:
        del self.channels[one.id]
        self._say(ChannelHungUp(at=self.now, channel=one.id, cause=cause))
        self._show_devices()

    # ----------------------------------------------------------------------------- seats' legs

    def rings(self, leg: Channel) -> None:
        leg.rings = True
        self._say(ChannelRang(at=self.now, channel=leg.id))

    def answers(self, leg: Channel) -> None:
        """The phone is picked up; the dialplan bridges the caller if there is one."""
        leg.up = True
        self._say(ChannelAnswered(at=self.now, channel=leg.id))
        leg.variables["CTI_ANSWERED"] = str(self.now)
        if leg.ours:
            self._say(OriginateEnded(at=self.now, offer=OfferId(leg.id), accepted=True, reason=4))
        else:
            leg.variables["CTI_RECORDING"] = f"{leg.linked}--{leg.id}.raw"
        caller = self.caller_of(leg)
        if caller is None or caller.dying:
            self._gone(leg, 16)
            return
        if any(self.caller_of(one) is caller for one in self.talks()):
            self._gone(leg, 16)  # the other one has the caller's lock
            return
        self._leave(caller)
        self._count += 1
        bridge = BridgeId(f"b{self._count}")
        for one in (leg, caller):
            one.bridge = bridge
            self._say(BridgeJoined(at=self.now, bridge=bridge, channel=one.id))
        self._drop_queue_legs(caller)

    def holds(self, leg: Channel, on: bool) -> None:
        """The phone puts its caller on hold, or takes them back."""
        self._say(ChannelHeld(at=self.now, channel=leg.id, on=on))

    def not_answered(self, leg: Channel, cause: int, reason: int) -> None:
        self._gone(leg, cause)
        if leg.ours:
            self._say(
                OriginateEnded(at=self.now, offer=OfferId(leg.id), accepted=False, reason=reason)
            )

    def seat_hangs_up(self, leg: Channel) -> None:
        self._say(ChannelHangupAsked(at=self.now, channel=leg.id, cause=16))
        caller = self.caller_of(leg)
        bridge = leg.bridge
        self._leave(leg)
        if caller is not None and caller.bridge == bridge:
            self._leave(caller)
            caller.context = "after-call"
        self._gone(leg, 16)

    def passes_time(self, until: int) -> None:
        """Ring time-outs on the way to `until`."""
        due = sorted(
            (leg.rings_until, leg.id)
            for leg in self.legs()
            if leg.rings_until and not leg.up and leg.rings_until <= until
        )
        for at, id_ in due:
            self.now = max(self.now, at)
            self.not_answered(self.channels[id_], 0, 3)
        self.now = max(self.now, until)

    def plug(self, seat: str) -> None:
        """The seat's phone goes off the network, or comes back."""
        self.unplugged ^= {SeatId(seat)}
        self._show_devices()

    # --------------------------------------------------------------------- the daemon is away

    def last_resort(self, caller: Channel) -> None:
        """The daemon shows no sign of life: Queue() takes the caller and rings a free member."""
        caller.context = "last-resort"
        caller.variables.setdefault("CTI_WAITING", str(self.now))
        caller.variables.setdefault("CTI_QUEUE", "repairs")
        queue = caller.variables["CTI_QUEUE"]
        if any(not leg.ours and leg.linked == caller.id for leg in self.legs()) or caller.bridge:
            return
        for member in self._members.values():
            free = not self._busy(member.seat) and member.seat not in self.unplugged
            if member.queue == queue and not member.paused and free:
                self._count += 1
                leg = Channel(
                    ChannelId(f"19.{self._count}"),
                    f"{member.device}-{self._count:08x}",
                    caller.id,
                    "last-resort",
                    seat=member.seat,
                    rings_until=self.now + RING,
                )
                leg.variables = {"CTI_CALL": str(caller.id)}
                self.channels[leg.id] = leg
                self._created(leg)
                self._show_devices()
                self.rings(leg)
                return

    # --------------------------------------------------------------------------------- effects

    def work(self, fate: Fate = "done") -> EffectFailed | None:
        """Do the next thing asked for. A failure that the daemon is told of is returned."""
        effect = self.asked.popleft()
        if isinstance(effect, OriginateSeat):
            return self._originate(effect, fate)
        if fate == "lost":
            return None
        match effect:
            case HangUp(channel=id_, cause=cause) if (one := self.channels.get(id_)) is not None:
                self.seat_hangs_up(one) if one.up else self.not_answered(one, cause, 1)
            case WithdrawLeg(channel=id_) if (one := self.channels.get(id_)) is not None:
                return self._withdraw(one)
            case KeepOnChannel(channel=id_) if (one := self.channels.get(id_)) is not None:
                one.variables |= dict(effect.variables)
            case ReturnToWaitingRoom(channel=id_) if (one := self.channels.get(id_)) is not None:
                self._redirect(one)
            case KeepMember(queue=queue, seat=seat):
                self._members[queue, seat] = MemberSeen(
                    queue=queue,
                    seat=seat,
                    device=effect.device,
                    paused=effect.paused,
                    reason=effect.reason,
                )
            case DropMember(queue=queue, seat=seat):
                self._members.pop((queue, seat), None)
        return None

    def _withdraw(self, leg: Channel) -> EffectFailed | None:
        """Who has answered has taken the caller already."""
        if not leg.up:
            self.not_answered(leg, 0, 1)
            return None
        reason = "refused: taken"
        return EffectFailed(at=self.now, effect="WithdrawLeg", subject=leg.id, reason=reason)

    def _redirect(self, caller: Channel) -> None:
        talk = next((leg for leg in self.talks() if self.caller_of(leg) is caller), None)
        self._leave(caller)
        caller.context = "waiting-room"
        if talk is not None:
            self._leave(talk)
            self._gone(talk, 16)
        self._drop_queue_legs(caller)

    def _originate(self, effect: OriginateSeat, fate: Fate) -> EffectFailed | None:
        reason = {"refused": "refused: no", "done": ""}.get(fate, "no answer within 5 s")
        if fate in ("done", "answer lost"):
            self._dial(effect)
        if not reason:
            return None
        return EffectFailed(
            at=self.now, effect="OriginateSeat", subject=effect.offer, reason=reason
        )

    def _dial(self, effect: OriginateSeat) -> None:
        if effect.seat in self.unplugged:
            self._say(OriginateEnded(at=self.now, offer=effect.offer, accepted=False, reason=0))
            return
        busy = self._busy(effect.seat)
        leg = Channel(
            ChannelId(effect.offer),
            f"{effect.device}-{self.now % 10**8:08d}",
            ChannelId(effect.offer),
            "seat-leg",
            seat=effect.seat,
            rings_until=self.now + effect.ring_us,
        )
        leg.variables = {"CTI_CALL": str(CallId(effect.call)), "CTI_RECORDING": effect.recording}
        self.channels[leg.id] = leg
        self._created(leg)
        self._show_devices()
        if busy:
            self.not_answered(leg, 17, 5)
