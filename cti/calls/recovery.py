"""Rebuilds calls from what Asterisk holds: channels, bridges and the variables kept on them.

The caller's channel carries the call's clocks in `CTI_T_*` variables, in microseconds. Where the
daemon died before it had written one, the dialplan's own stamp (`CTI_ARRIVED`, `CTI_WAITING`,
`CTI_ANSWERED`) is taken: by the same clock, a few milliseconds later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from cti.calls.call import Call, OutsideTry, SeatLeg
from cti.facts import (
    CallPhase,
    CallRecovered,
    ChannelSeen,
    FlowMarked,
    OverflowTarget,
    SnapshotTaken,
)
from cti.ids import (
    CallId,
    ChannelId,
    OfferId,
    QueueId,
    SeatId,
    recording_file,
    seat_of_callback,
    seat_of_offer,
)

SENT_ON: Final = "sent"
"""The stage of a caller whom a queue's rule has sent to a flow, a message or a number outside."""
TRANSFERRED: Final = "transferred"
"""The stage of a caller whom a seat has given away to a number outside or a flow."""
LAST_RESORT: Final = "last-resort"
DEFAULT_PRIORITY: Final = 5
_PHASE_OF_CONTEXT: Final = {
    "from-trunk": CallPhase.MENU,
    "from-seat": CallPhase.MENU,
    "menu": CallPhase.MENU,
    "waiting-room": CallPhase.WAITING,
    "customer-called": CallPhase.WAITING,
    LAST_RESORT: CallPhase.WAITING,
    "after-call": CallPhase.AFTER,
    "sent-on": CallPhase.WAITING,
    "seat-flow": CallPhase.IN_FLOW,
    TRANSFERRED: CallPhase.AFTER,
    "outside": CallPhase.OUTSIDE,
}
_PHASE_OF_STAGE: Final = {
    "after": CallPhase.AFTER,
    "seat": CallPhase.IN_FLOW,
    TRANSFERRED: CallPhase.AFTER,
}
_HAS_TALKED: Final = frozenset({CallPhase.AFTER, CallPhase.IN_FLOW})
SNAPSHOT_VARIABLES: Final = (
    "CTI_CALL",
    "CTI_HOTLINE",
    "CTI_LANG",
    "CTI_QUEUE",
    "CTI_PRIORITY",
    "CTI_SKILLS",
    "CTI_CLASS",
    "CTI_WANTED",
    "CTI_ARRIVED",
    "CTI_WAITING",
    "CTI_ANSWERED",
    "CTI_T_ARRIVED",
    "CTI_T_ASKED",
    "CTI_T_PROMPT",
    "CTI_T_QUEUED",
    "CTI_RECORDING",
    "CTI_CALLBACK",
    "CTI_BOOKED",
    "CTI_NUMBER",
    "CTI_RING",
    "CTI_IN_HAND",
    "CTI_WAIT_ASIDE",
    "CTI_SEAT",
    "CTI_SEAT_LEG",
    "CTI_STAGE",
    "CTI_FLOW",
    "CTI_VISIT",
    "CTI_OUTSIDE",
    "CTI_DIALLED",
    "CTI_DIALLED_AT",
    "CTI_HELD",
    "CTI_SPIED",
    "CTI_MONITOR_MODE",
    "CTI_MONITOR_BY",
)
"""Every channel variable that a snapshot must bring."""


def clocks_to_keep(call: Call) -> tuple[tuple[str, str], ...]:
    """What is written onto the caller's channel: the clocks that have been reached so far."""
    clocks = (
        ("CTI_T_ARRIVED", call.arrived_at),
        ("CTI_T_ASKED", call.asked_at),
        ("CTI_T_PROMPT", call.prompt_ended_at),
        ("CTI_T_QUEUED", call.queued_at),
    )
    return tuple((name, str(at)) for name, at in clocks if at)


def in_hand(call: Call) -> tuple[tuple[str, str], ...]:
    """What is written onto the channel of a caller who leaves a message or books a callback."""
    held = (("message", call.message_left), ("callback", call.callback_asked))
    return (("CTI_IN_HAND", "+".join(name for name, has in held if has)),)


def priority_of(text: str) -> int:
    """A queue's priority as Asterisk carries it; 0 is the most urgent one, 5 when it is missing."""
    return int(text) if text.isascii() and text.isdigit() else DEFAULT_PRIORITY


def skills_of(text: str) -> tuple[str, ...]:
    """Skills as they are told: `gas+night`."""
    return tuple(filter(None, text.split("+")))


def in_last_resort(seen: ChannelSeen) -> bool:
    """Whether Asterisk's own Queue() is serving this caller."""
    return seen.context == LAST_RESORT


def is_waiting(seen: ChannelSeen) -> bool:
    """Whether the caller has left the menu for the waiting room."""
    return _PHASE_OF_CONTEXT.get(seen.context) is CallPhase.WAITING


def is_sent_on(seen: ChannelSeen) -> bool:
    """Whether a waiting caller is where their queue's rule has sent them."""
    return seen.context == "sent-on"


def where_sent(seen: ChannelSeen) -> tuple[OverflowTarget, str]:
    """Where to, as the dialplan has it; a number outside is dialled somewhere else."""
    flow = seen.get("CTI_FLOW")
    return ("message", seen.get("CTI_OUTSIDE")) if flow == "sent-message" else ("flow", flow)


def is_given_away(seen: ChannelSeen) -> bool:
    """Whether a caller who was to be transferred has left the seat."""
    return not seen.bridge and (is_waiting(seen) or seen.get("CTI_STAGE") == TRANSFERRED)


def is_after(seen: ChannelSeen) -> bool:
    """Whether a seat has left this caller."""
    return _PHASE_OF_CONTEXT.get(seen.context) is CallPhase.AFTER


def is_on_visit(seen: ChannelSeen) -> bool:
    """Whether a seat has sent this caller to a flow, and the seat's leg waits."""
    return _phase_behind(seen) is CallPhase.IN_FLOW and seen.get("CTI_VISIT") != ""


def is_leaving(seen: ChannelSeen) -> bool:
    """Whether a seat has just sent this caller to a flow, and the two are not apart yet."""
    return bool(seen.bridge) and seen.get("CTI_VISIT") == "away"


def is_outside(seen: ChannelSeen) -> bool:
    """Whether a number outside is dialled for this caller, or talks with them."""
    return _PHASE_OF_CONTEXT.get(seen.context) is CallPhase.OUTSIDE


def _phase_behind(seen: ChannelSeen) -> CallPhase | None:
    """The phase, and of a caller who is put through outside the one before."""
    phase = _PHASE_OF_CONTEXT.get(seen.context)
    if phase is not CallPhase.OUTSIDE:
        return phase
    told = CallPhase.WAITING if seen.get("CTI_WAITING") else CallPhase.MENU
    return _PHASE_OF_STAGE.get(seen.get("CTI_STAGE"), told)


def outside_try(seen: ChannelSeen, at: int) -> OutsideTry | None:
    """The number outside that a caller's channel tells of."""
    before = _phase_behind(seen)
    if not is_outside(seen) or before is None:
        return None
    dialled_at = seen.time("CTI_DIALLED_AT") or at
    return OutsideTry(target=seen.get("CTI_OUTSIDE"), dialled_at=dialled_at, before=before)


def found_call(seen: ChannelSeen, at: int) -> Call | None:
    """The call that a caller's channel tells of, or None when it is not a caller's."""
    phase, behind = _PHASE_OF_CONTEXT.get(seen.context), _phase_behind(seen)
    if phase is None or seen.get("CTI_CALL") != seen.channel:
        return None
    arrived = seen.time("CTI_T_ARRIVED") or seen.time("CTI_ARRIVED") or at
    queued = seen.time("CTI_T_QUEUED") or seen.time("CTI_WAITING")
    if phase is CallPhase.MENU and queued:
        phase = CallPhase.WAITING  # told already; the session is just ending
    if phase is CallPhase.IN_FLOW and not seen.get("CTI_VISIT"):
        phase = behind = CallPhase.WAITING  # likewise
    if CallPhase.MENU not in (phase, behind):
        queued = queued or arrived
    return Call(
        id=CallId(seen.channel),
        hotline=seen.get("CTI_HOTLINE"),
        channel_name=seen.name,
        caller_number=seen.get("CTI_NUMBER") or seen.caller_number,
        caller_name=seen.caller_name,
        phase=phase,
        arrived_at=arrived,
        language=seen.get("CTI_LANG"),
        queue=QueueId(seen.get("CTI_QUEUE")),
        priority=priority_of(seen.get("CTI_PRIORITY")),
        skills=skills_of(seen.get("CTI_SKILLS")),
        customer_class=seen.get("CTI_CLASS"),
        wanted_seat=SeatId(seen.get("CTI_WANTED")),
        asked_at=seen.time("CTI_T_ASKED") or queued,
        prompt_ended_at=seen.time("CTI_T_PROMPT") or queued,
        queued_at=queued,
        bridge=seen.bridge,
        # The caller is still there, so it was the seat that left.
        ended_by="seat" if phase is CallPhase.AFTER else "unknown",
        answered=behind in _HAS_TALKED or seen.get("CTI_SEAT") != "",
        in_last_resort=in_last_resort(seen),
        aside=phase is CallPhase.WAITING and seen.get("CTI_WAIT_ASIDE") == "1",
        sent_on=seen.get("CTI_STAGE") == SENT_ON,
        message_left="message" in seen.get("CTI_IN_HAND"),
        callback_asked="callback" in seen.get("CTI_IN_HAND"),
        served_by=SeatId(seen.get("CTI_SEAT")),
        flow=seen.get("CTI_FLOW") if is_leaving(seen) or behind is CallPhase.IN_FLOW else "",
        flow_asked_at=at if is_leaving(seen) else 0,
        outside=outside_try(seen, at),
    )


def missed_mark(seen: ChannelSeen, at: int) -> FlowMarked:
    """The `queued` milestone of a caller who was queued while the link was away."""
    names = (
        ("Queue", "CTI_QUEUE"),
        ("Priority", "CTI_PRIORITY"),
        ("Skills", "CTI_SKILLS"),
        ("Class", "CTI_CLASS"),
        ("Wanted", "CTI_WANTED"),
        ("Language", "CTI_LANG"),
    )
    return FlowMarked(
        at=seen.time("CTI_WAITING") or at,
        channel=seen.channel,
        mark="queued",
        data=tuple((key, seen.get(variable)) for key, variable in names),
    )


def found_legs(
    fact: SnapshotTaken, devices: Mapping[str, SeatId], calls: Mapping[CallId, Call]
) -> Iterator[SeatLeg]:
    """The seats' legs of `calls` in a snapshot: offers of ours, and those Queue() has made."""
    bridges = {seen.channel: seen.bridge for seen in fact.channels}
    waits_for = {seen.get("CTI_SEAT_LEG"): seen for seen in fact.channels if is_on_visit(seen)}
    for seen in fact.channels:
        call = calls.get(CallId(seen.get("CTI_CALL"))) or calls.get(CallId(seen.linked))
        if call is None or call.channel == seen.channel:
            continue
        if seat_of_callback(seen.channel) is not None:
            continue  # see cti/calls/callbacks.py
        seat = seat_of_offer(seen.channel) or devices.get(seen.name.rpartition("-")[0])
        if seat is None:
            continue
        offer = OfferId(seen.channel)
        leg = SeatLeg.offered(
            offer=offer, seat=seat, call=call.id, queue=call.queue, at=fact.at, ring_us=0
        )
        leg.channel_name, leg.rang = seen.name, True
        leg.held = seen.get("CTI_HELD") == "1"
        leg.bridge = seen.bridge
        leg.answered_at = (seen.time("CTI_ANSWERED") or fact.at) if seen.up else 0
        leg.recording = seen.get("CTI_RECORDING") or recording_file(call.id, offer)
        with_caller = bridges.get(call.channel)
        leg.connected = bool(seen.bridge) and seen.bridge == with_caller
        if seen.up and seen.channel in waits_for:
            leg.connected = waits_for[seen.channel].channel == call.channel
        yield leg


def stray_offers(fact: SnapshotTaken, legs: Mapping[ChannelId, SeatLeg]) -> Iterator[ChannelId]:
    """Legs of ours that belong to no call: the caller has gone meanwhile. A leg that shares its
    bridge talks to somebody: whatever we make of that, no talk is cut."""
    members = Counter(seen.bridge for seen in fact.channels if seen.bridge)
    return (
        seen.channel
        for seen in fact.channels
        if seat_of_offer(seen.channel) is not None
        and seen.channel not in legs
        and members[seen.bridge] < 2
    )


def order_of_return(call: Call) -> tuple[bool, bool, int, int]:
    """Sort key: calls that hold a seat are told first, so that no seat is offered twice; then
    those waiting, in the order of service."""
    return call.phase is not CallPhase.TALKING, not call.leg, call.priority, call.queued_at


def recovered(call: Call, leg: SeatLeg | None, at: int) -> CallRecovered:
    """The fact that tells the other cores of a call found again."""
    return CallRecovered(
        at=at,
        call=call.id,
        phase=call.phase,
        hotline=call.hotline,
        channel_name=call.channel_name,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        language=call.language,
        queue=call.queue,
        priority=call.priority,
        skills=call.skills,
        customer_class=call.customer_class,
        wanted_seat=call.wanted_seat,
        arrived_at=call.arrived_at,
        asked_at=call.asked_at,
        prompt_ended_at=call.prompt_ended_at,
        queued_at=call.queued_at,
        answered_at=call.answered_at,
        seat=leg.seat if leg else SeatId(""),
        offer=leg.offer if leg else OfferId(""),
        recording=leg.recording if leg else "",
        flow=call.flow if call.on_visit else "",
        aside=call.aside,
        sent_on=call.sent_on,
    )
