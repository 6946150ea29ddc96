"""AMI message -> report. The only home of AMI keys.

One table names every event that is looked at; the filter in Asterisk's manager.conf is made from
it, so Asterisk never sends what nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

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
    FlowMarked,
    MemberSeen,
    OriginateEnded,
    Report,
    SnapshotTaken,
)
from cti.ids import (
    CALLBACK_PREFIX,
    CUSTOMER_PREFIX,
    MONITOR_PREFIX,
    OFFER_PREFIX,
    BridgeId,
    ChannelId,
    OfferId,
    QueueId,
    SeatId,
)

_OURS: Final = (OFFER_PREFIX, CALLBACK_PREFIX, CUSTOMER_PREFIX, MONITOR_PREFIX)


class Message(Protocol):
    """What is read of a message of the AMI link."""

    def get(self, key: str) -> str: ...

    def get_all(self, key: str) -> list[str]: ...

    def items(self) -> list[tuple[str, str]]: ...


Translator = Callable[[Message, int], Report | None]

_PHONES: Final = "PJSIP/"
_STATE_UP: Final = "6"
_MOST_DIGITS: Final = 18
_UNSET: Final = frozenset({"", "(null)"})
"""What Status writes for a variable that the channel does not have: printf's word for NULL."""
_MARK_KEYS: Final = (
    *("Flow", "Step", "Key", "Path", "Queue", "Priority", "Skills", "Language", "Prompt"),
    *("Class", "Wanted"),
    *("Customer", "Verified", "Number", "Survey", "Score", "Box", "File", "Seconds", "Outcome"),
    *("To", "Target"),
)
_PEER_STATES: Final = {
    "Unreachable": DeviceState.UNREACHABLE,
    "Unregistered": DeviceState.UNREACHABLE,
    "Reachable": DeviceState.UNKNOWN,
}
_DEVICE_STATES: Final = {
    "NOT_INUSE": DeviceState.IDLE,
    "INUSE": DeviceState.IN_USE,
    "BUSY": DeviceState.IN_USE,
    "RINGING": DeviceState.IN_USE,
    "RINGINUSE": DeviceState.IN_USE,
    "ONHOLD": DeviceState.IN_USE,
    "UNAVAILABLE": DeviceState.UNREACHABLE,
    "INVALID": DeviceState.UNREACHABLE,
}


def _channel(message: Message) -> ChannelId:
    return ChannelId(message.get("Uniqueid"))


def _number(text: str) -> int:
    """A count or a code; 0 for what is none. Python refuses to read thousands of digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def _known(text: str) -> str:
    """Asterisk writes `<unknown>` where it has no caller number or name."""
    return "" if text == "<unknown>" else text


def _new_channel(message: Message, at: int) -> Report:
    return ChannelCreated(
        at=at,
        channel=_channel(message),
        name=message.get("Channel"),
        linked=ChannelId(message.get("Linkedid")),
        context=message.get("Context"),
        exten=message.get("Exten"),
        caller_number=_known(message.get("CallerIDNum")),
        caller_name=_known(message.get("CallerIDName")),
    )


def _new_state(message: Message, at: int) -> Report | None:
    match message.get("ChannelState"):
        case "5":
            return ChannelRang(at=at, channel=_channel(message))
        case "6":
            return ChannelAnswered(at=at, channel=_channel(message))
    return None


def _dial_state(message: Message, at: int) -> Report | None:
    """A phone that says 183 (session progress) instead of 180 rings, too: no Newstate tells."""
    if message.get("DialStatus") != "PROGRESS":
        return None
    return ChannelRang(at=at, channel=ChannelId(message.get("DestUniqueid")))


def _hangup_request(message: Message, at: int) -> Report:
    """`ast_queue_hangup`: a channel's driver says that its far end has hung up."""
    cause = _number(message.get("Cause"))
    return ChannelHangupAsked(at=at, channel=_channel(message), cause=cause, by_far_end=True)


def _soft_hangup_request(message: Message, at: int) -> Report:
    """`ast_softhangup`: Asterisk ends the channel by itself, or an action does."""
    cause = _number(message.get("Cause"))
    return ChannelHangupAsked(at=at, channel=_channel(message), cause=cause)


def _hangup(message: Message, at: int) -> Report:
    return ChannelHungUp(at=at, channel=_channel(message), cause=_number(message.get("Cause")))


def _bridge_enter(message: Message, at: int) -> Report:
    bridge = BridgeId(message.get("BridgeUniqueid"))
    return BridgeJoined(at=at, bridge=bridge, channel=_channel(message))


def _bridge_leave(message: Message, at: int) -> Report:
    bridge = BridgeId(message.get("BridgeUniqueid"))
    return BridgeLeft(at=at, bridge=bridge, channel=_channel(message))


def _command(text: str) -> str:
    """An AGI command without what it writes: SET VARIABLE may carry a customer's data, and a user
    event comes by itself. Which sound was played is kept."""
    words = text.split(None, 2)
    verb = " ".join(words[:2])
    return text if verb.upper() == "STREAM FILE" else verb


def _agi_exec_end(message: Message, at: int) -> Report:
    return AgiCommandEnded(
        at=at,
        channel=_channel(message),
        command=_command(message.get("Command")),
        result=message.get("Result"),
    )


def _user_event(message: Message, at: int) -> Report | None:
    if message.get("UserEvent") != "CTI":
        return None
    # The channel's own Priority and Language stand before ours; ours come last and win.
    ours = dict(message.items())
    data = ((key, ours.get(key, "")) for key in _MARK_KEYS)
    return FlowMarked(
        at=at,
        channel=_channel(message),
        mark=message.get("Mark"),
        data=tuple((key, value) for key, value in data if value),
    )


def _originate_response(message: Message, at: int) -> Report | None:
    # The action's id is the offer's: the event has no Uniqueid when no channel could be made.
    action = message.get("ActionID")
    if not action.startswith(_OURS):
        return None
    return OriginateEnded(
        at=at,
        offer=OfferId(action),
        accepted=message.get("Response") == "Success",
        reason=_number(message.get("Reason")),
    )


def _device_state(message: Message, at: int) -> Report | None:
    device = message.get("Device")
    if not device.startswith(_PHONES):
        return None  # queues and other things that Asterisk calls devices
    return DeviceChanged(at=at, device=device, state=device_state(message.get("State")))


def _peer_status(message: Message, at: int) -> Report | None:
    """As long as a phone has a channel its device state tells of that, and not that the phone is
    lost (measured; `chan_pjsip_devicestate`). Back again: what it does is not said here."""
    state = _PEER_STATES.get(message.get("PeerStatus"))
    return DeviceChanged(at=at, device=message.get("Peer"), state=state) if state else None


_TRANSLATORS: Final[dict[str, Translator]] = {
    "Newchannel": _new_channel,
    "Newstate": _new_state,
    "DialState": _dial_state,
    "Hold": lambda message, at: ChannelHeld(at=at, channel=_channel(message), on=True),
    "Unhold": lambda message, at: ChannelHeld(at=at, channel=_channel(message), on=False),
    "HangupRequest": _hangup_request,
    "SoftHangupRequest": _soft_hangup_request,
    "Hangup": _hangup,
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": _bridge_leave,
    "AGIExecEnd": _agi_exec_end,
    "UserEvent": _user_event,
    "OriginateResponse": _originate_response,
    "DeviceStateChange": _device_state,
    "PeerStatus": _peer_status,
}

EVENT_NAMES: Final = tuple(sorted(_TRANSLATORS))
"""Every unasked-for event that Asterisk shall send: the source of the event filter."""

LIST_EVENT_NAMES: Final = (
    "Status",
    "StatusComplete",
    "QueueParams",
    "QueueMember",
    "QueueEntry",
    "QueueStatusComplete",
    "DeviceStateListComplete",
)
"""Answers to the list actions of a snapshot. They do not pass through Asterisk's event filter."""


def translate(name: str, message: Message, at: int) -> Report | None:
    """The report in an event named `name` that happened at `at` (microseconds since the epoch by
    Asterisk's clock), or None when there is nothing in it for us."""
    translator = _TRANSLATORS.get(name)
    return translator(message, at) if translator else None


def device_state(name: str) -> DeviceState:
    """Our word for Asterisk's device state."""
    return _DEVICE_STATES.get(name, DeviceState.UNKNOWN)


# ------------------------------------------------------------------------------------ snapshot


def _variables(message: Message) -> tuple[tuple[str, str], ...]:
    pairs = (line.partition("=") for line in message.get_all("Variable"))
    return tuple((name, value) for name, _, value in pairs if value not in _UNSET)


def channel_seen(message: Message) -> ChannelSeen:
    """One `Status` event, asked for with `Variables`."""
    return ChannelSeen(
        channel=_channel(message),
        name=message.get("Channel"),
        linked=ChannelId(message.get("Linkedid")),
        context=message.get("Context"),
        application=message.get("Application"),
        up=message.get("ChannelState") == _STATE_UP,
        bridge=BridgeId(message.get("BridgeID")),
        caller_number=_known(message.get("CallerIDNum")),
        caller_name=_known(message.get("CallerIDName")),
        variables=_variables(message),
    )


def member_seen(message: Message) -> MemberSeen:
    """One `QueueMember` event of `QueueStatus`."""
    return MemberSeen(
        queue=QueueId(message.get("Queue")),
        seat=SeatId(message.get("Name")),
        device=message.get("StateInterface"),
        paused=message.get("Paused") == "1",
        reason=message.get("PausedReason"),
    )


def snapshot(
    at: int,
    status: Iterable[Message],
    queues: Iterable[Message],
    devices: Iterable[Message],
) -> SnapshotTaken:
    """The answers to Status, QueueStatus and DeviceStateList as one report."""
    return SnapshotTaken(
        at=at,
        channels=tuple(channel_seen(message) for message in status),
        members=tuple(member_seen(message) for message in queues),
        devices=tuple(
            (message.get("Device"), device_state(message.get("State")))
            for message in devices
            if message.get("Device").startswith(_PHONES)
        ),
    )
