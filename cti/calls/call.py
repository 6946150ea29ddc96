"""One call and its seats' legs, as the tracker keeps them, and the frozen view handed out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cti.calls.phase import move
from cti.facts import CallPhase, EndedBy, OfferFailure, TransferTo
from cti.ids import BridgeId, CallId, ChannelId, OfferId, QueueId, SeatId, recording_file


@dataclass(slots=True)
class SeatLeg:
    """The channel between Asterisk and a seat for one call.

    dialled --> ringing --> up (answered_at) --> joined (connected) --> gone

    `cancelled`: hung up by us, its word is awaited; `ending`: as what its end will be told.
    `doubted`: a snapshot came too soon to show it. `looked_for_at`: Asterisk was silent, and was
    asked. `withdrawn_at`: the phone gave no sign, or is lost. `given_up`: told to have failed,
    though its channel may be there still.
    """

    offer: OfferId
    seat: SeatId
    call: CallId
    queue: QueueId
    offered_at: int
    ring_us: int
    channel_name: str = ""
    rang: bool = False
    answered_at: int = 0
    bridge: BridgeId = BridgeId("")
    connected: bool = False
    left: bool = False
    cancelled: bool = False
    doubted: bool = False
    looked_for_at: int = 0
    recording: str = ""
    device: str = ""
    ending: OfferFailure | Literal[""] = ""
    withdrawn_at: int = 0
    given_up: bool = False
    held: bool = False
    consulting: bool = False

    @property
    def channel(self) -> ChannelId:
        """The leg's Uniqueid: we choose it, and it is the offer's id."""
        return ChannelId(self.offer)

    @property
    def pending(self) -> bool:
        """Offered, and neither connected nor over."""
        return not self.connected and not self.left

    @classmethod
    def offered(
        cls,
        *,
        offer: OfferId,
        seat: SeatId,
        call: CallId,
        queue: QueueId,
        at: int,
        ring_us: int,
        device: str = "",
    ) -> SeatLeg:
        """A leg that has just been asked for; its recording's name is fixed from the start."""
        name = recording_file(call, offer)
        return cls(offer, seat, call, queue, at, ring_us, recording=name, device=device)


@dataclass(slots=True)
class OutsideTry:
    """An outside number that is dialled for the caller. `before`: the phase that the call was in.
    Clocks are microseconds since the epoch, 0 until reached."""

    target: str
    dialled_at: int
    before: CallPhase
    leg: ChannelId = ChannelId("")
    answered_at: int = 0
    ended_at: int = 0


@dataclass(slots=True)
class Transfer:
    """Where `seat` gives the caller away to, asked at `asked_at` (microseconds since the epoch).
    `begun`: the caller has left the seat."""

    to: TransferTo
    target: str
    seat: SeatId
    asked_at: int
    begun: bool = False


@dataclass(slots=True)
class Call:
    """Clocks are microseconds since the epoch by Asterisk's clock, 0 until reached."""

    id: CallId
    hotline: str
    channel_name: str
    caller_number: str
    caller_name: str
    phase: CallPhase
    arrived_at: int
    language: str = ""
    queue: QueueId = QueueId("")
    priority: int = 5
    skills: tuple[str, ...] = ()
    customer_class: str = ""
    wanted_seat: SeatId = SeatId("")
    """The seat that the caller's open matter belongs to."""
    asked_at: int = 0
    prompt_ended_at: int = 0
    queued_at: int = 0
    answered_at: int = 0
    command_ended_at: int = 0
    prompt_sound_ended_at: int = 0
    hangup_asked_at: int = 0
    bridge: BridgeId = BridgeId("")
    leg: OfferId = OfferId("")
    """The one that talks, or the first that rings."""
    also_rung: list[OfferId] = field(default_factory=list)
    """Further ones that ring, where all seats are rung at once."""
    ended_by: EndedBy = "unknown"
    answered: bool = False
    in_last_resort: bool = False
    last_resort_told: bool = False
    aside: bool = False
    """In the menu while waiting: the place in line is kept."""
    sent_on: bool = False
    """Aside because a queue's rule says so."""
    message_left: bool = False
    callback_asked: bool = False
    served_by: SeatId = SeatId("")
    """The seat that talks or talked with the caller."""
    flow: str = ""
    """Where a seat has sent the caller, or is just sending them (`flow_asked_at`)."""
    flow_asked_at: int = 0
    in_flow_since: int = 0
    outside: OutsideTry | None = None
    transfer: Transfer | None = None
    """The last one, until a seat talks with the caller again."""

    @property
    def channel(self) -> ChannelId:
        return ChannelId(self.id)

    def go(self, phase: CallPhase, cause: str) -> None:
        """Move to `phase`. Raises IllegalMove."""
        self.phase = move(self.phase, phase, cause)

    @property
    def on_visit(self) -> bool:
        """In a flow to which a seat has sent the caller; the seat's leg waits for them."""
        if self.phase is CallPhase.OUTSIDE and self.outside is not None:
            return self.outside.before is CallPhase.IN_FLOW
        return self.phase is CallPhase.IN_FLOW

    def rung_by(self, offer: OfferId) -> None:
        """One more seat is rung."""
        if self.leg:
            self.also_rung.append(offer)
        else:
            self.leg = offer

    def rung_no_more(self, offer: OfferId) -> None:
        """That seat is rung no longer; the next one takes its place."""
        if offer in self.also_rung:
            self.also_rung.remove(offer)
        elif self.leg == offer:
            self.leg = self.also_rung.pop(0) if self.also_rung else OfferId("")

    def has_leg(self, offer: OfferId) -> bool:
        return self.leg == offer or offer in self.also_rung

    def waits_again(self, at: int) -> None:
        """After a talk: a wait of its own, with no seat. Its clocks run from what was asked and
        said in the flow, else from `at`. After a restart nobody knows when the flow began, but what
        is later than the first wait's beginning can only be of now."""
        self.leg, self.ended_by = OfferId(""), "unknown"
        since = self.in_flow_since or self.queued_at + 1
        self.asked_at = self.asked_at if self.asked_at >= since else at
        self.prompt_ended_at = self.prompt_ended_at if self.prompt_ended_at >= since else at
        self.flow, self.flow_asked_at, self.in_flow_since = "", 0, 0

    @property
    def in_hand(self) -> Literal["message", "callback", ""]:
        """What the caller has instead of a talk, when they go now."""
        if self.callback_asked:
            return "callback"
        return "message" if self.message_left else ""

    @property
    def turned_away(self) -> bool:
        """A queue's rule sent the caller on to a menu, and that has said good-bye."""
        return self.sent_on and self.ended_by == "flow"

    def wait_until(self, at: int) -> int:
        """The KPI's wait at the moment `at`: from the end of the prompt, microseconds."""
        start = self.prompt_ended_at or self.queued_at or at
        return max(0, at - start)


@dataclass(frozen=True, slots=True)
class CallSnapshot:
    """What others may see of a call."""

    call: CallId
    phase: CallPhase
    hotline: str
    caller_number: str
    caller_name: str
    language: str
    queue: QueueId
    seat: SeatId
    ringing: bool
    arrived_at: int
    asked_at: int
    prompt_ended_at: int
    queued_at: int
    answered_at: int
    flow: str = ""
