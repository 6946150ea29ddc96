"""Effect -> AMI action: the one place that says anything to Asterisk about a call.

Values are checked once more when the action is written to the wire (`safety.py`); here they are
put together from seats' records and our own ids. What comes from callers (number and name) is
cleaned and only ever travels in `CallerID` and never in a dial string, file name or expression.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cti.ami.actions import Action
from cti.ami.safety import (
    caller_id,
    check_channel_id,
    check_context,
    check_dial_target,
    check_number,
    trunk_target,
)
from cti.effects import (
    ChangeMonitor,
    DropMember,
    Effect,
    HangUp,
    KeepMember,
    KeepOnChannel,
    OriginateCallback,
    OriginateCustomer,
    OriginateSeat,
    ReturnToWaitingRoom,
    RingMonitor,
    SendToFlow,
    SendWaiting,
    TransferCaller,
    WithdrawLeg,
)

SEAT_LEG_CONTEXT: Final = "seat-leg"
CUSTOMER_CONTEXT: Final = "customer-called"
WAITING_ROOM_CONTEXT: Final = "waiting-room"
SEAT_FLOW_CONTEXT: Final = "seat-flow"
AUTO_ANSWER: Final = (
    # There is no one way (RFC 5373 came too late): each phone reads one of these two.
    ("Call-Info", "<sip:auto-answer>;answer-after=0"),
    ("Alert-Info", "<http://auto-answer>;info=alert-autoanswer;delay=0"),
)


def _originate(effect: OriginateSeat) -> list[Action]:
    action = Action.of(
        "Originate",
        # OriginateResponse carries it even when no channel could be made.
        ActionID=effect.offer,
        Channel=check_dial_target(effect.device),
        ChannelId=check_channel_id(effect.offer),
        Context=SEAT_LEG_CONTEXT,
        Exten="s",
        Priority=1,
        Timeout=effect.ring_us // 1000,
        CallerID=caller_id(effect.caller_name, effect.caller_number),
        Async=True,
    )
    if effect.auto_answer:
        action = action.with_sip_headers(AUTO_ANSWER)
    return [
        action.with_variables(
            CTI_CALL=effect.call,
            CTI_SEAT=effect.seat,
            CTI_OFFER=effect.offer,
            CTI_QUEUE=effect.queue,
            CTI_CALLER=effect.caller_channel,
            CTI_RECORDING=effect.recording,
        )
    ]


def _call_back(effect: OriginateCallback) -> list[Action]:
    number = check_number(effect.number, "CTI_NUMBER")
    action = Action.of(
        "Originate",
        ActionID=effect.offer,
        Channel=check_dial_target(effect.device),
        ChannelId=check_channel_id(effect.offer),
        Context=SEAT_LEG_CONTEXT,
        Exten="s",
        Priority=1,
        Timeout=effect.ring_us // 1000,
        CallerID=caller_id("", number),
        Async=True,
    )
    return [
        action.with_variables(
            CTI_CALL=effect.call,
            CTI_CALLBACK=effect.callback,
            CTI_SEAT=effect.seat,
            CTI_OFFER=effect.offer,
            CTI_QUEUE=effect.queue,
            CTI_HOTLINE=effect.hotline,
            # The customer's leg inherits it: who is sent on hears goodbye in their language.
            _CTI_LANG=effect.language,
            CTI_NUMBER=number,
            CTI_RING=str(effect.customer_ring_us // 1_000_000),
            CTI_SAY_SEAT=effect.say_seat,
            CTI_SAY_CUSTOMER=effect.say_customer,
            CTI_RECORDING=effect.recording,
        )
    ]


def _call_customer(effect: OriginateCustomer) -> list[Action]:
    """What makes a caller of a channel (CTI_CALL) the dialplan sets once they have answered."""
    action = Action.of(
        "Originate",
        ActionID=effect.offer,
        Channel=trunk_target(effect.number),
        ChannelId=check_channel_id(effect.offer),
        Context=CUSTOMER_CONTEXT,
        Exten="s",
        Priority=1,
        Timeout=effect.ring_us // 1000,
        CallerID=caller_id("", effect.hotline),
        Async=True,
    )
    return [
        action.with_variables(
            CTI_CALLBACK=effect.callback,
            CTI_BOOKED=effect.call,
            CTI_NUMBER=effect.number,
            CTI_HOTLINE=effect.hotline,
            CTI_LANG=effect.language,
            CTI_QUEUE=effect.queue,
            CTI_PRIORITY=str(effect.priority),
            CTI_SKILLS="+".join(effect.skills),
            CTI_T_QUEUED=str(effect.since),
            CTI_RING=str(effect.ring_us // 1_000_000),
            CTI_SAY=effect.say_customer,
        )
    ]


def _hang_up(effect: HangUp) -> list[Action]:
    # Hangup takes a value between slashes as a pattern over all channels.
    channel = check_channel_id(effect.channel, "Channel")
    return [Action.of("Hangup", Channel=channel, Cause=effect.cause)]


def _withdraw(effect: WithdrawLeg) -> list[Action]:
    """The leg is hung up only when the last of these finds that it has not been taken: see
    `hands.py`."""
    channel = check_channel_id(effect.channel, "Channel")
    return [
        Action.of("Setvar", Channel=channel, Variable="CTI_WITHDRAWN", Value="1"),
        Action.of("Getvar", Channel=channel, Variable="CTI_TAKEN"),
    ]


def _keep(effect: KeepOnChannel) -> list[Action]:
    channel = check_channel_id(effect.channel, "Channel")
    return [
        Action.of("Setvar", Channel=channel, Variable=name, Value=value)
        for name, value in effect.variables
    ]


def _return(effect: ReturnToWaitingRoom) -> list[Action]:
    return [
        Action.of(
            "Redirect",
            Channel=check_channel_id(effect.channel, "Channel"),
            Context=WAITING_ROOM_CONTEXT,
            Exten="s",
            Priority="1",
        )
    ]


def _send_to_flow(effect: SendToFlow) -> list[Action]:
    """First what the seat's leg reads as soon as the two are apart, then apart."""
    channel = check_channel_id(effect.channel, "Channel")
    variables = (
        ("CTI_VISIT", "away"),
        ("CTI_FLOW", check_context(effect.flow, "CTI_FLOW")),
        ("CTI_SEAT_LEG", check_channel_id(effect.leg, "CTI_SEAT_LEG")),
    )
    return [
        *(Action.of("Setvar", Channel=channel, Variable=n, Value=v) for n, v in variables),
        Action.of("Redirect", Channel=channel, Context=SEAT_FLOW_CONTEXT, Exten="s", Priority="1"),
    ]


_SPY: Final[dict[str, str]] = {"listen": "", "whisper": "w", "barge": "B"}
"""Options of ChanSpy()."""
MONITOR_RING_S: Final = 30


def _ring_monitor(effect: RingMonitor) -> list[Action]:
    action = Action.of(
        "Originate",
        ActionID=effect.monitor,
        Channel=check_dial_target(effect.device),
        ChannelId=check_channel_id(effect.monitor),
        Context="monitoring",
        Exten="s",
        Priority=1,
        Timeout=MONITOR_RING_S * 1000,
        CallerID=caller_id(f"{effect.mode} {effect.seat}", effect.seat),
        Async=True,
    )
    return [
        action.with_variables(
            CTI_SPIED=check_channel_id(effect.spied, "CTI_SPIED"),
            CTI_SPY=_SPY[effect.mode],
            CTI_MONITOR_MODE=effect.mode,
            CTI_MONITOR_BY=effect.by,
        )
    ]


def _change_monitor(effect: ChangeMonitor) -> list[Action]:
    channel = check_channel_id(effect.channel, "Channel")
    variables = (("CTI_SPY", _SPY[effect.mode]), ("CTI_MONITOR_MODE", effect.mode))
    return [
        *(Action.of("Setvar", Channel=channel, Variable=n, Value=v) for n, v in variables),
        Action.of("Redirect", Channel=channel, Context="monitoring", Exten="s", Priority="spy"),
    ]


def _transfer(effect: TransferCaller) -> list[Action]:
    """First what is to become of the caller, then away from the seat."""
    channel = check_channel_id(effect.channel, "Channel")
    variables = (
        ("CTI_TO", check_context(effect.to, "CTI_TO")),
        ("CTI_TO_TARGET", check_context(effect.target, "CTI_TO_TARGET")),
        ("CTI_TO_SEAT", check_context(effect.seat, "CTI_TO_SEAT") if effect.seat else ""),
        ("CTI_TO_PRIORITY", str(int(effect.priority))),
        ("CTI_TO_SKILLS", "keep" if effect.keep_skills else ""),
    )
    return [
        *(Action.of("Setvar", Channel=channel, Variable=n, Value=v) for n, v in variables),
        Action.of("Redirect", Channel=channel, Context="transferred", Exten="s", Priority="1"),
    ]


def _send_waiting(effect: SendWaiting) -> list[Action]:
    """The waiting room's loop finds it within a second. Where to comes first: it reads that when it
    sees that there is somewhere to go."""
    channel = check_channel_id(effect.channel, "Channel")
    variables = (
        ("CTI_SEND_TO", check_context(effect.target, "CTI_SEND_TO")),
        ("CTI_SEND", check_context(effect.to, "CTI_SEND")),
    )
    return [Action.of("Setvar", Channel=channel, Variable=n, Value=v) for n, v in variables]


def _keep_member(effect: KeepMember) -> list[Action]:
    """Adding a member that is there already is refused by Asterisk; pausing works on both."""
    paused = "true" if effect.paused else "false"
    device = check_dial_target(effect.device)
    return [
        Action.of(
            "QueueAdd",
            Queue=effect.queue,
            Interface=device,
            MemberName=effect.seat,
            StateInterface=device,
            Paused=paused,
        ),
        Action.of(
            "QueuePause",
            Queue=effect.queue,
            Interface=device,
            Paused=paused,
            Reason=effect.reason,
        ),
    ]


def _drop_member(effect: DropMember) -> list[Action]:
    # As Asterisk itself named it: a member may have been made by somebody else.
    return [Action.of("QueueRemove", Queue=effect.queue, Interface=effect.device)]


_ACTIONS: Final[dict[type[Effect], Callable[[Any], list[Action]]]] = {
    OriginateSeat: _originate,
    OriginateCallback: _call_back,
    OriginateCustomer: _call_customer,
    HangUp: _hang_up,
    WithdrawLeg: _withdraw,
    KeepOnChannel: _keep,
    ReturnToWaitingRoom: _return,
    SendToFlow: _send_to_flow,
    TransferCaller: _transfer,
    RingMonitor: _ring_monitor,
    ChangeMonitor: _change_monitor,
    SendWaiting: _send_waiting,
    KeepMember: _keep_member,
    DropMember: _drop_member,
}

MAY_BE_REFUSED: Final = frozenset({"QueueAdd", "QueueRemove", "Hangup", "Setvar", "Getvar"})
"""Actions whose refusal only says that it is so already: a member that is there, a channel that
has gone."""


def actions_for(effect: Effect) -> list[Action] | None:
    """The AMI actions for `effect` in order; None when the effect is not Asterisk's business.

    Raises UnsafeValue when a value must not go to Asterisk.
    """
    make = _ACTIONS.get(type(effect))
    return make(effect) if make else None


def subject_of(effect: Effect) -> str:
    """What a failure of `effect` is about, for `EffectFailed`."""
    for field in ("offer", "monitor", "channel", "seat"):
        value = getattr(effect, field, "")
        if value:
            return str(value)
    return ""
